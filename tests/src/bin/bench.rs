//! The figures of `docs/benchmarks.md`, each beside its limit or peer in the same run:
//! `bench ENTRIES [--write]`. `cargo xtask bench` builds for release and calls it.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use boothkeeper_app::views::HistoryQuery;
use boothkeeper_app::{App, Options, Zone};
use boothkeeper_domain::Hash;
use boothkeeper_sync::AccessKey;
use boothkeeper_tests::cloud::{Account, Cloud};
use boothkeeper_tests::process::binary;
use boothkeeper_wire::chain;
use boothkeeper_wire::stream::{decompress, lines};
use rusqlite::{Connection, params};

struct Line {
    what: &'static str,
    ours: String,
    peer: String,
    ratio: String,
    goal: &'static str,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let entries: u64 = arguments
        .next()
        .context("bench ENTRIES [--write]")?
        .parse()?;
    let write = arguments.next().as_deref() == Some("--write");
    let folder = tempfile::tempdir()?;
    let count = entries.to_string();
    println!("seeding {entries} entries …");
    let seed = ["--profile", "large", "--entries", &count];
    let (cloud, account) = Cloud::seeded(&folder.path().join("cloud"), &seed)?;
    let data = folder.path().join("laptop");
    let mut lines = Vec::new();

    let (synced, rows) = first_sync(&data, &cloud, &account).await?;
    let limit = insert_limit(&data, &folder.path().join("limit.sqlite"))?;
    lines.push(Line {
        what: "first sync, verified and durable (rows/s)",
        ours: rate(rows, synced),
        peer: format!("{} inserting the same, decoded", rate(rows, limit)),
        ratio: ratio(limit, synced),
        goal: "≥ 0.75",
    });
    lines.push(balance(&data, &account)?);
    let app = open(&data, &account)?;
    lines.extend(queries(&app, &data)?);
    lines.push(verify(&app, &data)?);
    report(&lines, rows, write)
}

fn open(data: &Path, account: &Account) -> anyhow::Result<App> {
    Ok(App::open(Options {
        data: data.to_owned(),
        zone: Zone::utc(),
        key: AccessKey::parse(&account.key),
    })?)
}

async fn first_sync(
    data: &Path,
    cloud: &Cloud,
    account: &Account,
) -> anyhow::Result<(Duration, u64)> {
    let app = open(data, account)?;
    let remember = boothkeeper_app::Remember::UntilIQuit;
    app.sign_in(&cloud.url, None, remember).await?;
    let started = Instant::now();
    let seq = app.sync_once().await?;
    Ok((started.elapsed(), seq.0))
}

/// The same tables and bytes, already decoded and chained, in one transaction.
fn insert_limit(data: &Path, into: &Path) -> anyhow::Result<Duration> {
    let from = Connection::open(data.join("cache.sqlite"))?;
    let read = |sql: &str, columns: usize| -> anyhow::Result<Vec<Vec<i64>>> {
        let mut statement = from.prepare(sql)?;
        let rows = statement.query_map([], |row| (0..columns).map(|c| row.get(c)).collect())?;
        Ok(rows.collect::<Result<_, _>>()?)
    };
    let rows = read(
        "SELECT seq, at, kind, service, event, delta, balance_after, mark FROM entries",
        8,
    )?;
    let links = read("SELECT target, seq FROM links", 2)?;
    let frames = frames(&from)?;
    let into = Connection::open(into)?;
    into.pragma_update(None, "journal_mode", "WAL")?;
    into.pragma_update(None, "synchronous", "NORMAL")?;
    let schema: Vec<String> = from
        .prepare("SELECT sql FROM sqlite_schema WHERE name IN ('entries', 'links', 'segments')")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    into.execute_batch(&schema.join(";"))?;
    let started = Instant::now();
    let mut chained = Hash([0; 32]);
    let transaction = into.unchecked_transaction()?;
    {
        let mut insert =
            transaction.prepare("INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?)")?;
        for row in &rows {
            insert.execute(rusqlite::params_from_iter(row))?;
        }
        let mut insert = transaction.prepare("INSERT INTO links VALUES (?, ?)")?;
        for link in &links {
            insert.execute(params![link[0], link[1]])?;
        }
        let mut insert = transaction.prepare("INSERT INTO segments VALUES (?, ?, ?)")?;
        for (last, frame, text) in &frames {
            for line in lines(text)? {
                chained = chain::next(&chained, line);
            }
            insert.execute(params![last, chained.0, frame])?;
        }
    }
    transaction.commit()?;
    Ok(started.elapsed())
}

type Kept = (i64, Vec<u8>, Vec<u8>);

/// Segments with their text.
fn frames(from: &Connection) -> anyhow::Result<Vec<Kept>> {
    let mut statement = from.prepare("SELECT last, frame FROM segments ORDER BY last")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.map(|row| {
        let (last, frame): (i64, Vec<u8>) = row?;
        let text = decompress(&frame)?;
        Ok((last, frame, text))
    })
    .collect()
}

fn balance(data: &Path, account: &Account) -> anyhow::Result<Line> {
    let mut ours = Command::new(binary("boothkeeper"));
    ours.args(["--json", "--data"])
        .arg(data)
        .arg("balance")
        .env("BOOTHKEEPER_ACCESS_KEY", &account.key);
    let mut peer = Command::new("sqlite3");
    peer.arg(data.join("cache.sqlite"))
        .arg("select balance_after from entries order by seq desc limit 1");
    let (ours, peer) = side_by_side(|| ran(&mut ours), || ran(&mut peer), 50)?;
    Ok(Line {
        what: "`boothkeeper balance`, the process",
        ours: millis(ours),
        peer: format!("{} `sqlite3`, one row", millis(peer)),
        ratio: ratio(ours, peer),
        goal: "≤ 1.5",
    })
}

