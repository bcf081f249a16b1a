//! Damage to the laptop's cache and outbox files: no wrong number is shown, and what can be repaired is repaired.

use std::os::unix::fs::PermissionsExt;

use anyhow::Context;
use boothkeeper_tests::cloud::{Account, Cloud};
use boothkeeper_tests::laptop::Laptop;
use boothkeeper_tests::process::binary;
use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::{TempDir, tempdir};

const BALANCE: i64 = 100_000 - 1_100 * 2 - 40 * 20;

struct Copy {
    folder: TempDir,
    cloud: Cloud,
    account: Account,
    laptop: Laptop,
}

/// A laptop's copy of a journal: one sealed segment of its older entries, and some newer entries. They are runs of two
/// services, five of them failed and refunded.
async fn copy() -> anyhow::Result<Copy> {
    let folder = tempdir()?;
    let cloud = Cloud::start(&folder.path().join("cloud"), None)?;
    let account = cloud.booth(100_000).await?;
    cloud.runs(&account, "sms", 1_000).await?;
    cloud.runs(&account, "sms", 100).await?;
    cloud.runs(&account, "draw_me", 40).await?;
    let path = format!("/sandbox/accounts/{}/runs", account.id);
    let refunded = json!({ "service": "draw_me", "count": 5, "outcome": "failed_and_refunded" });
    cloud.post(&path, refunded).await?;
    let laptop = Laptop::signed_in(&folder.path().join("laptop"), &cloud, &account)?;
    assert_eq!(laptop.balance()?["balance"], BALANCE);
    Ok(Copy {
        folder,
        cloud,
        account,
        laptop,
    })
}

impl Copy {
    fn damage(&self, sql: &str) -> anyhow::Result<()> {
        Ok(Connection::open(self.laptop.cache())?.execute_batch(sql)?)
    }

    /// The balance, all entries and the entries of one service, as the command line prints them.
    fn shown(&self) -> anyhow::Result<Value> {
        let (_, balance) = self.laptop.run(&["balance"])?;
        let (_, history) = self.laptop.run(&["history", "--limit", "1000"])?;
        let (_, sms) = self
            .laptop
            .run(&["history", "--service", "sms", "--limit", "1000"])?;
        let balance = json!([balance["balance"], balance["buckets"], balance["asset"]]);
        Ok(json!([balance, history, sms]))
    }
}

/// `verify` rebuilds the cache tables that are computed from the entries' bytes, however they were damaged.
#[tokio::test]
async fn damaged_cache_tables_are_rebuilt_from_entries_without_cloud() -> anyhow::Result<()> {
    let mut copy = copy().await?;
    let (truth, causes) = (
        copy.shown()?,
        copy.laptop.ok(&["explain"])?["causes"].clone(),
    );
    copy.cloud.stop();
    for sql in [
        "UPDATE rollups SET sum = sum - 1000 WHERE service = (SELECT id FROM names WHERE name = 'sms')",
        "UPDATE rollups SET count = count + 7",
        "DELETE FROM rollups",
        "INSERT INTO rollups VALUES (20000, 2, 0, 0, 1, 2, 5, 500000)",
        "UPDATE rollups SET last = 10 WHERE kind = (SELECT id FROM names WHERE name = 'usage')",
        "UPDATE rollups SET sum = 'xx'",
        "DELETE FROM head",
        "UPDATE head SET seq = 500",
        "UPDATE head SET state = replace(state, '\"scale\":2', '\"scale\":6')",
        "UPDATE head SET as_of = as_of + 864000000000",
        "UPDATE head SET checkpoint = '{}'",
        "DELETE FROM names WHERE name = 'sms'",
        "UPDATE names SET name = 'video' WHERE name = 'sms'",
        "UPDATE names SET class = 2 WHERE name = 'sms'",
        "DELETE FROM links",
        "UPDATE links SET target = 3 WHERE seq = (SELECT max(seq) FROM links)",
        "INSERT INTO entries SELECT seq + 5000, at, kind, service, event, delta, balance_after, mark FROM entries WHERE seq = 9",
        "DELETE FROM entries WHERE seq = 1100",
        "DELETE FROM entries WHERE seq = (SELECT max(seq) FROM entries)",
        "UPDATE checkpoints SET seq = seq + 4096",
        "UPDATE settings SET value = '12' WHERE name = 'links_mark'",
        "UPDATE settings SET value = 'x' WHERE name = 'names_mark'",
    ] {
        copy.damage(sql)?;
        let verified = copy.laptop.ok(&["verify"])?;
        assert_eq!(verified["ok"], true, "{sql}");
        assert_eq!(copy.shown()?, truth, "{sql}");
        assert_eq!(copy.laptop.ok(&["explain"])?["causes"], causes, "{sql}");
    }
    Ok(())
}

