//! Bad input and bad days: each ends in a typed error, and the last proven balance stays readable.

use std::sync::Arc;

use boothkeeper_domain::Seq;
use boothkeeper_store::{DataFolder, Zone};
use boothkeeper_sync::clock::SystemClock;
use boothkeeper_sync::transport::Transport;
use boothkeeper_sync::{AccessKey, Client, Laptop as Copy, pull, sign_in};
use boothkeeper_tests::cloud::{Account, Cloud};
use boothkeeper_tests::laptop::Laptop;
use boothkeeper_tests::process::{Pipes, Process, until};
use boothkeeper_wire::stream::Frames;
use http_body_util::BodyExt;
use rusqlite::Connection;
use serde_json::json;
use tempfile::{TempDir, tempdir};

const CLOCK: Option<&str> = Some("2026-02-21T18:00:00Z");

struct Day {
    folder: TempDir,
    cloud: Cloud,
    account: Account,
    laptop: Laptop,
}

/// A signed-in laptop with a copy of 1,230 entries, one segment sealed; balance 100.00 − 24.56.
async fn day() -> anyhow::Result<Day> {
    let folder = tempdir()?;
    let cloud = Cloud::start(&folder.path().join("cloud"), CLOCK)?;
    let account = cloud.booth(10_000).await?;
    cloud.runs(&account, "sms", 1_000).await?;
    cloud.runs(&account, "sms", 228).await?;
    let laptop = Laptop::signed_in(&folder.path().join("laptop"), &cloud, &account)?;
    assert_eq!(laptop.balance()?["balance"], 10_000 - 2 * 1_228);
    Ok(Day {
        folder,
        cloud,
        account,
        laptop,
    })
}

impl Day {
    fn still_readable(&self) -> anyhow::Result<()> {
        let balance = self.laptop.balance()?;
        assert_eq!(balance["balance"], 10_000 - 2 * 1_228);
        assert_ne!(balance["trust"], "live");
        Ok(())
    }
}

#[tokio::test]
async fn a_wrong_or_revoked_key_says_so() -> anyhow::Result<()> {
    let day = day().await?;
    let stranger = Laptop::new(&day.folder.path().join("stranger"))
        .with_key(&format!("bk_{}", "0".repeat(64)));
    assert_eq!(
        stranger.fails(&["login", "--cloud", &day.cloud.url])?,
        (3, "signed_out".into())
    );
    let nonsense = stranger.run_with_input(
        &["login", "--cloud", &day.cloud.url, "--key-stdin"],
        "my password",
    )?;
    assert_eq!(nonsense.1["error"]["code"], "key_malformed");
    let path = format!("/sandbox/accounts/{}/revoke-key", day.account.id);
    day.cloud.post(&path, json!({})).await?;
    assert_eq!(day.laptop.fails(&["sync"])?, (3, "signed_out".into()));
    day.still_readable()
}

#[tokio::test]
async fn without_a_network_the_copy_stays_readable() -> anyhow::Result<()> {
    let mut day = day().await?;
    day.cloud.kill();
    assert_eq!(day.laptop.fails(&["sync"])?, (4, "offline".into()));
    day.still_readable()
}

#[tokio::test]
async fn a_portals_page_is_not_believed() -> anyhow::Result<()> {
    let day = day().await?;
    day.cloud.fault("/v1", 1, json!("portal")).await?;
    assert_eq!(day.laptop.fails(&["sync"])?, (4, "portal".into()));
    day.still_readable()?;
    day.laptop.ok(&["sync"])?;
    Ok(())
}

#[tokio::test]
async fn a_stream_that_breaks_or_lies_changes_nothing() -> anyhow::Result<()> {
    let day = day().await?;
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
        day.cloud.runs(&day.account, "sms", 20).await?;
        // Three times in a row: what contradicts itself once may be the network's fault.
        day.cloud.fault("/v1/journal", 3, fault.clone()).await?;
        let (_, found) = day.laptop.fails(&["sync"])?;
        assert_eq!(found, code, "{fault}");
        let balance = day.laptop.balance()?;
        assert_eq!(balance["balance"], expected, "{fault}");
        assert_eq!(
            balance["trust"] == "diverged",
            code == "diverged",
            "{fault}"
        );
        let (_, proof) = day.laptop.run(&["verify"])?;
        assert_eq!(proof["diverged"], code == "diverged", "{fault}");
        assert_eq!(proof["first_bad_seq"], json!(null), "{fault}");

        day.cloud.fault("/v1/journal", 0, fault.clone()).await?;
        day.laptop.ok(&["sync"])?;
        expected -= 40;
        let balance = day.laptop.balance()?;
        assert_eq!(balance["balance"], expected, "{fault}");
        assert_eq!(
            balance["trust"], "cached",
            "{fault}: the copy and the cloud agree again"
        );
    }
    Ok(())
}

