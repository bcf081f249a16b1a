//! A cloud that answers commands and uploads falsely: every command ends within a bounded number of syncs, blocks no
//! other command, and can be withdrawn.

use anyhow::Context;
use axum::body::Body;
use axum::response::Response;
use boothkeeper_tests::hostile_proxy::marked;
use boothkeeper_tests::process::until;
use boothkeeper_tests::stage::{BALANCE, stage, watched};
use http::Method;
use serde_json::{Value, json};

/// The false answer to a request.
type Refusal = fn() -> Response<Body>;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn command_reported_applied_without_journal_entry_is_not_settled() -> anyhow::Result<()> {
    let stage = stage().await?;
    let head = stage.truth.head.seq;
    for (lie, answer) in [
        (
            "names no entry",
            json!({ "state": "applied", "entries": [], "head": head }),
        ),
        (
            "names an old entry",
            json!({ "state": "applied", "entries": [3], "head": head }),
        ),
        (
            "names one to come",
            json!({ "state": "applied", "entries": [head.0 + 5], "head": head }),
        ),
    ] {
        stage.hostile.answer_with(move |method, path| {
            let command = *method == Method::PUT && path.starts_with("/v1/commands");
            command.then(|| marked(200, "application/json", answer.to_string()))
        });
        let bought = stage.laptop.ok(&["buy", "50", "--yes"])?;
        assert_eq!(bought["state"], "applied", "{lie}: {bought}");
        stage.hostile.forward_all();
        stage.laptop.ok(&["sync"])?;
        let waiting = stage.laptop.ok(&["outbox", "list"])?;
        assert_eq!(
            waiting["commands"][0]["state"], "applied",
            "{lie}: {waiting}"
        );
        assert_eq!(stage.laptop.balance()?["balance"], BALANCE, "{lie}");
    }
    // A later command with a true answer is settled.
    let bought = stage.laptop.ok(&["buy", "60", "--yes"])?;
    assert_eq!(bought["state"], "settled", "{bought}");
    Ok(())
}

