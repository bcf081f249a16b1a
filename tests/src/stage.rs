//! A laptop with a verified local copy, signed in to a cloud that can give false answers, and limits for its commands.

use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use axum::body::Body;
use axum::response::Response;
use http::Method;
use serde_json::Value;
use tempfile::{TempDir, tempdir};

use crate::booth::basic;
use crate::cloud::{Account, Cloud};
use crate::hostile_proxy::{HostileProxy, Truth};
use crate::laptop::Laptop;
use crate::process::{Pipes, Process};

pub const CLOCK: &str = "2026-01-10T08:00:00Z";
/// The account's balance in minor units, after 20 runs of 2 each.
pub const BALANCE: i64 = 10_000 - 2 * 20;
/// Most bytes that a command may read from an endless answer: one compressed frame and what is in transit.
pub const TRAFFIC: u64 = 100 * 1024 * 1024;
/// Most memory that a command may use, in KiB.
pub const MEMORY: u64 = 400 * 1024;
/// Longest time that a command may take. The client waits 15 s for a document and 12 s on a silent stream.
pub const TIME: Duration = Duration::from_secs(20);

pub struct Stage {
    pub folder: TempDir,
    pub cloud: Cloud,
    pub account: Account,
    pub hostile: HostileProxy,
    pub laptop: Laptop,
    pub truth: Truth,
}

/// Starts a cloud and a laptop with a verified copy, signed in through a proxy that can give false answers.
pub async fn stage() -> anyhow::Result<Stage> {
    let folder = tempdir()?;
    let data = folder.path().join("cloud");
    let cloud = Cloud::start(&data, Some(CLOCK))?;
    let account = cloud.account(basic(10_000)).await?;
    cloud.runs(&account, "sms", 20).await?;
    let hostile = HostileProxy::before(&cloud).await?;
    let laptop = Laptop::new(&folder.path().join("laptop")).with_key(&account.key);
    laptop.ok(&["login", "--cloud", &hostile.url])?;
    let truth = Truth::of(&cloud, &data, &account).await?;
    Ok(Stage {
        folder,
        cloud,
        account,
        hostile,
        laptop,
        truth,
    })
}

/// How a command ended, and the memory and time that it used.
pub struct FinishedCommand {
    pub code: i32,
    pub document: Value,
    /// Peak memory in KiB.
    pub peak: u64,
    pub took: Duration,
}

impl Stage {
    pub fn run(&self, arguments: &[&str]) -> anyhow::Result<FinishedCommand> {
        measured(&self.laptop, arguments)
    }

    /// Fails unless the laptop shows the verified balance and does not call that balance live.
    pub fn assert_balance_unchanged(&self) -> anyhow::Result<()> {
        let balance = self.laptop.balance()?;
        ensure!(balance["balance"] == BALANCE, "{balance}");
        ensure!(balance["trust"] != "live", "{balance}");
        Ok(())
    }

    /// Fails unless the laptop syncs with the honest cloud, verifies its copy and has the cloud's balance.
    pub async fn assert_syncs_again(&self) -> anyhow::Result<()> {
        self.hostile.forward_all();
        self.laptop.ok(&["sync"])?;
        ensure!(self.laptop.ok(&["verify"])?["ok"] == true);
        ensure!(self.laptop.balance()?["balance"] == self.cloud.balance(&self.account).await?);
        Ok(())
    }
}

/// Runs a command and measures its time and peak memory. Fails if it takes twice [`TIME`].
pub fn measured(laptop: &Laptop, arguments: &[&str]) -> anyhow::Result<FinishedCommand> {
    let started = Instant::now();
    let mut child = laptop.command(arguments).stdout(Stdio::piped()).spawn()?;
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    let code = loop {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let now = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok());
        peak = peak.max(now.unwrap_or(0));
        if let Some(ended) = child.try_wait()? {
            break ended.code().context("ended by a signal: it crashed")?;
        }
        ensure!(started.elapsed() < 2 * TIME, "{arguments:?} did not end");
        std::thread::sleep(Duration::from_millis(10));
    };
    let mut text = String::new();
    child
        .stdout
        .take()
        .context("no stdout")?
        .read_to_string(&mut text)?;
    Ok(FinishedCommand {
        code,
        document: serde_json::from_str(&text).with_context(|| format!("{text:?}"))?,
        peak,
        took: started.elapsed(),
    })
}

impl FinishedCommand {
    /// Fails unless the command ended with an error that is not internal, within all limits.
    pub fn refused_within_bounds(&self, lie: &str, sent: u64) -> anyhow::Result<()> {
        let error = &self.document["error"]["code"];
        ensure!(
            self.code != 0 && error.is_string(),
            "{lie}: {} {}",
            self.code,
            self.document
        );
        ensure!(error != "internal", "{lie}: {}", self.document);
        ensure!(self.took < TIME, "{lie}: {:?}", self.took);
        ensure!(self.peak < MEMORY, "{lie}: {} KiB", self.peak);
        ensure!(sent < TRAFFIC, "{lie}: {sent} bytes");
        Ok(())
    }
}

/// A false answer for the requests whose path starts with `path`; all others are forwarded to the real cloud.
pub fn only(
    path: &'static str,
    answer: impl Fn() -> Response<Body> + Send + Sync + 'static,
) -> impl Fn(&Method, &str) -> Option<Response<Body>> + Send + Sync + 'static {
    move |_, asked| asked.starts_with(path).then(&answer)
}

/// Starts `sync --watch`; the receiver gets its JSON lines as they are printed.
pub fn watched(laptop: &Laptop) -> anyhow::Result<(Process, std::sync::mpsc::Receiver<Value>)> {
    let pipes = Pipes {
        stdout: true,
        ..Pipes::default()
    };
    let mut watch = Process::start(&laptop.command(&["sync", "--watch"]), pipes)?;
    let stdout = watch.child().stdout.take().context("no stdout")?;
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            let _ = sender.send(serde_json::from_str(&line).unwrap_or(Value::Null));
        }
    });
    Ok((watch, receiver))
}

impl Stage {
    /// Writes a dispute draft that is ready to be sent; returns its id.
    pub fn draft(&self) -> anyhow::Result<String> {
        let draft = self.laptop.ok(&["dispute", "new", "--kind", "other"])?;
        let id = draft["id"].as_str().context("no id")?.to_owned();
        let message = ["dispute", "edit", &id, "--message", "Something is odd."];
        self.laptop.ok(&message)?;
        Ok(id)
    }

    /// Number of commands that are not answered yet, or whose entries are not copied yet.
    pub fn open_commands(&self) -> anyhow::Result<usize> {
        let listed = self.laptop.ok(&["outbox", "list"])?;
        let commands = listed["commands"].as_array().context("no commands")?;
        Ok(commands
            .iter()
            .filter(|command| command["open"] == true)
            .count())
    }
}
