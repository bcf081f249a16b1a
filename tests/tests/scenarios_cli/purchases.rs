//! Purchases, runs and commands in the outbox: each is done once, or refused.

use boothkeeper_tests::cloud::Cloud;
use boothkeeper_tests::laptop::Laptop;
use boothkeeper_tests::process::{Pipes, Process, until};
use serde_json::{Value, json};
use tempfile::tempdir;

use super::CLOCK;

fn kinds(history: &Value) -> Vec<String> {
    let entries = history["entries"].as_array().unwrap();
    let kind = |entry: &Value| entry["kind"].as_str().unwrap().to_owned();
    entries.iter().map(kind).collect()
}

/// Scenario 8: the payment processor confirms one purchase four times.
#[tokio::test]
async fn purchase_confirmed_four_times_is_credited_once() -> anyhow::Result<()> {
    let folder = tempdir()?;
    let cloud = Cloud::start(&folder.path().join("cloud"), CLOCK)?;
    let account = cloud.booth(5_000).await?;
    cloud
        .buy(&account, 10_000, json!({ "duplicated": 4 }))
        .await?;
    cloud.advance(3 * 3600).await?;
    let laptop = Laptop::signed_in(&folder.path().join("laptop"), &cloud, &account)?;
    assert_eq!(laptop.balance()?["balance"], 15_000);
    let bought = laptop.ok(&["history", "--kind", "purchase"])?;
    assert_eq!(
        bought["entries"].as_array().unwrap().len(),
        2,
        "the one at sign-up, and this one once"
    );
    Ok(())
}

#[tokio::test]
async fn late_purchase_is_pending_until_it_arrives() -> anyhow::Result<()> {
    let folder = tempdir()?;
    let cloud = Cloud::start(&folder.path().join("cloud"), CLOCK)?;
    let account = cloud.booth(5_000).await?;
    cloud
        .buy(&account, 10_000, json!({ "delayed_seconds": 660 }))
        .await?;
    let laptop = Laptop::signed_in(&folder.path().join("laptop"), &cloud, &account)?;
    let before = laptop.balance()?;
    assert_eq!(before["balance"], 5_000);
    assert_eq!(before["pending"][0]["amount"], 10_000);
    cloud.advance(659).await?;
    laptop.ok(&["sync"])?;
    assert_eq!(laptop.balance()?["balance"], 5_000);
    cloud.advance(1).await?;
    laptop.ok(&["sync"])?;
    let after = laptop.balance()?;
    assert_eq!(after["balance"], 15_000);
    assert_eq!(after["pending"], json!([]));
    Ok(())
}

#[tokio::test]
async fn auto_recharge_buys_once_at_the_threshold_and_a_decline_switches_it_off()
-> anyhow::Result<()> {
    let folder = tempdir()?;
    let cloud = Cloud::start(&folder.path().join("cloud"), CLOCK)?;
    let account = cloud.booth(5_000).await?;
    let laptop = Laptop::signed_in(&folder.path().join("laptop"), &cloud, &account)?;
    assert_eq!(
        laptop.ok(&["auto-recharge", "on", "--yes"])?["state"],
        "settled"
    );
    // 50.00 less 250 × 0.16 is exactly 10.00, the threshold itself.
    cloud.runs(&account, "headshot_speed", 250).await?;
    laptop.ok(&["sync"])?;
    assert_eq!(laptop.balance()?["balance"], 11_000);
    let declines = json!({ "exp_month": 1, "exp_year": 2030, "behaviour": "decline" });
    let path = format!("/sandbox/accounts/{}/card", account.id);
    cloud
        .call(reqwest::Method::PUT, &path, "", &declines)
        .await?;
    cloud.runs(&account, "headshot_speed", 625).await?;
    laptop.ok(&["sync"])?;
    assert_eq!(laptop.balance()?["balance"], 1_000);
    let newest = kinds(&laptop.ok(&["history", "--limit", "40"])?);
    assert_eq!(
        newest
            .iter()
            .filter(|k| *k == "auto_recharge_failed")
            .count(),
        1
    );
    cloud.runs(&account, "sms", 1).await?;
    laptop.ok(&["sync"])?;
    assert_eq!(laptop.balance()?["balance"], 998, "auto-recharge stays off");
    Ok(())
}

#[tokio::test]
async fn run_that_costs_more_than_balance_is_refused() -> anyhow::Result<()> {
    let folder = tempdir()?;
    let cloud = Cloud::start(&folder.path().join("cloud"), CLOCK)?;
    let account = cloud.booth(10).await?;
    let run = json!({ "id": "r1", "service": "draw_me", "event": "x", "units": 1 });
    let (status, problem) = cloud
        .call(reqwest::Method::POST, "/v1/runs", &account.key, &run)
        .await?;
    assert_eq!(status, 422);
    assert_eq!(problem["code"], "insufficient_credits");
    assert_eq!(problem["facts"], json!({ "price": 20, "balance": 10 }));
    assert_eq!(cloud.balance(&account).await?, 10);
    Ok(())
}