/// Before any `verify`, reading gives the correct number or an error, and the next sync repairs the damage.
#[tokio::test]
async fn cache_with_damaged_sums_or_state_never_shows_wrong_number() -> anyhow::Result<()> {
    let copy = copy().await?;
    for sql in [
        "UPDATE rollups SET sum = sum - 1000 WHERE service > 0",
        "DELETE FROM rollups",
        "DELETE FROM head",
        "UPDATE head SET seq = 500",
        "UPDATE head SET state = replace(state, '\"scale\":2', '\"scale\":6')",
        "UPDATE head SET state = replace(state, 'purchase', 'bonus')",
        "UPDATE head SET learnt_at = -9223372036854775808",
        "UPDATE segments SET chain = zeroblob(32)",
        "UPDATE segments SET chain = zeroblob(3)",
        "DELETE FROM segments",
    ] {
        copy.damage(sql)?;
        let (_, balance) = copy.laptop.run(&["balance"])?;
        if let Some(shown) = balance["balance"].as_i64() {
            assert_eq!(shown, BALANCE, "{sql}");
            assert_eq!(balance["asset"]["scale"], 2, "{sql}");
            assert_eq!(balance["buckets"][0]["kind"], "purchased", "{sql}");
        }
        let (code, history) = copy
            .laptop
            .run(&["history", "--limit", "1000", "--text", "run"])?;
        if code == 0 {
            assert_eq!(history["closing"], BALANCE, "{sql}");
        }
        copy.laptop.run(&["sync"])?;
        assert_eq!(copy.laptop.ok(&["verify"])?["ok"], true, "{sql}");
        assert_eq!(copy.laptop.balance()?["balance"], BALANCE, "{sql}");
        let history = copy.laptop.ok(&["history"])?;
        assert_eq!(history["closing"], BALANCE, "{sql}");
    }
    Ok(())
}

/// `explain` checks rows by their checksums, and segments (sealed parts of the journal) by their checksum or hash
/// chain: it gives the correct causes, or the error `damaged`.
#[tokio::test]
async fn explain_on_damaged_cache_never_gives_wrong_causes() -> anyhow::Result<()> {
    let copy = copy().await?;
    let explain = ["explain"];
    let truth = copy.laptop.ok(&explain)?;
    let whole = Connection::open(copy.laptop.cache())?;
    let frame: Vec<u8> = whole.query_row("SELECT frame FROM segments", [], |row| row.get(0))?;
    drop(whole);
    let mut refused = 0;
    let mut tried = |what: &str| -> anyhow::Result<()> {
        let (code, told) = copy.laptop.run(&explain)?;
        match code {
            0 => assert_eq!(told["causes"], truth["causes"], "{what}"),
            _ => {
                assert_eq!(told["error"]["code"], "damaged", "{what}: {told}");
                refused += 1;
            }
        }
        Ok(())
    };
    let held = Connection::open(copy.laptop.cache())?;
    let keep = |frame: &[u8]| held.execute("UPDATE segments SET frame = ?1", [frame]);
    let bare = zstd::encode_all(&zstd::decode_all(&frame[..])?[..], 1)?;
    for frame in [&bare, &frame] {
        for place in 0..24_usize {
            let byte = place * 7_919 % frame.len();
            let mut damage = frame.clone();
            damage[byte] ^= 1 << (place % 8);
            keep(&damage)?;
            tried(&format!("byte {byte}"))?;
        }
        keep(frame)?;
        assert_eq!(copy.laptop.ok(&explain)?["causes"], truth["causes"]);
    }
    for (damage, repair) in [
        (
            "UPDATE tail SET line = CAST(replace(line, '\"delta\":-20', '\"delta\":-60') AS BLOB) WHERE seq > 1100",
            "UPDATE tail SET line = CAST(replace(line, '\"delta\":-60', '\"delta\":-20') AS BLOB) WHERE seq > 1100",
        ),
        (
            "UPDATE tail SET line = CAST(replace(line, '\"usage\"', '\"usagg\"') AS BLOB)",
            "UPDATE tail SET line = CAST(replace(line, '\"usagg\"', '\"usage\"') AS BLOB)",
        ),
        (
            "UPDATE entries SET delta = delta - 1 WHERE seq = 500",
            "UPDATE entries SET delta = delta + 1 WHERE seq = 500",
        ),
        (
            "UPDATE entries SET kind = kind + 1 WHERE seq = 1050",
            "UPDATE entries SET kind = kind - 1 WHERE seq = 1050",
        ),
        (
            "UPDATE entries SET seq = 1000000 WHERE seq = 500",
            "UPDATE entries SET seq = 500 WHERE seq = 1000000",
        ),
        (
            "UPDATE names SET name = 'usagg' WHERE name = 'usage'",
            "UPDATE names SET name = 'usage' WHERE name = 'usagg'",
        ),
        (
            "UPDATE names SET id = id + 64 WHERE name = 'usage_refund'",
            "UPDATE names SET id = id - 64 WHERE name = 'usage_refund'",
        ),
        (
            "UPDATE links SET target = target + 8",
            "UPDATE links SET target = target - 8",
        ),
        (
            "UPDATE rollups SET day = day + 4",
            "UPDATE rollups SET day = day - 4",
        ),
    ] {
        copy.damage(damage)?;
        tried(damage)?;
        copy.damage(repair)?;
        assert_eq!(copy.laptop.ok(&explain)?["causes"], truth["causes"]);
    }
    assert!(refused >= 45, "{refused}");
    Ok(())
}

