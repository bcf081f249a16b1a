//! A cloud that lies: each lie ends in a typed error within bounds on time, memory and traffic, nothing of it is
//! shown, and once the cloud is honest again everything goes on.

use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use axum::body::Body;
use axum::response::Response;
use boothkeeper_domain::Timestamp;
use boothkeeper_domain::time::MINUTE;
use boothkeeper_tests::booth::basic;
use boothkeeper_tests::cloud::{Account, Cloud};
use boothkeeper_tests::hostile::{Hostile, Truth, marked};
use boothkeeper_tests::laptop::Laptop;
use boothkeeper_tests::process::{Pipes, Process, until, within};
use boothkeeper_wire::STREAM_TYPE;
use boothkeeper_wire::stream::{MAX_FRAME, compress};
use ed25519_dalek::SigningKey;
use http::Method;
use serde_json::{Value, json};
use tempfile::{TempDir, tempdir};

const CLOCK: &str = "2026-01-10T08:00:00Z";
const BALANCE: i64 = 10_000 - 2 * 20;
/// Bytes that a command may take from a cloud that sends without end, at most: a frame and what is on its way.
const TRAFFIC: u64 = 100 * 1024 * 1024;
/// KiB of memory that a command may come to, whatever it is sent.
const MEMORY: u64 = 400 * 1024;
/// A document has 15 seconds, silence 12.
const TIME: Duration = Duration::from_secs(20);

struct Stage {
    folder: TempDir,
    cloud: Cloud,
    account: Account,
    hostile: Hostile,
    laptop: Laptop,
    truth: Truth,
}

/// A laptop with a proven copy, signed in at a cloud that can lie from now on.
async fn stage() -> anyhow::Result<Stage> {
    let folder = tempdir()?;
    let data = folder.path().join("cloud");
    let cloud = Cloud::start(&data, Some(CLOCK))?;
    let account = cloud.account(basic(10_000)).await?;
    cloud.runs(&account, "sms", 20).await?;
    let hostile = Hostile::before(&cloud).await?;
    let laptop = Laptop::new(&folder.path().join("laptop")).with_key(&account.key);
    laptop.ok(&["login", "--cloud", &hostile.url])?;
    let truth = Truth::of(&cloud, &data, &account).await?;
    Ok(Stage {
        folder,
        cloud,
        account,
        hostile,
        laptop,
        truth,
    })
}

/// How a command ended, and what it took.
struct Ended {
    code: i32,
    document: Value,
    peak: u64,
    took: Duration,
}

impl Stage {
    fn run(&self, arguments: &[&str]) -> anyhow::Result<Ended> {
        measured(&self.laptop, arguments)
    }

    /// Nothing of a lie is shown: the balance is the proven one and never live; what was refused has an exit code.
    fn still_true(&self) -> anyhow::Result<()> {
        let balance = self.laptop.balance()?;
        ensure!(balance["balance"] == BALANCE, "{balance}");
        ensure!(balance["trust"] != "live", "{balance}");
        Ok(())
    }

    async fn goes_on(&self) -> anyhow::Result<()> {
        self.hostile.honest();
        self.laptop.ok(&["sync"])?;
        ensure!(self.laptop.ok(&["verify"])?["ok"] == true);
        ensure!(self.laptop.balance()?["balance"] == self.cloud.balance(&self.account).await?);
        Ok(())
    }
}

fn measured(laptop: &Laptop, arguments: &[&str]) -> anyhow::Result<Ended> {
    let started = Instant::now();
    let mut child = laptop.command(arguments).stdout(Stdio::piped()).spawn()?;
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    let code = loop {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let now = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok());
        peak = peak.max(now.unwrap_or(0));
        if let Some(ended) = child.try_wait()? {
            break ended.code().context("ended by a signal: it crashed")?;
        }
        ensure!(started.elapsed() < 2 * TIME, "{arguments:?} does not end");
        std::thread::sleep(Duration::from_millis(10));
    };
    let mut text = String::new();
    child
        .stdout
        .take()
        .context("no stdout")?
        .read_to_string(&mut text)?;
    Ok(Ended {
        code,
        document: serde_json::from_str(&text).with_context(|| format!("{text:?}"))?,
        peak,
        took: started.elapsed(),
    })
}

