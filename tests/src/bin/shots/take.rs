//! Taking one picture in each theme and window size.

use std::path::Path;

use boothkeeper_tests::window::Window;

const SIZES: [(u32, u32); 2] = [(1200, 780), (900, 600)];
pub const THEMES: [&str; 2] = ["light", "dark"];

/// Takes a picture of the page in each theme and size.
pub async fn take(window: &Window, folder: &Path, name: &str) -> anyhow::Result<()> {
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