/// A single sync finds damaged tables of the cache and repairs them.
#[tokio::test]
async fn one_sync_finds_and_repairs_damaged_cache() -> anyhow::Result<()> {
    let copy = copy().await?;
    for sql in [
        "UPDATE rollups SET sum = sum + 1",
        "DELETE FROM rollups",
        "UPDATE rollups SET kind = kind + 64 WHERE first > 1000",
        "UPDATE names SET name = 'usagg' WHERE name = 'usage'",
        "DELETE FROM checkpoints",
    ] {
        copy.damage(sql)?;
        copy.laptop.ok(&["sync"]).context(sql)?;
        assert_eq!(copy.laptop.ok(&["history"])?["closing"], BALANCE, "{sql}");
        assert_eq!(copy.laptop.ok(&["verify"])?["ok"], true, "{sql}");
    }
    Ok(())
}

/// `explain` reports a journal that differs from the cloud's as `diverged`, but not damage on the laptop's own disk.
#[tokio::test]
async fn damage_on_laptop_disk_is_not_reported_as_diverged_journal() -> anyhow::Result<()> {
    let mut copy = copy().await?;
    copy.cloud.stop();
    let held = Connection::open(copy.laptop.cache())?;
    let frame: Vec<u8> = held.query_row("SELECT frame FROM segments", [], |row| row.get(0))?;
    held.execute("UPDATE segments SET frame = zeroblob(9)", [])?;
    let (_, verified) = copy.laptop.run(&["verify"])?;
    assert_eq!(verified["ok"], false, "{verified}");
    held.execute("UPDATE segments SET frame = ?1", [&frame])?;
    let (_, balance) = copy.laptop.run(&["balance"])?;
    assert_eq!(balance["reason"], "damaged", "{balance}");
    let told = copy.laptop.ok(&["explain"])?;
    let findings = told["findings"].as_array().cloned().unwrap_or_default();
    let codes: Vec<_> = findings.iter().map(|finding| &finding["code"]).collect();
    assert!(!codes.contains(&&json!("diverged")), "{codes:?}");
    assert!(codes.contains(&&json!("run_refunded")), "{codes:?}");
    Ok(())
}

/// With one flipped bit anywhere in the cache, `balance` shows the correct number or none, and a sync repairs it.
#[tokio::test]
async fn cache_with_flipped_bit_never_shows_wrong_balance() -> anyhow::Result<()> {
    let copy = copy().await?;
    let path = copy.laptop.cache();
    copy.damage("PRAGMA wal_checkpoint(TRUNCATE)")?;
    let whole = std::fs::read(&path)?;
    for place in 0..24_u64 {
        // Fixed positions, spread over the file.
        let byte = usize::try_from(place.wrapping_mul(0x9E37_79B9_7F4A_7C15) % whole.len() as u64)?;
        let mut damage = whole.clone();
        damage[byte] ^= 1 << (place % 8);
        for suffix in ["sqlite-wal", "sqlite-shm"] {
            let _ = std::fs::remove_file(path.with_extension(suffix));
        }
        std::fs::write(&path, &damage)?;
        let (_, balance) = copy.laptop.run(&["balance"])?;
        let shown = balance["balance"].as_i64();
        assert!(shown.is_none_or(|b| b == BALANCE), "byte {byte}: {balance}");
        copy.laptop.run(&["sync"])?;
        assert_eq!(copy.laptop.ok(&["verify"])?["ok"], true, "byte {byte}");
        assert_eq!(copy.laptop.balance()?["balance"], BALANCE, "byte {byte}");
    }
    Ok(())
}

