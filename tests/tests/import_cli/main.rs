//! Imported histories on the command line: tables and receipts are read, unclear columns are asked for, and the result
//! is explained like any history but kept apart from the verified copy.

mod history;
mod tables;

use std::path::{Path, PathBuf};

use boothkeeper_tests::laptop::Laptop;
use serde_json::Value;

const EMAIL: [&str; 2] = ["--email", "me@booth.example"];

fn import(laptop: &Laptop, files: &[&Path], more: &[&str]) -> anyhow::Result<Value> {
    let mut arguments = vec!["import"];
    arguments.extend(files.iter().filter_map(|path| path.to_str()));
    arguments.extend(EMAIL);
    arguments.extend(more);
    laptop.ok(&arguments)
}

fn written(folder: &Path, name: &str, text: impl AsRef<[u8]>) -> anyhow::Result<PathBuf> {
    let path = folder.join(name);
    std::fs::write(&path, text)?;
    Ok(path)
}

fn causes(explained: &Value) -> Vec<(String, i64)> {
    let causes = explained["causes"].as_array().cloned().unwrap_or_default();
    let cause = |c: &Value| {
        (
            c["code"].as_str().unwrap_or_default().to_owned(),
            c["delta"].as_i64().unwrap_or(0),
        )
    };
    let mut causes: Vec<_> = causes.iter().map(cause).collect();
    causes.sort();
    causes
}
