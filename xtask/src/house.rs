//! The project's rules as checks: which packages may depend on which, how long a file may be, and that the tests named
//! in docs/rules.md exist.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use regex::Regex;
use serde_json::Value;

use crate::run::{cargo, root};

/// The packages of this workspace that each package may depend on (docs/architecture.md).
const MAY_USE: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("wire", &["domain"]),
    ("files", &[]),
    ("store", &["domain", "files", "wire"]),
    ("cloud", &["domain", "files", "wire"]),
    ("sync", &["domain", "wire", "store"]),
    ("messages", &["domain"]),
    ("documents", &["domain", "messages", "wire"]),
    ("app", &["documents", "domain", "messages", "store", "sync"]),
    ("cli", &["app", "messages"]),
    ("desktop", &["app", "messages"]),
    (
        "tests",
        &[
            "app",
            "cloud",
            "documents",
            "domain",
            "messages",
            "store",
            "sync",
            "wire",
        ],
    ),
    ("bare-window", &[]),
];

/// The features of the app that each feature may use. Files outside the features' folders (`app.rs`, `copy.rs`, ...)
/// use none.
const FEATURE_MAY_USE: &[(&str, &[&str])] = &[
    ("session", &[]),
    ("outbox", &[]),
    ("balance", &[]),
    ("history", &["balance"]),
    ("import", &["balance"]),
    ("plan", &["balance", "history", "outbox"]),
    ("disputes", &["balance", "history", "outbox", "session"]),
    ("deadlines", &["balance", "plan", "session"]),
    (
        "overview",
        &[
            "balance",
            "deadlines",
            "history",
            "import",
            "outbox",
            "plan",
        ],
    ),
];

/// Most lines of a source file. A longer one should be split.
const MAX_LINES: usize = 800;

pub fn check() -> anyhow::Result<()> {
    println!("── house rules …");
    directions()?;
    features()?;
    lengths()?;
    no_raw_text()?;
    rule_tests_exist()
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
            bail!("{name} is not in xtask/src/house.rs: add what it may depend on");
        };
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            if let Some(used) = ours(&dependency["name"])
                && !allowed.contains(used)
            {
                bail!("{name} must not depend on {used} (docs/architecture.md)");
            }
        }
    }
    Ok(())
}

/// Fails if a feature of the app is not in `FEATURE_MAY_USE`, or uses another feature that this table does not allow.
/// The table lists a feature after all that it uses, so that no features use each other in a circle.
fn features() -> anyhow::Result<()> {
    let folder = Path::new("src-tauri/crates/app/src");
    for (at, (feature, may_use)) in FEATURE_MAY_USE.iter().enumerate() {
        let before = &FEATURE_MAY_USE[..at];
        let later = |used: &&&str| !before.iter().any(|(name, _)| name == *used);
        if let Some(used) = may_use.iter().find(later) {
            bail!("{feature} may not use {used}, which stands after it in FEATURE_MAY_USE");
        }
    }
    for file in sources()?
        .into_iter()
        .filter(|file| file.starts_with(folder))
    {
        let inside = file.strip_prefix(folder)?;
        let feature = match inside.components().count() {
            1 => None,
            _ => inside.iter().next().and_then(|name| name.to_str()),
        };
        let row = FEATURE_MAY_USE
            .iter()
            .find(|(name, _)| Some(*name) == feature);
        let may_use: &[&str] = match (feature, row) {
            (None, _) => &[],
            (Some(_), Some((_, may_use))) => may_use,
            (Some(feature), None) => bail!("{feature} has no place in FEATURE_MAY_USE"),
        };
        let text = std::fs::read_to_string(root().join(&file)).unwrap_or_default();
        // Chains of calls may be broken over lines, so the code is compared without spaces, and without comments.
        let code: String = text
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
            .flat_map(|line| line.chars())
            .filter(|c| !c.is_whitespace())
            .collect();
        for (other, _) in FEATURE_MAY_USE {
            let named = [format!("crate::{other}::"), format!("app.{other}()")];
            let uses = named.iter().any(|name| code.contains(name.as_str()));
            if uses && Some(*other) != feature && !may_use.contains(other) {
                bail!("{} uses {other}: see FEATURE_MAY_USE", file.display());
            }
        }
    }
    Ok(())
}

fn ours(name: &Value) -> Option<&str> {
    name.as_str()?.strip_prefix("boothkeeper-")
}

fn lengths() -> anyhow::Result<()> {
    let written = |file: &PathBuf| !file.starts_with("ui/src/api/generated");
    for file in sources()?.into_iter().filter(written) {
        let Ok(text) = std::fs::read_to_string(root().join(&file)) else {
            continue;
        };
        let lines = text.lines().count();
        if lines > MAX_LINES {
            bail!(
                "{} has {lines} lines, more than {MAX_LINES}: split it",
                file.display()
            );
        }
    }
    Ok(())
}

/// The folders whose Rust code writes texts that an operator reads.
const SHELLS: [&str; 4] = [
    "src-tauri/src",
    "src-tauri/crates/app",
    "src-tauri/crates/cli",
    "src-tauri/crates/documents",
];

/// Fails if a program of the operator prints or formats words that are not from a file of messages. (Words in the page
/// are found by the page's linter.)
fn no_raw_text() -> anyhow::Result<()> {
    let printed = Regex::new(
        r#"\b(?:e?print(?:ln)?|format|writeln?)!\(\s*(?:[\w.&()*]+,\s*)?"((?:[^"\\]|\\.)*)""#,
    )?;
    let (placeholder, words) = (
        Regex::new(r"\{[^}]*\}")?,
        Regex::new("[A-Za-z]{2,} [a-z]{2,}")?,
    );
    let shown = |file: &PathBuf| SHELLS.iter().any(|folder| file.starts_with(folder));
    for file in sources()?.into_iter().filter(shown) {
        let text = std::fs::read_to_string(root().join(&file)).unwrap_or_default();
        let code = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
        for found in printed.captures_iter(code) {
            if words.is_match(&placeholder.replace_all(&found[1], " ")) {
                bail!(
                    "{} writes {:?}: put it into src-tauri/crates/messages/en",
                    file.display(),
                    &found[1]
                );
            }
        }
    }
    Ok(())
}

/// Fails if docs/rules.md or docs/security.md names a test that no source file defines.
fn rule_tests_exist() -> anyhow::Result<()> {
    let mut tree = String::new();
    for file in sources()? {
        tree.push_str(&std::fs::read_to_string(root().join(file)).unwrap_or_default());
    }
    for table in ["docs/rules.md", "docs/security.md"] {
        let text = std::fs::read_to_string(root().join(table))?;
        for row in text.lines().filter(|line| line.starts_with("| ")).skip(1) {
            let shown_by = row.split('|').nth(3).unwrap_or_default();
            let tests = shown_by.split('`').skip(1).step_by(2);
            for test in tests.filter(|name| name.contains('_')) {
                if !tree.contains(&format!("fn {test}(")) {
                    bail!("{table} names a test that does not exist: {test}");
                }
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
        .context("git is needed to list the project's files")?;
    let files = String::from_utf8(output.stdout)?;
    let files = files.lines().map(PathBuf::from);
    Ok(files.filter(|file| is_source(file)).collect())
}

fn is_source(file: &Path) -> bool {
    let extension = file.extension().and_then(|e| e.to_str());
    matches!(extension, Some("rs" | "ts" | "svelte" | "css"))
}
