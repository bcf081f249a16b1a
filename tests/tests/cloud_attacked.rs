//! The real cloud under callers that mean harm, or crash in the worst place: others are served meanwhile, nothing
//! that was acknowledged is lost, and nothing is stuck afterwards.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use boothkeeper_tests::booth::{Booth, basic, with};
use boothkeeper_tests::cloud::{Account, Cloud};
use boothkeeper_tests::laptop::Laptop;
use boothkeeper_tests::process::{binary, until, within};
use futures_util::future::join_all;
use reqwest::Method;
use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::tempdir;

const CLOCK: &str = "2026-01-10T08:00:00Z";

fn http() -> anyhow::Result<reqwest::Client> {
    boothkeeper_sync::transport::Transport::http()?;
    Ok(reqwest::Client::builder().no_proxy().build()?)
}

fn database(cloud: &Path) -> anyhow::Result<Connection> {
    let database = Connection::open(cloud.join("cloud.sqlite"))?;
    database.busy_timeout(Duration::from_secs(5))?;
    Ok(database)
}

/// Bytes of a blob, and the hash it is named by.
fn blob(length: usize, salt: u8) -> (String, Vec<u8>) {
    let bytes: Vec<u8> = (0..length).map(|at| (at % 251) as u8 ^ salt).collect();
    (boothkeeper_store::sha256(&bytes).to_string(), bytes)
}

async fn put_blob(
    cloud: &Cloud,
    account: &Account,
    sha256: &str,
    offset: usize,
    length: usize,
    piece: &[u8],
) -> anyhow::Result<(u16, Value)> {
    let request = http()?
        .put(format!("{}/v1/blobs/{sha256}", cloud.url))
        .bearer_auth(&account.key)
        .header("upload-offset", offset)
        .header("upload-length", length)
        .body(piece.to_vec());
    let response = request.send().await?;
    Ok((
        response.status().as_u16(),
        response.json().await.unwrap_or_default(),
    ))
}

/// A booth with a failed run and a draft about it.
async fn booth_with_draft() -> anyhow::Result<(Booth, String)> {
    let booth = Booth::with_failed_run().await?;
    let draft = booth
        .laptop
        .ok(&["dispute", "new", "--finding", "run_failed_not_refunded"])?;
    let id = draft["id"].as_str().context("an id")?.to_owned();
    Ok((booth, id))
}

async fn arrives_once_and_whole(booth: &Booth) -> anyhow::Result<()> {
    booth.laptop.ok(&["sync"])?;
    let filed = booth.tickets().await?;
    ensure!(filed.len() == 1, "{filed:?}");
    let files = filed[0]["attachments"].as_array().context("files")?;
    ensure!(!files.is_empty());
    let id = filed[0]["id"].as_str().context("an id")?;
    for file in files {
        let sha256 = file["sha256"].as_str().context("a hash")?;
        let bytes = booth
            .cloud
            .bytes(&format!("/sandbox/disputes/{id}/blobs/{sha256}"))
            .await?;
        ensure!(boothkeeper_store::sha256(&bytes).to_string() == sha256);
    }
    let open = booth.laptop.ok(&["outbox", "list"])?;
    let open = open["commands"]
        .as_array()
        .context("commands")?
        .iter()
        .filter(|c| c["open"] == true)
        .count();
    ensure!(open == 0, "something is stuck");
    Ok(())
}

