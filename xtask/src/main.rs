//! The developer's commands: `cargo xtask demo | test | shots | bindings | bench`.

mod bindings;
mod demo;
mod fuzz;
mod house;
mod prepare;
mod run;
mod suite;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start a cloud with a year of data and the window; without a display, save pictures instead.
    Demo,
    /// Check format, lints, house rules and page, and run every test; ends with one line of counts.
    Test {
        /// Number of seeds for the sync simulation.
        #[arg(long, default_value_t = 800)]
        seeds: u32,
        /// Run all kills, flipped bits and seeds instead of samples.
        #[arg(long)]
        long: bool,
        /// Instead of the tests: fuzz each parser of untrusted bytes for this many seconds (nightly, cargo-fuzz).
        #[arg(long, value_name = "SECONDS")]
        fuzz: Option<u32>,
    },
    /// Take a picture of every screen, light and dark, at both sizes.
    Shots {
        #[arg(long, default_value = "target/shots")]
        out: std::path::PathBuf,
        /// Use unusual accounts instead: the largest amounts, the longest names, empty accounts.
        #[arg(long)]
        odd: bool,
    },
    /// Generate the page's types and docs/openapi.json; with --check, only compare.
    Bindings {
        #[arg(long)]
        check: bool,
    },
    /// Measure the figures of docs/benchmarks.md, each beside its limit, in one run.
    Bench {
        /// Write docs/benchmarks.md.
        #[arg(long)]
        write: bool,
        #[arg(long, default_value_t = 1_000_000)]
        entries: u64,
    },
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Demo => demo::run(),
        Command::Test {
            fuzz: Some(seconds),
            ..
        } => fuzz::run(seconds),
        Command::Test {
            seeds,
            long,
            fuzz: None,
        } => suite::run(seeds, long),
        Command::Shots { out, odd } => demo::shots(&out, odd),
        Command::Bindings { check } => bindings::run(check),
        Command::Bench { write, entries } => demo::bench(write, entries),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\n{error:#}");
            ExitCode::FAILURE
        }
    }
}
