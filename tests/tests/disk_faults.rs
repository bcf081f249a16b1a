//! Full disks, unreadable folders and changed files: whatever a command shows with success is correct, and the last
//! copy stays readable.

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

struct KilledLaptop {
    folder: TempDir,
    cloud: Cloud,
    account: Account,
    /// The balance of the folder's copy, in minor units.
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

/// An open read transaction. Later writes stay in the write-ahead log as long as it is open.
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

/// Checks that each command that succeeds shows the correct values. Returns how many of the three commands succeeded.
fn check_shown_values(left: &KilledLaptop, folder: &Path) -> anyhow::Result<usize> {
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
            // A changed command is shown as `damaged`.
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
async fn changed_laptop_files_never_show_wrong_values() -> anyhow::Result<()> {
    let left = killed_laptop().await?;
    let mut dice = StdRng::seed_from_u64(12);
    let mut files: Vec<PathBuf> = std::fs::read_dir(left.laptop())?
        .map(|file| Ok(file?.path()))
        .collect::<anyhow::Result<_>>()?;
    files.retain(|file| std::fs::metadata(file).is_ok_and(|told| told.is_file() && told.len() > 0));
    files.sort();
    let untouched = copy_of(&left.laptop())?;
    assert_eq!(check_shown_values(&left, untouched.path())?, 3);
    let mut caught: BTreeMap<String, usize> = BTreeMap::new();
    for file in &files {
        let name = file
            .file_name()
            .context("a name")?
            .to_string_lossy()
            .into_owned();
        let mut damage =
            |how: &str, change: &dyn Fn(&Path) -> anyhow::Result<()>| -> anyhow::Result<()> {
                let copy = copy_of(&left.laptop())?;
                change(&copy.path().join(&name))?;
                let answered = check_shown_values(&left, copy.path())
                    .with_context(|| format!("{name}, {how}"))?;
                *caught.entry(name.clone()).or_default() += 3 - answered;
                Ok(())
            };
        for _ in 0..rounds(10, 80) {
            let (at, bit) = (dice.random_range(0..u64::MAX), dice.random_range(0..8_u8));
            damage(&format!("bit {bit} at {at}"), &|path| {
                let mut bytes = std::fs::read(path)?;
                let at = usize::try_from(at % bytes.len() as u64)?;
                bytes[at] ^= 1 << bit;
                Ok(std::fs::write(path, bytes)?)
            })?;
        }
        for _ in 0..rounds(3, 16) {
            let cut = dice.random_range(0..u64::MAX);
            damage(&format!("cut at {cut}"), &|path| {
                let length = std::fs::metadata(path)?.len();
                let file = std::fs::OpenOptions::new().write(true).open(path)?;
                Ok(file.set_len(cut % length)?)
            })?;
        }
        damage("removed", &|path| Ok(std::fs::remove_file(path)?))?;
    }
    // Some change of each log must have been detected, or the checks do nothing.
    for log in ["cache.sqlite-wal", "outbox.sqlite-wal"] {
        assert!(caught[log] > 0, "{caught:?}");
    }
    Ok(())
}

/// A copy whose newest entries were rolled back is reported as damaged, and repaired by the next sync.
#[tokio::test]
async fn rolled_back_copy_is_reported_and_fetched_again() -> anyhow::Result<()> {
    let left = killed_laptop().await?;
    let laptop = Laptop::new(&left.laptop()).with_key(&left.account.key);
    std::fs::remove_file(laptop.data.join("cache.sqlite-wal"))?;
    assert_eq!(laptop.fails(&["balance"])?, (1, "damaged".to_owned()));
    laptop.ok(&["sync"])?;
    let balance = laptop.balance()?;
    assert_eq!(balance["balance"], left.cloud.balance(&left.account).await?);
    assert_eq!(laptop.ok(&["verify"])?["ok"], true);
    Ok(())
}

/// An outbox that has lost commands, or is missing, is reported and not taken for an empty one. `outbox start-over`
/// creates a new one.
#[tokio::test]
async fn lost_commands_are_reported_and_outbox_can_start_over() -> anyhow::Result<()> {
    for lost in ["outbox.sqlite-wal", "outbox.sqlite"] {
        let left = killed_laptop().await?;
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

/// `outbox start-over` does not discard a sound outbox, and a folder without read permission is an error, not an empty
/// copy.
#[tokio::test]
async fn sound_outbox_is_kept_and_unreadable_folder_is_an_error() -> anyhow::Result<()> {
    let left = killed_laptop().await?;
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
    // Root may read everything, so the program runs as user 65534.
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

/// A file system of 8 MiB that a test can fill.
struct SmallDisk {
    at: TempDir,
}

impl SmallDisk {
    /// `None` if this user may not mount file systems.
    fn mount() -> anyhow::Result<Option<Self>> {
        let at = tempdir()?;
        let mut mount = Command::new("mount");
        mount
            .args(["-t", "tmpfs", "-o", "size=8m,mode=700", "tmpfs"])
            .arg(at.path());
        let mounted = mount.stderr(Stdio::null()).status()?.success();
        Ok(mounted.then_some(SmallDisk { at }))
    }

    /// Takes all free space. Called again after a program has ended, as that releases space.
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

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount")
            .arg("-l")
            .arg(self.at.path())
            .status();
    }
}

/// On a full disk, with and without SQLite's shared-memory files: every reading command works, commands that write fail
/// with `disk_full`, and once space is free again a sync succeeds.
#[tokio::test]
async fn full_disk_keeps_last_copy_readable() -> anyhow::Result<()> {
    let left = killed_laptop().await?;
    for (state, without) in [
        ("logs", vec![]),
        (
            "logs without their index",
            vec!["cache.sqlite-shm", "outbox.sqlite-shm"],
        ),
    ] {
        let Some(small) = SmallDisk::mount()? else {
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

/// After any change to its files the cloud does not start, refuses the account, or shows correct values.
#[tokio::test]
async fn changed_cloud_files_never_show_wrong_values() -> anyhow::Result<()> {
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
    assert!(refused > 0, "no change was detected");
    Ok(())
}

/// A command that cannot write its output fails.
#[tokio::test]
async fn output_to_a_full_device_is_a_failure() -> anyhow::Result<()> {
    let left = killed_laptop().await?;
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
    // A reader that closes the pipe early is not a failure.
    let mut child = laptop
        .command(&["history", "--limit", "1000"])
        .stdout(Stdio::piped())
        .spawn()?;
    drop(child.stdout.take());
    assert_eq!(child.wait()?.code(), Some(0));
    Ok(())
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
