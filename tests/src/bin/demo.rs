//! The demo: a cloud with a year of data, the window, and a booth that spends credits. Without a display the window
//! runs under Xvfb, and the demo saves pictures and ends on its own. Started by `cargo xtask demo`.

use std::process::Command;
use std::time::Duration;

use anyhow::Context;
use boothkeeper_tests::cloud::{Account, Cloud};
use boothkeeper_tests::desktop::Desktop;
use boothkeeper_tests::laptop::Laptop;
use boothkeeper_tests::process::{Pipes, Process, binary};
use boothkeeper_tests::window::Window;

const SERVICES: [&str; 4] = ["sms", "background_removal", "draw_me", "headshot_speed"];
const SPEND_EVERY: Duration = Duration::from_secs(4);

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let (cloud, account) = Cloud::seeded(&folder.path().join("cloud"), &[])?;
    println!("cloud: {}", cloud.url);
    println!("access key: {}", account.key);
    let shown = std::env::var_os("DISPLAY").is_some()
        || std::env::var_os("WAYLAND_DISPLAY").is_some()
        || !cfg!(target_os = "linux");
    tokio::select! {
        result = async {
            if shown {
                on_screen(&folder, &cloud, &account).await
            } else {
                headless(&cloud, &account).await
            }
        } => result,
        _ = tokio::signal::ctrl_c() => Ok(()),
    }
}

/// Shows the window on the operator's own display, with a separate data folder, until it is closed.
async fn on_screen(
    folder: &tempfile::TempDir,
    cloud: &Cloud,
    account: &Account,
) -> anyhow::Result<()> {
    let data = folder.path().join("laptop");
    Laptop::signed_in(&data, cloud, account)?;
    let mut command = Command::new(binary("boothkeeper-desktop"));
    command
        .arg("--data")
        .arg(&data)
        .env("BOOTHKEEPER_ACCESS_KEY", &account.key);
    let mut window = Process::start(&command, Pipes::default())?;
    println!(
        "A booth spends a little every few seconds. Close the window, or Quit in the tray, or press Ctrl-C to end."
    );
    let mut spent = 0;
    loop {
        spend(cloud, account, &mut spent).await;
        for _ in 0..SPEND_EVERY.as_millis() / 200 {
            if window.child().try_wait()?.is_some() {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
}

async fn headless(cloud: &Cloud, account: &Account) -> anyhow::Result<()> {
    let desk = Desktop::new()?;
    let out = std::env::current_dir()?.join("target/demo");
    std::fs::create_dir_all(&out)?;
    let window = Window::open_live(&desk, cloud, account).await?;
    let laptop = Laptop::new(&desk.data()).with_key(&account.key);
    println!("No display: the window stands under Xvfb. Pictures of it:");
    picture(&window, &out, "overview").await?;
    let mut spent = 0;
    for _ in 0..3 {
        spend(cloud, account, &mut spent).await;
    }
    let expected = cloud.balance(account).await?.to_string();
    let balance = format!("[data-balance=\"{expected}\"]");
    window.text(&balance).await?;
    picture(&window, &out, "overview-after-three-runs").await?;
    window.click_button("History").await?;
    window.text("[data-seq]").await?;
    picture(&window, &out, "history").await?;
    println!("Balance from the command line:");
    println!("{}", laptop.balance()?);
    Ok(())
}

async fn picture(window: &Window, out: &std::path::Path, name: &str) -> anyhow::Result<()> {
    window.settled().await?;
    let path = out.join(format!("{name}.png"));
    window.picture(&path).await.context("no picture")?;
    println!("  {}", path.display());
    Ok(())
}

/// Charges one run of the next service. If the cloud refuses the run, for example on an empty balance, prints why and
/// goes on.
async fn spend(cloud: &Cloud, account: &Account, spent: &mut usize) {
    let service = SERVICES[*spent % SERVICES.len()];
    *spent += 1;
    if let Err(error) = cloud.runs(account, service, 1).await {
        println!("the booth waits: {error}");
    }
}
