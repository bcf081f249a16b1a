//! Takes the place of a desktop panel with a tray: accepts icons, reads their menus and clicks menu items.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use anyhow::Context;
use zbus::names::UniqueName;
use zbus::zvariant::{OwnedObjectPath, OwnedValue, Value};
use zbus::{Connection, Proxy, connection, interface, message::Header};

use crate::desktop::Desktop;
use crate::process::until;

pub struct Tray {
    bus: Connection,
    items: Items,
}

/// Registered icons: the owner's bus name and the icon's object path.
type Items = Arc<Mutex<Vec<(String, String)>>>;

struct Watcher(Items);

#[interface(name = "org.kde.StatusNotifierWatcher")]
impl Watcher {
    fn register_status_notifier_item(&self, service: &str, #[zbus(header)] header: Header<'_>) {
        let sender = header.sender().map(UniqueName::to_string);
        let mut items = self.0.lock().unwrap_or_else(|p| p.into_inner());
        items.push((sender.unwrap_or_default(), service.to_owned()));
    }

    fn register_status_notifier_host(&self, _service: &str) {}

    #[zbus(property)]
    fn is_status_notifier_host_registered(&self) -> bool {
        true
    }

    #[zbus(property)]
    fn registered_status_notifier_items(&self) -> Vec<String> {
        vec![]
    }

    #[zbus(property)]
    fn protocol_version(&self) -> i32 {
        0
    }
}

/// A node of a menu: id, properties, children.
type Node = (i32, HashMap<String, OwnedValue>, Vec<OwnedValue>);

impl Tray {
    pub async fn on(desk: &Desktop) -> anyhow::Result<Self> {
        let items = Items::default();
        let bus = connection::Builder::address(desk.bus())?
            .name("org.kde.StatusNotifierWatcher")?
            .serve_at("/StatusNotifierWatcher", Watcher(items.clone()))?
            .build()
            .await?;
        Ok(Tray { bus, items })
    }

    /// Forgets the icons of an earlier process, so that the next process's icon is found.
    pub fn forget_icons(self) -> Self {
        self.items.lock().unwrap_or_else(|p| p.into_inner()).clear();
        self
    }

    /// The items of the icon's menu: id and label.
    pub async fn menu(&self) -> anyhow::Result<Vec<(i32, String)>> {
        let menu = self.proxy().await?;
        let (_, root): (u32, Node) = menu
            .call("GetLayout", &(0, -1, Vec::<String>::new()))
            .await?;
        let mut lines = Vec::new();
        for child in root.2 {
            let (id, properties, _) = Node::try_from(child)?;
            let label = properties.get("label").and_then(|label| match &**label {
                Value::Str(label) => Some(label.to_string()),
                _ => None,
            });
            lines.push((id, label.unwrap_or_default()));
        }
        Ok(lines)
    }

    /// Waits until a menu item's label contains `text`; returns the label.
    pub async fn wait_for_item(&self, text: &str) -> anyhow::Result<String> {
        until(&format!("{text:?} in the tray's menu"), async || {
            let lines = self.menu().await?;
            Ok(lines
                .into_iter()
                .map(|(_, line)| line)
                .find(|line| line.contains(text)))
        })
        .await
    }

    pub async fn click(&self, text: &str) -> anyhow::Result<()> {
        let lines = self.menu().await?;
        let line = lines.iter().find(|(_, line)| line.contains(text));
        let (id, _) = line.with_context(|| format!("no item {text:?} in {lines:?}"))?;
        let nothing = Value::from(0);
        let menu = self.proxy().await?;
        menu.call::<_, _, ()>("Event", &(id, "clicked", nothing, 0_u32))
            .await?;
        Ok(())
    }

    async fn proxy(&self) -> anyhow::Result<Proxy<'_>> {
        let (owner, item) = until("an icon in the tray", async || {
            Ok(self
                .items
                .lock()
                .unwrap_or_else(|p| p.into_inner())
                .last()
                .cloned())
        })
        .await?;
        let kind = "org.kde.StatusNotifierItem";
        let item = Proxy::new(&self.bus, owner.clone(), item, kind).await?;
        let menu: OwnedObjectPath = item.get_property("Menu").await?;
        Ok(Proxy::new(&self.bus, owner, menu, "com.canonical.dbusmenu").await?)
    }
}
