//! Compatibility with earlier versions: their folders and databases are taken over without loss, an earlier cloud is
//! synced with but not called live, and an earlier laptop is served.
//!
//! `fixtures/2026-11-26` was made by the version of that day: a cloud with one account, its answers as recorded, and
//! a laptop's folder with two queued commands and a draft.

use std::path::{Path, PathBuf};

use anyhow::Context;
use axum::body::Body;
use boothkeeper_tests::cloud::{Account, Cloud};
use boothkeeper_tests::hostile_proxy::{HostileProxy, marked};
use boothkeeper_tests::laptop::Laptop;
use boothkeeper_tests::process::{Pipes, Process, until};
use boothkeeper_wire::STREAM_TYPE;
use serde_json::{Value, json};
use tempfile::{TempDir, tempdir};

const CLOCK: &str = "2026-01-10T08:00:00Z";
const BALANCE: i64 = 9_944;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/2026-11-26")
}

fn document(name: &str) -> anyhow::Result<Value> {
    Ok(serde_json::from_slice(&std::fs::read(
        fixtures().join(name),
    )?)?)
}

fn text(document: &Value, name: &str) -> anyhow::Result<String> {
    Ok(document[name].as_str().context("a text")?.to_owned())
}

/// A writable copy of one folder of the fixtures.
fn copied(part: &str) -> anyhow::Result<TempDir> {
    let folder = tempdir()?;
    for file in std::fs::read_dir(fixtures().join(part))? {
        let file = file?;
        std::fs::copy(file.path(), folder.path().join(file.file_name()))?;
    }
    Ok(folder)
}

fn account() -> anyhow::Result<Account> {
    let account = document("account.json")?;
    Ok(Account {
        id: text(&account, "account")?,
        key: text(&account, "access_key")?,
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn laptop_folder_and_cloud_database_of_earlier_version_still_work() -> anyhow::Result<()> {
    let (data, folder) = (copied("cloud")?, copied("laptop")?);
    let (cloud, account) = (Cloud::start(data.path(), Some(CLOCK))?, account()?);
    assert_eq!(cloud.balance(&account).await?, BALANCE);
    let laptop = Laptop::new(folder.path()).with_key(&account.key);
    // The balance before any request to the cloud.
    let balance = laptop.ok(&["balance"])?;
    assert_eq!(
        (&balance["balance"], &balance["seq"]),
        (&json!(BALANCE), &json!(18))
    );
    assert_eq!(laptop.ok(&["verify"])?["ok"], true);
    let waiting = laptop.ok(&["outbox", "list"])?;
    let kinds = ["set_auto_recharge", "buy_credits"];
    for (command, kind) in waiting["commands"]
        .as_array()
        .context("commands")?
        .iter()
        .zip(kinds)
    {
        assert_eq!(
            (&command["kind"], &command["state"]),
            (&json!(kind), &json!("queued"))
        );
    }
    let drafts = laptop.ok(&["dispute", "list"])?;
    let messages = drafts["drafts"]
        .as_array()
        .or(drafts["disputes"].as_array());
    assert!(
        messages
            .context("drafts")?
            .iter()
            .any(|draft| draft["state"] == "draft"),
        "{drafts}"
    );
    // The cloud has another address now; the signing keys that the laptop trusts stay.
    laptop.ok(&["login", "--cloud", &cloud.url])?;
    let settled = laptop.ok(&["outbox", "list"])?;
    let states = settled["commands"].as_array().context("commands")?.iter();
    assert!(states.clone().count() >= 2);
    for command in states.take(2) {
        assert_eq!(command["state"], "settled", "{settled}");
    }
    assert_eq!(cloud.balance(&account).await?, BALANCE + 5_000);
    assert_eq!(laptop.ok(&["verify"])?["ok"], true);
    // The dispute that the earlier version had opened is still listed.
    let listed = laptop.ok(&["dispute", "list"])?.to_string();
    assert!(listed.contains("dsp_3c94e2f195c9_18"), "{listed}");
    Ok(())
}

/// An account state that an earlier version's rules have computed is not damage: it is computed again from the entries
/// before it is used. So an upgrade costs the difference for the current period, not a whole fee.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn account_state_of_earlier_version_is_recomputed_before_use() -> anyhow::Result<()> {
    let (data, folder) = (copied("cloud")?, copied("laptop")?);
    let (cloud, account) = (Cloud::start(data.path(), Some(CLOCK))?, account()?);
    let laptop = Laptop::new(folder.path()).with_key(&account.key);
    laptop.ok(&["login", "--cloud", &cloud.url])?;
    // The laptop has the current catalog, in which a change to a lower plan waits for the period's end.
    let cache = rusqlite::Connection::open(laptop.cache())?;
    let catalog = "SELECT value FROM settings WHERE name = 'catalog'";
    let catalog: String = cache.query_row(catalog, [], |row| row.get(0))?;
    assert!(catalog.contains("period_end"), "{catalog}");
    drop(cache);
    let (_, asked) = laptop.run(&["plan", "set", "pro", "monthly"])?;
    assert_eq!(
        asked["error"]["quote"]["charge"]["amount"], 5_000,
        "{asked}"
    );
    assert_eq!(
        asked["error"]["quote"]["period_end"],
        "2026-02-10T08:00:00.000Z"
    );
    Ok(())
}

/// A cloud of an earlier version signs no heartbeats: its journal is verified as usual, but never called live.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn journal_of_earlier_cloud_version_is_synced_but_never_live() -> anyhow::Result<()> {
    let data = copied("cloud")?;
    let cloud = Cloud::start(data.path(), Some(CLOCK))?;
    let old = HostileProxy::before(&cloud).await?;
    let (answers, account) = (document("answers.json")?, account()?);
    let told = answers.clone();
    let journal: Vec<u8> = {
        let hex = text(&answers, "journal_hex")?;
        let digits = hex.as_bytes().chunks(2);
        digits
            .map(|pair| Ok(u8::from_str_radix(std::str::from_utf8(pair)?, 16)?))
            .collect::<anyhow::Result<_>>()?
    };
    let recorded = text(&answers, "events_raw")?;
    let beat = recorded
        .lines()
        .find(|line| line.starts_with("data: "))
        .context("a beat")?;
    let beats = old.endless(vec![], format!("event: beat\n{beat}\n\n").into_bytes());
    old.answer_with(move |_, path| {
        let json = |name: &str| Some(marked(200, "application/json", told[name].to_string()));
        match path.split('?').next().unwrap_or_default() {
            "/v1/meta" => json("meta"),
            "/v1/catalog" => json("catalog"),
            "/v1/disputes" => json("disputes"),
            "/v1/events" => Some(marked(200, "text/event-stream", beats())),
            "/v1/journal" if path.contains("after=18") => None,
            "/v1/journal" => Some(marked(200, STREAM_TYPE, Body::from(journal.clone()))),
            _ => None,
        }
    });
    let folder = tempdir()?;
    let laptop = Laptop::new(&folder.path().join("laptop")).with_key(&account.key);
    laptop.ok(&["login", "--cloud", &old.url])?;
    assert_eq!(laptop.balance()?["balance"], BALANCE);
    assert_eq!(laptop.ok(&["verify"])?["ok"], true);
    let listed = laptop.ok(&["dispute", "list"])?.to_string();
    assert!(listed.contains("dsp_3c94e2f195c9_18"), "{listed}");

    let pipes = Pipes {
        stdout: true,
        ..Pipes::default()
    };
    let mut watch = Process::start(&laptop.command(&["sync", "--watch"]), pipes)?;
    let stdout = watch.child().stdout.take().context("no stdout")?;
    let (sender, lines) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        use std::io::BufRead;
        for line in std::io::BufReader::new(stdout)
            .lines()
            .map_while(Result::ok)
        {
            let _ = sender.send(serde_json::from_str::<Value>(&line).unwrap_or_default());
        }
    });
    until("the reason why it is not live", async || {
        let told = lines
            .try_iter()
            .inspect(|line| assert_ne!(line["trust"], "live", "{line}"));
        Ok(told.filter(|line| line["reason"] == "cloud_too_old").last())
    })
    .await?;
    Ok(())
}