impl Ended {
    fn refused_within_bounds(&self, lie: &str, sent: u64) -> anyhow::Result<()> {
        let error = &self.document["error"]["code"];
        ensure!(
            self.code != 0 && error.is_string(),
            "{lie}: {} {}",
            self.code,
            self.document
        );
        ensure!(error != "internal", "{lie}: {}", self.document);
        ensure!(self.took < TIME, "{lie}: {:?}", self.took);
        ensure!(self.peak < MEMORY, "{lie}: {} KiB", self.peak);
        ensure!(sent < TRAFFIC, "{lie}: {sent} bytes");
        Ok(())
    }
}

fn only(
    path: &'static str,
    told: impl Fn() -> Response<Body> + Send + Sync + 'static,
) -> impl Fn(&Method, &str) -> Option<Response<Body>> + Send + Sync + 'static {
    move |_, asked| asked.starts_with(path).then(&told)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn endless_or_swollen_journal_ends_within_bounds() -> anyhow::Result<()> {
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
        stage.hostile.lie(only("/v1/journal", move || {
            marked(200, STREAM_TYPE, body())
        }));
        stage
            .run(&["sync"])?
            .refused_within_bounds(lie, stage.hostile.sent())?;
        stage.still_true()?;
    }
    let bomb = compress(&vec![b'\n'; MAX_FRAME + 1])?;
    stage.hostile.lie(only("/v1/journal", move || {
        marked(200, STREAM_TYPE, bomb.clone())
    }));
    stage.run(&["sync"])?.refused_within_bounds("bomb", 0)?;
    stage.still_true()?;
    stage.goes_on().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn endless_documents_end_within_bounds() -> anyhow::Result<()> {
    let stage = stage().await?;
    for (path, verb) in [
        ("/v1/meta", vec!["login", "--cloud", &stage.hostile.url]),
        ("/v1/catalog", vec!["sync"]),
    ] {
        let first = br#"{"time":""#.to_vec();
        let body = stage.hostile.endless(first, vec![b'x'; 64 * 1024]);
        stage.hostile.lie(move |_, asked| {
            asked
                .starts_with(path)
                .then(|| marked(200, "application/json", body()))
        });
        stage
            .run(&verb)?
            .refused_within_bounds(path, stage.hostile.sent())?;
        stage.still_true()?;
    }
    stage.goes_on().await
}

/// What is signed can be a lie, too: no panic, nothing taken over.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signed_nonsense_in_the_journal_is_refused() -> anyhow::Result<()> {
    let stage = stage().await?;
    let scale = |scale: u8| {
        let to = format!(r#""scale":{scale}}},"plan""#);
        stage.truth.rewritten(|entries| {
            entries[0] = entries[0].replace(r#""scale":2},"plan""#, &to);
        })
    };
    let more = stage.truth.rewritten(|entries| {
        // Valid in itself, and past the head that the stream began with.
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
        stage.hostile.lie(only("/v1/journal", move || {
            marked(200, STREAM_TYPE, stream.clone())
        }));
        let ended = measured(&fresh, &["login", "--cloud", &stage.hostile.url])?;
        ended.refused_within_bounds(lie, 0)?;
        assert_eq!(fresh.balance()?["balance"], Value::Null, "{lie}");
        stage.hostile.honest();
        assert_eq!(fresh.ok(&["sync"])?["balance"], BALANCE, "{lie}");
    }
    Ok(())
}

/// Lines of `sync --watch` as they come.
fn watched(laptop: &Laptop) -> anyhow::Result<(Process, std::sync::mpsc::Receiver<Value>)> {
    let pipes = Pipes {
        stdout: true,
        ..Pipes::default()
    };
    let mut watch = Process::start(&laptop.command(&["sync", "--watch"]), pipes)?;
    let stdout = watch.child().stdout.take().context("no stdout")?;
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            let _ = sender.send(serde_json::from_str(&line).unwrap_or(Value::Null));
        }
    });
    Ok((watch, receiver))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn heartbeat_that_no_pinned_key_signed_makes_nothing_live_and_moves_no_time()
