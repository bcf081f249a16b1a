//! Failures of keys, network, cloud and disk: each ends in an error code, and the last verified balance stays readable.

use std::sync::Arc;

use boothkeeper_domain::Seq;
use boothkeeper_domain::Zone;
use boothkeeper_store::DataFolder;
use boothkeeper_sync::clock::SystemClock;
use boothkeeper_sync::transport::Transport;
use boothkeeper_sync::{AccessKey, Client, Laptop as LocalCopy, pull, sign_in};
use boothkeeper_tests::cloud::{Account, Cloud};
use boothkeeper_tests::laptop::Laptop;
use boothkeeper_tests::process::{Pipes, Process, until};
use boothkeeper_wire::stream::Frames;
use http_body_util::BodyExt;
use rusqlite::Connection;
use serde_json::json;
use tempfile::{TempDir, tempdir};

const CLOCK: Option<&str> = Some("2026-02-21T18:00:00Z");

struct Setup {
    folder: TempDir,
    cloud: Cloud,
    account: Account,
    laptop: Laptop,
}

/// A signed-in laptop with a copy of 1,230 entries, the oldest 1,000 in a sealed segment. Its balance is
/// 100.00 − 24.56.
async fn setup() -> anyhow::Result<Setup> {
    let folder = tempdir()?;
    let cloud = Cloud::start(&folder.path().join("cloud"), CLOCK)?;
    let account = cloud.booth(10_000).await?;
    cloud.runs(&account, "sms", 1_000).await?;
    cloud.runs(&account, "sms", 228).await?;
    let laptop = Laptop::signed_in(&folder.path().join("laptop"), &cloud, &account)?;
    assert_eq!(laptop.balance()?["balance"], 10_000 - 2 * 1_228);
    Ok(Setup {
        folder,
        cloud,
        account,
        laptop,
    })
}