/// Each refusal ends the command within six syncs, and syncing continues.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn command_that_is_always_refused_ends_and_blocks_no_other() -> anyhow::Result<()> {
    let stage = stage().await?;
    let too_large = || marked(413, "text/plain", "length limit exceeded");
    let passing = || {
        let problem = json!({ "code": "blob_missing", "status": 409, "title": "no" });
        marked(409, "application/problem+json", problem.to_string())
    };
    let unknown = || {
        let problem = json!({ "code": "moon_phase", "status": 409, "title": "full moon" });
        marked(409, "application/problem+json", problem.to_string())
    };
    let refusals: [(&str, Refusal); 3] = [
        ("413 as text", too_large),
        ("409", passing),
        ("a code of a later version", unknown),
    ];
    for (lie, refusal) in refusals {
        stage.hostile.answer_with(move |method, path| {
            (*method == Method::PUT && path.starts_with("/v1/commands")).then(refusal)
        });
        let (_, first) = stage.laptop.run(&["auto-recharge", "on", "--yes"])?;
        let mut state = Value::Null;
        for _ in 0..6 {
            let _ = stage.laptop.run(&["sync"])?;
            state = stage.laptop.ok(&["outbox", "list"])?["commands"][0]["state"].clone();
        }
        assert!(
            matches!(state.as_str(), Some("rejected" | "cancelled")),
            "{lie}: {state} after {first}"
        );
        stage.hostile.forward_all();
        assert_eq!(
            stage.laptop.ok(&["sync"])?["balance"],
            stage.cloud.balance(&stage.account).await?
        );
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn upload_without_progress_ends_and_blocks_no_other_command() -> anyhow::Result<()> {
    let stage = stage().await?;
    let id = stage.draft()?;
    stage.hostile.answer_with(|method, path| {
        let stuck = |path: &str| {
            let sha256 = path.rsplit('/').next().unwrap_or_default();
            json!({ "sha256": sha256, "held": 0, "complete": false }).to_string()
        };
        let upload = *method == Method::PUT && path.starts_with("/v1/blobs");
        upload.then(|| marked(200, "application/json", stuck(path)))
    });
    stage.laptop.run(&["dispute", "send", &id])?;
    let tries = stage.hostile.asked("/v1/blobs");
    assert!(tries <= 40, "{tries} tries in one sync");
    // A purchase does not wait behind the stuck upload.
    let bought = stage.laptop.ok(&["buy", "50", "--yes"])?;
    assert_eq!(bought["state"], "settled", "{bought}");
    for _ in 0..6 {
        stage.laptop.run(&["sync"])?;
    }
    assert_eq!(stage.open_commands()?, 0);
    // The dispute can be sent again.
    stage.hostile.forward_all();
    stage.laptop.ok(&["dispute", "send", &id])?;
    assert_eq!(
        stage.laptop.ok(&["dispute", "list"])?["disputes"][0]["state"],
        "submitted"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn endlessly_repeated_page_of_disputes_stops_being_fetched() -> anyhow::Result<()> {
    let stage = stage().await?;
    let id = stage.draft()?;
    stage.hostile.answer_with(|method, path| {
        let page = json!({ "seq": 1, "disputes": [], "after": "1.1", "has_more": true });
        let list = *method == Method::GET && path.starts_with("/v1/disputes");
        list.then(|| marked(200, "application/json", page.to_string()))
    });
    let (code, _) = stage.laptop.run(&["dispute", "send", &id])?;
    assert!(stage.hostile.asked("/v1/disputes") <= 4, "{code}");
    stage.hostile.forward_all();
    stage.laptop.ok(&["sync"])?;
    assert_eq!(
        stage.laptop.ok(&["dispute", "list"])?["disputes"][0]["state"],
        "submitted"
    );
    Ok(())
}

/// A proxy answers all uploads of one command falsely: other commands are sent, and this command ends.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn command_whose_uploads_always_fail_ends_and_blocks_no_other() -> anyhow::Result<()> {
    let html = || Response::new(Body::from("<html>Blocked</html>"));
    let garbage = || marked(200, "application/json", "{");
    let refusals: [(&str, Refusal); 2] = [
        ("a page of a proxy", html),
        ("an answer that is not JSON", garbage),
    ];
    for (lie, refusal) in refusals {
        let stage = stage().await?;
        let id = stage.draft()?;
        stage.hostile.answer_with(move |method, path| {
            (*method == Method::PUT && path.starts_with("/v1/blobs")).then(refusal)
        });
        stage.laptop.run(&["dispute", "send", &id])?;
        let bought = stage.laptop.ok(&["buy", "50", "--yes"])?;
        assert_eq!(bought["state"], "settled", "{lie}: {bought}");
        // Sync 50 times: each upload gets the false answer, and all other requests reach the cloud.
        for _ in 0..50 {
            stage.laptop.run(&["sync"])?;
        }
        assert_eq!(stage.open_commands()?, 0, "{lie}");
        stage.hostile.forward_all();
        stage.laptop.ok(&["dispute", "send", &id])?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn upload_that_advances_one_byte_per_request_ends() -> anyhow::Result<()> {
    let stage = stage().await?;
    let id = stage.draft()?;
    let held = std::sync::atomic::AtomicU64::new(0);
    stage.hostile.answer_with(move |method, path| {
        let upload = *method == Method::PUT && path.starts_with("/v1/blobs");
        let held = held.fetch_add(u64::from(upload), std::sync::atomic::Ordering::Relaxed) + 1;
        let sha256 = path.rsplit('/').next().unwrap_or_default();
        let state = json!({ "sha256": sha256, "held": held, "complete": false });
        upload.then(|| marked(200, "application/json", state.to_string()))
    });
    stage.laptop.run(&["dispute", "send", &id])?;
    let tries = stage.hostile.asked("/v1/blobs");
    assert!(tries <= 40, "{tries}");
    Ok(())
}

/// A command whose outcome the cloud never reports can be withdrawn, and other purchases are sent.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn command_without_known_outcome_can_be_withdrawn() -> anyhow::Result<()> {
    let stage = stage().await?;
    stage.hostile.answer_with(|method, path| {
        let command = path.starts_with("/v1/commands");
        let problem = json!({ "code": "malformed", "status": 400, "title": "no" });
        match *method {
            Method::PUT if command => Some(marked(500, "application/problem+json", "{}")),
            Method::GET if command => {
                Some(marked(400, "application/problem+json", problem.to_string()))
            }
            _ => None,
        }
    });
    let (_, first) = stage.laptop.run(&["buy", "50", "--yes"])?;
    let id = first["id"].as_str().context("an id")?.to_owned();
    assert_eq!(first["state"], "unknown", "{first}");
    let taken = stage.laptop.ok(&["outbox", "cancel", &id])?;
    assert_eq!(
        (&taken["state"], &taken["withdrawn"]),
        (&json!("unknown"), &json!(true))
    );
    // The cloud accepts new commands, but still does not report the first command's outcome.
    let path = format!("/v1/commands/{id}");
    stage.hostile.answer_with(move |method, asked| {
        let problem = json!({ "code": "malformed", "status": 400, "title": "no" });
        let told = *method == Method::GET && asked == path;
        told.then(|| marked(400, "application/problem+json", problem.to_string()))
    });
    let bought = stage.laptop.ok(&["buy", "60", "--yes"])?;
    assert_eq!(bought["state"], "settled", "{bought}");
    assert_eq!(
        stage.laptop.ok(&["outbox", "cancel", &id])?["state"],
        "cancelled"
    );
    assert_eq!(stage.open_commands()?, 0);
    Ok(())
}

/// A command whose answer names an entry past the journal's end is asked about again once the cloud is honest, and the
/// purchase is made.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn command_answered_with_entry_past_journal_end_is_queried_again() -> anyhow::Result<()> {
    let stage = stage().await?;
    stage.hostile.answer_with(|method, path| {
        let answer = json!({ "state": "applied", "entries": [999_999], "head": 999_999 });
        let command = *method == Method::PUT && path.starts_with("/v1/commands");
        command.then(|| marked(200, "application/json", answer.to_string()))
    });
    stage.laptop.run(&["buy", "50", "--yes"])?;
    stage.hostile.forward_all();
    stage.laptop.ok(&["sync"])?;
    stage.laptop.ok(&["sync"])?;
    assert_eq!(stage.open_commands()?, 0);
    assert_eq!(stage.laptop.balance()?["balance"], BALANCE + 5_000);
    assert_eq!(stage.cloud.balance(&stage.account).await?, BALANCE + 5_000);
    Ok(())
}

/// If an attachment is damaged on the laptop's disk, the command is rejected with `file_lost`, and the dispute can be
/// sent again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dispute_attachment_damaged_before_sending_is_reported() -> anyhow::Result<()> {
    let stage = stage().await?;
    let id = stage.draft()?;
    stage.hostile.answer_with(|method, path| {
        let upload = *method == Method::PUT && path.starts_with("/v1/blobs");
        upload.then(|| marked(503, "application/problem+json", "{}"))
    });
    stage.laptop.run(&["dispute", "send", &id])?;
    for file in std::fs::read_dir(stage.laptop.data.join("blobs"))? {
        let path = file?.path();
        let mut bytes = std::fs::read(&path)?;
        bytes[0] ^= 1;
        std::fs::write(&path, bytes)?;
    }
    stage.hostile.forward_all();
    stage.laptop.run(&["sync"])?;
    let listed = stage.laptop.ok(&["outbox", "list"])?;
    let command = &listed["commands"][0];
    assert_eq!(
        (&command["state"], &command["problem"]),
        (&json!("rejected"), &json!("file_lost")),
        "{listed}"
    );
    stage.laptop.ok(&["dispute", "send", &id])?;
    assert_eq!(
        stage.laptop.ok(&["dispute", "list"])?["disputes"][0]["state"],
        "submitted"
    );
    Ok(())
}

/// While another process runs `sync --watch` on the same folder, each purchase that exits with success is made once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn purchases_beside_sync_watch_match_their_exit_codes() -> anyhow::Result<()> {
    let stage = stage().await?;
    let (_watch, lines) = watched(&stage.laptop)?;
    until("the watch to be live", async || {
        Ok(lines.try_iter().find(|line| line["trust"] == "live"))
    })
    .await?;
    for _ in 0..40 {
        stage.laptop.ok(&["buy", "50", "--yes"])?;
    }
    until("all to be sent", async || {
        Ok((stage.open_commands()? == 0).then_some(()))
    })
    .await?;
    assert_eq!(
        stage.cloud.balance(&stage.account).await?,
        BALANCE + 40 * 5_000
    );
    Ok(())
}