/// A queued command whose stored body was changed becomes `damaged` and is not sent.
#[tokio::test]
async fn queued_purchase_changed_on_disk_is_not_sent() -> anyhow::Result<()> {
    let mut copy = copy().await?;
    copy.cloud.stop();
    copy.laptop.ok(&["buy", "50", "--yes"])?;
    let outbox = Connection::open(copy.laptop.data.join("outbox.sqlite"))?;
    outbox.execute_batch("UPDATE commands SET body = replace(body, '5000', '50000')")?;
    drop(outbox);
    copy.cloud.restart(&[])?;
    copy.laptop.ok(&["sync"])?;
    let outbox = copy.laptop.ok(&["outbox", "list"])?;
    assert_eq!(outbox["commands"][0]["state"], "damaged");
    assert_eq!(copy.cloud.balance(&copy.account).await?, BALANCE);
    // Later commands do not wait behind the damaged command.
    copy.laptop.ok(&["buy", "60", "--yes"])?;
    assert_eq!(copy.cloud.balance(&copy.account).await?, BALANCE + 6_000);
    Ok(())
}

#[tokio::test]
async fn data_folder_without_write_permission_is_still_readable() -> anyhow::Result<()> {
    let copy = copy().await?;
    let read_only = copy.folder.path().join("read-only");
    std::fs::create_dir(&read_only)?;
    for name in ["cache.sqlite", "outbox.sqlite"] {
        let from = copy.laptop.data.join(name);
        Connection::open(&from)?.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")?;
        std::fs::copy(from, read_only.join(name))?;
        let readable = std::fs::Permissions::from_mode(0o444);
        std::fs::set_permissions(read_only.join(name), readable)?;
    }
    // Root may write anywhere, so the program runs as user 65534.
    let program = copy.folder.path().join("boothkeeper");
    std::fs::copy(binary("boothkeeper"), &program)?;
    for path in [copy.folder.path(), &read_only, &program] {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o555))?;
    }
    let read = |arguments: &[&str]| {
        let mut reader = match rustix::process::geteuid().is_root() {
            true => std::process::Command::new("setpriv"),
            false => std::process::Command::new("env"),
        };
        if rustix::process::geteuid().is_root() {
            reader.args(["--reuid=65534", "--regid=65534", "--clear-groups", "--"]);
        }
        reader.arg(&program).arg("--json").args(arguments);
        reader.arg("--data").arg(&read_only);
        reader
            .env("BOOTHKEEPER_ACCESS_KEY", &copy.account.key)
            .output()
    };
    let output = read(&["balance"])?;
    // Every reading command works, and warns that the folder cannot be written to.
    let mut others = Vec::new();
    for verb in [
        vec!["history"],
        vec!["explain"],
        vec!["plan"],
        vec!["renewal", "preview"],
        vec!["deadlines"],
        vec!["runway"],
        vec!["outbox", "list"],
        vec!["dispute", "list"],
    ] {
        others.push((verb.clone(), read(&verb)?));
    }
    let refused = read(&["buy", "50", "--yes"])?;
    std::fs::set_permissions(copy.folder.path(), std::fs::Permissions::from_mode(0o755))?;
    std::fs::set_permissions(&read_only, std::fs::Permissions::from_mode(0o755))?;
    let balance: Value = serde_json::from_slice(&output.stdout)?;
    assert_eq!(balance["balance"], BALANCE, "{balance}");
    for (verb, output) in others {
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{verb:?}: {said}");
        assert!(said.contains("cannot be written to"), "{verb:?}: {said}");
    }
    assert_eq!(refused.status.code(), Some(1));
    let refused: Value = serde_json::from_slice(&refused.stdout)?;
    assert_eq!(refused["error"]["code"], "read_only", "{refused}");
    Ok(())
}
