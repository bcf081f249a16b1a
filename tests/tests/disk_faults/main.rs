//! Full disks, unreadable folders and changed files: whatever a command shows with success is correct, and the last
//! local copy stays readable.

mod changed_files;
mod full_disk;

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use boothkeeper_tests::booth::basic;
use boothkeeper_tests::cloud::{Account, Cloud};
use boothkeeper_tests::laptop::Laptop;
use boothkeeper_tests::process::{Pipes, Process, until};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use serde_json::Value;
use tempfile::{TempDir, tempdir};

const CLOCK: &str = "2026-01-10T08:00:00Z";

struct KilledLaptop {
    folder: TempDir,
    cloud: Cloud,
    account: Account,
    /// The balance of the local copy in the folder, in minor units.
    balance: i64,
    /// Id and state of each queued command.
    waiting: Vec<(Value, Value)>,
}

impl KilledLaptop {
    fn laptop(&self) -> PathBuf {
        self.folder.path().join("laptop")
    }
}

/// A laptop's folder as a killed process leaves it: the newest entries and two queued commands are only in SQLite's
/// write-ahead logs.
async fn killed_laptop() -> anyhow::Result<KilledLaptop> {
    let folder = tempdir()?;
    let mut cloud = Cloud::start(&folder.path().join("cloud"), Some(CLOCK))?;
    let account = cloud.account(basic(100_000)).await?;
    cloud.runs(&account, "sms", 1_000).await?;
    let laptop = Laptop::signed_in(&folder.path().join("laptop"), &cloud, &account)?;
    let mut watch = Process::start(&laptop.command(&["sync", "--watch"]), Pipes::default())?;
    let readers = [
        open_reader(&laptop.data.join("cache.sqlite"))?,
        open_reader(&laptop.data.join("outbox.sqlite"))?,
    ];
    for _ in 0..5 {
        cloud.runs(&account, "sms", 20).await?;
    }
    let balance = cloud.balance(&account).await?;
    until("the newest entries to be copied", async || {
        Ok((laptop.balance()?["balance"] == balance).then_some(()))
    })
    .await?;
    cloud.kill();
    laptop.ok(&["buy", "50", "--yes"])?;
    laptop.ok(&["auto-recharge", "on", "--yes"])?;
    watch.kill();
    drop(readers);
    for log in ["cache.sqlite-wal", "outbox.sqlite-wal"] {
        let length = std::fs::metadata(laptop.data.join(log))?.len();
        ensure!(length > 4_096, "{log} has {length} bytes");
    }
    cloud.restart(&[])?;
    let untouched = copy_of(&laptop.data)?;
    let untouched = Laptop::new(untouched.path()).with_key(&account.key);
    let waiting = states(&untouched.ok(&["outbox", "list"])?);
    ensure!(waiting.len() == 2);
    Ok(KilledLaptop {
        folder,
        cloud,
        account,
        balance,
        waiting,
    })
}

/// An open read transaction. As long as the transaction is open, later writes stay in the write-ahead log.
fn open_reader(database: &Path) -> anyhow::Result<Connection> {
    let reader = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    reader.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    reader.execute_batch("BEGIN; SELECT count(*) FROM sqlite_schema")?;
    Ok(reader)
}

fn states(outbox: &Value) -> Vec<(Value, Value)> {
    let commands = outbox["commands"].as_array().cloned().unwrap_or_default();
    let state = |command: &Value| (command["id"].clone(), command["state"].clone());
    commands.iter().map(state).collect()
}

fn copy_of(folder: &Path) -> anyhow::Result<TempDir> {
    let copy = tempdir()?;
    for file in std::fs::read_dir(folder)? {
        let file = file?;
        if file.file_type()?.is_file() {
            std::fs::copy(file.path(), copy.path().join(file.file_name()))?;
        }
    }
    Ok(copy)
}

/// An export that is killed at a random moment leaves the whole file or none.
#[tokio::test]
async fn killed_export_leaves_no_partial_file() -> anyhow::Result<()> {
    let left = killed_laptop().await?;
    let laptop = Laptop::new(&left.laptop()).with_key(&left.account.key);
    let folder = tempdir()?;
    let target = folder.path().join("history.json");
    let mut dice = StdRng::seed_from_u64(3);
    let mut whole = 0;
    for _ in 0..20 {
        let arguments = ["history", "--export", target.to_str().context("a path")?];
        let mut process = Process::start(&laptop.command(&arguments), Pipes::default())?;
        tokio::time::sleep(std::time::Duration::from_millis(dice.random_range(0..60))).await;
        process.kill();
        for file in std::fs::read_dir(folder.path())? {
            let path = file?.path();
            ensure!(path == target, "{} was left", path.display());
            let _: Value = serde_json::from_slice(&std::fs::read(&path)?)?;
            whole += 1;
        }
        let _ = std::fs::remove_file(&target);
    }
    println!("{whole} of 20 were whole");
    Ok(())
}

/// An argument that is not UTF-8 is a usage error, not a crash.
#[test]
fn argument_that_is_not_utf8_is_a_usage_error() -> anyhow::Result<()> {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let folder = tempdir()?;
    let laptop = Laptop::new(folder.path());
    let output = laptop
        .command(&[])
        .arg(OsStr::from_bytes(b"bal\xffance"))
        .output()?;
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let document: Value = serde_json::from_slice(&output.stdout)?;
    assert_eq!(document["error"]["code"], "usage");
    Ok(())
}
