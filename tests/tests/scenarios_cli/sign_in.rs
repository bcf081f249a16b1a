//! Signing in and out: invalid keys, a missing keychain, and what is left in the outbox.

use std::io::{BufRead, BufReader};

use boothkeeper_tests::cloud::Cloud;
use boothkeeper_tests::laptop::Laptop;
use boothkeeper_tests::process::{Pipes, Process};
use serde_json::{Value, json};
use tempfile::tempdir;

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

    // The key of another account is refused, and does not change the laptop's copy.
    let theirs = Laptop::new(&data).with_key(&other.key);
    assert_eq!(theirs.fails(&["sync"])?.1, "wrong_account");
    assert_eq!(laptop.balance()?["trust"], "cached");
    Ok(())
}

/// A login that cannot store its key changes nothing: the local copy, queued commands and drafts stay.
#[tokio::test]
async fn login_without_keychain_keeps_local_copy_and_queued_commands() -> anyhow::Result<()> {
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
async fn logout_with_queued_commands_needs_discard_option() -> anyhow::Result<()> {
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

#[tokio::test]
async fn sync_watch_with_revoked_key_ends_as_signed_out() -> anyhow::Result<()> {
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
