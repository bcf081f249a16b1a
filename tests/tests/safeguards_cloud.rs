//! Safeguards of the real cloud: who may use a live channel, the sandbox's controls and the files on disk; and refusal
//! of damaged accounts and of a clock that jumped ahead.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::Context;
use boothkeeper_tests::booth::{Booth, basic, with};
use boothkeeper_tests::cloud::Cloud;
use boothkeeper_tests::direct::{database, http};
use boothkeeper_tests::laptop::Laptop;
use boothkeeper_tests::process::{binary, until, within};
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::tempdir;

const CLOCK: &str = "2026-01-10T08:00:00Z";

#[tokio::test]
async fn live_channel_ends_when_its_access_key_is_revoked() -> anyhow::Result<()> {
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

/// The sandbox's controls refuse requests from pages of other sites in a browser on the same machine.
#[tokio::test]
async fn cross_site_request_cannot_control_sandbox() -> anyhow::Result<()> {
    let booth = Booth::basic(CLOCK, 10_000).await?;
    let clock = format!("{}/sandbox/clock", booth.cloud.url);
    let body = r#"{"advance_seconds":60}"#;
    let http = http()?;
    let post = || http.post(&clock).body(body);
    for (case, request) in [
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
        assert_eq!(response.status(), 403, "{case}");
        assert_eq!(
            response.json::<Value>().await?["code"],
            "cross_site",
            "{case}"
        );
    }
    let valid = post()
        .header("content-type", "application/json; charset=utf-8")
        .send()
        .await?;
    assert_eq!(valid.status(), 200);
    Ok(())
}

#[tokio::test]
async fn second_cloud_process_on_one_data_folder_is_refused() -> anyhow::Result<()> {
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
async fn files_of_cloud_and_laptop_are_readable_by_owner_only() -> anyhow::Result<()> {
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
    // `doctor` reports a folder that other users can read.
    assert_eq!(booth.laptop.ok(&["doctor"])?["files"], "ok");
    std::fs::set_permissions(&booth.laptop.data, std::fs::Permissions::from_mode(0o755))?;
    assert_eq!(
        booth.laptop.ok(&["doctor"])?["files"],
        json!({ "problem": "open_to_others" })
    );
    Ok(())
}

/// An account whose stored state, segment or rows were changed on disk is refused: the cloud neither signs nor charges
/// for it. Other accounts are served.
#[tokio::test]
async fn damaged_account_is_refused_and_others_are_served() -> anyhow::Result<()> {
    for damage in [
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
        assert!(database(&data)?.execute(damage, [&account.id])? > 0, "{damage}");
        let laptop = Laptop::new(&folder.path().join("laptop")).with_key(&account.key);
        let (code, error) = laptop.fails(&["login", "--cloud", &cloud.url])?;
        // Damage found while the journal is being sent ends the connection, which the laptop reports as `offline`.
        assert!(code == 4 && ["server", "offline"].contains(&error.as_str()), "{damage}: {error}");
        assert_eq!(laptop.balance()?["balance"], Value::Null, "{damage}");
        cloud.runs(&other, "sms", 1).await?;
        assert_eq!(cloud.balance(&other).await?, 9_998);
    }
    Ok(())
}

/// An account state stored by earlier rules is not damage: it is computed again from the journal before it is used.
#[tokio::test]
async fn account_state_computed_by_older_rules_is_recomputed() -> anyhow::Result<()> {
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

/// A clock that jumped years ahead closes no account and expires no credits until `--accept-clock` confirms it.
#[tokio::test]
async fn cloud_clock_that_jumped_ahead_closes_no_account() -> anyhow::Result<()> {
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
    // The same data without a sandbox, on the real clock. The cloud last ran in February 2024.
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
