//! `cargo xtask test --fuzz SECONDS`: the doors for untrusted bytes, each fuzzed from its corpus for so long.
//! Wants a nightly compiler and `cargo install cargo-fuzz`.

use std::process::Command;

use crate::run::{root, step, target};

const DOORS: [&str; 4] = ["tables", "receipts", "attachments", "packets"];

pub fn run(seconds: u32) -> anyhow::Result<()> {
    for door in DOORS {
        let found = target().join("fuzz").join(door);
        std::fs::create_dir_all(&found)?;
        // Not through the cargo that runs us: that one's toolchain would be inherited.
        let mut fuzz = Command::new("cargo");
        fuzz.current_dir(root())
            .env_remove("CARGO")
            .env_remove("RUSTUP_TOOLCHAIN")
            .args(["+nightly", "fuzz", "run", "--fuzz-dir", "tests/fuzz", door])
            .arg(&found)
            .arg(root().join("tests/corpus").join(door))
            .args([
                "--",
                &format!("-max_total_time={seconds}"),
                "-rss_limit_mb=4096",
            ]);
        step(&format!("fuzz {door}"), &mut fuzz)?;
    }
    Ok(())
}
