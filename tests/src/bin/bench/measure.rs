//! Timing and formatting for the rows of the benchmark table.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::ensure;

/// One row of the benchmark table.
pub struct Line {
    pub what: String,
    pub ours: String,
    pub peer: String,
    pub ratio: String,
    pub goal: &'static str,
}

/// Durations of one repeated action, shortest first.
pub struct Times(Vec<Duration>);

impl Times {
    pub fn new(mut taken: Vec<Duration>) -> Self {
        taken.sort_unstable();
        Times(taken)
    }

    pub fn median(&self) -> Duration {
        self.0[self.0.len() / 2]
    }

    pub fn p99(&self) -> Duration {
        self.0[(self.0.len() * 99 / 100).min(self.0.len() - 1)]
    }
}

/// Times two actions alternately, so that changes of the machine's speed affect both.
pub fn side_by_side(
    times: usize,
    mut ours: impl FnMut() -> anyhow::Result<()>,
    mut peer: impl FnMut() -> anyhow::Result<()>,
) -> anyhow::Result<(Times, Times)> {
    let (mut a, mut b) = (Vec::new(), Vec::new());
    for _ in 0..times {
        a.push(timed(&mut ours)?);
        b.push(timed(&mut peer)?);
    }
    Ok((Times::new(a), Times::new(b)))
}

pub fn repeated(
    times: usize,
    mut act: impl FnMut() -> anyhow::Result<()>,
) -> anyhow::Result<Times> {
    let taken: anyhow::Result<_> = (0..times).map(|_| timed(&mut act)).collect();
    Ok(Times::new(taken?))
}

pub fn timed(act: &mut impl FnMut() -> anyhow::Result<()>) -> anyhow::Result<Duration> {
    let started = Instant::now();
    act()?;
    Ok(started.elapsed())
}

/// Runs a command until it ends. Fails unless its exit code is 0.
pub fn ran(command: &mut Command) -> anyhow::Result<()> {
    let output = command.output()?;
    ensure!(output.status.success(), "{output:?}");
    Ok(())
}

/// A field of `/proc/PID/status`, such as `VmRSS`, in bytes.
pub fn memory(pid: u32, what: &str) -> anyhow::Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(what));
    let kilobytes = line.and_then(|line| line.trim_matches([':', '\t', ' ']).split(' ').next());
    Ok(kilobytes.unwrap_or_default().parse::<u64>()? * 1024)
}

pub fn millis(duration: Duration) -> String {
    format!("{:.2} ms", duration.as_secs_f64() * 1000.0)
}

pub fn micros(duration: Duration) -> String {
    format!("{:.0} µs", duration.as_secs_f64() * 1e6)
}

pub fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

pub fn rate(count: u64, duration: Duration) -> String {
    format!("{:.0} k/s", count as f64 / duration.as_secs_f64() / 1000.0)
}

pub fn ratio(of: Duration, to: Duration) -> String {
    format!("{:.2}", of.as_secs_f64() / to.as_secs_f64())
}

pub const NONE: &str = "–";
