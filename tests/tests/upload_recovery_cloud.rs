//! Uploads to the real cloud that crash, run twice or are never finished: each file arrives once and complete, and
//! blocks nothing else.

use anyhow::{Context, ensure};
use boothkeeper_tests::booth::Booth;
use boothkeeper_tests::cloud::{Account, Cloud};
use boothkeeper_tests::direct::{database, http};
use boothkeeper_tests::process::until;
use reqwest::Method;
use serde_json::{Value, json};

const CLOCK: &str = "2026-01-10T08:00:00Z";

/// SHA-256 and bytes of a file to upload; the cloud names it by its SHA-256. Another `salt` gives another file.
fn blob(length: usize, salt: u8) -> (String, Vec<u8>) {
    let bytes: Vec<u8> = (0..length).map(|at| (at % 251) as u8 ^ salt).collect();
    (boothkeeper_wire::sha256(&bytes).to_string(), bytes)
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

/// A booth with a failed run and a dispute draft about that run.
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
        ensure!(boothkeeper_wire::sha256(&bytes).to_string() == sha256);
    }
    let open = booth.laptop.ok(&["outbox", "list"])?;
    let open = open["commands"]
        .as_array()
        .context("commands")?
        .iter()
        .filter(|c| c["open"] == true)
        .count();
    ensure!(open == 0, "{open} commands are still open");
    Ok(())
}

/// The cloud crashes just before or after it writes the last piece of an upload, or after the command. The file is
/// completed or sent again, the dispute arrives once, and a purchase queued behind it is not held up.
#[tokio::test]
async fn cloud_crash_at_last_piece_of_upload_blocks_no_command() -> anyhow::Result<()> {
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

/// An uploaded file that has all its bytes but is not marked complete, as a crash of an earlier version left it, is
/// completed when the cloud starts or when the laptop sends the file again.
#[tokio::test]
async fn uploaded_file_with_all_bytes_but_not_marked_complete_is_completed() -> anyhow::Result<()> {
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

/// A complete file is not removed by another connection that is still sending the same file.
#[tokio::test]
async fn slower_second_upload_of_complete_file_does_not_remove_it() -> anyhow::Result<()> {
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
async fn unfinished_uploads_use_no_quota_and_expire() -> anyhow::Result<()> {
    const MIB: usize = 1024 * 1024;
    let booth = Booth::basic(CLOCK, 10_000).await?;
    let (cloud, account) = (&booth.cloud, &booth.account);
    // One byte each of 60 files of 10 MiB, 600 MiB together.
    for salt in 0..60 {
        let (sha256, bytes) = blob(100, salt);
        let (status, held) = put_blob(cloud, account, &sha256, 0, 10 * MIB, &bytes[..1]).await?;
        assert_eq!((status, &held["held"]), (200, &json!(1)), "{held}");
    }
    let (whole, bytes) = blob(5 * MIB, 99);
    let (status, held) = put_blob(cloud, account, &whole, 0, bytes.len(), &bytes).await?;
    assert_eq!((status, &held["complete"]), (200, &json!(true)), "{held}");
    // An account can delete its unfinished upload, but not a complete file.
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
    // A day later the next uploads remove the unfinished ones.
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
