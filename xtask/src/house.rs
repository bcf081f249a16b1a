//! The house's rules as plain failing checks: which way dependencies point, and how long a file may be.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde_json::Value;

use crate::run::{cargo, root};

/// What each package of ours may use of ours (docs/architecture.md).
const MAY_USE: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("wire", &["domain"]),
    ("store", &["domain", "wire"]),
    ("cloud", &["domain", "wire"]),
    ("sync", &["domain", "wire", "store"]),
    ("app", &["domain", "store", "sync"]),
    ("cli", &["app"]),
    ("desktop", &["app"]),
    (
        "tests",
        &["domain", "wire", "store", "cloud", "sync", "app"],
    ),
    ("bare-window", &[]),
];

/// A file is one idea.
const MOST_LINES: usize = 800;

pub fn check() -> anyhow::Result<()> {
    println!("── house rules …");
    directions()?;
    lengths()
}

fn directions() -> anyhow::Result<()> {
    let output = cargo(&["metadata", "--format-version=1", "--no-deps"]).output()?;
    let metadata: Value = serde_json::from_slice(&output.stdout).context("cargo metadata")?;
    let allowed: BTreeMap<_, BTreeSet<_>> = MAY_USE
        .iter()
        .map(|(name, uses)| (*name, uses.iter().copied().collect()))
        .collect();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let Some(name) = ours(&package["name"]) else {
            continue;
        };
        let Some(allowed) = allowed.get(name) else {
            bail!("{name} has no place in xtask/src/house.rs: say what it may use");
        };
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            if let Some(used) = ours(&dependency["name"])
                && !allowed.contains(used)
            {
                bail!("{name} must not use {used}: arrows point down (docs/architecture.md)");
            }
        }
    }
    Ok(())
}

fn ours(name: &Value) -> Option<&str> {
    name.as_str()?.strip_prefix("boothkeeper-")
}

fn lengths() -> anyhow::Result<()> {
    let output = std::process::Command::new("git")
        .args(["ls-files", "-co", "--exclude-standard"])
        .current_dir(root())
        .output()
        .context("git is needed to know the project's files")?;
    let files = String::from_utf8(output.stdout)?;
    for file in files.lines().map(PathBuf::from).filter(|f| is_source(f)) {
        let Ok(text) = std::fs::read_to_string(root().join(&file)) else {
            continue;
        };
        let lines = text.lines().count();
        if lines > MOST_LINES {
            bail!(
                "{} has {lines} lines; past {MOST_LINES} there is a second idea in it",
                file.display()
            );
        }
    }
    Ok(())
}

fn is_source(file: &Path) -> bool {
    let extension = file.extension().and_then(|e| e.to_str());
    matches!(extension, Some("rs" | "ts" | "svelte" | "css"))
}
