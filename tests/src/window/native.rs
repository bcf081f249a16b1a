//! Desktop features outside the page: native dialogs, and files that are dragged onto the window.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, ensure};
use tokio::io::{AsyncBufReadExt, BufReader};

use super::Window;
use crate::process::{PATIENCE, binary, until, within};

impl Window {
    /// Sends `keys` to the native dialog with this title until it closes. The dialog's default button changes nothing.
    pub async fn answer_natively(&self, title: &str, keys: &[&str]) -> anyhow::Result<()> {
        let id = self.dialog(title).await?;
        self.until_closed(title, &id, keys).await
    }

    /// Types the name of a file in the desk's home folder into the native file chooser, and presses Return until the
    /// chooser has read the folder and closes. A full path would be auto-completed while it is typed.
    pub async fn pick_natively(&self, title: &str, name: &str) -> anyhow::Result<()> {
        let id = self.dialog(title).await?;
        for act in [
            ["key", "alt+Home"],
            ["key", "ctrl+l"],
            ["key", "ctrl+a"],
            ["type", name],
        ] {
            let activate = ["windowactivate", "--sync", &id];
            let mut xdotool = self.on_display("xdotool");
            xdotool.args(activate).args(act).output().await?;
        }
        self.until_closed(title, &id, &["Return"]).await
    }

    async fn dialog(&self, title: &str) -> anyhow::Result<String> {
        until(&format!("the desktop's dialog {title:?}"), async || {
            let found = self.dialogs(title).await?;
            Ok(found.lines().last().map(ToOwned::to_owned))
        })
        .await
    }

    async fn dialogs(&self, title: &str) -> anyhow::Result<String> {
        let title = format!("^{}$", title.replace('?', "."));
        let search = ["search", "--onlyvisible", "--name", &title];
        let found = self.on_display("xdotool").args(search).output().await?;
        Ok(String::from_utf8(found.stdout)?)
    }

    async fn until_closed(&self, title: &str, id: &str, keys: &[&str]) -> anyhow::Result<()> {
        until("the dialog answered", async || {
            let act = ["windowactivate", "--sync", id, "key", "--delay", "40"];
            self.on_display("xdotool")
                .args(act)
                .args(keys)
                .output()
                .await?;
            // Keys sent while the dialog closes would go to the window under it: wait before trying again.
            let gone = within(Duration::from_secs(2), "the dialog closed", async || {
                Ok(self.dialogs(title).await?.is_empty().then_some(()))
            });
            gone.await.map(Some)
        })
        .await
    }

    /// Drags a file from another program's window onto the middle of the app's window and drops it there.
    pub async fn drop_natively(&self, file: &Path) -> anyhow::Result<()> {
        let window = self.window_id().await?;
        let program = binary("drag-source");
        let mut source = self
            .on_display(program.to_str().context("not UTF-8")?)
            .arg(file)
            .stdout(Stdio::piped())
            .spawn()?;
        let output = BufReader::new(source.stdout.take().context("no output")?);
        let mut output = output.lines();
        let mut prints = async |word: &str| {
            let line = async {
                while let Some(line) = output.next_line().await? {
                    if line.contains(word) {
                        return Ok(());
                    }
                }
                anyhow::bail!("the drag ended before {word:?}")
            };
            let timeout = tokio::time::timeout(PATIENCE, line).await;
            timeout.with_context(|| format!("drag-source did not print {word:?}"))?
        };
        let file = self.dialog("a file").await?;
        self.mouse(&["windowactivate", "--sync", &file]).await?;
        let press = ["mousemove", "--window", &file, "60", "40", "mousedown", "1"];
        self.mouse(&press).await?;
        // A press becomes a drag only after the pointer has moved some pixels.
        self.mouse(&["mousemove_relative", "30", "10"]).await?;
        self.mouse(&["mousemove_relative", "10", "10"]).await?;
        prints("begun").await?;
        self.mouse(&["mousemove", "--window", &window, "600", "400"])
            .await?;
        self.mouse(&["mousemove_relative", "5", "5"]).await?;
        prints("COPY").await?;
        self.mouse(&["mouseup", "1"]).await?;
        prints("dropped").await?;
        ensure!(source.wait().await?.success());
        Ok(())
    }

    async fn mouse(&self, acts: &[&str]) -> anyhow::Result<()> {
        let done = self.on_display("xdotool").args(acts).output().await?;
        ensure!(done.status.success(), "{acts:?}: {done:?}");
        Ok(())
    }
}
