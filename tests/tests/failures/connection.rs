//! Failures of keys, network and cloud, and a second process in the same data folder.

use std::sync::Arc;

use boothkeeper_domain::Seq;
use boothkeeper_domain::Zone;
use boothkeeper_store::DataFolder;
use boothkeeper_sync::clock::SystemClock;
use boothkeeper_sync::transport::Transport;
use boothkeeper_sync::{AccessKey, Client, LocalCopy, pull, sign_in};
use boothkeeper_tests::laptop::Laptop;
use boothkeeper_wire::stream::Frames;
use http_body_util::BodyExt;
use rusqlite::Connection;
use serde_json::json;

use super::setup;

#[tokio::test]
async fn wrong_or_revoked_key_is_reported_as_signed_out() -> anyhow::Result<()> {
    let setup = setup().await?;
    let stranger = Laptop::new(&setup.folder.path().join("stranger"))
        .with_key(&format!("bk_{}", "0".repeat(64)));
    assert_eq!(
        stranger.fails(&["login", "--cloud", &setup.cloud.url])?,
        (3, "signed_out".into())
    );
    let nonsense = stranger.run_with_input(
        &["login", "--cloud", &setup.cloud.url, "--key-stdin"],
        "my password",
    )?;
    assert_eq!(nonsense.1["error"]["code"], "key_malformed");
    let path = format!("/sandbox/accounts/{}/revoke-key", setup.account.id);
    setup.cloud.post(&path, json!({})).await?;
    assert_eq!(setup.laptop.fails(&["sync"])?, (3, "signed_out".into()));
    setup.still_readable()
}

#[tokio::test]
async fn local_copy_without_network_stays_readable() -> anyhow::Result<()> {
    let mut setup = setup().await?;
    setup.cloud.kill();
    assert_eq!(setup.laptop.fails(&["sync"])?, (4, "offline".into()));
    setup.still_readable()
}

#[tokio::test]
async fn captive_portal_page_is_rejected() -> anyhow::Result<()> {
    let setup = setup().await?;
    setup.cloud.fault("/v1", 1, json!("portal")).await?;
    assert_eq!(setup.laptop.fails(&["sync"])?, (4, "portal".into()));
    setup.still_readable()?;
    setup.laptop.ok(&["sync"])?;
    Ok(())
}

#[tokio::test]
async fn broken_or_false_journal_stream_changes_no_balance() -> anyhow::Result<()> {
    let setup = setup().await?;
    let mut expected = 10_000 - 2 * 1_228;
    for (fault, code) in [
        (json!("truncate"), "stream_broken"),
        (json!("cut"), "offline"),
        (json!("reorder"), "diverged"),
        (json!("rewritten_entry"), "diverged"),
        (json!("other_account"), "diverged"),
        (json!("5xx"), "server"),
        (json!("429"), "server"),
    ] {
        setup.cloud.runs(&setup.account, "sms", 20).await?;
        // Three faults in a row: a single contradictory stream is retried, as the network may have caused it.
        setup.cloud.fault("/v1/journal", 3, fault.clone()).await?;
        let (_, found) = setup.laptop.fails(&["sync"])?;
        assert_eq!(found, code, "{fault}");
        let balance = setup.laptop.balance()?;
        assert_eq!(balance["balance"], expected, "{fault}");
        assert_eq!(
            balance["trust"] == "diverged",
            code == "diverged",
            "{fault}"
        );
        let (_, proof) = setup.laptop.run(&["verify"])?;
        assert_eq!(proof["diverged"], code == "diverged", "{fault}");
        assert_eq!(proof["first_bad_seq"], json!(null), "{fault}");

        setup.cloud.fault("/v1/journal", 0, fault.clone()).await?;
        setup.laptop.ok(&["sync"])?;
        expected -= 40;
        let balance = setup.laptop.balance()?;
        assert_eq!(balance["balance"], expected, "{fault}");
        assert_eq!(
            balance["trust"], "cached",
            "{fault}: the copy and the cloud agree again"
        );
    }
    Ok(())
}