/// Killed between an upload's last byte and its mark, on either side of the write: the file is completed or sent
/// again, the dispute arrives once, and a purchase behind it was never held up.
#[tokio::test]
async fn crash_at_the_last_piece_of_an_upload_wedges_nothing() -> anyhow::Result<()> {
    for point in ["before_last_piece", "after_last_piece", "after_command"] {
        let (mut booth, draft) = booth_with_draft().await?;
        let crash = json!({ "crash": point });
        let (status, _) = booth
            .cloud
            .call(Method::PUT, "/sandbox/faults", "", &crash)
            .await?;
        assert_eq!(status, 204);
        booth.laptop.run(&["dispute", "send", &draft])?;
        assert_ne!(
            booth.laptop.run(&["sync"])?.0,
            0,
            "{point}: the cloud is down"
        );
        booth.laptop.ok(&["buy", "50", "--yes"])?;
        booth.cloud.restart(&[])?;
        arrives_once_and_whole(&booth).await.context(point)?;
        assert_eq!(
            booth.cloud.balance(&booth.account).await?,
            1_000 - 3 * 25 + 5_000,
            "{point}"
        );
    }
    Ok(())
}

/// What an earlier version's crash has left is mended at the start, or asked about again by the laptop.
#[tokio::test]
async fn blob_with_all_its_bytes_and_without_its_mark_is_completed() -> anyhow::Result<()> {
    for restart in [true, false] {
        let (mut booth, draft) = booth_with_draft().await?;
        booth.cloud.fault("/v1/commands", 1, json!("drop")).await?;
        booth.laptop.run(&["dispute", "send", &draft])?;
        let data = booth.folder.path().join("cloud");
        let unmarked = database(&data)?.execute("UPDATE blobs SET complete = 0", [])?;
        assert!(unmarked > 0);
        if restart {
            booth.cloud.restart(&[])?;
            let left = "SELECT count(*) FROM blobs WHERE complete = 0";
            let left: u32 = database(&data)?.query_row(left, [], |row| row.get(0))?;
            assert_eq!(left, 0);
        }
        arrives_once_and_whole(&booth).await?;
    }
    Ok(())
}

/// A file that is whole is not dropped by another connection that sends the same one.
#[tokio::test]
async fn second_upload_of_a_whole_file_takes_nothing_away() -> anyhow::Result<()> {
    let booth = Booth::basic(CLOCK, 10_000).await?;
    let (cloud, account) = (&booth.cloud, &booth.account);
    let (sha256, bytes) = blob(300_000, 1);
    let (first, last) = bytes.split_at(bytes.len() - 1);
    // The slower connection has all but the last byte on its way.
    let (sender, receiver) = tokio::sync::mpsc::channel::<Result<Vec<u8>, std::io::Error>>(2);
    let body = futures_util::stream::unfold(receiver, async |mut receiver| {
        receiver.recv().await.map(|piece| (piece, receiver))
    });
    let slow = http()?
        .put(format!("{}/v1/blobs/{sha256}", cloud.url))
        .bearer_auth(&account.key)
        .header("upload-offset", 0)
        .header("upload-length", bytes.len())
        .body(reqwest::Body::wrap_stream(body));
    let slow = tokio::spawn(slow.send());
    sender.send(Ok(first.to_vec())).await?;
    until("its first bytes to be there", async || {
        let held = "SELECT count(*) FROM blobs WHERE held > 0";
        let data = booth.folder.path().join("cloud");
        let held: u32 = database(&data)?.query_row(held, [], |row| row.get(0))?;
        Ok((held == 1).then_some(()))
    })
    .await?;
    let offset = {
        let request = http()?.head(format!("{}/v1/blobs/{sha256}", cloud.url));
        let told = request.bearer_auth(&account.key).send().await?;
        told.headers()["upload-offset"].to_str()?.parse::<usize>()?
    };
    let (status, whole) = put_blob(
        cloud,
        account,
        &sha256,
        offset,
        bytes.len(),
        &bytes[offset..],
    )
    .await?;
    assert_eq!((status, &whole["complete"]), (200, &json!(true)), "{whole}");
    sender.send(Ok(last.to_vec())).await?;
    drop(sender);
    let status = slow.await??.status().as_u16();
    assert!([200, 409].contains(&status), "{status}");
    let request = http()?.get(format!("{}/v1/blobs/{sha256}", cloud.url));
    let kept = request.bearer_auth(&account.key).send().await?;
    assert_eq!(kept.status(), 200);
    assert_eq!(kept.bytes().await?, bytes);
    Ok(())
}

