//! Generates the page's TypeScript types from the core and the HTTP interface's description from the cloud.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, bail};

use crate::prepare;
use crate::run::{root, step, target};

pub fn run(check: bool) -> anyhow::Result<()> {
    prepare::all()?;
    let binaries = prepare::build(false)?;
    generate(&binaries, check)
}

/// Writes both; or with `check`, fails if the committed files differ from them.
pub fn generate(binaries: &Path, check: bool) -> anyhow::Result<()> {
    let fresh = target().join("bindings");
    if fresh.exists() {
        std::fs::remove_dir_all(&fresh)?;
    }
    let mut export = std::process::Command::new(binaries.join("export-bindings"));
    step("bindings", export.arg(&fresh))?;
    let openapi = std::process::Command::new(binaries.join("boothkeeper-cloud"))
        .arg("openapi")
        .output()?;
    let committed = root().join("ui/src/api/generated");
    let document = root().join("docs/openapi.json");
    if !check {
        if committed.exists() {
            std::fs::remove_dir_all(&committed)?;
        }
        std::fs::create_dir_all(&committed)?;
        for (name, text) in files(&fresh)? {
            std::fs::write(committed.join(name), text)?;
        }
        return Ok(std::fs::write(document, openapi.stdout)?);
    }
    if files(&fresh)? != files(&committed)? {
        bail!("ui/src/api/generated differs from what the core exports: run cargo xtask bindings");
    }
    if std::fs::read(document).unwrap_or_default() != openapi.stdout {
        bail!("docs/openapi.json differs from the cloud's description: run cargo xtask bindings");
    }
    Ok(())
}

fn files(folder: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    let entries = std::fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    entries
        .map(|entry| {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            Ok((name, std::fs::read_to_string(entry.path())?))
        })
        .collect()
}
