//! Scenarios with the real cloud and the command line: balance, history, purchases, the outbox and signing in.

use std::io::{BufRead, BufReader};

use boothkeeper_tests::cloud::Cloud;
use boothkeeper_tests::laptop::Laptop;
use boothkeeper_tests::process::{Pipes, Process, until};
use serde_json::{Value, json};
use tempfile::tempdir;

const CLOCK: Option<&str> = Some("2026-02-21T18:00:00Z");

fn kinds(history: &Value) -> Vec<String> {
    let entries = history["entries"].as_array().unwrap();
    let kind = |entry: &Value| entry["kind"].as_str().unwrap().to_owned();
    entries.iter().map(kind).collect()
}

#[tokio::test]
async fn balance_matches_cloud_and_history() -> anyhow::Result<()> {
    let folder = tempdir()?;
    let cloud = Cloud::start(&folder.path().join("cloud"), CLOCK)?;
    let account = cloud.booth(14_721).await?;
    cloud.runs(&account, "draw_me", 3).await?;
    cloud.runs(&account, "sms", 7).await?;
    let laptop = Laptop::signed_in(&folder.path().join("laptop"), &cloud, &account)?;
    let balance = laptop.balance()?;
    assert_eq!(balance["balance"], 14_721 - 3 * 20 - 7 * 2);
    assert_eq!(balance["balance"], cloud.balance(&account).await?);
    assert_eq!(balance["trust"], "cached");
    assert_eq!(balance["reason"], "not_connected");
    assert_eq!(balance["asset"], json!({ "code": "USD", "scale": 2 }));
    let history = laptop.ok(&["history", "--kind", "usage"])?;
    assert_eq!(history["entries"].as_array().unwrap().len(), 10);
    let totals = history["totals"].as_array().unwrap();
    let spent: i64 = totals.iter().map(|t| t["delta"].as_i64().unwrap()).sum();
    assert_eq!(spent, -74);
    let verified = laptop.ok(&["verify"])?;
    assert_eq!(verified["ok"], true);
    Ok(())
}

/// Scenario 8.
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

