//! A cloud that sends a false journal or a false time: each lie ends in an error code within limits on time, memory and
//! traffic, none of it is shown, and syncing continues once the cloud is honest again.

use std::process::Stdio;
use std::time::Duration;

use anyhow::Context;
use boothkeeper_domain::Timestamp;
use boothkeeper_domain::time::MINUTE;
use boothkeeper_tests::cloud::Cloud;
use boothkeeper_tests::hostile_proxy::{HostileProxy, Truth, marked};
use boothkeeper_tests::laptop::Laptop;
use boothkeeper_tests::process::{until, within};
use boothkeeper_tests::stage::{BALANCE, TRAFFIC, measured, only, stage, watched};
use boothkeeper_wire::STREAM_TYPE;
use boothkeeper_wire::stream::{MAX_FRAME, compress};
use ed25519_dalek::SigningKey;
use serde_json::{Value, json};
use tempfile::tempdir;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn endless_or_huge_journal_is_refused_in_limited_time_and_memory() -> anyhow::Result<()> {
    let stage = stage().await?;
    let skippable = [0x50, 0x2a, 0x4d, 0x18, 0xff, 0xff, 0xff, 0xff].to_vec();
    let empty_blocks = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58].to_vec();
    let line = br#"{"seq":1,"at":""#.to_vec();
    let endless = [
        ("skippable frame", skippable, vec![0; 64 * 1024]),
        ("empty blocks", empty_blocks, vec![0; 64 * 1024]),
        ("frames of nothing", vec![], compress(b"")?),
        ("frames of one empty line", vec![], compress(b"\n")?),
        (
            "line without an end",
            vec![],
            compress(&[line, vec![b'x'; 256 * 1024]].concat())?,
        ),
        ("noise", vec![], vec![0xa5; 64 * 1024]),
    ];
    for (lie, first, again) in endless {
        let body = stage.hostile.endless(first, again);
        stage.hostile.answer_with(only("/v1/journal", move || {
            marked(200, STREAM_TYPE, body())
        }));
        stage
            .run(&["sync"])?
            .refused_within_bounds(lie, stage.hostile.sent())?;
        stage.assert_balance_unchanged()?;
    }
    let bomb = compress(&vec![b'\n'; MAX_FRAME + 1])?;
    stage.hostile.answer_with(only("/v1/journal", move || {
        marked(200, STREAM_TYPE, bomb.clone())
    }));
    stage.run(&["sync"])?.refused_within_bounds("bomb", 0)?;
    stage.assert_balance_unchanged()?;
    stage.assert_syncs_again().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn endless_json_answers_are_refused_in_limited_time_and_memory() -> anyhow::Result<()> {
    let stage = stage().await?;
    for (path, verb) in [
        ("/v1/meta", vec!["login", "--cloud", &stage.hostile.url]),
        ("/v1/catalog", vec!["sync"]),
    ] {
        let first = br#"{"time":""#.to_vec();
        let body = stage.hostile.endless(first, vec![b'x'; 64 * 1024]);
        stage.hostile.answer_with(move |_, asked| {
            asked
                .starts_with(path)
                .then(|| marked(200, "application/json", body()))
        });
        stage
            .run(&verb)?
            .refused_within_bounds(path, stage.hostile.sent())?;
        stage.assert_balance_unchanged()?;
    }
    stage.assert_syncs_again().await
}

