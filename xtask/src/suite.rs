//! `cargo xtask test`: runs every check, quick ones first.

use anyhow::bail;

use crate::run::{captured, cargo, npm, step};
use crate::{bindings, house, prepare};

#[derive(Default)]
struct Count {
    passed: u64,
    failed: u64,
}

/// Number of seeds of the sync simulation in a long run.
const LONG_SEEDS: u32 = 10_000;

pub fn run(seeds: u32, long: bool) -> anyhow::Result<()> {
    prepare::all()?;
    house::check()?;
    step("format", &mut cargo(&["fmt", "--all", "--check"]))?;
    step("page: lint", &mut npm(&["run", "--silent", "lint"]))?;
    step("page: types", &mut npm(&["run", "--silent", "check"]))?;
    let binaries = prepare::build(false)?;
    bindings::generate(&binaries, true)?;

    let mut count = Count::default();
    let (page_ok, text) = captured("page: tests", &mut npm(&["run", "--silent", "test"]))?;
    count.add(vitest(&text));
    let mut tests = cargo(&["test", "--workspace", "--no-fail-fast"]);
    prepare::linted(&mut tests)
        .env("BOOTHKEEPER_BIN_DIR", &binaries)
        // An error prints its causes; a backtrace of forty frames would hide them.
        .env("RUST_LIB_BACKTRACE", "0")
        .env(
            "BOOTHKEEPER_SEEDS",
            if long { seeds.max(LONG_SEEDS) } else { seeds }.to_string(),
        );
    if long {
        tests.env("BOOTHKEEPER_LONG", "1");
    }
    let (rust_ok, text) = captured("tests", &mut tests)?;
    count.add(libtest(&text));
    println!("\n{} passed, {} failed", count.passed, count.failed);
    if !page_ok || !rust_ok || count.failed > 0 || count.passed == 0 {
        bail!("some checks failed");
    }
    Ok(())
}

impl Count {
    fn add(&mut self, other: Count) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

/// Counts from lines like `test result: ok. 12 passed; 0 failed; …`, one for each binary.
fn libtest(text: &str) -> Count {
    let mut count = Count::default();
    for line in text.lines().filter(|l| l.starts_with("test result:")) {
        count.add(numbers(line, ';'));
    }
    count
}

/// Counts from a line like `Tests  1 failed | 7 passed (8)`, which contains colour codes.
fn vitest(text: &str) -> Count {
    let plain = |line: &str| {
        let mut out = String::new();
        let mut coloured = false;
        for c in line.chars() {
            match c {
                '\u{1b}' => coloured = true,
                'm' if coloured => coloured = false,
                c if !coloured => out.push(c),
                _ => {}
            }
        }
        out
    };
    let line = text
        .lines()
        .map(plain)
        .find(|l| l.trim().starts_with("Tests "));
    line.map_or_else(Count::default, |line| numbers(&line, '|'))
}

fn numbers(line: &str, separator: char) -> Count {
    let mut count = Count::default();
    for part in line.split(separator) {
        let words: Vec<_> = part.split_whitespace().collect();
        for pair in words.windows(2) {
            let Ok(number) = pair[0].parse::<u64>() else {
                continue;
            };
            match pair[1].trim_end_matches(',') {
                "passed" => count.passed += number,
                "failed" => count.failed += number,
                _ => {}
            }
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passed_and_failed_counts_are_read_from_cargo_test_and_vitest() {
        let rust = "test result: ok. 12 passed; 0 failed; 0 ignored\ntest result: FAILED. 3 passed; 2 failed; 0 ignored\n";
        let count = libtest(rust);
        assert_eq!((count.passed, count.failed), (15, 2));
        let page = "\u{1b}[2m      Tests \u{1b}[22m \u{1b}[1m1 failed\u{1b}[22m | \u{1b}[1m\u{1b}[32m7 passed\u{1b}[39m\u{1b}[22m (8)\n";
        let count = vitest(page);
        assert_eq!((count.passed, count.failed), (7, 1));
    }
}