#[tokio::test]
async fn begun_uploads_use_nothing_and_expire() -> anyhow::Result<()> {
    const MIB: usize = 1024 * 1024;
    let booth = Booth::basic(CLOCK, 10_000).await?;
    let (cloud, account) = (&booth.cloud, &booth.account);
    // A byte each of sixty files that would come to 600 MiB.
    for salt in 0..60 {
        let (sha256, bytes) = blob(100, salt);
        let (status, held) = put_blob(cloud, account, &sha256, 0, 10 * MIB, &bytes[..1]).await?;
        assert_eq!((status, &held["held"]), (200, &json!(1)), "{held}");
    }
    let (whole, bytes) = blob(5 * MIB, 99);
    let (status, held) = put_blob(cloud, account, &whole, 0, bytes.len(), &bytes).await?;
    assert_eq!((status, &held["complete"]), (200, &json!(true)), "{held}");
    // One's own unfinished one can be given up; a whole one not.
    let (begun, _) = blob(100, 0);
    let delete = |sha256: &str| {
        let request = http().map(|http| http.delete(format!("{}/v1/blobs/{sha256}", cloud.url)));
        let key = account.key.clone();
        async move { Ok::<_, anyhow::Error>(request?.bearer_auth(key).send().await?.status().as_u16()) }
    };
    assert_eq!(
        [
            delete(&begun).await?,
            delete(&begun).await?,
            delete(&whole).await?
        ],
        [204, 404, 409]
    );
    // A day later the rest is gone, with the next upload that begins.
    cloud.advance(24 * 3600 + 1).await?;
    for round in 0..8 {
        let (sha256, bytes) = blob(10, 200 + round);
        put_blob(cloud, account, &sha256, 0, 10, &bytes).await?;
    }
    let left = "SELECT count(*) FROM blobs WHERE complete = 0";
    let left: u32 =
        database(&booth.folder.path().join("cloud"))?.query_row(left, [], |row| row.get(0))?;
    assert_eq!(left, 0);
    let used = "SELECT held FROM blob_usage";
    let used: usize =
        database(&booth.folder.path().join("cloud"))?.query_row(used, [], |row| row.get(0))?;
    assert_eq!(used, 5 * MIB + 80);
    Ok(())
}

/// A booth's key cannot make its account's journal unreadable: a run is charged, its label is cut.
#[tokio::test]
async fn enormous_labels_are_cut_and_the_journal_stays_readable() -> anyhow::Result<()> {
    let booth = Booth::basic(CLOCK, 100_000).await?;
    let long = "x\n\u{1b}[2J🎉".repeat(2_000);
    for run in 0..30 {
        let request = json!({ "id": format!("run_{run}"), "service": "sms", "event": long });
        let (status, answer) = booth
            .cloud
            .call(Method::POST, "/v1/runs", &booth.account.key, &request)
            .await?;
        assert_eq!(
            (status, &answer["event_shortened"]),
            (200, &json!(true)),
            "{answer}"
        );
    }
    let request = json!({ "id": "x".repeat(65), "service": "sms" });
    let (status, answer) = booth
        .cloud
        .call(Method::POST, "/v1/runs", &booth.account.key, &request)
        .await?;
    assert_eq!((status, &answer["code"]), (422, &json!("text_too_long")));
    let fresh = Laptop::new(&booth.folder.path().join("fresh")).with_key(&booth.account.key);
    fresh.ok(&["login", "--cloud", &booth.cloud.url])?;
    let history = fresh.ok(&["history", "--kind", "usage"])?;
    for entry in history["entries"].as_array().context("entries")? {
        let label = entry["event"].as_str().context("a label")?;
        assert!(
            label.chars().count() <= 120 && label.len() <= 480,
            "{label}"
        );
        assert!(!label.contains(|c: char| c.is_control()), "{label:?}");
    }
    // What support types is refused instead.
    let reason = json!({ "amount": 100, "reason": "x".repeat(2_001) });
    let path = format!("/sandbox/accounts/{}/adjust", booth.account.id);
    assert_eq!(
        booth.cloud.call(Method::POST, &path, "", &reason).await?.0,
        422
    );
    Ok(())
}