/// A journal that is signed but invalid is refused without a panic, and nothing of it is kept.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signed_but_invalid_journal_is_refused() -> anyhow::Result<()> {
    let stage = stage().await?;
    let scale = |scale: u8| {
        let to = format!(r#""scale":{scale}}},"plan""#);
        stage.truth.rewritten(|entries| {
            entries[0] = entries[0].replace(r#""scale":2},"plan""#, &to);
        })
    };
    let more = stage.truth.rewritten(|entries| {
        // A valid entry, but after the entry that the stream's beginning names as the newest.
        let last = entries.last().unwrap().clone();
        let seq = entries.len();
        entries.push(last.replace(
            &format!(r#"{{"seq":{seq},"#),
            &format!(r#"{{"seq":{},"#, seq + 1),
        ));
    });
    let lies = [
        ("scale of 7", scale(7)),
        ("scale of 20", scale(20)),
        ("scale of 255", scale(255)),
        ("past its head", more),
    ];
    for (lie, stream) in lies {
        assert_ne!(stream, stage.truth.journal, "{lie}");
        let fresh = Laptop::new(&stage.folder.path().join(lie)).with_key(&stage.account.key);
        stage.hostile.answer_with(only("/v1/journal", move || {
            marked(200, STREAM_TYPE, stream.clone())
        }));
        let ended = measured(&fresh, &["login", "--cloud", &stage.hostile.url])?;
        ended.refused_within_bounds(lie, 0)?;
        assert_eq!(fresh.balance()?["balance"], Value::Null, "{lie}");
        stage.hostile.forward_all();
        assert_eq!(fresh.ok(&["sync"])?["balance"], BALANCE, "{lie}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn heartbeat_with_wrong_signature_or_newest_entry_is_ignored() -> anyhow::Result<()> {
    let stage = stage().await?;
    let (truth, later) = (&stage.truth, "2027-01-10T08:00:00Z");
    let stranger = SigningKey::from_bytes(&[9; 32]);
    let head = || truth.head.clone();
    let mut of_another = Truth::of(
        &stage.cloud,
        &stage.folder.path().join("cloud"),
        &stage.account,
    )
    .await?;
    of_another.account = boothkeeper_domain::AccountId::new("acc_other")?;
    for (lie, beats) in [
        ("not signed", truth.beat(head(), later, None)),
        (
            "signed by a stranger",
            truth.beat(head(), later, Some(&stranger)),
        ),
        (
            "signed for another account",
            of_another.beat(head(), later, Some(&truth.key)),
        ),
        (
            "signed, for a head that is not there",
            truth.beat(truth.ahead(1_000), later, Some(&truth.key)),
        ),
        (
            "not signed, for a head that is not there",
            truth.beat(truth.ahead(1_000), later, None),
        ),
    ] {
        let body = stage.hostile.endless(vec![], beats.into_bytes());
        stage.hostile.answer_with(only("/v1/events", move || {
            marked(200, "text/event-stream", body())
        }));
        let (watch, lines) = watched(&stage.laptop)?;
        within(Duration::from_secs(30), "several heartbeats", async || {
            Ok(
                (stage.hostile.asked("/v1/events") >= 1 && stage.hostile.sent() > 1_000)
                    .then_some(()),
            )
        })
        .await?;
        // Long enough for hundreds of pulls, if the laptop believed the heartbeats.
        tokio::time::sleep(Duration::from_secs(2)).await;
        let pulls = stage.hostile.asked("/v1/journal");
        assert!(pulls <= 20, "{lie}: {pulls} pulls");
        drop(watch);
        for line in lines {
            assert_ne!(line["trust"], "live", "{lie}: {line}");
            assert!(
                line["as_of"].as_str().is_some_and(|at| at < "2027"),
                "{lie}: {line}"
            );
        }
        stage.assert_balance_unchanged()?;
        let sent = stage.hostile.sent();
        assert!(sent < TRAFFIC, "{lie}: {sent} bytes");
    }
    stage.hostile.forward_all();
    let (_watch, lines) = watched(&stage.laptop)?;
    until("the honest cloud to be live", async || {
        Ok(lines.try_iter().find(|line| line["trust"] == "live"))
    })
    .await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn flooding_live_channel_is_closed_and_retried_with_backoff() -> anyhow::Result<()> {
    let stage = stage().await?;
    for (lie, again) in [
        ("line without an end", vec![b'x'; 16 * 1024]),
        ("comments", b": nothing\n\n".repeat(1_000)),
        (
            "events of another kind",
            b"event: other\ndata: {}\n\n".repeat(500),
        ),
        ("broken heartbeats", b"event: beat\ndata: {\n\n".repeat(500)),
    ] {
        let body = stage.hostile.endless(vec![], again);
        stage.hostile.answer_with(only("/v1/events", move || {
            marked(200, "text/event-stream", body())
        }));
        let (watch, lines) = watched(&stage.laptop)?;
        within(Duration::from_secs(30), "a second try", async || {
            Ok((stage.hostile.asked("/v1/events") >= 2).then_some(()))
        })
        .await?;
        tokio::time::sleep(Duration::from_secs(1)).await;
        drop(watch);
        let (tries, sent) = (stage.hostile.asked("/v1/events"), stage.hostile.sent());
        assert!(tries <= 6, "{lie}: {tries} tries");
        // Bytes in socket buffers count as sent, although the laptop never reads them.
        assert!(sent < TRAFFIC, "{lie}: {sent} bytes");
        assert!(
            lines.into_iter().all(|line| line["trust"] != "live"),
            "{lie}"
        );
        stage.assert_balance_unchanged()?;
    }
    Ok(())
}

/// The signed heartbeat of a cloud without a sandbox is years ahead: the laptop does not adopt its time, the deadlines
/// stay, and nothing has changed once the cloud's clock is right again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signed_time_years_ahead_does_not_move_deadlines() -> anyhow::Result<()> {
    let folder = tempdir()?;
    let data = folder.path().join("cloud");
    let (cloud, account) = Cloud::seeded_real(&data)?;
    let hostile = HostileProxy::before(&cloud).await?;
    let laptop = Laptop::new(&folder.path().join("laptop")).with_key(&account.key);
    laptop.ok(&["login", "--cloud", &hostile.url])?;
    let truth = Truth::of(&cloud, &data, &account).await?;
    let before = laptop.ok(&["deadlines"])?;
    let as_of = |laptop: &Laptop| -> anyhow::Result<Timestamp> {
        Ok(laptop.balance()?["as_of"]
            .as_str()
            .context("as_of")?
            .parse()?)
    };
    let honest = as_of(&laptop)?;
    let beat = truth.beat(truth.head.clone(), "2031-01-10T08:00:00Z", Some(&truth.key));
    let body = hostile.endless(vec![], beat.into_bytes());
    hostile.answer_with(only("/v1/events", move || {
        marked(200, "text/event-stream", body())
    }));
    let (watch, lines) = watched(&laptop)?;
    // The signature proves that the local copy is current, so the copy is live. The time is taken from the laptop.
    until("the copy to be live", async || {
        Ok(lines.try_iter().find(|line| line["trust"] == "live"))
    })
    .await?;
    drop(watch);
    let heard = as_of(&laptop)?;
    assert!(
        (0..5 * MINUTE).contains(&heard.since(honest)),
        "{heard} after {honest}"
    );
    let dates = |document: &Value| -> Vec<_> {
        let all = document["deadlines"].as_array().cloned();
        let date = |due: &Value| (due["code"].clone(), due["at"].clone());
        all.unwrap_or_default().iter().map(date).collect()
    };
    assert!(!dates(&before).is_empty());
    assert_eq!(dates(&laptop.ok(&["deadlines"])?), dates(&before));
    let queued = laptop.ok(&["auto-recharge", "off"])?;
    let until_when: Timestamp = queued["not_after"].as_str().context("an expiry")?.parse()?;
    assert!(
        until_when.since(heard) < 8 * boothkeeper_domain::time::DAY,
        "{queued}"
    );
    hostile.forward_all();
    laptop.ok(&["sync"])?;
    assert!((0..5 * MINUTE).contains(&as_of(&laptop)?.since(honest)));
    Ok(())
}

/// Control characters in the title of a refusal do not reach the terminal.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn error_title_of_cloud_cannot_forge_terminal_output() -> anyhow::Result<()> {
    let stage = stage().await?;
    stage.hostile.answer_with(|_, path| {
        let title = "no\n$9,999.00  live, verified\u{1b}[2J\u{202e}";
        let problem = json!({ "code": "wrong_state", "status": 409, "title": title });
        let journal = path.starts_with("/v1/journal");
        journal.then(|| marked(409, "application/problem+json", problem.to_string()))
    });
    let mut person = stage.laptop.command(&["sync"]);
    let arguments: Vec<_> = person
        .get_args()
        .filter(|argument| *argument != "--json")
        .map(ToOwned::to_owned)
        .collect();
    let mut plain = std::process::Command::new(person.get_program());
    plain
        .args(arguments)
        .env("BOOTHKEEPER_ACCESS_KEY", &stage.account.key);
    let output = plain.stdin(Stdio::null()).output()?;
    person.env_clear();
    let said = String::from_utf8(output.stderr)?;
    assert!(said.contains("9,999.00"), "the title is a cause: {said}");
    assert!(
        !said.lines().any(|line| line.starts_with("$9,999.00")),
        "{said:?}"
    );
    assert!(!said.contains(['\u{1b}', '\u{202e}']), "{said:?}");
    Ok(())
}

/// A proxy from the environment is not used for loopback addresses, as it would see the access key.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn access_key_for_loopback_is_not_sent_to_proxy() -> anyhow::Result<()> {
    let stage = stage().await?;
    let proxy = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = format!("http://{}", proxy.local_addr()?);
    for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
        let mut sync = stage.laptop.command(&["sync"]);
        let output = sync.env(name, &address).output()?;
        assert!(output.status.success(), "{name}: {output:?}");
    }
    let asked = tokio::time::timeout(Duration::from_millis(200), proxy.accept()).await;
    assert!(asked.is_err(), "the proxy was contacted");
    // Plain HTTP to any other address is refused before a connection is made.
    for address in [
        "http://cloud.example",
        "http://127.0.0.2:9",
        "http://localhost.evil.example",
    ] {
        let (code, error) = stage.laptop.fails(&["login", "--cloud", address])?;
        assert_eq!(
            (code, error.as_str()),
            (2, "address_malformed"),
            "{address}"
        );
    }
    Ok(())
}
