//! Files of the laptop or the cloud that were changed, lost or made unreadable.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};
use boothkeeper_tests::booth::basic;
use boothkeeper_tests::cloud::Cloud;
use boothkeeper_tests::laptop::Laptop;
use boothkeeper_tests::process::rounds;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use tempfile::tempdir;

use super::{CLOCK, KilledLaptop, copy_of, killed_laptop, states};

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
            // A command whose bytes on disk were changed is shown as `damaged`.
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
    // At least one change of each write-ahead log must have been detected; otherwise the test proves nothing.
    for log in ["cache.sqlite-wal", "outbox.sqlite-wal"] {
        assert!(caught[log] > 0, "{caught:?}");
    }
    Ok(())
}

/// A local copy that has lost its newest entries is reported as damaged, and repaired by the next sync.
#[tokio::test]
async fn local_copy_without_newest_entries_is_reported_and_fetched_again() -> anyhow::Result<()> {
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
async fn outbox_that_lost_commands_is_reported_and_can_start_over() -> anyhow::Result<()> {
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

/// `outbox start-over` does not discard an undamaged outbox, and a folder without read permission is an error, not an
/// empty copy.
#[tokio::test]
async fn undamaged_outbox_is_kept_and_unreadable_folder_is_an_error() -> anyhow::Result<()> {
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