/// A thousand grants and more end in a closure of several entries, and come back from it.
#[tokio::test]
async fn account_with_a_thousand_grants_closes_and_is_restored() -> anyhow::Result<()> {
    let booth = Booth::new(CLOCK, with(basic(0), json!({ "card": null }))).await?;
    let path = format!("/sandbox/accounts/{}/adjust", booth.account.id);
    for _ in 0..1_050 / 50 {
        let adjusted = (0..50).map(|_| booth.cloud.post(&path, json!({ "amount": 1 })));
        for done in join_all(adjusted).await {
            done?;
        }
    }
    booth.until("2026-04-10T08:00:00Z").await?;
    assert_eq!(booth.plan()?["state"], "closed");
    let kinds = booth.laptop.ok(&["history", "--kind", "closure"])?;
    assert_eq!(
        kinds["entries"].as_array().context("entries")?.len(),
        2,
        "{kinds}"
    );
    booth
        .cloud
        .control(&booth.account, "restore", json!({}))
        .await?;
    booth.agrees().await?;
    assert_eq!(booth.balance()?, 1_050);
    Ok(())
}

/// Streams to readers that never read hold no thread, are bounded for one account, and stop nobody else.
#[tokio::test]
async fn readers_that_never_read_stop_nobody_else() -> anyhow::Result<()> {
    let folder = tempdir()?;
    let data = folder.path().join("cloud");
    let arguments = ["--profile", "large", "--entries", "30000"];
    let (mut cloud, account) = Cloud::seeded(&data, &arguments)?;
    let other = cloud.account(basic(10_000)).await?;
    let address = cloud.url.trim_start_matches("http://").to_owned();
    let threads = |pid: u32| -> anyhow::Result<usize> {
        Ok(std::fs::read_dir(format!("/proc/{pid}/task"))?.count())
    };
    let mut readers = Vec::new();
    for _ in 0..600 {
        let mut reader = TcpStream::connect(&address)?;
        let request = format!(
            "GET /v1/journal HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {}\r\n\r\n",
            account.key
        );
        reader.write_all(request.as_bytes())?;
        readers.push(reader);
    }
    let started = Instant::now();
    cloud.runs(&other, "sms", 5).await?;
    assert_eq!(cloud.balance(&other).await?, 10_000 - 10);
    assert!(
        started.elapsed() < Duration::from_secs(5),
        "{:?}",
        started.elapsed()
    );
    let pid = cloud.pid();
    until("threads to be given back", async || {
        Ok((threads(pid)? < 100).then_some(()))
    })
    .await?;
    drop(readers);
    let laptop = Laptop::new(&folder.path().join("laptop")).with_key(&account.key);
    until("the account itself to be served again", async || {
        Ok(laptop
            .run(&["login", "--cloud", &cloud.url])?
            .0
            .eq(&0)
            .then_some(()))
    })
    .await?;
    Ok(())
}

#[tokio::test]
async fn one_account_has_so_many_channels_and_no_more() -> anyhow::Result<()> {
    let booth = Booth::basic(CLOCK, 10_000).await?;
    let other = booth.cloud.account(basic(10_000)).await?;
    let open = |key: String| {
        let request = http().map(|http| http.get(format!("{}/v1/events", booth.cloud.url)));
        async move { Ok::<_, anyhow::Error>(request?.bearer_auth(key).send().await?) }
    };
    let mut channels = Vec::new();
    for _ in 0..100 {
        let channel = open(booth.account.key.clone()).await?;
        assert_eq!(channel.status(), 200);
        channels.push(channel);
    }
    let refused = open(booth.account.key.clone()).await?;
    assert_eq!(refused.status(), 429);
    assert!(refused.headers().contains_key("retry-after"));
    assert_eq!(open(other.key.clone()).await?.status(), 200);
    channels.pop();
    until("a place to be given back", async || {
        Ok(open(booth.account.key.clone())
            .await?
            .status()
            .is_success()
            .then_some(()))
    })
    .await?;
    Ok(())
}

