//! The house's rules as plain failing checks: which way dependencies point, how long a file may be, and
//! that documented rules have their tests.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde_json::Value;

use crate::run::{cargo, root};

/// What each package of ours may use of ours (docs/architecture.md).
const MAY_USE: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("wire", &["domain"]),
    ("files", &[]),
    ("store", &["domain", "files", "wire"]),
    ("cloud", &["domain", "files", "wire"]),
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
    lengths()?;
    rules_are_shown()
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
    for file in sources()? {
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

/// The tests that docs/rules.md names are there to be run.
fn rules_are_shown() -> anyhow::Result<()> {
    let mut tree = String::new();
    for file in sources()? {
        tree.push_str(&std::fs::read_to_string(root().join(file)).unwrap_or_default());
    }
    let rules = std::fs::read_to_string(root().join("docs/rules.md"))?;
    for row in rules.lines().filter(|line| line.starts_with("| ")).skip(1) {
        let shown_by = row.split('|').nth(3).unwrap_or_default();
        let tests = shown_by.split('`').skip(1).step_by(2);
        for test in tests {
            if !tree.contains(&format!("fn {test}(")) {
                bail!("docs/rules.md names a test that is not there: {test}");
            }
        }
    }
    Ok(())
}

fn sources() -> anyhow::Result<Vec<PathBuf>> {
    let output = std::process::Command::new("git")
        .args(["ls-files", "-co", "--exclude-standard"])
        .current_dir(root())
        .output()
        .context("git is needed to know the project's files")?;
    let files = String::from_utf8(output.stdout)?;
    let files = files.lines().map(PathBuf::from);
    Ok(files.filter(|file| is_source(file)).collect())
}

fn is_source(file: &Path) -> bool {
    let extension = file.extension().and_then(|e| e.to_str());
    matches!(extension, Some("rs" | "ts" | "svelte" | "css"))
}
