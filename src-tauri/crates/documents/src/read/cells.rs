//! A table's cells out of a file: whatever its encoding and its separator; or out of our own JSON.

use boothkeeper_domain::Asset;
use boothkeeper_wire::entry;
use chardetng::{EncodingDetector, Utf8Detection};
use serde::Deserialize;

use crate::{Error, Problem};

const MOST_ROWS: usize = 500_000;
const MOST_COLUMNS: usize = 64;
/// Longer texts are cut: no event has such a name.
const MOST_TEXT: usize = 200;

#[derive(Debug)]
pub struct Table {
    /// What it counts, if it says so.
    pub asset: Option<Asset>,
    pub titles: Vec<String>,
    /// With the line each begins on.
    pub rows: Vec<(u64, Vec<String>)>,
}

impl Table {
    pub fn read(bytes: &[u8]) -> Result<Self, Error> {
        if let Some(table) = of_json(bytes) {
            return table;
        }
        let text = decoded(bytes)?;
        let (named, text) = named_separator(&text);
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(named.unwrap_or_else(|| separator(text)))
            .flexible(true)
            .has_headers(false)
            .from_reader(text.as_bytes());
        let skipped = u64::from(named.is_some());
        let mut titles: Option<Vec<String>> = None;
        let mut rows = Vec::new();
        for record in reader.records() {
            let record = record.map_err(|error| Error::because(Problem::NotAHistory, error))?;
            if record.iter().all(|cell| cell.trim().is_empty()) {
                continue;
            }
            let cells: Vec<String> = record.iter().take(MOST_COLUMNS).map(cell).collect();
            match &titles {
                // What stands above the titles is no table yet.
                None if cells.len() < 2 => {}
                None => titles = Some(cells),
                Some(_) if rows.len() >= MOST_ROWS => {
                    return Err(Error::new(Problem::FileTooLarge));
                }
                Some(_) => {
                    let at = record.position();
                    let line = at.map_or(0, |at| at.line() + blank_lines(text, at.byte()));
                    rows.push((line + skipped, cells));
                }
            }
        }
        match titles {
            Some(titles) if !rows.is_empty() => Ok(Table {
                asset: None,
                titles,
                rows,
            }),
            _ => Err(Error::new(Problem::NotAHistory)),
        }
    }
}

fn cell(text: &str) -> String {
    let kept = text.chars().filter(|c| !c.is_control());
    kept.take(MOST_TEXT).collect()
}

/// Text of whatever encoding; one that is none is refused.
fn decoded(bytes: &[u8]) -> Result<String, Error> {
    if let Some((encoding, _)) = encoding_rs::Encoding::for_bom(bytes) {
        return Ok(encoding.decode(bytes).0.into_owned());
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return match text.contains('\0') {
            true => Err(Error::new(Problem::NotAHistory)),
            false => Ok(text.to_owned()),
        };
    }
    if bytes.contains(&0) {
        return Err(Error::new(Problem::NotAHistory));
    }
    let mut detector = EncodingDetector::new(chardetng::Iso2022JpDetection::Deny);
    detector.feed(bytes, true);
    let encoding = detector.guess(None, Utf8Detection::Allow);
    Ok(encoding.decode(bytes).0.into_owned())
}

/// Lines that the reader passes over before a record.
fn blank_lines(text: &str, at: u64) -> u64 {
    let rest = usize::try_from(at).ok().and_then(|at| text.get(at..));
    let ends = rest.unwrap_or_default().bytes();
    let ends = ends.take_while(|byte| matches!(byte, b'\r' | b'\n'));
    ends.filter(|byte| *byte == b'\n').count() as u64
}

/// A first line by which a table tells a spreadsheet its separator, and the rest.
fn named_separator(text: &str) -> (Option<u8>, &str) {
    let named = text.split_once('\n').and_then(|(first, rest)| {
        match first.trim_end_matches('\r').as_bytes() {
            [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', mark] => Some((*mark, rest)),
            _ => None,
        }
    });
    named.map_or((None, text), |(mark, rest)| (Some(mark), rest))
}

/// The separator that most lines have equally often.
fn separator(text: &str) -> u8 {
    let lines: Vec<&str> = text
        .lines()
        .filter(|l| !l.trim().is_empty())
        .take(20)
        .collect();
    let score = |mark: char| {
        let counts: Vec<usize> = lines
            .iter()
            .map(|line| line.matches(mark).count())
            .collect();
        let most = counts.iter().copied().max().unwrap_or(0);
        let usual = counts
            .iter()
            .filter(|count| **count == most && most > 0)
            .count();
        (usual, most)
    };
    [';', '\t', ',']
        .into_iter()
        .max_by_key(|mark| score(*mark))
        .and_then(|mark| u8::try_from(mark).ok())
        .unwrap_or(b',')
}

/// Our own export or proof: entries exactly as a cloud sent them, read as rows like any others.
fn of_json(bytes: &[u8]) -> Option<Result<Table, Error>> {
    #[derive(Deserialize)]
    struct Exported {
        entries: Vec<Line>,
    }
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Line {
        Bare(String),
        Proven { entry: String },
    }
    if !bytes.trim_ascii_start().starts_with(b"{") {
        return None;
    }
    let exported: Exported = match serde_json::from_slice(bytes) {
        Ok(exported) => exported,
        Err(error) => return Some(Err(Error::because(Problem::NotAHistory, error))),
    };
    let asset = named_asset(bytes);
    let titles = crate::write::history::COLUMNS
        .map(ToOwned::to_owned)
        .to_vec();
    let mut rows = Vec::new();
    for line in exported.entries.into_iter().take(MOST_ROWS) {
        let line = match line {
            Line::Bare(line) | Line::Proven { entry: line } => line,
        };
        let entry = match entry::decode(line.as_bytes()) {
            Ok(entry) => entry,
            Err(error) => return Some(Err(Error::because(Problem::NotAHistory, error))),
        };
        // Amounts are minor units.
        let named = asset.clone().unwrap_or_else(Asset::usd);
        rows.push((
            rows.len() as u64 + 1,
            crate::write::history::row(&entry, &named),
        ));
    }
    Some(Ok(Table {
        asset,
        titles,
        rows,
    }))
}

/// A proof names its asset; an export of ours does not.
fn named_asset(bytes: &[u8]) -> Option<Asset> {
    #[derive(Deserialize)]
    struct Named {
        asset: Asset,
    }
    let named = serde_json::from_slice::<Named>(bytes).ok()?;
    Some(named.asset)
}
