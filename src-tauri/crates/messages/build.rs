//! Reads the folders of messages, one per language. `en` gives the typed access: functions for Rust, key types for
//! TypeScript. The other languages may have the same messages with the same variables, and no others.

#[path = "build/catalogue.rs"]
mod catalogue;
#[path = "build/languages.rs"]
mod languages;
#[path = "build/rust.rs"]
mod rust;
#[path = "build/typescript.rs"]
mod typescript;

use std::path::Path;

use anyhow::Context;

fn main() -> anyhow::Result<()> {
    println!("cargo::rerun-if-changed=.");
    let files = catalogue::read(Path::new("en"))?;
    let translations = languages::read(&files)?;
    let out = std::env::var("OUT_DIR").context("OUT_DIR is set by cargo")?;
    std::fs::write(
        Path::new(&out).join("messages.rs"),
        rust::code(&files, &translations),
    )?;
    let types = typescript::types(&files);
    std::fs::write(Path::new(&out).join("messages.ts"), types)?;
    Ok(())
}
