//! Generates the page's TypeScript types and `docs/errors.md` from the core, and the HTTP interface's description from
//! the cloud.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, bail};

use crate::prepare;
use crate::run::{root, step, target};

/// Builds the page only if there is none: it may already use a type that has not been generated yet.
pub fn run(check: bool) -> anyhow::Result<()> {
    match root().join("ui/dist").exists() {
        true => prepare::packages()?,
        false => prepare::all()?,
    }
    let binaries = prepare::build(false)?;
    generate(&binaries, check)
}

/// Writes all generated files; or with `check`, fails if the committed files differ from what would be written.
pub fn generate(binaries: &Path, check: bool) -> anyhow::Result<()> {
    let fresh = target().join("bindings");
    if fresh.exists() {
        std::fs::remove_dir_all(&fresh)?;
    }
    let mut export = std::process::Command::new(binaries.join("export-bindings"));
    step("bindings", export.arg(&fresh))?;
    let committed = root().join("ui/src/api/generated");
    let documents = [
        (
            "docs/openapi.json",
            printed(&binaries.join("boothkeeper-cloud"), "openapi")?,
        ),
        (
            "docs/errors.md",
            printed(&binaries.join("export-bindings"), "--errors")?,
        ),
    ];
    if !check {
        if committed.exists() {
            std::fs::remove_dir_all(&committed)?;
        }
        std::fs::create_dir_all(&committed)?;
        for (name, text) in files(&fresh)? {
            std::fs::write(committed.join(name), text)?;
        }
        for (path, text) in documents {
            std::fs::write(root().join(path), text)?;
        }
        return Ok(());
    }
    if files(&fresh)? != files(&committed)? {
        bail!("ui/src/api/generated differs from what the core exports: run cargo xtask bindings");
    }
    for (path, text) in documents {
        if std::fs::read(root().join(path)).unwrap_or_default() != text {
            bail!("{path} differs from what the core and the cloud say: run cargo xtask bindings");
        }
    }
    Ok(())
}

/// What a program prints. Fails if the program fails, so that no empty document is written.
fn printed(program: &Path, argument: &str) -> anyhow::Result<Vec<u8>> {
    let output = std::process::Command::new(program).arg(argument).output()?;
    if !output.status.success() {
        bail!("{} {argument}: {}", program.display(), output.status);
    }
    Ok(output.stdout)
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
