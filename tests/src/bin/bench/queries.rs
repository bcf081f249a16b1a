//! Benchmarks of reads from the laptop's local copy.

use std::path::Path;
use std::process::Command;

use anyhow::ensure;
use boothkeeper_app::App;
use boothkeeper_app::domain::Seq;
use boothkeeper_app::history::{HistoryQuery, Since};
use boothkeeper_tests::cloud::Account;
use boothkeeper_tests::process::binary;
use rusqlite::Connection;

use crate::measure::{
    Line, NONE, megabytes, micros, millis, ran, ratio, repeated, side_by_side, timed,
};

/// Time and peak memory of the process `boothkeeper balance`, beside `sqlite3` reading one row.
pub fn balance(data: &Path, account: &Account) -> anyhow::Result<Vec<Line>> {
    let mut ours = Command::new(binary("boothkeeper"));
    ours.args(["--json", "--data"])
        .arg(data)
        .arg("balance")
        .env("BOOTHKEEPER_ACCESS_KEY", &account.key);
    let mut peer = Command::new("sqlite3");
    peer.arg(data.join("cache.sqlite"))
        .arg("select balance_after from entries order by seq desc limit 1");
    let (time, least) = side_by_side(60, || ran(&mut ours), || ran(&mut peer))?;
    let (memory, little) = (peak(&ours)?, peak(&peer)?);
    Ok(vec![
        Line {
            what: "`boothkeeper balance`, the process".into(),
            ours: millis(time.median()),
            peer: format!("{} `sqlite3`, one row", millis(least.median())),
            ratio: ratio(time.median(), least.median()),
            goal: "≤ 1.5",
        },
        Line {
            what: "its peak memory".into(),
            ours: megabytes(memory),
            peer: format!("{} `sqlite3`", megabytes(little)),
            ratio: format!("{:.2}", memory as f64 / little as f64),
            goal: "≤ 2",
        },
    ])
}

/// Peak memory of a process in bytes, as GNU time reports it.
fn peak(command: &Command) -> anyhow::Result<u64> {
    let mut timed = Command::new("/usr/bin/time");
    timed
        .args(["-f", "%M"])
        .arg(command.get_program())
        .args(command.get_args());
    let output = timed.output()?;
    let printed = String::from_utf8(output.stderr)?;
    Ok(printed.trim().parse::<u64>()? * 1024)
}

/// Times reading pages of 50 rows, on days spread over the whole history, with each kind of filter.
pub fn pages(app: &App, data: &Path, entries: u64) -> anyhow::Result<Vec<Line>> {
    let bare = Connection::open(data.join("cache.sqlite"))?;
    let service = |name: &str| HistoryQuery {
        services: vec![name.into()],
        ..HistoryQuery::default()
    };
    let kind = HistoryQuery {
        kinds: vec!["usage".into()],
        ..service("headshot_speed")
    };
    [
        ("no filter", HistoryQuery::default()),
        ("one service", service("sms")),
        ("service and kind", kind),
    ]
    .into_iter()
    .map(|(name, query)| page(app, &bare, entries, name, &query))
    .collect()
}

fn page(
    app: &App,
    bare: &Connection,
    entries: u64,
    name: &str,
    query: &HistoryQuery,
) -> anyhow::Result<Line> {
    let days = app.history().summary(query)?.days;
    let (mut turn, mut place) = (0, 1);
    let (ours, peer) = side_by_side(
        2000,
        || {
            turn = (turn + 7919) % days.len();
            app.history().rows(query, days[turn].day, 0, 50)?;
            Ok(())
        },
        || {
            place = (place + 7919 * 131) % entries + 50;
            let mut page = bare.prepare_cached(
                "SELECT seq, at, kind, service, event, delta, balance_after FROM entries
                 WHERE seq < ?1 ORDER BY seq DESC LIMIT 50",
            )?;
            let rows = page.query_map([place], |row| {
                (0..7)
                    .map(|column| row.get(column))
                    .collect::<Result<Vec<i64>, _>>()
            })?;
            let rows: Vec<_> = rows.collect::<Result<_, _>>()?;
            ensure!(!rows.is_empty());
            Ok(())
        },
    )?;
    Ok(Line {
        what: format!("a page of 50, {name} (median, p99)"),
        ours: format!("{}, {}", micros(ours.median()), micros(ours.p99())),
        peer: format!(
            "{}, {} a bare keyset page",
            micros(peer.median()),
            micros(peer.p99())
        ),
        ratio: format!(
            "{}, {}",
            ratio(ours.median(), peer.median()),
            ratio(ours.p99(), peer.p99())
        ),
        goal: "p99 ≤ 3, ≤ 2 ms",
    })
}

/// Times explaining how the newest 50,000 entries changed the balance. Each call starts at another entry, so that no
/// cached answer is used.
pub fn explained(app: &App) -> anyhow::Result<Line> {
    const ENTRIES: u64 = 50_000;
    let head = app.balance().view()?.seq.map_or(0, |seq| seq.0);
    let mut from = head.saturating_sub(ENTRIES);
    let explain = repeated(20, || {
        from -= 1;
        let explanation = app.history().explain(Since::Entry(Seq(from)))?;
        ensure!(!explanation.causes.is_empty());
        Ok(())
    })?;
    Ok(Line {
        what: "explain 50000 entries (median)".into(),
        ours: millis(explain.median()),
        peer: NONE.into(),
        ratio: NONE.into(),
        goal: "≤ 50 ms",
    })
}

pub fn sums(app: &App) -> anyhow::Result<Vec<Line>> {
    // Each query has another filter, so that no cached answer is used.
    let mut turn = 0;
    let services = app
        .history()
        .summary(&HistoryQuery::default())?
        .options
        .services;
    let totals = repeated(40, || {
        turn += 1;
        let first = turn % services.len();
        let query = HistoryQuery {
            services: services[first..].to_vec(),
            ..HistoryQuery::default()
        };
        app.history().summary(&query)?;
        Ok(())
    })?;
    let text = HistoryQuery {
        text: "nothing says this".into(),
        ..HistoryQuery::default()
    };
    let search = repeated(5, || {
        app.history().search(&text, None, 50)?;
        Ok(())
    })?;
    let everything = timed(&mut || {
        app.history().summary(&HistoryQuery::default())?;
        Ok(())
    })?;
    Ok(vec![
        Line {
            what: "totals, chart and days of any range (median); of everything".into(),
            ours: format!("{}; {}", millis(totals.median()), millis(everything)),
            peer: NONE.into(),
            ratio: NONE.into(),
            goal: "≤ 25 ms",
        },
        Line {
            what: "text search that finds nothing (median)".into(),
            ours: millis(search.median()),
            peer: NONE.into(),
            ratio: NONE.into(),
            goal: "≤ 250 ms",
        },
    ])
}