/// Two processes use one data folder: while one holds the sync role, `sync` of the other fails with `locked`.
#[tokio::test]
async fn second_process_syncing_one_folder_fails_as_locked() -> anyhow::Result<()> {
    let setup = setup().await?;
    let folder = DataFolder::open(&setup.laptop.data)?;
    let role = folder.take_sync_role()?;
    assert!(role.is_some());
    assert_eq!(setup.laptop.fails(&["sync"])?, (1, "locked".into()));
    setup.still_readable()?;
    drop(role);
    setup.laptop.ok(&["sync"])?;
    Ok(())
}

/// Scenario 15: the answer to an older journal request arrives after a newer answer was applied.
#[tokio::test]
async fn journal_answer_older_than_local_copy_is_not_applied() -> anyhow::Result<()> {
    let setup = setup().await?;
    let laptop = LocalCopy::in_memory(Zone::utc(), Arc::new(SystemClock))?;
    let key = AccessKey::parse(&setup.account.key);
    let client = Client::new(Transport::http()?, &setup.cloud.url, key);
    let binding = sign_in::bind(&laptop, &setup.cloud.url, client.meta().await?).await?;
    let (_, mut older) = laptop.ingest(&binding)?;
    let late = client
        .journal(None, true)
        .await?
        .collect()
        .await?
        .to_bytes();
    setup.cloud.runs(&setup.account, "draw_me", 4).await?;
    pull(&client, &laptop, |_| {}).await?;
    let newest = laptop.last_seq()?;
    assert_eq!(newest, Seq(1_234));

    let mut frames = Frames::default();
    let mut applied = Vec::new();
    frames.feed(&late, &mut |frame| {
        let wall = laptop.clock().wall();
        let result = older.frame(frame, &mut |verified| {
            applied.push(laptop.cache().apply(&verified, wall).unwrap());
        });
        assert!(result.is_ok(), "{result:?}");
    })?;
    assert_eq!(
        applied,
        [false],
        "the late answer is complete and signed, but must not be applied"
    );
    assert_eq!(laptop.last_seq()?, newest);
    let head = laptop.read(|cache| cache.head(&binding.keys))?.unwrap();
    assert_eq!(head.balance().minor(), 10_000 - 2 * 1_228 - 4 * 20);
    Ok(())
}

#[tokio::test]
async fn rewritten_journal_is_reported_as_diverged() -> anyhow::Result<()> {
    let mut setup = setup().await?;
    let diverged = |laptop: &Laptop| -> anyhow::Result<bool> {
        let explained = laptop.run(&["explain"])?.1;
        let findings = explained["findings"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        Ok(findings.iter().any(|f| f["code"] == "diverged"))
    };
    assert!(!diverged(&setup.laptop)?);
    setup.cloud.stop();
    let database = Connection::open(setup.folder.path().join("cloud/cloud.sqlite"))?;
    database.execute_batch("UPDATE entries SET chain = zeroblob(32) WHERE seq = 1230")?;
    drop(database);
    setup.cloud.restart(&[])?;
    assert_eq!(setup.laptop.fails(&["sync"])?, (6, "diverged".into()));
    let (code, balance) = setup.laptop.run(&["balance"])?;
    assert_eq!(code, 6);
    assert_eq!(balance["trust"], "diverged");
    assert_eq!(balance["balance"], 10_000 - 2 * 1_228);
    assert!(diverged(&setup.laptop)?);
    Ok(())
}

#[tokio::test]
async fn sync_continues_when_cloud_has_new_epoch_and_same_journal() -> anyhow::Result<()> {
    let mut setup = setup().await?;
    setup.cloud.restart(&["--new-epoch"])?;
    setup.cloud.runs(&setup.account, "sms", 1).await?;
    setup.laptop.ok(&["sync"])?;
    assert_eq!(setup.laptop.balance()?["balance"], 10_000 - 2 * 1_229);
    Ok(())
}

#[tokio::test]
async fn cloud_killed_during_runs_keeps_acknowledged_runs() -> anyhow::Result<()> {
    let mut setup = setup().await?;
    let mut acknowledged = 0;
    for round in 0..5 {
        for _ in 0..=round {
            setup.cloud.runs(&setup.account, "sms", 3).await?;
            acknowledged += 3;
        }
        setup.cloud.restart(&[])?;
    }
    setup.laptop.ok(&["sync"])?;
    assert_eq!(
        setup.laptop.balance()?["balance"],
        10_000 - 2 * (1_228 + acknowledged)
    );
    assert_eq!(setup.laptop.ok(&["verify"])?["ok"], true);
    Ok(())
}
