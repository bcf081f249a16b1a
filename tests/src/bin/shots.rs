//! `shots DIR`: a picture of every screen, light and dark, at both sizes. `cargo xtask shots` calls it.

use std::path::{Path, PathBuf};

use anyhow::Context;
use boothkeeper_tests::cloud::Cloud;
use boothkeeper_tests::desk::Desk;
use boothkeeper_tests::window::{Start, Window};

const SIZES: [(u32, u32); 2] = [(1200, 780), (900, 600)];
const THEMES: [&str; 2] = ["light", "dark"];

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let folder = std::env::args().nth(1).map(PathBuf::from);
    let folder = folder.context("shots DIR")?;
    std::fs::create_dir_all(&folder)?;
    let desk = Desk::new()?;
    let (mut cloud, account) = Cloud::seeded(&desk.folder().join("cloud"), &[])?;

    let first = Window::open(
        &desk,
        Start {
            cloud: Some(&cloud.url),
            data: Some(&desk.folder().join("nobody")),
            ..Start::default()
        },
    )
    .await?;
    first.text("h1").await?;
    take(&first, &folder, "first-run").await?;
    drop(first);

    let window = Window::open_live(&desk, &cloud, &account).await?;
    take(&window, &folder, "overview").await?;
    window.press("History").await?;
    window.text("[data-seq]").await?;
    take(&window, &folder, "history").await?;
    window.click("[data-seq]").await?;
    window.text("aside h2").await?;
    take(&window, &folder, "history-inspector").await?;
    window.press("Settings").await?;
    take(&window, &folder, "settings").await?;
    window.press("Overview").await?;
    window.resize(1200, 780).await?;
    cloud.stop();
    window
        .sees("main [data-trust]", |text| text.contains("As of"))
        .await?;
    take(&window, &folder, "overview-offline").await?;
    Ok(())
}

async fn take(window: &Window, folder: &Path, name: &str) -> anyhow::Result<()> {
    for theme in THEMES {
        window.theme(theme).await?;
        for (width, height) in SIZES {
            window.resize(width, height).await?;
            window.settled().await?;
            let path = folder.join(format!("{name}-{theme}-{width}x{height}.png"));
            window.picture(&path).await?;
            println!("{}", path.display());
        }
    }
    Ok(())
}
