//! Drives the real window through WebKitWebDriver: reads, clicks and types.

mod input;
mod measure;
mod native;

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, ensure};
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

use crate::cloud::{Account, Cloud};
use crate::desktop::Desktop;
use crate::laptop::Laptop;
use crate::process::{PATIENCE, Pipes, Process, binary, free_port, until, within};
use crate::sentences::PSEUDO_LOCALE;

pub struct Window {
    pub page: Client,
    driver: Process,
    display: String,
    /// Title of the app's window that is driven now.
    title: &'static str,
}

/// Options for starting the window.
#[derive(Default)]
pub struct Start<'a> {
    pub key: Option<&'a str>,
    pub cloud: Option<&'a str>,
    pub data: Option<&'a Path>,
    /// Start without showing the window, as at login.
    pub hidden: bool,
    /// Locale of the operator's session; the system's if `None`.
    pub locale: Option<&'a str>,
    /// Show the texts in the pseudo-locale.
    pub pseudo: bool,
}

/// XPath of an element's text without the invisible characters (U+2068, U+2069) around the variables of a sentence.
pub const VISIBLE_TEXT: &str = "translate(normalize-space(.), '\u{2068}\u{2069}', '')";

/// `text` without the invisible characters (U+2068, U+2069) around the variables of a sentence.
fn plain(text: &str) -> String {
    text.replace(['\u{2068}', '\u{2069}'], "")
}

impl Window {
    pub async fn open(desk: &Desktop, start: Start<'_>) -> anyhow::Result<Self> {
        let port = free_port()?;
        let mut command = desk.with_environment(Command::new("WebKitWebDriver"));
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
        if start.pseudo {
            command.env(PSEUDO_LOCALE.0, PSEUDO_LOCALE.1);
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

    /// Signs in with the desktop's data folder, opens the window and waits until it shows a live, verified balance.
    pub async fn open_live(
        desk: &Desktop,
        cloud: &Cloud,
        account: &Account,
    ) -> anyhow::Result<Self> {
        Laptop::signed_in(&desk.data(), cloud, account)?;
        let start = Start {
            key: Some(&account.key),
            ..Start::default()
        };
        let window = Self::open(desk, start).await?;
        window
            .wait_for_text("main [data-trust]", |text| text.contains("Live · verified"))
            .await?;
        Ok(window)
    }

    /// Waits for another window of the app and drives it from now on.
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

    /// Kills the window's process, as a power cut would.
    pub fn kill(&mut self) {
        self.driver.kill();
    }

    /// Closes the window as an operator does, then ends its process.
    pub async fn close(mut self) -> anyhow::Result<()> {
        self.hide().await?;
        self.driver.kill();
        Ok(())
    }

    /// Closes the window, and waits until it is no longer visible.
    pub async fn hide(&self) -> anyhow::Result<()> {
        until("the window closed", async || {
            let Ok(id) = self.window_id().await else {
                return Ok(Some(()));
            };
            // Alt+F4 makes the window manager ask the window to close, as for an operator. The key goes to the
            // focused window; a busy machine moves the focus late, so this is repeated.
            let keys = ["windowactivate", &id, "key", "alt+F4"];
            self.on_display("xdotool").args(keys).output().await?;
            Ok(None)
        })
        .await
    }

    pub async fn is_visible(&self) -> anyhow::Result<bool> {
        Ok(self.window_id().await.is_ok())
    }

    /// Waits until the window's process has ended on its own.
    pub async fn ended(self) -> anyhow::Result<()> {
        until("the end of the process", async || {
            Ok(self.page.title().await.is_err().then_some(()))
        })
        .await
    }

    /// Waits until an element matches the selector `css`; returns its text.
    pub async fn text(&self, css: &str) -> anyhow::Result<String> {
        until(&format!("{css} on screen"), async || {
            let element = self.page.find(Locator::Css(css)).await?;
            Ok(Some(plain(&element.text().await?)))
        })
        .await
    }

    /// Waits until `property` of the element that matches `css` is not empty; returns the property.
    pub async fn text_of(&self, css: &str, property: &str) -> anyhow::Result<String> {
        until(&format!("{property} of {css}"), async || {
            let element = self.page.find(Locator::Css(css)).await?;
            let value = element.prop(property).await?;
            Ok(value
                .map(|value| plain(&value))
                .filter(|value| !value.is_empty()))
        })
        .await
    }

    /// Waits until the text of the element at `css` satisfies `fits`; returns the text.
    pub async fn wait_for_text(
        &self,
        css: &str,
        fits: impl Fn(&str) -> bool,
    ) -> anyhow::Result<String> {
        self.wait_for_text_within(PATIENCE, css, fits).await
    }

    /// Waits, at most `limit`, until the text of the element at `css` satisfies `fits`; returns the text.
    pub async fn wait_for_text_within(
        &self,
        limit: Duration,
        css: &str,
        fits: impl Fn(&str) -> bool,
    ) -> anyhow::Result<String> {
        let mut last = String::new();
        let found = within(limit, &format!("{css} as expected"), async || {
            let element = self.page.find(Locator::Css(css)).await?;
            last = plain(&element.text().await?);
            Ok(fits(&last).then(|| last.clone()))
        })
        .await;
        let found = found.with_context(|| format!("the last text was {last:?}"))?;
        self.assert_no_hole().await?;
        Ok(found)
    }

    /// Fails if a message on the page was shown with an empty or missing variable.
    pub async fn assert_no_hole(&self) -> anyhow::Result<()> {
        let script = "return document.documentElement.dataset.messageHole ?? null";
        let hole = self.script(script, vec![]).await?;
        ensure!(hole.is_null(), "a sentence has a hole: {hole}");
        Ok(())
    }

    /// Waits until no element matches the selector `css`.
    pub async fn wait_until_gone(&self, css: &str) -> anyhow::Result<()> {
        until(&format!("{css} gone"), async || {
            let script = "return document.querySelector(arguments[0]) === null";
            let gone = self.script(script, vec![json!(css)]).await?;
            Ok((gone == true).then_some(()))
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

    /// Sets the page's inner size in pixels; the window manager's frame does not count.
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

    /// Waits until fonts are loaded, nothing is loading, and two frames have been drawn since.
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

    /// Saves a picture of the window as its display shows it. The driver's own screenshot waits for ever if an idle
    /// page draws no frame.
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

    /// Serious and critical accessibility faults that axe-core finds on the current page.
    pub async fn axe(&self) -> anyhow::Result<Vec<String>> {
        let axe = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../ui/node_modules/axe-core/axe.min.js"
        );
        let axe = std::fs::read_to_string(axe).context("npm ci in ui has not run")?;
        // Scripts that the driver runs are not restricted by the page's content security policy.
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