#[tokio::test]
async fn command_sent_twice_with_one_id_acts_once() -> anyhow::Result<()> {
    let folder = tempdir()?;
    let cloud = Cloud::start(&folder.path().join("cloud"), CLOCK)?;
    let account = cloud.booth(5_000).await?;
    let path = "/v1/commands/0192d4a0-0000-7000-8000-000000000001";
    let put = async |amount: i64| {
        let body = json!({ "kind": "buy_credits", "amount": amount });
        cloud
            .call(reqwest::Method::PUT, path, &account.key, &body)
            .await
    };
    let first = put(5_000).await?;
    assert_eq!(first.0, 200);
    assert_eq!(put(5_000).await?, first, "the same answer");
    assert_eq!(cloud.balance(&account).await?, 10_000);
    let (status, problem) = put(6_000).await?;
    assert_eq!((status, &problem["code"]), (422, &json!("command_reused")));
    let stranger = cloud.booth(5_000).await?;
    let (status, _) = cloud.get(path, &stranger.key).await?;
    assert_eq!(status, 404, "another account's command is not visible");
    Ok(())
}

#[tokio::test]
async fn purchase_queued_offline_is_made_once() -> anyhow::Result<()> {
    let folder = tempdir()?;
    let mut cloud = Cloud::start(&folder.path().join("cloud"), CLOCK)?;
    let account = cloud.booth(5_000).await?;
    let laptop = Laptop::signed_in(&folder.path().join("laptop"), &cloud, &account)?;
    cloud.stop();
    let queued = laptop.ok(&["buy", "75", "--yes"])?;
    assert_eq!(queued["state"], "queued");
    let cancelled = laptop.ok(&["buy", "80", "--yes"])?;
    let id = cancelled["id"].as_str().unwrap();
    assert_eq!(laptop.ok(&["outbox", "cancel", id])?["state"], "cancelled");
    assert_eq!(
        laptop.balance()?["balance"],
        5_000,
        "the balance changes only after the cloud has answered"
    );
    assert_eq!(
        laptop.balance()?["trust"],
        "stale",
        "stale because a command is queued"
    );
    cloud.restart(&[])?;
    laptop.ok(&["sync"])?;
    assert_eq!(laptop.balance()?["balance"], 12_500);
    let (code, error) = laptop.fails(&["outbox", "cancel", queued["id"].as_str().unwrap()])?;
    assert_eq!((code, error.as_str()), (1, "not_cancellable"));
    let (code, refused) = laptop.run(&["buy", "1", "--yes"])?;
    assert_eq!((code, &refused["problem"]), (5, &json!("below_minimum")));
    Ok(())
}

#[tokio::test]
async fn purchase_whose_answer_is_lost_is_queried_and_made_once() -> anyhow::Result<()> {
    let folder = tempdir()?;
    let cloud = Cloud::start(&folder.path().join("cloud"), CLOCK)?;
    let account = cloud.booth(5_000).await?;
    let laptop = Laptop::signed_in(&folder.path().join("laptop"), &cloud, &account)?;
    cloud.fault("/v1/commands", 1, json!("drop_answer")).await?;
    assert_eq!(laptop.ok(&["buy", "60", "--yes"])?["state"], "unknown");
    laptop.ok(&["sync"])?;
    let commands = laptop.ok(&["outbox", "list"])?;
    assert_eq!(commands["commands"][0]["state"], "settled");
    assert_eq!(cloud.balance(&account).await?, 11_000);
    Ok(())
}

/// A process that runs `sync --watch` sends the commands that other processes queue.
#[tokio::test]
async fn command_queued_by_second_process_is_sent_by_sync_watch() -> anyhow::Result<()> {
    let folder = tempdir()?;
    let cloud = Cloud::start(&folder.path().join("cloud"), None)?;
    let account = cloud.booth(1_000).await?;
    let laptop = Laptop::signed_in(&folder.path().join("laptop"), &cloud, &account)?;
    let _watch = Process::start(&laptop.command(&["sync", "--watch"]), Pipes::default())?;
    until("the watch to hold the lock", async || {
        let held = std::fs::metadata(laptop.data.join("sync.lock"))?;
        Ok((held.len() > 0).then_some(()))
    })
    .await?;
    assert_eq!(laptop.ok(&["buy", "50", "--yes"])?["state"], "queued");
    until("the purchase to arrive", async || {
        Ok((cloud.balance(&account).await? == 6_000).then_some(()))
    })
    .await
}