/// Scenario 16.
#[tokio::test]
async fn copy_never_synced_shows_no_balance() -> anyhow::Result<()> {
    let folder = tempdir()?;
    let laptop = Laptop::new(&folder.path().join("laptop"));
    let (code, balance) = laptop.run(&["balance"])?;
    assert_eq!(code, 0);
    assert_eq!(balance["balance"], Value::Null);
    assert_eq!(balance["trust"], "unknown");
    assert_eq!(laptop.fails(&["sync"])?, (3, "signed_out".into()));
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
async fn run_above_balance_is_refused_without_entry() -> anyhow::Result<()> {
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
async fn command_with_same_id_acts_once() -> anyhow::Result<()> {
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
async fn lost_answer_is_queried_and_purchase_is_made_once() -> anyhow::Result<()> {
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

#[tokio::test]
async fn exports_contain_whole_history() -> anyhow::Result<()> {
    let folder = tempdir()?;
    let cloud = Cloud::start(&folder.path().join("cloud"), CLOCK)?;
    let account = cloud.booth(9_000).await?;
    cloud.runs(&account, "combine", 4).await?;
    let laptop = Laptop::signed_in(&folder.path().join("laptop"), &cloud, &account)?;
    let csv = folder.path().join("history.csv");
    laptop.ok(&["history", "--export", csv.to_str().unwrap()])?;
    let text = std::fs::read_to_string(&csv)?;
    assert_eq!(text.lines().count(), 1 + 6);
    let newest = text.lines().nth(1).unwrap();
    assert!(
        newest.contains(",usage,-0.24,89.04,combine,Miller wedding,run_"),
        "{newest}"
    );
    let json = folder.path().join("history.json");
    laptop.ok(&["history", "--export", json.to_str().unwrap()])?;
    let document: Value = serde_json::from_str(&std::fs::read_to_string(&json)?)?;
    assert_eq!(document["entries"].as_array().unwrap().len(), 6);
    assert_eq!(document["checkpoint"]["balance"], 8_904);
    Ok(())
}

#[tokio::test]
async fn out_of_range_arguments_are_refused() -> anyhow::Result<()> {
    let folder = tempdir()?;
    let cloud = Cloud::start(&folder.path().join("cloud"), CLOCK)?;
    let account = cloud.booth(9_000).await?;
    let laptop = Laptop::signed_in(&folder.path().join("laptop"), &cloud, &account)?;
    for wrong in [
        vec!["history", "--limit", "0"],
        vec!["history", "--limit", "1001"],
        vec!["history", "--from", "2026-02-02", "--to", "2026-02-01"],
        vec!["buy", "90071992547409.92", "--yes"],
        vec!["buy", "--yes", "--", "-5"],
        vec!["buy", "1.234", "--yes"],
    ] {
        assert_eq!(
            laptop.fails(&wrong)?,
            (2, "out_of_range".into()),
            "{wrong:?}"
        );
    }
    assert_eq!(
        laptop.fails(&["history", "--service", "nonsense"])?,
        (2, "unknown_name".into())
    );
    Ok(())
}

/// A purchase made with an invalid key is refused and not queued, so that a later valid key does not send it.
#[tokio::test]
async fn purchase_with_invalid_key_is_not_queued() -> anyhow::Result<()> {
    let folder = tempdir()?;
    let cloud = Cloud::start(&folder.path().join("cloud"), None)?;
    let account = cloud.booth(1_000).await?;
    let other = cloud.booth(2_000).await?;
    let data = folder.path().join("laptop");
    let laptop = Laptop::signed_in(&data, &cloud, &account)?;
    let revoked = format!("bk_{}", "0".repeat(64));
    let stranger = Laptop::new(&data).with_key(&revoked);
    assert_eq!(
        stranger.fails(&["buy", "50", "--yes"])?,
        (3, "signed_out".into())
    );
    laptop.ok(&["sync"])?;
    assert_eq!(cloud.balance(&account).await?, 1_000);

    // The key of another account is refused, and does not change this copy.
    let theirs = Laptop::new(&data).with_key(&other.key);
    assert_eq!(theirs.fails(&["sync"])?.1, "wrong_account");
    assert_eq!(laptop.balance()?["trust"], "cached");
    Ok(())
}

/// A login that cannot store its key changes nothing: the copy, queued commands and drafts stay.
#[tokio::test]
async fn login_without_keychain_keeps_copy_and_outbox() -> anyhow::Result<()> {
    let folder = tempdir()?;
    let mut cloud = Cloud::start(&folder.path().join("cloud"), None)?;
    let account = cloud.booth(1_000).await?;
    let laptop = Laptop::signed_in(&folder.path().join("laptop"), &cloud, &account)?;
    cloud.stop();
    laptop.ok(&["buy", "50", "--yes"])?;
    let message = ["dispute", "new", "--kind", "other", "--message", "Hello?"];
    laptop.ok(&message)?;
    cloud.restart(&[])?;
    let again = ["login", "--cloud", &cloud.url, "--key-stdin"];
    let (code, refused) = laptop.run_with_input(&again, &account.key)?;
    assert_eq!(
        (code, &refused["error"]["code"]),
        (1, &json!("no_keychain")),
        "{refused}"
    );
    assert_eq!(laptop.balance()?["balance"], 1_000);
    assert_eq!(
        laptop.ok(&["outbox", "list"])?["commands"][0]["state"],
        "queued"
    );
    let kept = laptop.ok(&["dispute", "list"])?;
    assert_eq!(kept["disputes"].as_array().map(Vec::len), Some(1));
    Ok(())
}

#[tokio::test]
async fn logout_with_queued_commands_needs_discard() -> anyhow::Result<()> {
    let folder = tempdir()?;
    let mut cloud = Cloud::start(&folder.path().join("cloud"), None)?;
    let account = cloud.booth(1_000).await?;
    let data = folder.path().join("laptop");
    let laptop = Laptop::signed_in(&data, &cloud, &account)?;
    cloud.stop();
    laptop.ok(&["buy", "50", "--yes"])?;
    assert_eq!(laptop.fails(&["logout"])?.1, "actions_waiting");
    laptop.ok(&["logout", "--discard"])?;
    let kept = std::fs::read(data.join("cache.sqlite"))?;
    let said = |needle: &[u8]| kept.windows(needle.len()).any(|window| window == needle);
    assert!(
        !said(b"operator@booth.example"),
        "the copy is gone from the disk"
    );
    assert_eq!(laptop.balance()?["balance"], Value::Null);
    Ok(())
}

/// While one process watches, it sends the commands that other processes queue.
#[tokio::test]
async fn command_of_another_process_is_sent_by_the_watch() -> anyhow::Result<()> {
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

#[tokio::test]
async fn days_before_the_account_have_zero_balance() -> anyhow::Result<()> {
    let folder = tempdir()?;
    let cloud = Cloud::start(&folder.path().join("cloud"), None)?;
    let account = cloud.booth(1_000).await?;
    let laptop = Laptop::signed_in(&folder.path().join("laptop"), &cloud, &account)?;
    let before = laptop.ok(&["history", "--to", "2020-01-01"])?;
    assert_eq!(
        (&before["opening"], &before["closing"]),
        (&json!(0), &json!(0))
    );
    let nothing = laptop.ok(&["history", "--text", "nothing says this"])?;
    assert_eq!(nothing["totals"], json!([]));
    Ok(())
}

/// A usage error is one JSON document. `--limit` with `--export` is a usage error: an export takes all matching
/// entries.
#[tokio::test]
async fn usage_errors_are_one_json_document() -> anyhow::Result<()> {
    let folder = tempdir()?;
    let laptop = Laptop::new(folder.path());
    for wrong in [
        vec!["buy"],
        vec!["renewal", "set", "coins-first"],
        vec!["history", "--limit", "5", "--export", "all.csv"],
    ] {
        assert_eq!(laptop.fails(&wrong)?, (2, "usage".into()), "{wrong:?}");
    }
    Ok(())
}

#[tokio::test]
async fn watch_with_revoked_key_ends_as_signed_out() -> anyhow::Result<()> {
    let folder = tempdir()?;
    let mut cloud = Cloud::start(&folder.path().join("cloud"), None)?;
    let account = cloud.booth(1_000).await?;
    let laptop = Laptop::signed_in(&folder.path().join("laptop"), &cloud, &account)?;
    let pipes = Pipes {
        stdout: true,
        ..Pipes::default()
    };
    let mut watch = Process::start(&laptop.command(&["sync", "--watch"]), pipes)?;
    let stdout = watch.child().stdout.take().unwrap();
    let mut lines = BufReader::new(stdout).lines();
    let live = lines.find(|line| line.as_ref().is_ok_and(|line| line.contains("\"live\"")));
    assert!(live.is_some());
    cloud.control(&account, "revoke-key", json!({})).await?;
    // The restart forces a new connection, for which the key is checked.
    cloud.restart(&[])?;
    let last: Value = serde_json::from_str(&lines.last().unwrap()?)?;
    assert_eq!(last["error"]["code"], "signed_out");
    assert_eq!(watch.child().wait()?.code(), Some(3));
    Ok(())
}

/// Entries at the boundary between the sealed segment and the newer lines are found once.
#[tokio::test]
async fn text_search_finds_each_entry_once() -> anyhow::Result<()> {
    let folder = tempdir()?;
    let cloud = Cloud::start(&folder.path().join("cloud"), CLOCK)?;
    let account = cloud.booth(50_000).await?;
    cloud.runs(&account, "sms", 980).await?;
    cloud.buy(&account, 15_000, json!("instant")).await?;
    cloud.runs(&account, "sms", 500).await?;
    let laptop = Laptop::signed_in(&folder.path().join("laptop"), &cloud, &account)?;
    let found = laptop.ok(&["history", "--text", "150.00"])?;
    assert_eq!(found["entries"].as_array().unwrap().len(), 1);
    assert_eq!(found["totals"][0]["delta"], 15_000);
    let all = laptop.ok(&["history", "--text", "sms", "--limit", "1000"])?;
    assert_eq!(all["totals"][0]["count"], 1_480);
    Ok(())
}
