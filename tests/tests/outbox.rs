//! The outbox's life under fire: the laptop's process killed at any moment, answers lost on the way, and still
//! each thing that was decided has one outcome.

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

/// Longer than a purchase takes from the start of its process to the end.
const LIFE: Duration = Duration::from_millis(160);

/// What was seen of each command: the amount is its name in the journal, no two have the same.
#[derive(Default)]
struct Seen {
    commands: BTreeMap<String, (i64, String)>,
    /// Kills that left a command between the sending and the answer.
    between: u32,
}

impl Seen {
    /// Looks at the outbox; an outcome that was seen once is the outcome.
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
async fn killed_again_and_again_each_command_has_exactly_one_outcome() -> anyhow::Result<()> {
    let folder = tempdir()?;
    let cloud = Cloud::start(&folder.path().join("cloud"), Some("2026-01-10T08:00:00Z"))?;
    let account = cloud.account(basic(10_000)).await?;
    let laptop = Laptop::signed_in(&folder.path().join("laptop"), &cloud, &account)?;
    let mut dice = StdRng::seed_from_u64(7);
    let mut seen = Seen::default();
    let mut asked = 0;
    for kill in 0..rounds(300, 1_000) {
        // Now and then the way there or back is bad: what was sent may have happened, or not.
        let fault = ["drop", "drop_answer", "5xx", "duplicate", "cut"][dice.random_range(0..5)];
        let count = u32::from(dice.random_range(0..3) == 0);
        cloud.fault("/v1/commands", count, json!(fault)).await?;
        asked += 1;
        let amount = format!("{}.{:02}", 50 + asked / 100, asked % 100);
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
    // The opening balance is a purchase, too.
    bought.remove(&10_000);
    // Only what is settled is forgotten after a while: what is still listed has ended like that.
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
        "{} bought, {} decided",
        bought.len(),
        seen.commands.len()
    );
    ensure!(
        seen.commands.len() > 60,
        "the kills left only {} decisions",
        seen.commands.len()
    );
    ensure!(
        seen.between > 10,
        "only {} kills were in between",
        seen.between
    );
    ensure!(laptop.ok(&["verify"])?["ok"] == true);
    Ok(())
}

/// A long weekend without a network, and a lot of clicking.
#[tokio::test]
async fn four_hundred_queued_commands_go_once_each_and_in_order() -> anyhow::Result<()> {
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
    // The last word was "off".
    ensure!(laptop.ok(&["plan"])?["auto_recharge"]["enabled"] == false);
    Ok(())
}