fn ran(command: &mut Command) -> anyhow::Result<()> {
    let output = command.output()?;
    ensure!(output.status.success(), "{output:?}");
    Ok(())
}

fn queries(app: &App, data: &Path) -> anyhow::Result<Vec<Line>> {
    let bare = Connection::open(data.join("cache.sqlite"))?;
    let days = app.history_summary(&HistoryQuery::default())?.days;
    let middle = days[days.len() / 2].day;
    let service = |name: &str| HistoryQuery {
        services: vec![name.into()],
        ..HistoryQuery::default()
    };
    let filters = [HistoryQuery::default(), service("video"), service("sms")];
    let mut turn = 0;
    let mut place = 1;
    let (page, keyset) = side_by_side(
        || {
            turn += 1;
            app.history_rows(&filters[turn % filters.len()], middle, 0, 50)?;
            Ok(())
        },
        || {
            place = (place * 7919) % 900 + 50;
            let mut page = bare.prepare_cached(
                "SELECT seq, at, kind, delta, balance_after FROM entries WHERE seq < ?1 ORDER BY seq DESC LIMIT 50",
            )?;
            let rows = page.query_map([place], |row| row.get::<_, i64>(0))?;
            ensure!(rows.count() > 0);
            Ok(())
        },
        300,
    )?;
    let totals = median(20, || {
        app.history_summary(&HistoryQuery::default())?;
        Ok(())
    })?;
    let text = HistoryQuery {
        text: "nothing says this".into(),
        ..HistoryQuery::default()
    };
    let search = median(5, || {
        app.history_search(&text, None, 50)?;
        Ok(())
    })?;
    Ok(vec![
        Line {
            what: "a page of 50, filters in turn (median)",
            ours: millis(page),
            peer: format!("{} one bare keyset page", millis(keyset)),
            ratio: ratio(page, keyset),
            goal: "p99 ≤ 3, ≤ 2 ms",
        },
        Line {
            what: "totals, chart and days of everything",
            ours: millis(totals),
            peer: "–".into(),
            ratio: "–".into(),
            goal: "≤ 25 ms",
        },
        Line {
            what: "text search that finds nothing",
            ours: millis(search),
            peer: "–".into(),
            ratio: "–".into(),
            goal: "≤ 250 ms",
        },
    ])
}

fn verify(app: &App, data: &Path) -> anyhow::Result<Line> {
    let frames = frames(&Connection::open(data.join("cache.sqlite"))?)?;
    let started = Instant::now();
    ensure!(app.verify()?.ok, "the copy does not prove");
    let ours = started.elapsed();
    let started = Instant::now();
    let mut hash = Hash([0; 32]);
    for (_, _, text) in &frames {
        for line in lines(text)? {
            hash = chain::next(&hash, line);
        }
    }
    let peer = started.elapsed();
    ensure!(hash != Hash([0; 32]));
    Ok(Line {
        what: "verify the whole copy",
        ours: millis(ours),
        peer: format!("{} the chain alone, in memory", millis(peer)),
        ratio: ratio(peer, ours),
        goal: "≥ 0.5",
    })
}

/// Medians of two things done in turn, so that the machine's moods meet both.
fn side_by_side(
    mut ours: impl FnMut() -> anyhow::Result<()>,
    mut peer: impl FnMut() -> anyhow::Result<()>,
    times: usize,
) -> anyhow::Result<(Duration, Duration)> {
    let (mut a, mut b) = (Vec::new(), Vec::new());
    for _ in 0..times {
        a.push(timed(&mut ours)?);
        b.push(timed(&mut peer)?);
    }
    Ok((middle(a), middle(b)))
}

fn median(times: usize, mut act: impl FnMut() -> anyhow::Result<()>) -> anyhow::Result<Duration> {
    let taken = (0..times)
        .map(|_| timed(&mut act))
        .collect::<Result<_, _>>()?;
    Ok(middle(taken))
}

fn timed(act: &mut impl FnMut() -> anyhow::Result<()>) -> anyhow::Result<Duration> {
    let started = Instant::now();
    act()?;
    Ok(started.elapsed())
}

fn middle(mut taken: Vec<Duration>) -> Duration {
    taken.sort_unstable();
    taken[taken.len() / 2]
}

fn millis(duration: Duration) -> String {
    format!("{:.2} ms", duration.as_secs_f64() * 1000.0)
}

fn rate(rows: u64, duration: Duration) -> String {
    format!("{:.0} k/s", rows as f64 / duration.as_secs_f64() / 1000.0)
}

fn ratio(of: Duration, to: Duration) -> String {
    format!("{:.2}", of.as_secs_f64() / to.as_secs_f64())
}

fn report(lines: &[Line], entries: u64, write: bool) -> anyhow::Result<()> {
    let mut table = format!(
        "# Benchmarks\n\nPrinted by `cargo xtask bench`, release build, {entries} entries. Ratios are of one run on one\nmachine; absolute times only inform.\n\n| what | ours | beside it | ratio | goal |\n|---|---|---|---|---|\n"
    );
    for line in lines {
        let Line {
            what,
            ours,
            peer,
            ratio,
            goal,
        } = line;
        table.push_str(&format!(
            "| {what} | {ours} | {peer} | {ratio} | {goal} |\n"
        ));
    }
    println!("\n{table}");
    if write {
        std::fs::write("docs/benchmarks.md", table)?;
    }
    Ok(())
}