-> anyhow::Result<()> {
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
        stage.hostile.lie(only("/v1/events", move || {
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
        // As long as it takes a cloud that is believed to be asked hundreds of times.
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
        stage.still_true()?;
        let sent = stage.hostile.sent();
        assert!(sent < TRAFFIC, "{lie}: {sent} bytes");
    }
    stage.hostile.honest();
    let (_watch, lines) = watched(&stage.laptop)?;
    until("the honest cloud to be live", async || {
        Ok(lines.try_iter().find(|line| line["trust"] == "live"))
    })
    .await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn live_channel_that_floods_is_left_and_tried_again_ever_more_slowly() -> anyhow::Result<()> {
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
        stage.hostile.lie(only("/v1/events", move || {
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
        // What the sockets hold between is sent and never read.
        assert!(sent < TRAFFIC, "{lie}: {sent} bytes");
        assert!(
            lines.into_iter().all(|line| line["trust"] != "live"),
            "{lie}"
        );
        stage.still_true()?;
    }
    Ok(())
}

/// A cloud on the wall's time whose signed heartbeat is a year ahead: its time is not taken over, no deadline is
/// hidden, and with the cloud's clock corrected everything is as before.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signed_time_of_next_year_is_shown_as_a_wrong_clock_and_not_believed() -> anyhow::Result<()>
{
    let folder = tempdir()?;
    let data = folder.path().join("cloud");
    let (cloud, account) = Cloud::seeded_real(&data)?;
    let hostile = Hostile::before(&cloud).await?;
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
    hostile.lie(only("/v1/events", move || {
        marked(200, "text/event-stream", body())
    }));
    let (watch, lines) = watched(&laptop)?;
    // It is the cloud's own word that it is current: the copy is live, by our own clock.
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
    hostile.honest();
    laptop.ok(&["sync"])?;
    assert!((0..5 * MINUTE).contains(&as_of(&laptop)?.since(honest)));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn command_called_done_without_its_entry_is_not_settled() -> anyhow::Result<()> {
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
        stage.hostile.lie(move |method, path| {
            let command = *method == Method::PUT && path.starts_with("/v1/commands");
            command.then(|| marked(200, "application/json", answer.to_string()))
        });
        let bought = stage.laptop.ok(&["buy", "50"])?;
        assert_eq!(bought["state"], "applied", "{lie}: {bought}");
        stage.hostile.honest();
        stage.laptop.ok(&["sync"])?;
        let waiting = stage.laptop.ok(&["outbox", "list"])?;
        assert_eq!(
            waiting["commands"][0]["state"], "applied",
            "{lie}: {waiting}"
        );
        assert_eq!(stage.laptop.balance()?["balance"], BALANCE, "{lie}");
    }
    // A true one settles behind them.
    let bought = stage.laptop.ok(&["buy", "60"])?;
    assert_eq!(bought["state"], "settled", "{bought}");
    Ok(())
}

/// What a cloud answers with.
type Refusal = fn() -> Response<Body>;

/// Each refusal leads to an end within a bounded number of syncs, and holds up nothing else.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn command_that_is_always_refused_ends_and_holds_up_nothing() -> anyhow::Result<()> {
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
        ("a code of later", unknown),
    ];
    for (lie, refusal) in refusals {
        stage.hostile.lie(move |method, path| {
            (*method == Method::PUT && path.starts_with("/v1/commands")).then(refusal)
        });
        let (_, first) = stage.laptop.run(&["auto-recharge", "on"])?;
        let mut state = Value::Null;
        for _ in 0..6 {
            let _ = stage.laptop.run(&["sync"])?;
            state = stage.laptop.ok(&["outbox", "list"])?["commands"][0]["state"].clone();
        }
        assert!(
            matches!(state.as_str(), Some("rejected" | "cancelled")),
            "{lie}: {state} after {first}"
        );
        stage.hostile.honest();
        assert_eq!(
            stage.laptop.ok(&["sync"])?["balance"],
            stage.cloud.balance(&stage.account).await?
        );
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn upload_that_never_moves_on_ends_and_other_actions_go_on() -> anyhow::Result<()> {
    let stage = stage().await?;
    let draft = stage.laptop.ok(&["dispute", "new", "--kind", "other"])?;
    let id = draft["id"].as_str().context("an id")?;
    stage
        .laptop
        .ok(&["dispute", "edit", id, "--message", "Something is odd."])?;
    stage.hostile.lie(|method, path| {
        let stuck = |path: &str| {
            let sha256 = path.rsplit('/').next().unwrap_or_default();
            json!({ "sha256": sha256, "held": 0, "complete": false }).to_string()
        };
        let upload = *method == Method::PUT && path.starts_with("/v1/blobs");
        upload.then(|| marked(200, "application/json", stuck(path)))
    });
    stage.laptop.run(&["dispute", "send", id])?;
    let tries = stage.hostile.asked("/v1/blobs");
    assert!(tries <= 40, "{tries} tries in one sync");
    // A purchase does not wait behind it.
    let bought = stage.laptop.ok(&["buy", "50"])?;
    assert_eq!(bought["state"], "settled", "{bought}");
    for _ in 0..6 {
        stage.laptop.run(&["sync"])?;
    }
    let waiting = stage.laptop.ok(&["outbox", "list"])?;
    let states: Vec<_> = waiting["commands"]
        .as_array()
        .context("commands")?
        .iter()
        .collect();
    let open = states
        .iter()
        .filter(|command| command["open"] == true)
        .count();
    assert_eq!(open, 0, "{waiting}");
    // It can be sent again.
    stage.hostile.honest();
    stage.laptop.ok(&["dispute", "send", id])?;
    assert_eq!(
        stage.laptop.ok(&["dispute", "list"])?["disputes"][0]["state"],
        "submitted"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_disputes_that_repeat_end() -> anyhow::Result<()> {
    let stage = stage().await?;
    let draft = stage.laptop.ok(&["dispute", "new", "--kind", "other"])?;
    let id = draft["id"].as_str().context("an id")?;
    stage
        .laptop
        .ok(&["dispute", "edit", id, "--message", "Something is odd."])?;
    stage.hostile.lie(|method, path| {
        let page = json!({ "seq": 1, "disputes": [], "after": "1.1", "has_more": true });
        let list = *method == Method::GET && path.starts_with("/v1/disputes");
        list.then(|| marked(200, "application/json", page.to_string()))
    });
    let (code, _) = stage.laptop.run(&["dispute", "send", id])?;
    assert!(stage.hostile.asked("/v1/disputes") <= 4, "{code}");
    stage.hostile.honest();
    stage.laptop.ok(&["sync"])?;
    assert_eq!(
        stage.laptop.ok(&["dispute", "list"])?["disputes"][0]["state"],
        "submitted"
    );
    Ok(())
}

/// What a cloud writes into a refusal does not reach the terminal as it is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn words_of_a_cloud_forge_no_terminal_line() -> anyhow::Result<()> {
    let stage = stage().await?;
    stage.hostile.lie(|_, path| {
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

/// A proxy of the environment is not asked about this machine: it would read the key.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn key_for_this_machine_goes_to_no_proxy() -> anyhow::Result<()> {
    let stage = stage().await?;
    let proxy = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = format!("http://{}", proxy.local_addr()?);
    for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
        let mut sync = stage.laptop.command(&["sync"]);
        let output = sync.env(name, &address).output()?;
        assert!(output.status.success(), "{name}: {output:?}");
    }
    let asked = tokio::time::timeout(Duration::from_millis(200), proxy.accept()).await;
    assert!(asked.is_err(), "the proxy was asked");
    // Plain HTTP goes nowhere else, not even to be refused there.
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

impl Stage {
    /// A dispute that is ready to be sent.
    fn draft(&self) -> anyhow::Result<String> {
        let draft = self.laptop.ok(&["dispute", "new", "--kind", "other"])?;
        let id = draft["id"].as_str().context("an id")?.to_owned();
        let message = ["dispute", "edit", &id, "--message", "Something is odd."];
        self.laptop.ok(&message)?;
        Ok(id)
    }

    fn open_commands(&self) -> anyhow::Result<usize> {
        let listed = self.laptop.ok(&["outbox", "list"])?;
        let commands = listed["commands"].as_array().context("commands")?;
        Ok(commands
            .iter()
            .filter(|command| command["open"] == true)
            .count())
    }
}

/// A filter on the way answers one command's own requests: the others go, and it ends.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn command_whose_own_requests_fail_ends_and_holds_up_nothing() -> anyhow::Result<()> {
    let html = || Response::new(Body::from("<html>Blocked</html>"));
    let garbage = || marked(200, "application/json", "{");
    let refusals: [(&str, Refusal); 2] = [
        ("a page of a filter", html),
        ("an answer that is none", garbage),
    ];
    for (lie, refusal) in refusals {
        let stage = stage().await?;
        let id = stage.draft()?;
        stage.hostile.lie(move |method, path| {
            (*method == Method::PUT && path.starts_with("/v1/blobs")).then(refusal)
        });
        stage.laptop.run(&["dispute", "send", &id])?;
        let bought = stage.laptop.ok(&["buy", "50"])?;
        assert_eq!(bought["state"], "settled", "{lie}: {bought}");
        for _ in 0..6 {
            stage.laptop.run(&["sync"])?;
        }
        assert_eq!(stage.open_commands()?, 0, "{lie}");
        stage.hostile.honest();
        stage.laptop.ok(&["dispute", "send", &id])?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn upload_that_moves_a_byte_at_a_time_ends() -> anyhow::Result<()> {
    let stage = stage().await?;
    let id = stage.draft()?;
    let held = std::sync::atomic::AtomicU64::new(0);
    stage.hostile.lie(move |method, path| {
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

/// An action whose fate the cloud will not tell can be given up, and others of its lane go.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn action_that_is_never_answered_can_be_given_up() -> anyhow::Result<()> {
    let stage = stage().await?;
    stage.hostile.lie(|method, path| {
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
    let (_, first) = stage.laptop.run(&["buy", "50"])?;
    let id = first["id"].as_str().context("an id")?.to_owned();
    assert_eq!(first["state"], "unknown", "{first}");
    let taken = stage.laptop.ok(&["outbox", "cancel", &id])?;
    assert_eq!(
        (&taken["state"], &taken["withdrawn"]),
        (&json!("unknown"), &json!(true))
    );
    // The cloud takes new ones, and still does not tell of the first.
    let path = format!("/v1/commands/{id}");
    stage.hostile.lie(move |method, asked| {
        let problem = json!({ "code": "malformed", "status": 400, "title": "no" });
        let told = *method == Method::GET && asked == path;
        told.then(|| marked(400, "application/problem+json", problem.to_string()))
    });
    let bought = stage.laptop.ok(&["buy", "60"])?;
    assert_eq!(bought["state"], "settled", "{bought}");
    assert_eq!(
        stage.laptop.ok(&["outbox", "cancel", &id])?["state"],
        "cancelled"
    );
    assert_eq!(stage.open_commands()?, 0);
    Ok(())
}

/// Called done far past the journal's end: asked about again once the cloud is honest, and then truly done.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn command_called_done_past_the_journals_end_is_asked_about_again() -> anyhow::Result<()> {
    let stage = stage().await?;
    stage.hostile.lie(|method, path| {
        let answer = json!({ "state": "applied", "entries": [999_999], "head": 999_999 });
        let command = *method == Method::PUT && path.starts_with("/v1/commands");
        command.then(|| marked(200, "application/json", answer.to_string()))
    });
    stage.laptop.run(&["buy", "50"])?;
    stage.hostile.honest();
    stage.laptop.ok(&["sync"])?;
    stage.laptop.ok(&["sync"])?;
    assert_eq!(stage.open_commands()?, 0);
    assert_eq!(stage.laptop.balance()?["balance"], BALANCE + 5_000);
    assert_eq!(stage.cloud.balance(&stage.account).await?, BALANCE + 5_000);
    Ok(())
}

/// A file that was damaged on the laptop's own disk is named as the reason, and the dispute can be written anew.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn attachment_damaged_before_it_was_sent_is_named() -> anyhow::Result<()> {
    let stage = stage().await?;
    let id = stage.draft()?;
    stage.hostile.lie(|method, path| {
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
    stage.hostile.honest();
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

/// Two processes on one folder: what is said to have failed has not been done, and the other way round.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn purchases_beside_a_watch_are_what_their_exit_codes_say() -> anyhow::Result<()> {
    let stage = stage().await?;
    let (_watch, lines) = watched(&stage.laptop)?;
    until("the watch to be live", async || {
        Ok(lines.try_iter().find(|line| line["trust"] == "live"))
    })
    .await?;
    for _ in 0..40 {
        stage.laptop.ok(&["buy", "50"])?;
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
