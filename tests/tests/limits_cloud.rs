//! Limits of the real cloud: overlong texts, very many separate credits, stalled or idle connections, large documents
//! and overload harm neither the journal nor other callers.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use boothkeeper_tests::booth::{Booth, basic, with};
use boothkeeper_tests::cloud::Cloud;
use boothkeeper_tests::direct::http;
use boothkeeper_tests::laptop::Laptop;
use boothkeeper_tests::process::until;
use futures_util::future::join_all;
use reqwest::Method;
use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::tempdir;

const CLOCK: &str = "2026-01-10T08:00:00Z";

/// An overlong event label is shortened before it is journalled, so that the journal stays readable. The run is
/// charged.
#[tokio::test]
async fn overlong_event_labels_are_shortened_and_journal_stays_readable() -> anyhow::Result<()> {
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
    // An overlong reason from support is refused.
    let reason = json!({ "amount": 100, "reason": "x".repeat(2_001) });
    let path = format!("/sandbox/accounts/{}/adjust", booth.account.id);
    assert_eq!(
        booth.cloud.call(Method::POST, &path, "", &reason).await?.0,
        422
    );
    Ok(())
}

/// An account with 1,050 grants (credits that arrived separately) is closed by two entries, and restored from both.
#[tokio::test]
async fn account_with_a_thousand_separate_credits_closes_and_is_restored() -> anyhow::Result<()> {
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

/// Journal streams whose readers never read hold no thread, are limited for each account, and do not delay others.
#[tokio::test]
async fn clients_that_stop_reading_do_not_delay_other_accounts() -> anyhow::Result<()> {
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
    until("threads to be released", async || {
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
async fn live_channels_of_one_account_are_limited_to_one_hundred() -> anyhow::Result<()> {
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
    until("a channel to become free", async || {
        Ok(open(booth.account.key.clone())
            .await?
            .status()
            .is_success()
            .then_some(()))
    })
    .await?;
    Ok(())
}

/// Idle connections do not keep active clients out.
#[tokio::test]
async fn idle_connections_do_not_block_active_clients() -> anyhow::Result<()> {
    let booth = Booth::basic(CLOCK, 10_000).await?;
    let address = booth.cloud.url.trim_start_matches("http://").to_owned();
    let mut idle = Vec::new();
    for _ in 0..1_100 {
        idle.push(TcpStream::connect(&address)?);
    }
    let started = Instant::now();
    assert_eq!(booth.cloud.balance(&booth.account).await?, 10_000);
    assert!(
        started.elapsed() < Duration::from_secs(3),
        "{:?}",
        started.elapsed()
    );
    // After their time limit the oldest idle connections are closed in favour of newer ones.
    idle[0].set_nonblocking(true)?;
    until("the oldest to be closed", async || {
        let _newer = TcpStream::connect(&address)?;
        Ok(matches!(idle[0].read(&mut [0; 1]), Ok(0)).then_some(()))
    })
    .await
}

/// Refusals by the web server, before code of the cloud runs, are JSON problem documents with the API header too.
#[tokio::test]
async fn every_refusal_of_cloud_has_error_code_and_api_header() -> anyhow::Result<()> {
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

/// More disputes than one document holds are fetched page by page, and afterwards only the changed ones.
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
    // A laptop of an earlier version asks without `limit` and gets one document under 4 MiB, that laptop's limit.
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
    // After one dispute has changed, only that dispute is sent.
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
    // The number of messages of one dispute is limited too.
    let more = json!({ "kind": "message_dispute", "dispute": dispute, "message": message });
    let mut last = (200, Value::Null);
    for _ in 0..20 {
        last = booth.cloud.command(&booth.account, &more).await?;
    }
    assert_eq!((last.0, &last.1["code"]), (409, &json!("quota_reached")));
    booth.laptop.ok(&["sync"])?;
    Ok(())
}

/// Each of 700 simultaneous calls is answered, or refused with 429 or 503, and every acknowledged run is in the
/// journal.
#[tokio::test]
async fn overloaded_cloud_refuses_calls_and_keeps_acknowledged_runs() -> anyhow::Result<()> {
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
