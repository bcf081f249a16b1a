//! Benchmarks of the laptop's copy of the journal: first sync, growth with the journal's length, verification.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::ensure;
use boothkeeper_app::{App, Options, Reader, Zone};
use boothkeeper_domain::Hash;
use boothkeeper_sync::AccessKey;
use boothkeeper_tests::cloud::{Account, Cloud};
use boothkeeper_wire::chain;
use boothkeeper_wire::stream::{decompress, lines};
use rusqlite::{Connection, params};

use crate::measure::{Line, NONE, micros, millis, rate, ratio, repeated, timed};

pub fn open(data: &Path, account: &Account) -> anyhow::Result<App> {
    Ok(App::open(Options {
        reader: Reader::InProcess,
        data: data.to_owned(),
        zone: Zone::utc(),
        key: AccessKey::parse(&account.key),
    })?)
}

/// Time from the end of sign-in until the last entry is on disk, and the number of entries.
pub async fn first_sync(
    data: &Path,
    cloud: &Cloud,
    account: &Account,
) -> anyhow::Result<(Duration, u64)> {
    let app = open(data, account)?;
    let remember = boothkeeper_app::session::Remember::UntilIQuit;
    app.session().sign_in(&cloud.url, None, remember).await?;
    let started = Instant::now();
    let seq = app.session().sync_once().await?;
    Ok((started.elapsed(), seq.seq.0))
}

pub async fn sync_beside_limit(
    data: &Path,
    cloud: &Cloud,
    account: &Account,
) -> anyhow::Result<Line> {
    let (synced, rows) = first_sync(data, cloud, account).await?;
    let limit = insert_limit(data, &data.with_extension("limit"))?;
    Ok(Line {
        what: format!("first sync of {rows}, verified and durable"),
        ours: rate(rows, synced),
        peer: format!("{} inserting the same, decoded", rate(rows, limit)),
        ratio: ratio(limit, synced),
        goal: "≥ 0.75",
    })
}

/// Times the first sync, reading the balance and one page, and syncing one more entry, for a journal of `entries`
/// entries.
pub async fn growth(folder: &Path, entries: u64) -> anyhow::Result<Line> {
    let count = entries.to_string();
    let seed = ["--profile", "large", "--entries", &count];
    let (cloud, account) = Cloud::seeded(&folder.join(format!("cloud-{entries}")), &seed)?;
    let data = folder.join(format!("laptop-{entries}"));
    let (synced, rows) = first_sync(&data, &cloud, &account).await?;
    let app = open(&data, &account)?;
    let balance = repeated(200, || {
        app.balance().view()?;
        Ok(())
    })?;
    let page = repeated(200, || {
        app.history().page(&Default::default(), None, 50)?;
        Ok(())
    })?;
    let mut applied = Vec::new();
    for _ in 0..20 {
        cloud.runs(&account, "headshot_speed", 1).await?;
        let started = Instant::now();
        app.session().sync_once().await?;
        applied.push(started.elapsed());
    }
    applied.sort_unstable();
    Ok(Line {
        what: format!("with {rows} entries: first sync / balance / page of scripts / one more"),
        ours: format!(
            "{} / {} / {} / {}",
            rate(rows, synced),
            micros(balance.median()),
            micros(page.median()),
            millis(applied[applied.len() / 2]),
        ),
        peer: NONE.into(),
        ratio: NONE.into(),
        goal: "flat",
    })
}

pub fn verify(app: &App, data: &Path) -> anyhow::Result<Line> {
    let frames = frames(&Connection::open(data.join("cache.sqlite"))?)?;
    let ours = timed(&mut || {
        ensure!(app.session().verify()?.ok, "the copy does not verify");
        Ok(())
    })?;
    let mut hash = Hash([0; 32]);
    let peer = timed(&mut || {
        for (_, _, text) in &frames {
            for line in lines(text)? {
                hash = chain::next(&hash, line);
            }
        }
        Ok(())
    })?;
    ensure!(hash != Hash([0; 32]));
    Ok(Line {
        what: "verify the whole copy".into(),
        ours: millis(ours),
        peer: format!("{} the chain alone, in memory", millis(peer)),
        ratio: ratio(peer, ours),
        goal: "≥ 0.5",
    })
}

/// Time to insert a copy's rows and segments into an empty database in one transaction, and to compute their hash
/// chain: the limit for the first sync.
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

/// A sealed part of the journal: the seq of its last entry, its compressed bytes, and its text.
type Segment = (i64, Vec<u8>, Vec<u8>);

/// All segments in a local copy's database, oldest first.
fn frames(from: &Connection) -> anyhow::Result<Vec<Segment>> {
    let mut statement = from.prepare("SELECT last, frame FROM segments ORDER BY last")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.map(|row| {
        let (last, frame): (i64, Vec<u8>) = row?;
        let text = decompress(&frame)?;
        Ok((last, frame, text))
    })
    .collect()
}
