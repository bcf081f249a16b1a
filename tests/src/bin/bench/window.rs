//! The window: from its start to the balance on screen, and from an entry to the change on screen.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use boothkeeper_app::SystemClock;
use boothkeeper_domain::Timestamp;
use boothkeeper_sync::Clock;
use boothkeeper_tests::cloud::{Account, Cloud};
use boothkeeper_tests::desk::Desk;
use boothkeeper_tests::process::{binary, until};
use boothkeeper_tests::window::Window;

use crate::measure::{Line, Times, millis, ratio};

/// Each on a desk of its own: a second window on one desk hands over to the first.
pub fn start(data: &Path, account: &Account) -> anyhow::Result<Line> {
    let desk = Desk::new()?;
    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    // The first of each warms the system's caches.
    for turn in 0..8 {
        let mut window = desk.on(Command::new(binary("boothkeeper-desktop")));
        window
            .arg("--data")
            .arg(data)
            .env("BOOTHKEEPER_ACCESS_KEY", &account.key)
            .env("RUST_LOG", "boothkeeper_desktop=info");
        let shown = until_on_screen(&mut window)?;
        let least = until_on_screen(&mut desk.on(Command::new(binary("boothkeeper-bare-window"))))?;
        if turn > 0 {
            ours.push(shown);
            bare.push(least);
        }
    }
    let (ours, bare) = (Times::new(ours).median(), Times::new(bare).median());
    Ok(Line {
        what: "window start to balance on screen (median)".into(),
        ours: millis(ours),
        peer: format!("{} a bare window with one line", millis(bare)),
        ratio: ratio(ours, bare),
        goal: "≤ 1.25 or + 100 ms",
    })
}

fn until_on_screen(command: &mut Command) -> anyhow::Result<Duration> {
    let started = Instant::now();
    let mut child = command
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()?;
    let stderr = child.stderr.take().context("no stderr")?;
    let mut lines = BufReader::new(stderr).lines();
    let shown = lines.any(|line| line.is_ok_and(|line| line.contains("on screen")));
    let taken = started.elapsed();
    child.kill()?;
    child.wait()?;
    ensure!(shown, "the window ended before anything was on screen");
    Ok(taken)
}

/// Runs at the cloud, one after the other, and when the page's text changed for each.
pub async fn append_to_screen(
    folder: &Path,
    cloud: &Cloud,
    account: &Account,
) -> anyhow::Result<Line> {
    const RUNS: usize = 200;
    let desk = Desk::new()?;
    let window = Window::open_live(&desk, cloud, account).await?;
    let observe = "
        window.__changes = [];
        const hero = document.querySelector('[data-balance]');
        new MutationObserver(() => window.__changes.push(Date.now()))
            .observe(hero, { attributes: true, attributeFilter: ['data-balance'] });";
    window.script(observe, vec![]).await?;
    let (mut taken, mut peer) = (Vec::new(), Vec::new());
    let mut file = File::create(folder.join("fsync"))?;
    for run in 0..RUNS {
        let started = Instant::now();
        cloud.get("/v1/meta", &account.key).await?;
        file.write_all(&[0; 300])?;
        file.sync_all()?;
        peer.push(started.elapsed());
        let sent = SystemClock.wall();
        cloud.runs(account, "ai_headshot", 1).await?;
        let seen = until("the change on screen", async || {
            let changes = window.script("return window.__changes", vec![]).await?;
            Ok(changes.get(run).and_then(serde_json::Value::as_i64))
        })
        .await?;
        let seen = Timestamp::from_millis(seen);
        taken.push(Duration::from_millis(u64::try_from(seen.since(sent))?));
    }
    let (ours, peer) = (Times::new(taken), Times::new(peer));
    Ok(Line {
        what: "one new entry: from the call to the cloud to the page (median, p99)".into(),
        ours: format!("{}, {}", millis(ours.median()), millis(ours.p99())),
        peer: format!(
            "{}, {} a round trip and an fsync",
            millis(peer.median()),
            millis(peer.p99())
        ),
        ratio: ratio(ours.p99(), peer.p99()),
        goal: "p99 ≤ 100 ms",
    })
}