#[tokio::test]
async fn channel_ends_with_the_key_that_opened_it() -> anyhow::Result<()> {
    let booth = Booth::basic(CLOCK, 10_000).await?;
    let request = http()?.get(format!("{}/v1/events", booth.cloud.url));
    let mut channel = request.bearer_auth(&booth.account.key).send().await?;
    assert!(channel.chunk().await?.is_some());
    booth
        .cloud
        .control(&booth.account, "revoke-key", json!({}))
        .await?;
    within(Duration::from_secs(10), "the channel to end", async || {
        Ok(channel.chunk().await?.is_none().then_some(()))
    })
    .await
}

/// Connections that say nothing hold no place against those that speak.
#[tokio::test]
async fn silent_strangers_keep_nobody_out() -> anyhow::Result<()> {
    let booth = Booth::basic(CLOCK, 10_000).await?;
    let address = booth.cloud.url.trim_start_matches("http://").to_owned();
    let mut strangers = Vec::new();
    for _ in 0..1_100 {
        strangers.push(TcpStream::connect(&address)?);
    }
    let started = Instant::now();
    assert_eq!(booth.cloud.balance(&booth.account).await?, 10_000);
    assert!(
        started.elapsed() < Duration::from_secs(3),
        "{:?}",
        started.elapsed()
    );
    // The oldest make room for newer ones once they have had their time.
    strangers[0].set_nonblocking(true)?;
    until("the oldest to be closed", async || {
        let _newer = TcpStream::connect(&address)?;
        Ok(matches!(strangers[0].read(&mut [0; 1]), Ok(0)).then_some(()))
    })
    .await
}

/// Also what is refused below the handlers is a problem document with the cloud's mark.
#[tokio::test]
async fn every_refusal_is_a_problem_document() -> anyhow::Result<()> {
    let booth = Booth::basic(CLOCK, 10_000).await?;
    let url = &booth.cloud.url;
    let command = format!("{url}/v1/commands/{}", uuid::Uuid::now_v7());
    let http = http()?;
    for (request, status, code) in [
        (
            http.put(&command).body(vec![b'x'; 3 * 1024 * 1024]),
            413,
            "payload_too_large",
        ),
        (
            http.post(format!("{url}/v1/runs"))
                .body(vec![b' '; 100 * 1024]),
            413,
            "payload_too_large",
        ),
        (http.put(&command).body("{"), 400, "malformed"),
        (
            http.delete(format!("{url}/v1/meta")),
            405,
            "method_not_allowed",
        ),
        (http.get(format!("{url}/v2/moon")), 404, "not_found"),
        (
            http.put(format!("{url}/v1/blobs/{}", "0".repeat(64)))
                .body("x"),
            400,
            "malformed",
        ),
    ] {
        let response = request.bearer_auth(&booth.account.key).send().await?;
        let kind = response.headers()["content-type"].to_str()?.to_owned();
        assert_eq!(response.headers()["boothkeeper-api"], "1", "{code}");
        assert_eq!(response.status().as_u16(), status, "{code}");
        assert_eq!(kind, "application/problem+json", "{code}");
        let problem: Value = response.json().await?;
        assert_eq!(problem["code"], code);
    }
    Ok(())
}

