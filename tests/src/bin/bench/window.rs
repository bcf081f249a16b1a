//! Benchmarks of the window: start until the balance is on screen, scrolling, and a new entry until the page shows it.

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
use boothkeeper_tests::desktop::Desktop;
use boothkeeper_tests::process::{binary, until};
use boothkeeper_tests::window::Window;

use crate::measure::{Line, NONE, Times, millis, ratio};

/// Times the start of the real window and of a bare window with one line, in turn. Each is ended before the next start:
/// a second window on the same desktop would hand over to the first.
pub fn start(data: &Path, account: &Account) -> anyhow::Result<Line> {
    let desk = Desktop::new()?;
    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    // The first start of each window warms the system's caches and is not counted.
    for turn in 0..8 {
        let mut window = desk.with_environment(Command::new(binary("boothkeeper-desktop")));
        window
            .arg("--data")
            .arg(data)
            .env("BOOTHKEEPER_ACCESS_KEY", &account.key)
            .env("RUST_LOG", "boothkeeper_desktop=info");
        let shown = until_on_screen(&mut window)?;
        let least = until_on_screen(
            &mut desk.with_environment(Command::new(binary("boothkeeper-bare-window"))),
        )?;
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

/// Time from the start of the process until it prints `on screen`; then kills the process.
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
    ensure!(shown, "the window ended before it was on screen");
    Ok(taken)
}

/// Time from a jump of the scrollbar, to places all over the history, until the rows there are drawn.
pub async fn scroll(cloud: &Cloud, account: &Account) -> anyhow::Result<Line> {
    let desk = Desktop::new()?;
    let window = Window::open_live(&desk, cloud, account).await?;
    window.click_button("History").await?;
    window.text("[data-seq]").await?;
    let jump = "
        const [place, done] = arguments;
        const grid = document.querySelector('[role=grid]');
        const started = performance.now();
        grid.scrollTop = place * (grid.scrollHeight - grid.clientHeight);
        const drawn = () => {
            const rows = [...grid.querySelectorAll('[id^=row-]')];
            if (rows.length > 5 && rows.every((row) => row.dataset.seq)) {
                requestAnimationFrame(() => done([performance.now() - started, rows[0].dataset.seq]));
            } else requestAnimationFrame(drawn);
        };
        requestAnimationFrame(drawn);";
    let (mut taken, mut seen) = (Vec::new(), std::collections::BTreeSet::new());
    for turn in 0..100_u32 {
        let place = f64::from((turn * 37) % 101) / 101.0;
        let answer = window.page.execute_async(jump, vec![place.into()]).await?;
        let millis = answer[0].as_f64().context("no rows were drawn")?;
        taken.push(Duration::from_secs_f64(millis / 1000.0));
        seen.insert(answer[1].to_string());
    }
    ensure!(seen.len() > 90, "the table did not move: {}", seen.len());
    let times = Times::new(taken);
    Ok(Line {
        what: "the history's scrollbar dragged anywhere, rows drawn (median, p99)".into(),
        ours: format!("{}, {}", millis(times.median()), millis(times.p99())),
        peer: NONE.into(),
        ratio: NONE.into(),
        goal: "smooth",
    })
}

/// Time from each run at the cloud until the page shows the changed balance.
pub async fn append_to_screen(
    folder: &Path,
    cloud: &Cloud,
    account: &Account,
) -> anyhow::Result<Line> {
    const RUNS: usize = 200;
    let desk = Desktop::new()?;
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
        cloud.runs(account, "headshot_speed", 1).await?;
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