/// Two processes on one folder: one syncs, the other is told so.
#[tokio::test]
async fn while_one_process_syncs_another_is_told_so() -> anyhow::Result<()> {
    let day = day().await?;
    let folder = DataFolder::open(&day.laptop.data)?;
    let role = folder.take_sync_role()?;
    assert!(role.is_some());
    assert_eq!(day.laptop.fails(&["sync"])?, (1, "locked".into()));
    day.still_readable()?;
    drop(role);
    day.laptop.ok(&["sync"])?;
    Ok(())
}

/// Scenario 15: an answer to an older question arrives after a newer one was taken.
#[tokio::test]
async fn an_older_answer_that_arrives_late_changes_nothing() -> anyhow::Result<()> {
    let day = day().await?;
    let laptop = Copy::in_memory(Zone::utc(), Arc::new(SystemClock))?;
    let key = AccessKey::parse(&day.account.key);
    let client = Client::new(Transport::http()?, &day.cloud.url, key);
    let binding = sign_in::bind(&laptop, &day.cloud.url, client.meta().await?).await?;
    let (_, mut older) = laptop.ingest(&binding)?;
    let late = client
        .journal(None, true)
        .await?
        .collect()
        .await?
        .to_bytes();
    day.cloud.runs(&day.account, "draw_me", 4).await?;
    pull(&client, &laptop, |_| {}).await?;
    let newest = laptop.copied_to()?;
    assert_eq!(newest, Seq(1_234));

    let mut frames = Frames::default();
    let mut taken = Vec::new();
    frames.feed(&late, &mut |frame| {
        let wall = laptop.clock().wall();
        let result = older.frame(frame, &mut |verified| {
            taken.push(laptop.cache().apply(&verified, wall).unwrap());
        });
        assert!(result.is_ok(), "{result:?}");
    })?;
    assert_eq!(
        taken,
        [false],
        "the late answer was whole and signed, and is not taken"
    );
    assert_eq!(laptop.copied_to()?, newest);
    let head = laptop.read(|cache| cache.head(&binding.keys))?.unwrap();
    assert_eq!(head.balance().minor(), 10_000 - 2 * 1_228 - 4 * 20);
    Ok(())
}

/// Scenario 18: a byte of a row, of the stored bytes, of the head; found when read, mended.
#[tokio::test]
async fn a_byte_changed_on_disk_is_found_and_mended() -> anyhow::Result<()> {
    let mut day = day().await?;
    let damage = |sql: &str| -> anyhow::Result<()> {
        Ok(Connection::open(day.laptop.cache())?.execute_batch(sql)?)
    };
    damage("UPDATE entries SET balance_after = balance_after + 1 WHERE seq = 700")?;
    let (code, found) = day.laptop.fails(&["history", "--before", "701"])?;
    assert_eq!((code, found.as_str()), (1, "damaged"));
    let offline = day.cloud.url.clone();
    day.cloud.kill();
    let mended = day.laptop.ok(&["verify"])?;
    assert_eq!(
        mended["ok"], true,
        "from the bytes kept here, without {offline}"
    );

    damage("UPDATE segments SET frame = substr(frame, 1, 500) || x'00' || substr(frame, 502)")?;
    let (code, broken) = day.laptop.run(&["verify"])?;
    assert_eq!(code, 6, "{broken}");
    let (code, balance) = day.laptop.run(&["balance"])?;
    assert_eq!((code, &balance["trust"]), (6, &json!("diverged")));
    assert_eq!(balance["reason"], "damaged");
    assert_eq!(
        balance["balance"],
        10_000 - 2 * 1_228,
        "the last proven balance"
    );
    day.cloud.restart(&[])?;
    day.laptop.ok(&["sync"])?;
    assert_eq!(day.laptop.balance()?["trust"], "cached", "mended unasked");
    assert_eq!(day.laptop.ok(&["verify"])?["ok"], true);
    day.laptop.ok(&["history", "--before", "701"])?;
    day.still_readable()
}

