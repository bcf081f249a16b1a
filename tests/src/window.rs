//! The real window, driven through WebKitWebDriver: what is seen, clicked and typed.

mod measure;
mod native;

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, ensure};
use fantoccini::key::Key;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

use crate::cloud::{Account, Cloud};
use crate::desk::Desk;
use crate::laptop::Laptop;
use crate::process::{PATIENCE, Pipes, Process, binary, free_port, until, within};

pub struct Window {
    pub page: Client,
    driver: Process,
    display: String,
    /// Its title: of the app's windows, the one that is looked at.
    title: &'static str,
}

/// What the window is started with.
#[derive(Default)]
pub struct Start<'a> {
    pub key: Option<&'a str>,
    pub cloud: Option<&'a str>,
    pub data: Option<&'a Path>,
    /// As at login.
    pub hidden: bool,
    /// Of the operator's session; the system's, if not said.
    pub locale: Option<&'a str>,
}

impl Window {
    pub async fn open(desk: &Desk, start: Start<'_>) -> anyhow::Result<Self> {
        let port = free_port()?;
        let mut command = desk.on(Command::new("WebKitWebDriver"));
        command
            .arg(format!("--port={port}"))
            .env("TAURI_WEBVIEW_AUTOMATION", "true")
            .env("TZ", "America/New_York");
        if let Some(key) = start.key {
            command.env("BOOTHKEEPER_ACCESS_KEY", key);
        }
        if let Some(cloud) = start.cloud {
            command.env("BOOTHKEEPER_CLOUD", cloud);
        }
        if let Some(locale) = start.locale {
            command.env("LC_ALL", locale).env("LANG", locale);
            command.env(
                "LANGUAGE",
                locale.split(['_', '.']).next().unwrap_or_default(),
            );
        }
        let driver = Process::start(&command, Pipes::default())?;
        let data = start.data.map_or_else(|| desk.data(), Path::to_owned);
        let mut arguments = json!(["--data", data]);
        if start.hidden {
            arguments = json!(["--data", data, "--hidden"]);
        }
        let options = json!({ "binary": binary("boothkeeper-desktop"), "args": arguments });
        let url = format!("http://127.0.0.1:{port}");
        let page = until("a session with the window", async || {
            let capabilities = [("webkitgtk:browserOptions".to_owned(), options.clone())];
            let mut builder = ClientBuilder::new(HttpConnector::new());
            builder.capabilities(capabilities.into_iter().collect());
            Ok(Some(builder.connect(&url).await?))
        })
        .await?;
        Ok(Window {
            page,
            driver,
            display: desk.display().to_owned(),
            title: "Boothkeeper",
        })
    }

    /// Signs the desk's laptop in and opens the window on it, live.
    pub async fn open_live(desk: &Desk, cloud: &Cloud, account: &Account) -> anyhow::Result<Self> {
        Laptop::signed_in(&desk.data(), cloud, account)?;
        let start = Start {
            key: Some(&account.key),
            ..Start::default()
        };
        let window = Self::open(desk, start).await?;
        window
            .sees("main [data-trust]", |text| text.contains("Live · verified"))
            .await?;
        Ok(window)
    }

    /// Looks at another of the app's windows from now on, once it is there.
    pub async fn look_at(&mut self, title: &'static str) -> anyhow::Result<()> {
        until(&format!("a window {title:?}"), async || {
            for handle in self.page.windows().await? {
                self.page.switch_to_window(handle).await?;
                if self.page.title().await? == title {
                    return Ok(Some(()));
                }
            }
            Ok(None)
        })
        .await?;
        self.title = title;
        Ok(())
    }

    /// Ends the window's process as a power cut would.
    pub fn kill(&mut self) {
        self.driver.kill();
    }

    /// Closes the window as an operator does, and waits until its process has ended.
    pub async fn close(mut self) -> anyhow::Result<()> {
        self.hide().await?;
        self.driver.kill();
        Ok(())
    }

    /// Closes the window, and waits until it is not to be seen any more.
    pub async fn hide(&self) -> anyhow::Result<()> {
        until("the window closed", async || {
            let Ok(id) = self.window_id().await else {
                return Ok(Some(()));
            };
            // The window manager asks the window to close; destroying it would not be the operator's
            // way. Keys go to whatever has the focus, which a busy machine gives a little later.
            let keys = ["windowactivate", &id, "key", "alt+F4"];
            self.on_display("xdotool").args(keys).output().await?;
            Ok(None)
        })
        .await
    }