/// More tickets than one document holds: page by page, and only what changed.
#[tokio::test]
async fn hundred_large_disputes_are_fetched_page_by_page() -> anyhow::Result<()> {
    let booth = Booth::basic(CLOCK, 10_000).await?;
    let message = "🎉".repeat(15_000);
    for n in 0..110 {
        let command = json!({ "kind": "open_dispute", "claim": {
            "dispute_kind": "purchase_missing", "noticed_on": "2026-01-10", "payment": format!("pay_{n}"), "message": message,
        }});
        let (status, answer) = booth.cloud.command(&booth.account, &command).await?;
        assert_eq!(status, 200, "{answer}");
    }
    booth.laptop.ok(&["sync"])?;
    let listed = booth.laptop.ok(&["dispute", "list"])?;
    assert_eq!(
        listed["disputes"].as_array().context("disputes")?.len(),
        110
    );
    // A laptop of before gets as much as it reads.
    let request = http()?.get(format!("{}/v1/disputes", booth.cloud.url));
    let old = request
        .bearer_auth(&booth.account.key)
        .send()
        .await?
        .bytes()
        .await?;
    assert!(old.len() < 4 * 1024 * 1024, "{}", old.len());
    assert!(
        serde_json::from_slice::<Value>(&old)?["disputes"]
            .as_array()
            .context("disputes")?
            .len()
            > 10
    );
    // One changes: one is sent.
    let dispute = listed["disputes"][60]["id"]
        .as_str()
        .context("an id")?
        .to_owned();
    let known = Connection::open(booth.laptop.cache())?.query_row(
        "SELECT value FROM settings WHERE name = 'tickets_after'",
        [],
        |row| row.get::<_, String>(0),
    )?;
    let said = json!({ "text": "We are looking into it." });
    booth
        .cloud
        .post(&format!("/sandbox/disputes/{dispute}/message"), said)
        .await?;
    let path = format!("/v1/disputes?limit=50&after={known}");
    let (_, page) = booth.cloud.get(&path, &booth.account.key).await?;
    assert_eq!(page["disputes"].as_array().context("disputes")?.len(), 1);
    booth.laptop.ok(&["sync"])?;
    let shown = booth.laptop.ok(&["dispute", "show", &dispute])?;
    assert!(shown.to_string().contains("We are looking into it."));
    // A ticket does not grow without end either.
    let more = json!({ "kind": "message_dispute", "dispute": dispute, "message": message });
    let mut last = (200, Value::Null);
    for _ in 0..20 {
        last = booth.cloud.command(&booth.account, &more).await?;
    }
    assert_eq!((last.0, &last.1["code"]), (409, &json!("quota_reached")));
    booth.laptop.ok(&["sync"])?;
    Ok(())
}

/// The sandbox's controls answer programs, not pages of other sites in a browser on the same machine.
#[tokio::test]
async fn page_of_another_site_moves_no_sandbox() -> anyhow::Result<()> {
    let booth = Booth::basic(CLOCK, 10_000).await?;
    let clock = format!("{}/sandbox/clock", booth.cloud.url);
    let body = r#"{"advance_seconds":60}"#;
    let http = http()?;
    let post = || http.post(&clock).body(body);
    for (lie, request) in [
        ("a form", post().header("content-type", "text/plain")),
        ("no type", post()),
        (
            "another host",
            post()
                .header("content-type", "application/json")
                .header("host", "evil.example:80"),
        ),
        (
            "another origin",
            post()
                .header("content-type", "application/json")
                .header("origin", "https://evil.example"),
        ),
        (
            "an opaque origin",
            post()
                .header("content-type", "application/json")
                .header("origin", "null"),
        ),
    ] {
        let response = request.send().await?;
        assert_eq!(response.status(), 403, "{lie}");
        assert_eq!(
            response.json::<Value>().await?["code"],
            "cross_site",
            "{lie}"
        );
    }
    let honest = post()
        .header("content-type", "application/json; charset=utf-8")
        .send()
        .await?;
    assert_eq!(honest.status(), 200);
    Ok(())
}

