//! What an operator does in the window: clicks, typing, keys.

use anyhow::{Context, ensure};
use fantoccini::Locator;
use fantoccini::key::Key;
use serde_json::json;

use super::{VISIBLE_TEXT, Window};
use crate::process::until;

impl Window {
    pub async fn click(&self, css: &str) -> anyhow::Result<()> {
        until(&format!("{css} to click"), async || {
            let element = self.page.find(Locator::Css(css)).await?;
            element.click().await?;
            Ok(Some(()))
        })
        .await
    }

    /// Clicks the button that contains this text, once it is enabled.
    pub async fn click_button(&self, text: &str) -> anyhow::Result<()> {
        let xpath = format!("//button[not(@disabled) and contains({VISIBLE_TEXT}, \"{text}\")]");
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

    /// Clicks the input inside the label that contains this text.
    pub async fn click_label(&self, text: &str) -> anyhow::Result<()> {
        let xpath = format!("//label[contains({VISIBLE_TEXT}, \"{text}\")]//input");
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

    /// Types into the focused element, through WebKitWebDriver.
    pub async fn keys(&self, keys: &[Key]) -> anyhow::Result<()> {
        let text: String = keys.iter().map(|key| char::from(*key)).collect();
        let focused = self.page.active_element().await?;
        Ok(focused.send_keys(&text).await?)
    }

    /// Presses keys on the display, as a keyboard does: they go to the focused element.
    pub async fn chord(&self, keys: &str) -> anyhow::Result<()> {
        let id = self.window_id().await?;
        let act = ["windowactivate", "--sync", &id, "key", keys];
        let done = self.on_display("xdotool").args(act).output().await?;
        ensure!(done.status.success(), "keys {keys}: {done:?}");
        Ok(())
    }

    /// Zooms in with Ctrl and plus, as an operator does, until the page is twice as large.
    pub async fn zoom_to_twice(&self) -> anyhow::Result<()> {
        let width = self.script("return innerWidth", vec![]).await?.as_f64();
        let width = width.context("no width")?;
        until("the page twice as large", async || {
            let now = self.script("return innerWidth", vec![]).await?.as_f64();
            if now.is_some_and(|now| now <= width / 1.95) {
                return Ok(Some(()));
            }
            self.chord("ctrl+equal").await?;
            Ok(None)
        })
        .await
    }

    /// Presses Tab until the focused element has this name or text.
    pub async fn tab_to(&self, name: &str) -> anyhow::Result<()> {
        until(&format!("the focus on {name:?}"), async || {
            let script = "const e = document.activeElement;
                return [e?.name, e?.textContent?.replace(/[\\u2068\\u2069]/g, '').trim()].includes(arguments[0])";
            if self.script(script, vec![json!(name)]).await? == true {
                return Ok(Some(()));
            }
            self.chord("Tab").await?;
            Ok(None)
        })
        .await
    }
}