/// The newest lines have no segment to be fetched by: the copy is built anew beside the old one.
#[tokio::test]
async fn damage_of_the_newest_lines_is_mended_by_a_copy_built_beside() -> anyhow::Result<()> {
    let day = day().await?;
    let cache = Connection::open(day.laptop.cache())?;
    cache.execute_batch("UPDATE tail SET line = x'00' WHERE seq = 1100")?;
    drop(cache);
    assert_eq!(day.laptop.ok(&["verify"])?["ok"], true);
    day.still_readable()?;
    let names: Vec<_> = std::fs::read_dir(&day.laptop.data)?
        .map(|file| Ok(file?.file_name().to_string_lossy().into_owned()))
        .collect::<anyhow::Result<_>>()?;
    assert!(
        names.iter().any(|name| name.starts_with("cache.damaged-")),
        "the old copy is kept as evidence: {names:?}"
    );
    assert!(!names.contains(&"rebuild".to_owned()), "{names:?}");
    Ok(())
}

/// Nobody has to ask: a process that was killed, or a day that has passed, is reason enough.
#[tokio::test]
async fn after_a_crash_and_once_a_day_the_copy_is_proven_again() -> anyhow::Result<()> {
    let day = day().await?;
    let damage = || -> anyhow::Result<Connection> {
        let cache = Connection::open(day.laptop.cache())?;
        cache.execute_batch("UPDATE entries SET delta = delta - 1 WHERE seq = 700")?;
        Ok(cache)
    };
    drop(damage()?);
    day.laptop.ok(&["sync"])?;
    let unread = day.laptop.fails(&["history", "--before", "701"])?;
    assert_eq!(
        unread.1, "damaged",
        "a sync like any other reads no old row"
    );

    let mut watch = Process::start(&day.laptop.command(&["sync", "--watch"]), Pipes::default())?;
    until("the watch to hold the lock", async || {
        let held = std::fs::metadata(day.laptop.data.join("sync.lock"))?;
        Ok((held.len() > 0).then_some(()))
    })
    .await?;
    watch.kill();
    day.laptop.ok(&["sync"])?;
    day.laptop.ok(&["history", "--before", "701"])?;

    let yesterday =
        "UPDATE settings SET value = '2020-01-01T00:00:00.000Z' WHERE name = 'scrubbed_at'";
    damage()?.execute_batch(yesterday)?;
    day.laptop.ok(&["sync"])?;
    day.laptop.ok(&["history", "--before", "701"])?;
    Ok(())
}

#[tokio::test]
async fn an_altered_head_is_never_shown() -> anyhow::Result<()> {
    let day = day().await?;
    let cache = Connection::open(day.laptop.cache())?;
    cache.execute_batch(
        "UPDATE head SET state = replace(state, '\"balance\":7544', '\"balance\":9999')",
    )?;
    drop(cache);
    // The entries' own bytes, chained to the cloud's signed word, still say what is true.
    day.still_readable()?;
    assert_eq!(day.laptop.balance()?["trust"], "stale");
    // Where they do not, nothing is given up before the cloud can give it again.
    let cache = Connection::open(day.laptop.cache())?;
    cache.execute_batch("UPDATE tail SET line = x'00' WHERE seq = 1100")?;
    drop(cache);
    assert_eq!(day.laptop.fails(&["balance"])?, (1, "damaged".into()));
    day.cloud.fault("/v1", 9, json!("portal")).await?;
    assert_eq!(day.laptop.fails(&["sync"])?, (4, "portal".into()));
    let rows = Connection::open(day.laptop.cache())?;
    let rows: i64 = rows.query_row("SELECT count(*) FROM entries", [], |row| row.get(0))?;
    assert_eq!(rows, 1_230);
    day.cloud.fault("/v1", 0, json!("portal")).await?;
    day.laptop.ok(&["sync"])?;
    day.still_readable()
}