/// The calls that a laptop of an earlier version makes are answered with all JSON members that it reads.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cloud_answers_requests_of_earlier_laptop_version() -> anyhow::Result<()> {
    let data = copied("cloud")?;
    let (cloud, account) = (Cloud::start(data.path(), Some(CLOCK))?, account()?);
    let answers = document("answers.json")?;
    for (path, name) in [
        ("/v1/meta", "meta"),
        ("/v1/catalog", "catalog"),
        ("/v1/disputes", "disputes"),
        ("/v1/account", "account"),
    ] {
        let (status, now) = cloud.get(path, &account.key).await?;
        assert_eq!(status, 200, "{path}");
        // The catalog may be newer now: the cloud sends its current one, of the same version or a later one.
        let mut before = answers[name].clone();
        if name == "catalog" {
            assert!(now["version"].as_u64() >= before["version"].as_u64());
            before["version"] = now["version"].clone();
        }
        contains(&now, &before, path);
    }
    // The journal's entries are the same bytes as the earlier version sent.
    let http = reqwest::Client::builder().no_proxy().build()?;
    let stream = http.get(format!("{}/v1/journal?after=0", cloud.url));
    let stream = stream
        .bearer_auth(&account.key)
        .send()
        .await?
        .bytes()
        .await?;
    let entries = |bytes: &[u8]| -> anyhow::Result<Vec<String>> {
        let mut text = Vec::new();
        let mut frames = boothkeeper_wire::stream::Frames::default();
        frames.feed(bytes, &mut |frame| text.extend(frame.lines))?;
        let text = String::from_utf8(text)?;
        let entry = |line: &&str| line.starts_with(r#"{"seq":"#);
        Ok(text.lines().filter(entry).map(str::to_owned).collect())
    };
    let hex = text(&answers, "journal_hex")?;
    let recorded: Vec<u8> = (0..hex.len() / 2)
        .map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16))
        .collect::<Result<_, _>>()?;
    assert_eq!(entries(&stream)?, entries(&recorded)?);
    Ok(())
}

/// Fails unless `now` has all that `before` had; it may have more.
fn contains(now: &Value, before: &Value, at: &str) {
    match (now, before) {
        (Value::Object(now), Value::Object(before)) => {
            for (name, before) in before {
                let found = now.get(name);
                contains(
                    found.unwrap_or(&Value::Null),
                    before,
                    &format!("{at}.{name}"),
                );
            }
        }
        (Value::Array(now), Value::Array(before)) => {
            assert_eq!(now.len(), before.len(), "{at}");
            for (n, (now, before)) in now.iter().zip(before).enumerate() {
                contains(now, before, &format!("{at}[{n}]"));
            }
        }
        (now, before) => assert_eq!(now, before, "{at}"),
    }
}