    pub async fn is_visible(&self) -> anyhow::Result<bool> {
        Ok(self.window_id().await.is_ok())
    }

    /// Waits until the process has ended by itself.
    pub async fn ended(self) -> anyhow::Result<()> {
        until("the end of the process", async || {
            Ok(self.page.title().await.is_err().then_some(()))
        })
        .await
    }

    /// Waits until something matches, and hands out its text.
    pub async fn text(&self, css: &str) -> anyhow::Result<String> {
        until(&format!("{css} on screen"), async || {
            let element = self.page.find(Locator::Css(css)).await?;
            Ok(Some(element.text().await?))
        })
        .await
    }

    /// An attribute of what matches.
    pub async fn text_of(&self, css: &str, property: &str) -> anyhow::Result<String> {
        until(&format!("{property} of {css}"), async || {
            let element = self.page.find(Locator::Css(css)).await?;
            let value = element.prop(property).await?;
            Ok(value.filter(|value| !value.is_empty()))
        })
        .await
    }

    /// Waits until `css` shows a text that `fits`.
    pub async fn sees(&self, css: &str, fits: impl Fn(&str) -> bool) -> anyhow::Result<String> {
        self.sees_within(PATIENCE, css, fits).await
    }

    pub async fn sees_within(
        &self,
        limit: Duration,
        css: &str,
        fits: impl Fn(&str) -> bool,
    ) -> anyhow::Result<String> {
        let mut last = String::new();
        let found = within(limit, &format!("{css} as expected"), async || {
            let element = self.page.find(Locator::Css(css)).await?;
            last = element.text().await?;
            Ok(fits(&last).then(|| last.clone()))
        })
        .await;
        found.with_context(|| format!("it last said {last:?}"))
    }

    /// Waits until nothing matches.
    pub async fn gone(&self, css: &str) -> anyhow::Result<()> {
        until(&format!("{css} gone"), async || {
            let script = "return document.querySelector(arguments[0]) === null";
            let gone = self.script(script, vec![json!(css)]).await?;
            Ok((gone == true).then_some(()))
        })
        .await
    }

    pub async fn click(&self, css: &str) -> anyhow::Result<()> {
        until(&format!("{css} to click"), async || {
            let element = self.page.find(Locator::Css(css)).await?;
            element.click().await?;
            Ok(Some(()))
        })
        .await
    }

    /// Clicks the button with this text, once it can be.
    pub async fn press(&self, text: &str) -> anyhow::Result<()> {
        let xpath =
            format!("//button[not(@disabled) and contains(normalize-space(.), \"{text}\")]");
        until(&format!("a button {text:?} to press"), async || {
            let element = self.page.find(Locator::XPath(&xpath)).await?;
            element.click().await?;
            Ok(Some(()))
        })
        .await
    }

    /// Picks an option of the list with this label, once the list offers it.
    pub async fn choose(&self, label: &str, value: &str) -> anyhow::Result<()> {
        let script = "const [label, value] = arguments;
            const list = document.querySelector(`select[aria-label=\"${label}\"]`);
            if (![...(list?.options ?? [])].some((option) => option.value === value)) return false;
            list.value = value;
            list.dispatchEvent(new Event('change', { bubbles: true }));
            return true;";
        until(&format!("{value:?} of {label}"), async || {
            let chosen = self
                .script(script, vec![json!(label), json!(value)])
                .await?;
            Ok((chosen == true).then_some(()))
        })
        .await
    }

    /// Clicks what this label is for.
    pub async fn press_label(&self, text: &str) -> anyhow::Result<()> {
        let xpath = format!("//label[contains(normalize-space(.), \"{text}\")]//input");
        until(&format!("{text:?} to press"), async || {
            let element = self.page.find(Locator::XPath(&xpath)).await?;
            element.click().await?;
            Ok(Some(()))
        })
        .await
    }

    pub async fn type_into(&self, css: &str, text: &str) -> anyhow::Result<()> {
        until(&format!("{css} to type into"), async || {
            let element = self.page.find(Locator::Css(css)).await?;
            element.send_keys(text).await?;
            Ok(Some(()))
        })
        .await
    }

    /// Types on whatever has the focus.
    pub async fn keys(&self, keys: &[Key]) -> anyhow::Result<()> {
        let text: String = keys.iter().map(|key| char::from(*key)).collect();
        let focused = self.page.active_element().await?;
        Ok(focused.send_keys(&text).await?)
    }