impl Setup {
    fn still_readable(&self) -> anyhow::Result<()> {
        let balance = self.laptop.balance()?;
        assert_eq!(balance["balance"], 10_000 - 2 * 1_228);
        assert_ne!(balance["trust"], "live");
        Ok(())
    }
}

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
async fn copy_without_network_stays_readable() -> anyhow::Result<()> {
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
async fn broken_or_false_journal_stream_changes_nothing() -> anyhow::Result<()> {
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
async fn journal_answer_older_than_copy_is_not_applied() -> anyhow::Result<()> {
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
    let newest = laptop.copied_to()?;
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
    assert_eq!(laptop.copied_to()?, newest);
    let head = laptop.read(|cache| cache.head(&binding.keys))?.unwrap();
    assert_eq!(head.balance().minor(), 10_000 - 2 * 1_228 - 4 * 20);
    Ok(())
}

/// Scenario 18: a changed value in an entry row, then a changed byte in a stored segment. Each is found when it is
/// read, and repaired.
#[tokio::test]
async fn byte_changed_on_disk_is_detected_and_repaired() -> anyhow::Result<()> {
    let mut setup = setup().await?;
    let damage = |sql: &str| -> anyhow::Result<()> {
        Ok(Connection::open(setup.laptop.cache())?.execute_batch(sql)?)
    };
    damage("UPDATE entries SET balance_after = balance_after + 1 WHERE seq = 700")?;
    let (code, found) = setup.laptop.fails(&["history", "--before", "701"])?;
    assert_eq!((code, found.as_str()), (1, "damaged"));
    let offline = setup.cloud.url.clone();
    setup.cloud.kill();
    let mended = setup.laptop.ok(&["verify"])?;
    assert_eq!(
        mended["ok"], true,
        "repaired from the stored bytes, without the cloud at {offline}"
    );

    damage("UPDATE segments SET frame = substr(frame, 1, 500) || x'00' || substr(frame, 502)")?;
    let (code, broken) = setup.laptop.run(&["verify"])?;
    assert_eq!(code, 6, "{broken}");
    let (code, balance) = setup.laptop.run(&["balance"])?;
    assert_eq!((code, &balance["trust"]), (6, &json!("diverged")));
    assert_eq!(balance["reason"], "damaged");
    assert_eq!(
        balance["balance"],
        10_000 - 2 * 1_228,
        "the last verified balance"
    );
    setup.cloud.restart(&[])?;
    setup.laptop.ok(&["sync"])?;
    assert_eq!(
        setup.laptop.balance()?["trust"],
        "cached",
        "repaired by the sync, without a separate command"
    );
    assert_eq!(setup.laptop.ok(&["verify"])?["ok"], true);
    setup.laptop.ok(&["history", "--before", "701"])?;
    setup.still_readable()
}

/// The newest entries are in no segment yet, so no segment can be fetched to repair them. The whole copy is rebuilt
/// beside the old one.
#[tokio::test]
async fn damaged_newest_entries_are_repaired_by_rebuilding_copy() -> anyhow::Result<()> {
    let setup = setup().await?;
    let cache = Connection::open(setup.laptop.cache())?;
    cache.execute_batch("UPDATE tail SET line = x'00' WHERE seq = 1100")?;
    drop(cache);
    assert_eq!(setup.laptop.ok(&["verify"])?["ok"], true);
    setup.still_readable()?;
    let names: Vec<_> = std::fs::read_dir(&setup.laptop.data)?
        .map(|file| Ok(file?.file_name().to_string_lossy().into_owned()))
        .collect::<anyhow::Result<_>>()?;
    assert!(
        names.iter().any(|name| name.starts_with("cache.damaged-")),
        "the damaged copy is kept as evidence: {names:?}"
    );
    assert!(!names.contains(&"rebuild".to_owned()), "{names:?}");
    Ok(())
}

/// A sync verifies the whole copy without being asked: after a process was killed, and when the last check is over a
/// day old.
#[tokio::test]
async fn copy_is_verified_again_after_crash_and_once_a_day() -> anyhow::Result<()> {
    let setup = setup().await?;
    let damage = || -> anyhow::Result<Connection> {
        let cache = Connection::open(setup.laptop.cache())?;
        cache.execute_batch("UPDATE entries SET delta = delta - 1 WHERE seq = 700")?;
        Ok(cache)
    };
    drop(damage()?);
    setup.laptop.ok(&["sync"])?;
    let unread = setup.laptop.fails(&["history", "--before", "701"])?;
    assert_eq!(
        unread.1, "damaged",
        "an ordinary sync does not read old rows"
    );

    let mut watch = Process::start(
        &setup.laptop.command(&["sync", "--watch"]),
        Pipes::default(),
    )?;
    until("the watch to hold the lock", async || {
        let held = std::fs::metadata(setup.laptop.data.join("sync.lock"))?;
        Ok((held.len() > 0).then_some(()))
    })
    .await?;
    watch.kill();
    setup.laptop.ok(&["sync"])?;
    setup.laptop.ok(&["history", "--before", "701"])?;

    let yesterday =
        "UPDATE settings SET value = '2020-01-01T00:00:00.000Z' WHERE name = 'scrubbed_at'";
    damage()?.execute_batch(yesterday)?;
    setup.laptop.ok(&["sync"])?;
    setup.laptop.ok(&["history", "--before", "701"])?;
    Ok(())
}

#[tokio::test]
async fn altered_head_is_never_shown() -> anyhow::Result<()> {
    let setup = setup().await?;
    let cache = Connection::open(setup.laptop.cache())?;
    cache.execute_batch(
        "UPDATE head SET state = replace(state, '\"balance\":7544', '\"balance\":9999')",
    )?;
    drop(cache);
    // The balance is computed again from the entries' bytes, which the signed checkpoint covers.
    setup.still_readable()?;
    assert_eq!(setup.laptop.balance()?["trust"], "stale");
    // When the entries are damaged too, the old copy is kept until the cloud can send the journal again.
    let cache = Connection::open(setup.laptop.cache())?;
    cache.execute_batch("UPDATE tail SET line = x'00' WHERE seq = 1100")?;
    drop(cache);
    assert_eq!(setup.laptop.fails(&["balance"])?, (1, "damaged".into()));
    setup.cloud.fault("/v1", 9, json!("portal")).await?;
    assert_eq!(setup.laptop.fails(&["sync"])?, (4, "portal".into()));
    let rows = Connection::open(setup.laptop.cache())?;
    let rows: i64 = rows.query_row("SELECT count(*) FROM entries", [], |row| row.get(0))?;
    assert_eq!(rows, 1_230);
    setup.cloud.fault("/v1", 0, json!("portal")).await?;
    setup.laptop.ok(&["sync"])?;
    setup.still_readable()
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
async fn new_epoch_with_same_journal_continues_sync() -> anyhow::Result<()> {
    let mut setup = setup().await?;
    setup.cloud.restart(&["--new-epoch"])?;
    setup.cloud.runs(&setup.account, "sms", 1).await?;
    setup.laptop.ok(&["sync"])?;
    assert_eq!(setup.laptop.balance()?["balance"], 10_000 - 2 * 1_229);
    Ok(())
}

#[tokio::test]
async fn cache_of_newer_version_is_refused_unchanged() -> anyhow::Result<()> {
    let setup = setup().await?;
    let cache = Connection::open(setup.laptop.cache())?;
    cache.execute_batch("PRAGMA user_version = 99")?;
    drop(cache);
    assert_eq!(setup.laptop.fails(&["balance"])?, (1, "newer_files".into()));
    assert_eq!(setup.laptop.fails(&["sync"])?, (1, "newer_files".into()));
    let cache = Connection::open(setup.laptop.cache())?;
    let rows: i64 = cache.query_row("SELECT count(*) FROM entries", [], |row| row.get(0))?;
    assert_eq!(rows, 1_230);
    Ok(())
}

#[tokio::test]
async fn cache_that_is_not_a_database_is_fetched_again() -> anyhow::Result<()> {
    let setup = setup().await?;
    std::fs::write(setup.laptop.cache(), vec![7; 8192])?;
    // The write-ahead log must go too: SQLite would restore the database from it.
    for suffix in ["sqlite-wal", "sqlite-shm"] {
        let _ = std::fs::remove_file(setup.laptop.cache().with_extension(suffix));
    }
    assert_eq!(setup.laptop.fails(&["balance"])?, (1, "damaged".into()));
    setup.laptop.ok(&["sync"])?;
    setup.still_readable()
}

/// Simulates a full disk with a limit on the file size.
#[tokio::test]
async fn full_disk_keeps_last_verified_copy() -> anyhow::Result<()> {
    let setup = setup().await?;
    setup.cloud.runs(&setup.account, "sms", 900).await?;
    setup.cloud.runs(&setup.account, "sms", 900).await?;
    // RLIMIT_FSIZE makes writes past 128 KiB fail, in this process only.
    let mut limited = std::process::Command::new("prlimit");
    let inner = setup.laptop.command(&["sync"]);
    limited
        .args(["--fsize=131072", "--"])
        .arg(inner.get_program())
        .args(inner.get_args());
    for (name, value) in inner.get_envs() {
        match value {
            Some(value) => limited.env(name, value),
            None => limited.env_remove(name),
        };
    }
    let output = limited.output()?;
    assert!(!output.status.success(), "{output:?}");
    setup.still_readable()?;
    setup.laptop.ok(&["sync"])?;
    assert_eq!(setup.laptop.balance()?["balance"], 10_000 - 2 * 3_028);
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
