//! Disks that are full, cannot be written to, or change what is on them: whatever is shown with success is the truth,
//! and the last good copy stays readable.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};
use boothkeeper_tests::booth::basic;
use boothkeeper_tests::cloud::{Account, Cloud};
use boothkeeper_tests::laptop::Laptop;
use boothkeeper_tests::process::{Pipes, Process, rounds, until};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};
use tempfile::{TempDir, tempdir};

const CLOCK: &str = "2026-01-10T08:00:00Z";

struct Left {
    folder: TempDir,
    cloud: Cloud,
    account: Account,
    /// What is in the folder says this, and nothing else.
    balance: i64,
    /// Each action that waits, and its state.
    waiting: Vec<(Value, Value)>,
}

impl Left {
    fn laptop(&self) -> PathBuf {
        self.folder.path().join("laptop")
    }
}

/// A laptop's folder as a killed process leaves it: the newest entries and an action that waits are in the logs.
async fn left() -> anyhow::Result<Left> {
    let folder = tempdir()?;
    let mut cloud = Cloud::start(&folder.path().join("cloud"), Some(CLOCK))?;
    let account = cloud.account(basic(100_000)).await?;
    cloud.runs(&account, "sms", 1_000).await?;
    let laptop = Laptop::signed_in(&folder.path().join("laptop"), &cloud, &account)?;
    let mut watch = Process::start(&laptop.command(&["sync", "--watch"]), Pipes::default())?;
    let readers = [
        in_use(&laptop.data.join("cache.sqlite"))?,
        in_use(&laptop.data.join("outbox.sqlite"))?,
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
    Ok(Left {
        folder,
        cloud,
        account,
        balance,
        waiting,
    })
}

/// A reader in the middle of its work: what comes after it stays in the log.
fn in_use(database: &Path) -> anyhow::Result<Connection> {
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

/// What is shown with success is the truth. How many of the questions were answered at all.
fn truth_or_nothing(left: &Left, folder: &Path) -> anyhow::Result<usize> {
    let laptop = Laptop::new(folder).with_key(&left.account.key);
    let mut answered = 0;
    let (code, balance) = laptop.run(&["balance"])?;
    if code == 0 {
        answered += 1;
        ensure!(balance["balance"] == left.balance, "balance: {balance}");
    }
    let (code, outbox) = laptop.run(&["outbox", "list"])?;
    if code == 0 {
        answered += 1;
        let found = states(&outbox);
        ensure!(found.len() == left.waiting.len(), "outbox: {outbox}");
        for (found, left) in found.iter().zip(&left.waiting) {
            // What was changed says so.
            ensure!(found == left || found.1 == "damaged", "outbox: {outbox}");
        }
    }
    let (code, history) = laptop.run(&["history", "--limit", "3"])?;
    if code == 0 {
        answered += 1;
        ensure!(history["closing"] == left.balance, "history: {history}");
        let newest = &history["entries"][0]["balance_after"];
        ensure!(*newest == left.balance, "history: {history}");
    }
    Ok(answered)
}

#[tokio::test]
async fn no_change_to_a_laptops_files_shows_something_untrue() -> anyhow::Result<()> {
    let left = left().await?;
    let mut dice = StdRng::seed_from_u64(12);
    let mut files: Vec<PathBuf> = std::fs::read_dir(left.laptop())?
        .map(|file| Ok(file?.path()))
        .collect::<anyhow::Result<_>>()?;
    files.retain(|file| std::fs::metadata(file).is_ok_and(|told| told.is_file() && told.len() > 0));
    files.sort();
    let untouched = copy_of(&left.laptop())?;
    assert_eq!(truth_or_nothing(&left, untouched.path())?, 3);
    let mut caught: BTreeMap<String, usize> = BTreeMap::new();
    for file in &files {
        let name = file
            .file_name()
            .context("a name")?
            .to_string_lossy()
            .into_owned();
        let mut hurt =
            |how: &str, change: &dyn Fn(&Path) -> anyhow::Result<()>| -> anyhow::Result<()> {
                let copy = copy_of(&left.laptop())?;
                change(&copy.path().join(&name))?;
                let answered = truth_or_nothing(&left, copy.path())
                    .with_context(|| format!("{name}, {how}"))?;
                *caught.entry(name.clone()).or_default() += 3 - answered;
                Ok(())
            };
        for _ in 0..rounds(10, 80) {
            let (at, bit) = (dice.random_range(0..u64::MAX), dice.random_range(0..8_u8));
            hurt(&format!("bit {bit} at {at}"), &|path| {
                let mut bytes = std::fs::read(path)?;
                let at = usize::try_from(at % bytes.len() as u64)?;
                bytes[at] ^= 1 << bit;
                Ok(std::fs::write(path, bytes)?)
            })?;
        }
        for _ in 0..rounds(3, 16) {
            let cut = dice.random_range(0..u64::MAX);
            hurt(&format!("cut at {cut}"), &|path| {
                let length = std::fs::metadata(path)?.len();
                let file = std::fs::OpenOptions::new().write(true).open(path)?;
                Ok(file.set_len(cut % length)?)
            })?;
        }
        hurt("removed", &|path| Ok(std::fs::remove_file(path)?))?;
    }
    // The checks are reached at all: a log that was rolled back is noticed.
    for log in ["cache.sqlite-wal", "outbox.sqlite-wal"] {
        assert!(caught[log] > 0, "{caught:?}");
    }
    Ok(())
}

/// A copy whose newest entries were rolled back is damage: said, and mended by the next sync.
#[tokio::test]
async fn rolled_back_copy_is_told_and_fetched_again() -> anyhow::Result<()> {
    let left = left().await?;
    let laptop = Laptop::new(&left.laptop()).with_key(&left.account.key);
    std::fs::remove_file(laptop.data.join("cache.sqlite-wal"))?;
    assert_eq!(laptop.fails(&["balance"])?, (1, "damaged".to_owned()));
    laptop.ok(&["sync"])?;
    let balance = laptop.balance()?;
    assert_eq!(balance["balance"], left.cloud.balance(&left.account).await?);
    assert_eq!(laptop.ok(&["verify"])?["ok"], true);
    Ok(())
}

/// An outbox that has lost actions, or is gone, is not an empty one: said, kept aside, and begun anew by a command.
#[tokio::test]
async fn lost_actions_are_told_and_an_outbox_can_be_begun_anew() -> anyhow::Result<()> {
    for lost in ["outbox.sqlite-wal", "outbox.sqlite"] {
        let left = left().await?;
        let laptop = Laptop::new(&left.laptop()).with_key(&left.account.key);
        std::fs::remove_file(laptop.data.join(lost))?;
        for verb in [
            vec!["balance"],
            vec!["outbox", "list"],
            vec!["sync"],
            vec!["buy", "50", "--yes"],
        ] {
            assert_eq!(
                laptop.fails(&verb)?,
                (1, "outbox_damaged".to_owned()),
                "{lost} {verb:?}"
            );
        }
        laptop.ok(&["outbox", "start-over"])?;
        laptop.ok(&["login", "--cloud", &left.cloud.url])?;
        assert_eq!(
            laptop.balance()?["balance"],
            left.balance,
            "nothing was bought"
        );
        assert_eq!(laptop.ok(&["outbox", "list"])?["commands"], json!([]));
    }
    Ok(())
}

/// An outbox that can be read is not given up by a slip, and a folder that may not be read is not an empty one.
#[tokio::test]
async fn sound_outbox_is_kept_and_unreadable_folder_is_no_empty_one() -> anyhow::Result<()> {
    let left = left().await?;
    let laptop = Laptop::new(&left.laptop()).with_key(&left.account.key);
    assert_eq!(
        laptop.fails(&["outbox", "start-over"])?,
        (1, "outbox_sound".to_owned())
    );
    let waiting = laptop.ok(&["outbox", "list"])?;
    assert_eq!(waiting["commands"].as_array().context("commands")?.len(), 2);
    if !rustix::process::geteuid().is_root() {
        return Ok(());
    }
    // Root may read everything: the program runs as somebody who may not.
    let program = left.folder.path().join("boothkeeper");
    std::fs::copy(boothkeeper_tests::process::binary("boothkeeper"), &program)?;
    for open in [left.folder.path(), &program] {
        std::fs::set_permissions(open, std::fs::Permissions::from_mode(0o755))?;
    }
    let mut stranger = Command::new("setpriv");
    stranger.args(["--reuid=65534", "--regid=65534", "--clear-groups", "--"]);
    stranger.arg(&program).args(["--json", "balance", "--data"]);
    let output = stranger.arg(&laptop.data).output()?;
    let document: Value = serde_json::from_slice(&output.stdout)?;
    assert_eq!(output.status.code(), Some(1), "{document}");
    assert_eq!(document["error"]["code"], "file_system", "{document}");
    Ok(())
}

const READING: [&[&str]; 8] = [
    &["balance"],
    &["history"],
    &["explain"],
    &["plan"],
    &["renewal", "preview"],
    &["deadlines"],
    &["outbox", "list"],
    &["dispute", "list"],
];

/// A file system of its own that is full once it is filled; `None` where none can be mounted.
struct Small {
    at: TempDir,
}

impl Small {
    fn mount() -> anyhow::Result<Option<Self>> {
        let at = tempdir()?;
        let mut mount = Command::new("mount");
        mount
            .args(["-t", "tmpfs", "-o", "size=8m,mode=700", "tmpfs"])
            .arg(at.path());
        let mounted = mount.stderr(Stdio::null()).status()?.success();
        Ok(mounted.then_some(Small { at }))
    }

    /// Takes all that is left, also what a program that ended has given back.
    fn fill(&self) -> anyhow::Result<()> {
        use std::io::Write;
        let mut filler = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.at.path().join("filler"))?;
        while filler.write(&[7; 4_096]).is_ok() {}
        Ok(())
    }

    fn free(&self) -> anyhow::Result<()> {
        Ok(std::fs::remove_file(self.at.path().join("filler"))?)
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount")
            .arg("-l")
            .arg(self.at.path())
            .status();
    }
}

/// With and without what a killed process has left, and without the file that processes share: everything that is
/// read is read, the disk is named, nothing is queued that would be lost, and with room again everything goes on.
#[tokio::test]
async fn full_disk_leaves_the_last_good_copy_readable() -> anyhow::Result<()> {
    let left = left().await?;
    for (state, without) in [
        ("logs", vec![]),
        (
            "logs without their index",
            vec!["cache.sqlite-shm", "outbox.sqlite-shm"],
        ),
    ] {
        let Some(small) = Small::mount()? else {
            println!("skipped: this user cannot mount a small file system");
            return Ok(());
        };
        let data = small.at.path().join("laptop");
        std::fs::create_dir(&data)?;
        std::fs::set_permissions(&data, std::fs::Permissions::from_mode(0o700))?;
        for file in std::fs::read_dir(left.laptop())? {
            let file = file?;
            let name = file.file_name();
            if file.file_type()?.is_file() && !without.contains(&name.to_string_lossy().as_ref()) {
                std::fs::copy(file.path(), data.join(name))?;
            }
        }
        small.fill()?;
        let laptop = Laptop::new(&data).with_key(&left.account.key);
        for verb in READING {
            let output = laptop.command(verb).output()?;
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            let document: Value = serde_json::from_slice(&output.stdout)?;
            ensure!(
                output.status.success(),
                "{state}, {verb:?}: {document} {said}"
            );
            if *verb == ["balance"] {
                ensure!(document["balance"] == left.balance, "{state}: {document}");
            }
        }
        for verb in [vec!["buy", "60", "--yes"], vec!["sync"]] {
            small.fill()?;
            let (code, document) = laptop.run(&verb)?;
            let error = &document["error"]["code"];
            ensure!(
                code == 1 && error == "disk_full",
                "{state}, {verb:?}: {code} {document}"
            );
        }
        small.free()?;
        laptop.ok(&["sync"])?;
        ensure!(laptop.ok(&["verify"])?["ok"] == true);
    }
    Ok(())
}

/// Whatever changes in the cloud's folder: it does not start, refuses the account, or tells the truth.
#[tokio::test]
async fn no_change_to_the_clouds_files_shows_something_untrue() -> anyhow::Result<()> {
    let folder = tempdir()?;
    let data = folder.path().join("cloud");
    let mut cloud = Cloud::start(&data, Some(CLOCK))?;
    let account = cloud.account(basic(100_000)).await?;
    cloud.runs(&account, "sms", 1_000).await?;
    cloud.runs(&account, "sms", 100).await?;
    let balance = cloud.balance(&account).await?;
    cloud.kill();
    let mut dice = StdRng::seed_from_u64(21);
    let mut refused = 0;
    let names = ["cloud.sqlite", "cloud.sqlite-wal", "cloud.mark"];
    for round in 0..rounds(24, 600) {
        let copy = copy_of(&data)?;
        let path = copy.path().join(names[round % names.len()]);
        let mut bytes = std::fs::read(&path)?;
        ensure!(!bytes.is_empty(), "{}", path.display());
        let at = dice.random_range(0..bytes.len());
        match round % 12 {
            9 => std::fs::remove_file(&path)?,
            10 => std::fs::write(&path, &bytes[..at])?,
            _ => {
                bytes[at] ^= 1 << dice.random_range(0..8_u8);
                std::fs::write(&path, &bytes)?;
            }
        }
        let what = format!("round {round}, {} at {at}", path.display());
        let Ok(cloud) = Cloud::start(copy.path(), Some(CLOCK)) else {
            refused += 1;
            continue;
        };
        let fresh = tempdir()?;
        let laptop = Laptop::new(fresh.path()).with_key(&account.key);
        let (code, _) = laptop.run(&["login", "--cloud", &cloud.url])?;
        if code == 0 {
            let shown = laptop.balance()?;
            ensure!(shown["balance"] == balance, "{what}: {shown}");
            ensure!(laptop.ok(&["verify"])?["ok"] == true, "{what}");
        } else {
            refused += 1;
        }
    }
    assert!(refused > 0, "nothing was noticed");
    Ok(())
}

/// What cannot be printed was not said: the exit code is no success.
#[tokio::test]
async fn output_to_a_full_device_is_a_failure() -> anyhow::Result<()> {
    let left = left().await?;
    let laptop = Laptop::new(&left.laptop()).with_key(&left.account.key);
    for verb in [vec!["balance"], vec!["history"], vec!["--help"]] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full")?;
        let status = laptop
            .command(&verb)
            .stdout(full)
            .stderr(Stdio::null())
            .status()?;
        assert_eq!(status.code(), Some(1), "{verb:?}");
    }
    // A reader that has all it wanted is none of that.
    let mut child = laptop
        .command(&["history", "--limit", "1000"])
        .stdout(Stdio::piped())
        .spawn()?;
    drop(child.stdout.take());
    assert_eq!(child.wait()?.code(), Some(0));
    Ok(())
}

/// An export that is killed leaves nothing behind, wherever it was.
#[tokio::test]
async fn killed_export_leaves_no_file() -> anyhow::Result<()> {
    let left = left().await?;
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

/// An argument that is no text is a usage error, not a crash.
#[test]
fn argument_that_is_no_text_is_a_usage_error() -> anyhow::Result<()> {
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