#[tokio::test]
async fn second_process_on_one_data_folder_is_refused() -> anyhow::Result<()> {
    let booth = Booth::basic(CLOCK, 10_000).await?;
    let data = booth.folder.path().join("cloud");
    let second = std::process::Command::new(binary("boothkeeper-cloud"))
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(&data)
        .stdin(Stdio::null())
        .output()?;
    assert!(!second.status.success());
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(
        said.contains("another boothkeeper-cloud is using"),
        "{said}"
    );
    booth.cloud.runs(&booth.account, "sms", 1).await?;
    Ok(())
}

#[tokio::test]
async fn files_of_cloud_and_laptop_are_their_users_alone() -> anyhow::Result<()> {
    let booth = Booth::basic(CLOCK, 10_000).await?;
    let export = booth.folder.path().join("history.csv");
    booth
        .laptop
        .ok(&["history", "--export", export.to_str().context("a path")?])?;
    let mode = |path: &Path| -> anyhow::Result<u32> {
        Ok(std::fs::metadata(path)?.permissions().mode() & 0o777)
    };
    for folder in [booth.folder.path().join("cloud"), booth.laptop.data.clone()] {
        assert_eq!(mode(&folder)?, 0o700, "{}", folder.display());
        for file in std::fs::read_dir(&folder)? {
            let path = file?.path();
            let expected = if path.is_dir() { 0o700 } else { 0o600 };
            assert_eq!(mode(&path)?, expected, "{}", path.display());
        }
    }
    assert_eq!(mode(&export)?, 0o600);
    // A folder that is open to others is told.
    assert_eq!(booth.laptop.ok(&["doctor"])?["files"], "ok");
    std::fs::set_permissions(&booth.laptop.data, std::fs::Permissions::from_mode(0o755))?;
    assert_eq!(
        booth.laptop.ok(&["doctor"])?["files"],
        json!({ "problem": "open_to_others" })
    );
    Ok(())
}

/// The cloud does not sign or charge on a fold, a segment or rows that are not as it wrote them: that account is
/// refused, others are served.
#[tokio::test]
async fn damaged_account_is_refused_and_others_are_served() -> anyhow::Result<()> {
    for hurt in [
        r#"UPDATE accounts SET state = replace(state, '"balance":', '"balance":1') WHERE account = ?1"#,
        "UPDATE accounts SET seq = seq - 1 WHERE account = ?1",
        "UPDATE entries SET line = CAST(replace(CAST(line AS TEXT), '\"delta\":-2', '\"delta\":-3') AS BLOB)
         WHERE account = (SELECT id FROM accounts WHERE account = ?1)",
        "UPDATE segments SET balance = balance + 1 WHERE account = (SELECT id FROM accounts WHERE account = ?1)",
    ] {
        let folder = tempdir()?;
        let data = folder.path().join("cloud");
        let cloud = Cloud::start(&data, Some(CLOCK))?;
        let account = cloud.account(basic(10_000)).await?;
        let other = cloud.account(basic(10_000)).await?;
        cloud.runs(&account, "sms", 1_000).await?;
        cloud.runs(&account, "sms", 50).await?;
        assert!(database(&data)?.execute(hurt, [&account.id])? > 0, "{hurt}");
        let laptop = Laptop::new(&folder.path().join("laptop")).with_key(&account.key);
        let (code, error) = laptop.fails(&["login", "--cloud", &cloud.url])?;
        // What is found while a long journal is being sent ends the connection.
        assert!(code == 4 && ["server", "offline"].contains(&error.as_str()), "{hurt}: {error}");
        assert_eq!(laptop.balance()?["balance"], Value::Null, "{hurt}");
        cloud.runs(&other, "sms", 1).await?;
        assert_eq!(cloud.balance(&other).await?, 9_998);
    }
    Ok(())
}

