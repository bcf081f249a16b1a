//! Uploads to the real cloud: interrupted, killed or sent twice, each file arrives once, complete and matching its
//! hash.

use anyhow::ensure;
use boothkeeper_tests::booth::{Booth, basic, with};
use boothkeeper_tests::cloud::{Account, Cloud};
use boothkeeper_tests::process::{Pipes, Process, rounds};
use boothkeeper_wire::sha256;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use tempfile::tempdir;

const START: &str = "2026-02-20T12:00:00Z";

fn noise(length: usize) -> Vec<u8> {
    let mut dice = StdRng::seed_from_u64(7);
    (0..length).map(|_| dice.random()).collect()
}

/// Sends one piece of a file. Returns the status, or `None` if the connection broke.
async fn put(
    cloud: &Cloud,
    account: &Account,
    name: &str,
    (offset, length): (u64, usize),
    piece: &[u8],
) -> anyhow::Result<Option<u16>> {
    let sent = reqwest::Client::builder()
        .no_proxy()
        .build()?
        .put(format!("{}/v1/blobs/{name}", cloud.url))
        .bearer_auth(&account.key)
        .header("upload-offset", offset)
        .header("upload-length", length)
        .body(piece.to_vec())
        .send()
        .await;
    Ok(sent.ok().map(|response| response.status().as_u16()))
}

/// How many bytes of a file the cloud holds, and whether it is complete.
async fn held(cloud: &Cloud, account: &Account, name: &str) -> anyhow::Result<(u64, bool)> {
    let url = format!("{}/v1/blobs/{name}", cloud.url);
    let asked = reqwest::Client::builder().no_proxy().build()?;
    let response = asked.head(url).bearer_auth(&account.key).send().await?;
    if response.status() == 404 {
        return Ok((0, false));
    }
    let header = |name: &str| response.headers().get(name).and_then(|v| v.to_str().ok());
    let offset = header("upload-offset").unwrap_or_default().parse()?;
    Ok((offset, header("upload-complete") == Some("?1")))
}

#[tokio::test]
async fn upload_cut_at_10_to_90_percent_resumes_where_it_was_cut() -> anyhow::Result<()> {
    let folder = tempdir()?;
    let cloud = Cloud::start(&folder.path().join("cloud"), Some(START))?;
    let account = cloud.booth(1_000).await?;
    for tenth in 1..10 {
        let mut file = noise(300_000);
        file.push(tenth);
        let (name, length) = (sha256(&file).to_string(), file.len());
        let cut = length * usize::from(tenth) / 10;
        cloud
            .fault("/v1/blobs", 1, json!({ "cut_request": cut }))
            .await?;
        let broken = put(&cloud, &account, &name, (0, length), &file).await?;
        ensure!(broken.is_none(), "the connection broke");
        let (offset, complete) = held(&cloud, &account, &name).await?;
        ensure!(
            (offset, complete) == (cut as u64, false),
            "{tenth}: {offset} of {cut}"
        );
        // A piece at another offset is refused, and changes nothing.
        let early = put(
            &cloud,
            &account,
            &name,
            (offset - 1, length),
            &file[cut - 1..],
        )
        .await?;
        ensure!(early == Some(409), "{early:?}");
        let rest = put(&cloud, &account, &name, (offset, length), &file[cut..]).await?;
        ensure!(rest == Some(200), "{rest:?}");
        ensure!(held(&cloud, &account, &name).await? == (length as u64, true));
        // Sending the complete file again succeeds.
        let again = put(&cloud, &account, &name, (0, length), &file).await?;
        ensure!(again == Some(200), "{again:?}");
    }
    Ok(())
}

#[tokio::test]
async fn upload_that_does_not_match_its_hash_is_refused() -> anyhow::Result<()> {
    let folder = tempdir()?;
    let cloud = Cloud::start(&folder.path().join("cloud"), Some(START))?;
    let account = cloud.booth(1_000).await?;
    let stranger = cloud.booth(1_000).await?;
    let file = noise(10_000);
    let name = sha256(&file).to_string();
    let other = noise(9_999);
    let wrong = put(&cloud, &account, &name, (0, 9_999), &other).await?;
    assert_eq!(wrong, Some(422));
    assert_eq!(held(&cloud, &account, &name).await?, (0, false));
    for (length, piece) in [
        (0, &file[..0]),
        (11 * 1024 * 1024, &file[..]),
        (9_000, &file[..]),
    ] {
        let refused = put(&cloud, &account, &name, (0, length), piece).await?;
        assert_eq!(refused, Some(413), "{length}");
    }
    let refused = put(&cloud, &account, "no-hash", (0, 10), &file[..10]).await?;
    assert_eq!(refused, Some(404));
    let (_, _) = cloud.get("/v1/meta", "").await?;
    assert_eq!(
        put(&cloud, &account, &name, (0, file.len()), &file).await?,
        Some(200)
    );
    // Another account can neither see nor attach the file.
    assert_eq!(held(&cloud, &stranger, &name).await?, (0, false));
    let claim = json!({ "dispute_kind": "other", "noticed_on": "2026-02-20", "message": "Hello" });
    let open = |blobs: Value| json!({ "kind": "open_dispute", "claim": claim, "blobs": blobs });
    let (status, refused) = cloud.command(&stranger, &open(json!([name]))).await?;
    assert_eq!((status, &refused["code"]), (409, &json!("blob_missing")));
    let (status, filed) = cloud.command(&account, &open(json!([name]))).await?;
    assert_eq!(status, 200, "{filed}");
    // A dispute that names an entry by a hash that is not the journal's is refused.
    let forged = json!({
        "kind": "open_dispute", "claim": claim, "entries": [{ "seq": 1, "hash": name }],
    });
    let (status, refused) = cloud.command(&account, &forged).await?;
    assert_eq!((status, &refused["code"]), (422, &json!("entry_mismatch")));
    Ok(())
}

