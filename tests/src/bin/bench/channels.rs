//! Benchmarks of the cloud under load (entries written to disk, live channels), and of the memory of `sync --watch`.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use boothkeeper_tests::cloud::{Account, Cloud};
use boothkeeper_tests::process::{Pipes, Process, binary, until};
use futures_util::future::try_join_all;
use rusqlite::Connection;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::measure::{Line, NONE, megabytes, memory};

const CALLERS: usize = 64;
const CALLS: u64 = 4000;

/// Runs charged by many callers at once. The cloud answers each call only when its entry is on disk.
pub async fn appends(folder: &Path) -> anyhow::Result<Vec<Line>> {
    let cloud = Cloud::start(&folder.join("appends"), None)?;
    let limit = raw_commits(&folder.join("raw.sqlite"))?;
    let mut accounts = Vec::new();
    for _ in 0..CALLERS {
        accounts.push(cloud.booth(100_000_000).await?);
    }
    let one = per_second(&cloud, &vec![accounts[0].clone(); CALLERS]).await?;
    let many = per_second(&cloud, &accounts).await?;
    let line = |what: &str, ours: f64| Line {
        what: format!("durable appends over HTTP, {what}, {CALLERS} callers"),
        ours: format!("{ours:.0} /s"),
        peer: format!("{limit:.0} /s raw commits, one row each"),
        ratio: format!("{:.2}", ours / limit),
        goal: "≥ 0.5",
    };
    Ok(vec![line("one account", one), line("many accounts", many)])
}

/// SQLite commits per second, each of one row and synced to disk: the limit for the cloud's appends.
fn raw_commits(path: &Path) -> anyhow::Result<f64> {
    let raw = Connection::open(path)?;
    raw.pragma_update(None, "journal_mode", "WAL")?;
    raw.pragma_update(None, "synchronous", "FULL")?;
    raw.execute_batch("CREATE TABLE rows (id INTEGER PRIMARY KEY, line BLOB)")?;
    let line = vec![b'x'; 300];
    let started = Instant::now();
    for _ in 0..2000 {
        raw.execute("INSERT INTO rows (line) VALUES (?1)", [&line])?;
    }
    Ok(2000.0 / started.elapsed().as_secs_f64())
}

/// Runs per second that the cloud answers to parallel callers, one caller for each item of `accounts`.
async fn per_second(cloud: &Cloud, accounts: &[Account]) -> anyhow::Result<f64> {
    let calls = CALLS / accounts.len() as u64;
    let http = reqwest::Client::builder().no_proxy().build()?;
    let started = Instant::now();
    try_join_all(accounts.iter().enumerate().map(|(caller, account)| {
        let http = http.clone();
        let url = format!("{}/v1/runs", cloud.url);
        async move {
            for call in 0..calls {
                let run = format!("run-{caller}-{call}-{}", account.id);
                let request = serde_json::json!({ "id": run, "service": "headshot_speed" });
                let answer = http.post(&url).bearer_auth(&account.key).json(&request);
                let status = answer.send().await?.status();
                ensure!(status.is_success(), "a run was answered {status}");
            }
            anyhow::Ok(())
        }
    }))
    .await?;
    Ok((calls * accounts.len() as u64) as f64 / started.elapsed().as_secs_f64())
}

/// Live channels opened for each account; the cloud allows a hundred.
const EACH: usize = 100;

/// Memory that the cloud needs for each open live channel on which it sends only heartbeats.
pub async fn channels(folder: &Path, count: usize) -> anyhow::Result<Line> {
    let mut cloud = Cloud::start(&folder.join("channels"), None)?;
    let mut accounts = Vec::new();
    for _ in 0..count.div_ceil(EACH) {
        accounts.push(cloud.booth(1000).await?);
    }
    let address = cloud.url.trim_start_matches("http://").to_owned();
    let before = memory(cloud.pid(), "VmRSS")?;
    let mut open = Vec::with_capacity(count);
    for n in 0..count {
        let mut channel = TcpStream::connect(&address).await?;
        let request = format!(
            "GET /v1/events HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {}\r\n\r\n",
            accounts[n / EACH].key
        );
        channel.write_all(request.as_bytes()).await?;
        let mut first = [0; 12];
        channel.read_exact(&mut first).await?;
        ensure!(
            &first == b"HTTP/1.1 200",
            "{}",
            String::from_utf8_lossy(&first)
        );
        open.push(channel);
    }
    let after = memory(cloud.pid(), "VmRSS")?;
    Ok(Line {
        what: format!("{count} idle live channels, the cloud's memory for each"),
        ours: format!("{:.1} KB", (after - before) as f64 / count as f64 / 1000.0),
        peer: NONE.into(),
        ratio: NONE.into(),
        goal: "≤ 16 KB",
    })
}

/// Memory of `boothkeeper sync --watch` during its first sync, and idle afterwards.
pub async fn watching(folder: &Path, cloud: &Cloud, account: &Account) -> anyhow::Result<Line> {
    let data = folder.join("watching");
    let app = crate::copy::open(&data, account)?;
    let remember = boothkeeper_app::session::Remember::UntilIQuit;
    app.session().sign_in(&cloud.url, None, remember).await?;
    drop(app);
    let mut command = Command::new(binary("boothkeeper"));
    command
        .args(["--json", "--data"])
        .arg(&data)
        .args(["sync", "--watch"])
        .env("BOOTHKEEPER_ACCESS_KEY", &account.key);
    let pipes = Pipes {
        stdout: true,
        ..Pipes::default()
    };
    let mut watch = Process::start(&command, pipes)?;
    let stdout = watch.child().stdout.take().context("no stdout")?;
    let mut output = tokio::process::ChildStdout::from_std(stdout)?;
    let mut printed = Vec::new();
    until("a live balance", async || {
        let mut more = [0; 4096];
        let read = output.read(&mut more).await?;
        printed.extend_from_slice(&more[..read]);
        let live = String::from_utf8_lossy(&printed).contains("\"trust\":\"live\"");
        Ok(live.then_some(()))
    })
    .await?;
    let pid = watch.child().id();
    let peak = memory(pid, "VmHWM")?;
    // After two heartbeats the watching process is idle.
    tokio::time::sleep(Duration::from_secs(12)).await;
    let idle = memory(pid, "VmRSS")?;
    Ok(Line {
        what: "memory of `sync --watch`: first sync (peak); idle".into(),
        ours: format!("{}; {}", megabytes(peak), megabytes(idle)),
        peer: NONE.into(),
        ratio: NONE.into(),
        goal: "≤ 80 MB; ≤ 40 MB",
    })
}