#[tokio::test]
async fn a_cloud_that_rewrote_its_journal_is_diverged_and_never_believed() -> anyhow::Result<()> {
    let mut day = day().await?;
    let diverged = |laptop: &Laptop| -> anyhow::Result<bool> {
        let told = laptop.run(&["explain"])?.1;
        let findings = told["findings"].as_array().cloned().unwrap_or_default();
        Ok(findings.iter().any(|f| f["code"] == "diverged"))
    };
    assert!(!diverged(&day.laptop)?);
    day.cloud.stop();
    let database = Connection::open(day.folder.path().join("cloud/cloud.sqlite"))?;
    database.execute_batch("UPDATE entries SET chain = zeroblob(32) WHERE seq = 1230")?;
    drop(database);
    day.cloud.restart(&[])?;
    assert_eq!(day.laptop.fails(&["sync"])?, (6, "diverged".into()));
    let (code, balance) = day.laptop.run(&["balance"])?;
    assert_eq!(code, 6);
    assert_eq!(balance["trust"], "diverged");
    assert_eq!(balance["balance"], 10_000 - 2 * 1_228);
    assert!(diverged(&day.laptop)?);
    Ok(())
}

#[tokio::test]
async fn a_new_epoch_with_our_journal_goes_on() -> anyhow::Result<()> {
    let mut day = day().await?;
    day.cloud.restart(&["--new-epoch"])?;
    day.cloud.runs(&day.account, "sms", 1).await?;
    day.laptop.ok(&["sync"])?;
    assert_eq!(day.laptop.balance()?["balance"], 10_000 - 2 * 1_229);
    Ok(())
}

#[tokio::test]
async fn a_newer_file_is_refused_and_left_alone() -> anyhow::Result<()> {
    let day = day().await?;
    let cache = Connection::open(day.laptop.cache())?;
    cache.execute_batch("PRAGMA user_version = 99")?;
    drop(cache);
    assert_eq!(day.laptop.fails(&["balance"])?, (1, "newer_files".into()));
    assert_eq!(day.laptop.fails(&["sync"])?, (1, "newer_files".into()));
    let cache = Connection::open(day.laptop.cache())?;
    let rows: i64 = cache.query_row("SELECT count(*) FROM entries", [], |row| row.get(0))?;
    assert_eq!(rows, 1_230);
    Ok(())
}

#[tokio::test]
async fn a_cache_that_is_no_database_is_put_aside_and_fetched_again() -> anyhow::Result<()> {
    let day = day().await?;
    std::fs::write(day.laptop.cache(), vec![7; 8192])?;
    // Its log alone would bring everything back.
    for suffix in ["sqlite-wal", "sqlite-shm"] {
        let _ = std::fs::remove_file(day.laptop.cache().with_extension(suffix));
    }
    assert_eq!(day.laptop.fails(&["balance"])?, (1, "damaged".into()));
    day.laptop.ok(&["sync"])?;
    day.still_readable()
}

/// A full disk, as SQLite sees it: the file may not grow.
#[tokio::test]
async fn a_full_disk_keeps_the_last_good_copy() -> anyhow::Result<()> {
    let day = day().await?;
    day.cloud.runs(&day.account, "sms", 900).await?;
    day.cloud.runs(&day.account, "sms", 900).await?;
    // RLIMIT_FSIZE makes writes past 128 KiB fail, in this process only.
    let mut limited = std::process::Command::new("prlimit");
    let inner = day.laptop.command(&["sync"]);
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
    day.still_readable()?;
    day.laptop.ok(&["sync"])?;
    assert_eq!(day.laptop.balance()?["balance"], 10_000 - 2 * 3_028);
    Ok(())
}

#[tokio::test]
async fn a_cloud_killed_while_a_booth_spends_loses_nothing_it_acknowledged() -> anyhow::Result<()> {
    let mut day = day().await?;
    let mut acknowledged = 0;
    for round in 0..5 {
        for _ in 0..=round {
            day.cloud.runs(&day.account, "sms", 3).await?;
            acknowledged += 3;
        }
        day.cloud.restart(&[])?;
    }
    day.laptop.ok(&["sync"])?;
    assert_eq!(
        day.laptop.balance()?["balance"],
        10_000 - 2 * (1_228 + acknowledged)
    );
    assert_eq!(day.laptop.ok(&["verify"])?["ok"], true);
    Ok(())
}