    /// Keys on the display, as a keyboard sends them: to whatever has the focus.
    pub async fn chord(&self, keys: &str) -> anyhow::Result<()> {
        let id = self.window_id().await?;
        let act = ["windowactivate", "--sync", &id, "key", keys];
        let done = self.on_display("xdotool").args(act).output().await?;
        ensure!(done.status.success(), "keys {keys}: {done:?}");
        Ok(())
    }

    /// Makes everything twice as large, as the operator does: five times Ctrl and plus.
    pub async fn zoom_to_twice(&self) -> anyhow::Result<()> {
        let width = self.script("return innerWidth", vec![]).await?.as_f64();
        let width = width.context("a width")?;
        until("everything twice as large", async || {
            let now = self.script("return innerWidth", vec![]).await?.as_f64();
            if now.is_some_and(|now| now <= width / 1.95) {
                return Ok(Some(()));
            }
            self.chord("ctrl+equal").await?;
            Ok(None)
        })
        .await
    }

    /// Presses Tab until the focus is on what has this name or text.
    pub async fn tab_to(&self, name: &str) -> anyhow::Result<()> {
        until(&format!("the focus on {name:?}"), async || {
            let script = "const e = document.activeElement;
                return [e?.name, e?.textContent?.trim()].includes(arguments[0])";
            if self.script(script, vec![json!(name)]).await? == true {
                return Ok(Some(()));
            }
            self.chord("Tab").await?;
            Ok(None)
        })
        .await
    }

    pub async fn script(&self, script: &str, arguments: Vec<Value>) -> anyhow::Result<Value> {
        Ok(self.page.execute(script, arguments).await?)
    }

    pub async fn theme(&self, theme: &str) -> anyhow::Result<()> {
        let script = "document.documentElement.dataset.theme = arguments[0]";
        self.script(script, vec![json!(theme)]).await?;
        Ok(())
    }

    /// The page's inner size, whatever the window manager adds.
    pub async fn resize(&self, width: u32, height: u32) -> anyhow::Result<()> {
        until("the window's new size", async || {
            self.page.set_window_size(width, height).await?;
            let size = self
                .script("return [innerWidth, innerHeight]", vec![])
                .await?;
            Ok((size == json!([width, height])).then_some(()))
        })
        .await
    }

    /// Fonts loaded, nothing waiting, and two frames drawn since.
    pub async fn settled(&self) -> anyhow::Result<()> {
        until("a settled page", async || {
            let script = "const done = arguments[arguments.length - 1];
                document.fonts.ready.then(() => requestAnimationFrame(() => requestAnimationFrame(() =>
                    done(!document.querySelector('.skeleton, [aria-busy=true]')))))";
            let done = self.page.execute_async(script, vec![]).await?;
            Ok((done == true).then_some(()))
        })
        .await
    }

    /// A picture of the window as its display shows it. The driver's own screenshot waits for ever where
    /// an idle page draws no frame.
    pub async fn picture(&self, path: &Path) -> anyhow::Result<()> {
        let id = self.window_id().await?;
        let taken = self
            .on_display("import")
            .args(["-window", &id])
            .arg(path)
            .output()
            .await?;
        ensure!(taken.status.success(), "no picture: {taken:?}");
        Ok(())
    }

    async fn window_id(&self) -> anyhow::Result<String> {
        let title = format!("^{}$", self.title);
        let search = ["search", "--onlyvisible", "--name", &title];
        let found = self.on_display("xdotool").args(search).output().await?;
        let ids = String::from_utf8(found.stdout)?;
        let id = ids.lines().last().context("no window on the display")?;
        Ok(id.to_owned())
    }

    fn on_display(&self, program: &str) -> tokio::process::Command {
        let mut command = tokio::process::Command::new(program);
        command.env("DISPLAY", &self.display).kill_on_drop(true);
        command
    }

    /// Serious and critical findings of axe-core on the page as it is.
    pub async fn axe(&self) -> anyhow::Result<Vec<String>> {
        let axe = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../ui/node_modules/axe-core/axe.min.js"
        );
        let axe = std::fs::read_to_string(axe).context("npm ci in ui has not run")?;
        // Scripts of the driver run outside the page's policy.
        self.script(&axe, vec![]).await?;
        let run = "const done = arguments[arguments.length - 1];
            axe.run(document, { resultTypes: ['violations'] }).then(
                (found) => done(found.violations
                    .filter((v) => v.impact === 'serious' || v.impact === 'critical')
                    .map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join(' ')}`)),
                (error) => done([String(error)]))";
        let found = self.page.execute_async(run, vec![]).await?;
        Ok(serde_json::from_value(found)?)
    }
}