/// The laptop and the cloud are killed repeatedly while a dispute is being sent.
#[tokio::test]
async fn dispute_arrives_once_although_laptop_and_cloud_are_killed() -> anyhow::Result<()> {
    let mut booth = Booth::new(START, with(basic(1_000), json!({ "plan": "payg" }))).await?;
    let failed = json!({ "service": "draw_me", "event": "Gala", "outcome": "failed" });
    booth.cloud.control(&booth.account, "runs", failed).await?;
    booth.laptop.ok(&["sync"])?;
    let mut receipt = b"%PDF-1.7\n".to_vec();
    receipt.extend(noise(3_000_000));
    let path = booth.folder.path().join("receipt.pdf");
    std::fs::write(&path, &receipt)?;
    let path = path.to_str().unwrap_or_default();
    let new = [
        "dispute",
        "new",
        "--finding",
        "run_failed_not_refunded",
        "--attach",
        path,
    ];
    let draft = booth.laptop.ok(&new)?;
    let id = draft["id"].as_str().unwrap_or_default().to_owned();
    booth.cloud.stop();
    booth.laptop.ok(&["dispute", "send", &id])?;
    booth.cloud.restart(&[])?;
    let mut dice = StdRng::seed_from_u64(11);
    for round in 0..rounds(12, 100) {
        let fault = match round % 3 {
            0 => json!({ "cut_request": dice.random_range(1_000..200_000) }),
            1 => json!("drop_answer"),
            _ => json!("5xx"),
        };
        booth.cloud.fault("/v1/", 1, fault).await?;
        let mut syncing = Process::start(&booth.laptop.command(&["sync"]), Pipes::default())?;
        let moment = std::time::Duration::from_millis(dice.random_range(5..250));
        // The kill comes at a random moment.
        tokio::time::sleep(moment).await;
        syncing.kill();
        if round % 4 == 3 {
            booth.cloud.kill();
            booth.cloud.restart(&[])?;
        }
    }
    booth.cloud.fault("/v1/", 0, json!("drop")).await?;
    booth.laptop.ok(&["sync"])?;
    booth.laptop.ok(&["sync"])?;
    let (_, answer) = booth.cloud.get("/v1/disputes", &booth.account.key).await?;
    let filed = answer["disputes"].as_array().cloned().unwrap_or_default();
    ensure!(filed.len() == 1, "{filed:?}");
    ensure!(
        filed[0]["messages"]
            .as_array()
            .is_some_and(|said| said.len() == 1)
    );
    let files = filed[0]["attachments"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    ensure!(files.len() == 5, "{files:?}");
    for file in files {
        let sha = file["sha256"].as_str().unwrap_or_default();
        let path = format!(
            "/sandbox/disputes/{}/blobs/{sha}",
            filed[0]["id"].as_str().unwrap_or_default()
        );
        let bytes = booth.cloud.bytes(&path).await?;
        ensure!(sha256(&bytes).to_string() == sha);
        ensure!(file["name"] != "receipt.pdf" || bytes == receipt);
    }
    // The laptop has deleted its copies of the files.
    let left = std::fs::read_dir(booth.laptop.data.join("blobs")).map_or(0, Iterator::count);
    ensure!(left == 0, "{left} files");
    Ok(())
}

/// Four processes send one draft at the same time: it is sent once, and later runs do not change the claimed amount.
#[tokio::test]
async fn dispute_sent_by_four_processes_arrives_as_one_message() -> anyhow::Result<()> {
    let booth = Booth::new(START, with(basic(10_000), json!({ "plan": "payg" }))).await?;
    let failed = json!({ "service": "draw_me", "outcome": "failed" });
    booth.cloud.control(&booth.account, "runs", failed).await?;
    booth.laptop.ok(&["sync"])?;
    let new = ["dispute", "new", "--finding", "run_failed_not_refunded"];
    let draft = booth.laptop.ok(&new)?;
    booth.cloud.runs(&booth.account, "draw_me", 20).await?;
    booth.laptop.ok(&["sync"])?;
    let id = draft["id"].as_str().unwrap_or_default();
    let later = booth.laptop.ok(&["dispute", "show", id])?;
    assert_eq!(
        (&later["owed"], &later["actual"]),
        (&json!(25), &booth.balance()?)
    );

    let send = booth.laptop.command(&["dispute", "send", id]);
    let mut senders = Vec::new();
    for _ in 0..4 {
        senders.push(Process::start(&send, Pipes::default())?);
    }
    for mut sender in senders {
        sender.child().wait()?;
    }
    booth.laptop.ok(&["sync"])?;
    let (_, answer) = booth.cloud.get("/v1/disputes", &booth.account.key).await?;
    let tickets = answer["disputes"].as_array().unwrap();
    assert_eq!(tickets.len(), 1, "{answer}");
    assert_eq!(tickets[0]["messages"].as_array().unwrap().len(), 1);
    assert_eq!(tickets[0]["attachments"].as_array().unwrap().len(), 4);
    Ok(())
}
