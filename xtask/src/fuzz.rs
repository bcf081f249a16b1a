//! `cargo xtask test --fuzz SECONDS`: fuzzes each parser of untrusted bytes for that long, starting from its corpus.
//! Needs a nightly compiler and `cargo install cargo-fuzz`.

use std::process::Command;

use crate::run::{root, step, target};

const PARSERS: [&str; 4] = ["tables", "receipts", "attachments", "packets"];

pub fn run(seconds: u32) -> anyhow::Result<()> {
    for name in PARSERS {
        let found = target().join("fuzz").join(name);
        std::fs::create_dir_all(&found)?;
        // `cargo` from PATH: the program in `$CARGO` would use the toolchain of this program, not nightly.
        let mut fuzz = Command::new("cargo");
        fuzz.current_dir(root())
            .env_remove("CARGO")
            .env_remove("RUSTUP_TOOLCHAIN")
            .args(["+nightly", "fuzz", "run", "--fuzz-dir", "tests/fuzz", name])
            .arg(&found)
            .arg(root().join("tests/corpus").join(name))
            .args([
                "--",
                &format!("-max_total_time={seconds}"),
                "-rss_limit_mb=4096",
            ]);
        step(&format!("fuzz {name}"), &mut fuzz)?;
    }
    Ok(())
}
