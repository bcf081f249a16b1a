//! The outbox when the laptop's process is killed at random moments and answers are lost: each command has exactly one
//! outcome.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, ensure};
use boothkeeper_tests::booth::{basic, with};
use boothkeeper_tests::cloud::Cloud;
use boothkeeper_tests::laptop::Laptop;
use boothkeeper_tests::process::{Pipes, Process, rounds};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use tempfile::tempdir;

/// Longest time until a process is killed: longer than the process of one purchase runs.
const LIFE: Duration = Duration::from_millis(160);

/// The state in which each command was last seen.
#[derive(Default)]
struct Seen {
    /// By command id: the amount in minor units, which is different for each command, and the state.
    commands: BTreeMap<String, (i64, String)>,
    /// How often a command was seen between sending and answer.
    between: u32,
}

impl Seen {
    /// Reads the outbox. Fails if a final state has changed.
    fn look(&mut self, laptop: &Laptop) -> anyhow::Result<()> {
        let outbox = laptop.ok(&["outbox", "list"])?;
        for command in outbox["commands"].as_array().context("no commands")? {
            let text = |name: &str| command[name].as_str().unwrap_or_default().to_owned();
            let (id, state) = (text("id"), text("state"));
            let amount = command["amount"].as_i64().unwrap_or(0);
            if let Some((_, before)) = self.commands.get(&id) {
                let ended = ["settled", "rejected", "cancelled"].contains(&before.as_str());
                ensure!(
                    !ended || *before == state,
                    "{id} was {before} and is {state}"
                );
                let applied = before == "applied" && state != "applied" && state != "settled";
                ensure!(!applied, "{id} was applied and is {state}");
            }
            self.between += u32::from(["sending", "unknown"].contains(&state.as_str()));
            self.commands.insert(id, (amount, state));
        }
        Ok(())
    }
}

#[tokio::test]
async fn queued_command_has_one_outcome_after_repeated_process_kills() -> anyhow::Result<()> {
    let folder = tempdir()?;
    let cloud = Cloud::start(&folder.path().join("cloud"), Some("2026-01-10T08:00:00Z"))?;
    let account = cloud.account(basic(10_000)).await?;
    let laptop = Laptop::signed_in(&folder.path().join("laptop"), &cloud, &account)?;
    let mut dice = StdRng::seed_from_u64(7);
    let mut seen = Seen::default();
    let mut serial = 0;
    for kill in 0..rounds(300, 1_000) {
        // In one of three rounds the request or its answer is lost, repeated or cut.
        let fault = ["drop", "drop_answer", "5xx", "duplicate", "cut"][dice.random_range(0..5)];
        let count = u32::from(dice.random_range(0..3) == 0);
        cloud.fault("/v1/commands", count, json!(fault)).await?;
        serial += 1;
        let amount = format!("{}.{:02}", 50 + serial / 100, serial % 100);
        let mut arguments = vec!["buy", amount.as_str(), "--yes"];
        if dice.random_range(0..4) == 0 {
            arguments = vec!["sync"];
        }
        let mut process = Process::start(&laptop.command(&arguments), Pipes::default())?;
        let moment = dice.random_range(0..LIFE.as_micros());
        tokio::time::sleep(Duration::from_micros(u64::try_from(moment)?)).await;
        process.kill();
        seen.look(&laptop)
            .with_context(|| format!("after kill {kill}"))?;
    }
    cloud.fault("/v1/commands", 0, json!("drop")).await?;
    laptop.ok(&["sync"])?;
    seen.look(&laptop)?;

    let mut bought: BTreeMap<i64, u32> = BTreeMap::new();
    let mut before = String::new();
    loop {
        let mut page = vec!["history", "--kind", "purchase", "--limit", "1000"];
        if !before.is_empty() {
            page.extend(["--before", &before]);
        }
        let page = laptop.ok(&page)?;
        for entry in page["entries"].as_array().context("no entries")? {
            *bought
                .entry(entry["delta"].as_i64().context("no delta")?)
                .or_default() += 1;
        }
        match page["next"].as_u64() {
            Some(next) => before = next.to_string(),
            None => break,
        }
    }
    // The opening balance is a purchase too.
    bought.remove(&10_000);
    // Only settled commands are deleted after a time, so every listed one must be settled.
    let listed = laptop.ok(&["outbox", "list"])?;
    let listed = listed["commands"].as_array().context("no commands")?;
    ensure!(!listed.is_empty());
    for command in listed {
        ensure!(command["state"] == "settled", "{command}");
    }
    for (id, (amount, _)) in &seen.commands {
        ensure!(
            bought.get(amount) == Some(&1),
            "{id} of {amount}: {:?}",
            bought.get(amount)
        );
    }
    ensure!(
        bought.len() == seen.commands.len(),
        "{} bought, {} commands",
        bought.len(),
        seen.commands.len()
    );
    ensure!(
        seen.commands.len() > 60,
        "only {} commands were queued before a kill",
        seen.commands.len()
    );
    ensure!(
        seen.between > 10,
        "only {} times a command was between sending and answer",
        seen.between
    );
    ensure!(laptop.ok(&["verify"])?["ok"] == true);
    Ok(())
}

/// 400 commands are queued offline, and one sync sends them.
#[tokio::test]
async fn four_hundred_commands_queued_offline_are_sent_once_in_order() -> anyhow::Result<()> {
    let folder = tempdir()?;
    let mut cloud = Cloud::start(&folder.path().join("cloud"), Some("2026-01-10T08:00:00Z"))?;
    let account = with(basic(10_000), json!({ "auto_recharge": false }));
    let account = cloud.account(account).await?;
    let laptop = Laptop::signed_in(&folder.path().join("laptop"), &cloud, &account)?;
    cloud.stop();
    let switches: Vec<&str> = (0..400)
        .map(|n| if n % 2 == 0 { "on" } else { "off" })
        .collect();
    for switch in switches {
        let mut command = laptop.command(&["auto-recharge", switch, "--yes"]);
        let status = command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()?;
        ensure!(status.success(), "not queued: {status}");
    }
    let outbox = laptop.ok(&["outbox", "list"])?;
    ensure!(outbox["commands"].as_array().map(Vec::len) == Some(400));
    cloud.restart(&[])?;
    laptop.ok(&["sync"])?;
    let changes = laptop.ok(&[
        "history",
        "--kind",
        "auto_recharge_changed",
        "--limit",
        "1000",
    ])?;
    let changes = changes["entries"].as_array().context("no entries")?;
    ensure!(changes.len() == 400, "{} of 400", changes.len());
    let open = |command: &&Value| command["open"] == true;
    let outbox = laptop.ok(&["outbox", "list"])?;
    let left = outbox["commands"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(open)
        .count();
    ensure!(left == 0, "{left} are left");
    // The last of the commands switched auto-recharge off.
    ensure!(laptop.ok(&["plan"])?["auto_recharge"]["enabled"] == false);
    Ok(())
}
