//! Runs the real command-line binary on a data folder of its own, as a script would.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use anyhow::{Context, ensure};
use serde_json::Value;

use crate::cloud::{Account, Cloud};
use crate::process::binary;
use crate::sentences::PSEUDO_LOCALE;

/// The data folder, access key and time zone that commands run with.
pub struct Laptop {
    pub data: PathBuf,
    key: Option<String>,
    zone: &'static str,
    pseudo: bool,
}

impl Laptop {
    pub fn new(data: &Path) -> Self {
        Laptop {
            data: data.to_owned(),
            key: None,
            zone: "UTC",
            pseudo: false,
        }
    }

    /// Signs in with the account's key, passed in the environment, and copies the journal.
    pub fn signed_in(data: &Path, cloud: &Cloud, account: &Account) -> anyhow::Result<Self> {
        let mut laptop = Self::new(data);
        laptop.key = Some(account.key.clone());
        laptop.ok(&["login", "--cloud", &cloud.url])?;
        Ok(laptop)
    }

    pub fn with_key(mut self, key: &str) -> Self {
        self.key = Some(key.to_owned());
        self
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(binary("boothkeeper"));
        command
            .args(["--json", "--data"])
            .arg(&self.data)
            .args(arguments)
            .env_remove("BOOTHKEEPER_ACCESS_KEY")
            .env("TZ", self.zone)
            .stdin(Stdio::null());
        if let Some(key) = &self.key {
            command.env("BOOTHKEEPER_ACCESS_KEY", key);
        }
        command
    }

    /// Runs a command; returns its exit code and its JSON document.
    pub fn run(&self, arguments: &[&str]) -> anyhow::Result<(i32, Value)> {
        document(self.command(arguments).output()?)
    }

    /// Runs a command with `input` on standard input; returns its exit code and its JSON document.
    pub fn run_with_input(
        &self,
        arguments: &[&str],
        input: impl AsRef<[u8]>,
    ) -> anyhow::Result<(i32, Value)> {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut stdin = child.stdin.take().context("no stdin")?;
        stdin.write_all(input.as_ref())?;
        drop(stdin);
        document(child.wait_with_output()?)
    }

    /// Runs a command and returns its document. Fails unless the exit code is 0.
    pub fn ok(&self, arguments: &[&str]) -> anyhow::Result<Value> {
        let (code, document) = self.run(arguments)?;
        ensure!(code == 0, "{arguments:?} ended with {code}: {document}");
        Ok(document)
    }

    /// Runs a command without `--json` and without a key; returns standard output. Fails if the command fails.
    pub fn text(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let mut plain = Command::new(binary("boothkeeper"));
        plain.arg("--data").arg(&self.data).args(arguments);
        let output = plain.env("TZ", self.zone).stdin(Stdio::null()).output()?;
        ensure!(output.status.success(), "{arguments:?}: {output:?}");
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Runs a command without `--json`; returns standard output and standard error, also if the command fails.
    pub fn said(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let mut plain = Command::new(binary("boothkeeper"));
        plain.arg("--data").arg(&self.data).args(arguments);
        if let Some(key) = &self.key {
            plain.env("BOOTHKEEPER_ACCESS_KEY", key);
        }
        if self.pseudo {
            plain.env(PSEUDO_LOCALE.0, PSEUDO_LOCALE.1);
        }
        let output = plain.env("TZ", self.zone).stdin(Stdio::null()).output()?;
        Ok(String::from_utf8([output.stdout, output.stderr].concat())?)
    }

    /// Runs a command and expects it to fail; returns the exit code and the error code.
    pub fn fails(&self, arguments: &[&str]) -> anyhow::Result<(i32, String)> {
        let (code, document) = self.run(arguments)?;
        ensure!(code != 0, "{arguments:?} succeeded: {document}");
        let error = document["error"]["code"].as_str().unwrap_or_default();
        Ok((code, error.to_owned()))
    }

    pub fn balance(&self) -> anyhow::Result<Value> {
        let (_, document) = self.run(&["balance"])?;
        Ok(document)
    }

    /// Kind and delta (minor units) of all journal entries, oldest first. Fails if there are more than 1,000.
    pub fn journal(&self) -> anyhow::Result<Vec<(String, i64)>> {
        let history = self.ok(&["history", "--limit", "1000"])?;
        ensure!(history["next"].is_null(), "more than a page");
        let entries = history["entries"].as_array().context("no entries")?;
        let entry = |entry: &Value| {
            let kind = entry["kind"].as_str().context("no kind")?;
            Ok((
                kind.to_owned(),
                entry["delta"].as_i64().context("no delta")?,
            ))
        };
        entries.iter().rev().map(entry).collect()
    }

    /// Texts are shown in the pseudo-locale (all vowels have accents) from now on.
    pub fn in_pseudo_locale(mut self) -> Self {
        self.pseudo = true;
        self
    }

    pub fn in_zone(mut self, zone: &'static str) -> Self {
        self.zone = zone;
        self
    }

    pub fn cache(&self) -> PathBuf {
        self.data.join("cache.sqlite")
    }
}

fn document(output: Output) -> anyhow::Result<(i32, Value)> {
    let text = String::from_utf8(output.stdout)?;
    ensure!(
        text.lines().count() == 1,
        "expected one line of output, got {text:?} {:?}",
        String::from_utf8_lossy(&output.stderr)
    );
    let code = output.status.code().context("ended by a signal")?;
    Ok((code, serde_json::from_str(&text)?))
}