/// A fold that other rules have made is no damage: it is made again from the journal before it is used.
#[tokio::test]
async fn fold_of_older_rules_is_made_again() -> anyhow::Result<()> {
    let mut booth = Booth::basic(CLOCK, 10_000).await?;
    booth.cloud.runs(&booth.account, "sms", 1_000).await?;
    booth.cloud.runs(&booth.account, "sms", 100).await?;
    booth.cloud.stop();
    let data = booth.folder.path().join("cloud");
    database(&data)?.execute("UPDATE accounts SET rules = 0, mark = 0, state = '{}'", [])?;
    booth.cloud.restart(&[])?;
    assert_eq!(booth.cloud.balance(&booth.account).await?, 10_000 - 2_200);
    booth.agrees().await
}

/// A clock that is years ahead closes no account and lets no credit expire, until a person says that it is right.
#[tokio::test]
async fn clock_that_jumped_ahead_closes_no_account() -> anyhow::Result<()> {
    let folder = tempdir()?;
    let data = folder.path().join("cloud");
    let account = {
        let mut cloud = Cloud::start(&data, Some("2024-01-10T08:00:00Z"))?;
        let account = cloud
            .account(with(basic(10_000), json!({ "card": null })))
            .await?;
        let card_first = json!({ "kind": "set_payment_order", "first": "card", "fallback": false });
        assert_eq!(cloud.command(&account, &card_first).await?.0, 200);
        cloud.advance_to("2024-02-20T08:00:00Z").await?;
        cloud.stop();
        account
    };
    // The same business without a sandbox, on the wall's clock; it last ran in February 2024.
    let last: boothkeeper_domain::Timestamp = "2024-02-20T08:00:00Z".parse()?;
    let store = "INSERT OR REPLACE INTO meta VALUES ('reached', ?1)";
    database(&data)?.execute(store, [last.millis().to_le_bytes()])?;
    let state = async |cloud: &Cloud| -> anyhow::Result<Value> {
        Ok(cloud.get("/v1/account", &account.key).await?.1)
    };
    let cloud = Cloud::real(&data, &[])?;
    let run = json!({ "id": "run_1", "service": "sms" });
    assert_eq!(
        cloud
            .call(Method::POST, "/v1/runs", &account.key, &run)
            .await?
            .0,
        200,
        "runs go on"
    );
    let found = state(&cloud).await?;
    assert_eq!(
        (&found["state"], &found["balance"]),
        (&json!("grace"), &json!(9_998)),
        "{found}"
    );
    drop(cloud);
    let cloud = Cloud::real(&data, &["--accept-clock"])?;
    until("the account to be closed", async || {
        let found = state(&cloud).await?;
        Ok((found["state"] == "closed" && found["balance"] == 0).then_some(()))
    })
    .await
}

/// Many callers at once: each is answered or told to come again, and what was acknowledged is in the journal.
#[tokio::test]
async fn flood_is_shed_and_loses_nothing_acknowledged() -> anyhow::Result<()> {
    let booth = Booth::basic(CLOCK, 100_000).await?;
    let http = http()?;
    let one = |n: usize| {
        let request = json!({ "id": format!("run_{n}"), "service": "sms" });
        let post = http
            .post(format!("{}/v1/runs", booth.cloud.url))
            .bearer_auth(&booth.account.key);
        async move {
            post.json(&request)
                .send()
                .await
                .map(|response| response.status().as_u16())
        }
    };
    let mut acknowledged = 0;
    for wave in 0..3 {
        for answer in join_all((0..700).map(|n| one(wave * 700 + n))).await {
            match answer? {
                200 => acknowledged += 1,
                status => ensure!(matches!(status, 429 | 503), "{status}"),
            }
        }
    }
    assert!(acknowledged > 100, "{acknowledged}");
    assert_eq!(
        booth.cloud.balance(&booth.account).await?,
        100_000 - 2 * acknowledged
    );
    booth.agrees().await
}
