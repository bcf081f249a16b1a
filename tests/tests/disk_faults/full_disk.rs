//! A full disk and a full output device.

use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use anyhow::ensure;
use boothkeeper_tests::laptop::Laptop;
use serde_json::Value;
use tempfile::{TempDir, tempdir};

use super::killed_laptop;

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
async fn local_copy_on_full_disk_stays_readable() -> anyhow::Result<()> {
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

/// A command that cannot write its output fails.
#[tokio::test]
async fn command_that_cannot_write_its_output_fails() -> anyhow::Result<()> {
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
