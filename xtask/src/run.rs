//! Runs programs, and prints the name and the duration of each step.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, bail};

/// The project's folder.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

/// Where cargo puts what it builds.
pub fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

pub fn cargo(arguments: &[&str]) -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(arguments).current_dir(root());
    command
}

pub fn npm(arguments: &[&str]) -> Command {
    let mut command = Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" });
    command.args(arguments).current_dir(root().join("ui"));
    command
}

/// Runs a step and shows its output. Fails if the step fails.
pub fn step(what: &str, command: &mut Command) -> anyhow::Result<()> {
    let started = begin(what);
    let status = command
        .status()
        .with_context(|| format!("{what}: cannot start {:?}", command.get_program()))?;
    if !status.success() {
        bail!("{what} failed");
    }
    end(what, started);
    Ok(())
}

/// Runs a step and shows its output; returns whether it succeeded, and what it printed.
pub fn captured(what: &str, command: &mut Command) -> anyhow::Result<(bool, String)> {
    use std::io::{BufRead, BufReader};
    let started = begin(what);
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("{what}: cannot start {:?}", command.get_program()))?;
    let stdout = child.stdout.take().context("no stdout")?;
    let mut text = String::new();
    for line in BufReader::new(stdout).lines() {
        let line = line?;
        println!("{line}");
        text.push_str(&line);
        text.push('\n');
    }
    let ok = child.wait()?.success();
    end(what, started);
    Ok((ok, text))
}

fn begin(what: &str) -> Instant {
    println!("── {what} …");
    Instant::now()
}

fn end(what: &str, started: Instant) {
    println!("── {what}: {:.0} s", started.elapsed().as_secs_f32());
}
