//! What this desktop has. Elsewhere than on Linux it always has both.

/// Whether a notification would be seen: a service is there, or would be started for it.
#[cfg(target_os = "linux")]
pub fn can_notify() -> bool {
    let name = "org.freedesktop.Notifications";
    linux::bus().is_ok_and(|bus| linux::is_owned(&bus, name) || linux::would_start(&bus, name))
}

/// Whether a tray icon would be seen: building one succeeds even where nothing shows it.
#[cfg(target_os = "linux")]
pub fn has_tray() -> bool {
    linux::tray_host().unwrap_or_else(|error| {
        tracing::debug!(?error, "no tray");
        false
    })
}

#[cfg(not(target_os = "linux"))]
pub fn can_notify() -> bool {
    true
}

#[cfg(not(target_os = "linux"))]
pub fn has_tray() -> bool {
    true
}

#[cfg(target_os = "linux")]
mod linux {
    use zbus::blocking::fdo::DBusProxy;
    use zbus::blocking::{Connection, Proxy};
    use zbus::names::BusName;

    const WATCHER: &str = "org.kde.StatusNotifierWatcher";

    pub fn bus() -> zbus::Result<Connection> {
        Connection::session()
    }

    pub fn is_owned(bus: &Connection, name: &str) -> bool {
        let owned = || {
            let name = BusName::try_from(name)?;
            Ok::<_, zbus::Error>(DBusProxy::new(bus)?.name_has_owner(name)?)
        };
        owned().unwrap_or(false)
    }

    pub fn would_start(bus: &Connection, name: &str) -> bool {
        let names = DBusProxy::new(bus).and_then(|bus| Ok(bus.list_activatable_names()?));
        names.is_ok_and(|names| names.iter().any(|known| known.as_str() == name))
    }

    /// A watcher is there, and somebody who draws what it watches.
    pub fn tray_host() -> zbus::Result<bool> {
        let bus = bus()?;
        if !is_owned(&bus, WATCHER) {
            return Ok(false);
        }
        let watcher = Proxy::new(&bus, WATCHER, "/StatusNotifierWatcher", WATCHER)?;
        watcher.get_property("IsStatusNotifierHostRegistered")
    }
}
