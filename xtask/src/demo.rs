//! `demo`, `shots` and `bench`: build the workspace and run the program of that name in the tests package, which starts
//! the real cloud, command line and window.

use std::path::Path;
use std::process::Command;

use crate::prepare;
use crate::run::step;

pub fn run() -> anyhow::Result<()> {
    prepare::all()?;
    let binaries = prepare::build(false)?;
    let mut demo = Command::new(binaries.join("demo"));
    step("demo", demo.env("BOOTHKEEPER_BIN_DIR", &binaries))
}

pub fn shots(out: &Path, odd: bool) -> anyhow::Result<()> {
    prepare::all()?;
    let binaries = prepare::build(false)?;
    let mut shots = Command::new(binaries.join("shots"));
    shots.arg(out).env("BOOTHKEEPER_BIN_DIR", &binaries);
    if odd {
        shots.arg("--odd");
    }
    step("shots", &mut shots)
}

pub fn bench(write: bool, entries: u64) -> anyhow::Result<()> {
    prepare::all()?;
    let binaries = prepare::build(true)?;
    let mut bench = Command::new(binaries.join("bench"));
    bench
        .arg(entries.to_string())
        .env("BOOTHKEEPER_BIN_DIR", &binaries);
    if write {
        bench.arg("--write");
    }
    step("bench", &mut bench)
}
