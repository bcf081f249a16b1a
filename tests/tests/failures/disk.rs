//! Damage to the laptop's copy on disk, files of a newer version, and a full disk.

use boothkeeper_tests::process::{Pipes, Process, until};
use rusqlite::Connection;
use serde_json::json;

use super::setup;

/// Scenario 18: a value in an entry's row is changed, then a byte in a stored segment. Each change is found when the
/// changed data is read, and is repaired.
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

/// The newest entries are in no sealed segment yet, so no segment can be fetched to repair them. The whole local copy
/// is rebuilt beside the old one.
#[tokio::test]
async fn damaged_newest_entries_are_repaired_by_rebuilding_local_copy() -> anyhow::Result<()> {
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

/// A sync verifies the whole local copy without being asked: after a process was killed, and when the last check is
/// over a day old.
#[tokio::test]
async fn local_copy_is_verified_again_after_crash_and_once_a_day() -> anyhow::Result<()> {
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
async fn altered_stored_balance_is_never_shown() -> anyhow::Result<()> {
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
async fn cache_written_by_newer_app_version_is_refused_and_not_changed() -> anyhow::Result<()> {
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
async fn sync_stopped_by_full_disk_keeps_last_verified_copy() -> anyhow::Result<()> {
    let setup = setup().await?;
    setup.cloud.runs(&setup.account, "sms", 900).await?;
    setup.cloud.runs(&setup.account, "sms", 900).await?;
    // RLIMIT_FSIZE makes writes past 128 KiB fail, only in the process that `prlimit` starts.
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
