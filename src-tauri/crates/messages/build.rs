//! Reads `en/*.ftl` and writes typed access to it: functions for Rust, key types for TypeScript.

#[path = "build/catalogue.rs"]
mod catalogue;
#[path = "build/rust.rs"]
mod rust;
#[path = "build/typescript.rs"]
mod typescript;

use std::path::Path;

use anyhow::Context;

fn main() -> anyhow::Result<()> {
    println!("cargo::rerun-if-changed=en");
    println!("cargo::rerun-if-changed=build");
    let files = catalogue::read(Path::new("en"))?;
    let out = std::env::var("OUT_DIR").context("OUT_DIR is set by cargo")?;
    std::fs::write(Path::new(&out).join("messages.rs"), rust::code(&files))?;
    let types = typescript::types(&files);
    std::fs::write(Path::new(&out).join("messages.ts"), types)?;
    Ok(())
}
