//! Reads a table's cells from CSV of any encoding and separator, or from the app's own JSON export or proof.

use boothkeeper_domain::Asset;
use boothkeeper_wire::entry;
use chardetng::{EncodingDetector, Utf8Detection};
use serde::Deserialize;

use crate::{Error, Problem};

const MOST_ROWS: usize = 500_000;
const MOST_COLUMNS: usize = 64;
/// Most characters of a cell; longer text is cut.
const MOST_TEXT: usize = 200;

#[derive(Debug)]
pub struct CellTable {
    /// The unit of amounts, if the file names it.
    pub asset: Option<Asset>,
    pub titles: Vec<String>,
    /// Each row with the number of its first line, counted from 1.
    pub rows: Vec<(u64, Vec<String>)>,
}

impl CellTable {
    /// Fails with `NotAHistory` if the file is not a table with at least one row, and with `FileTooLarge` above
    /// 500,000 rows.
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
                // Lines with one cell above the titles, such as a heading, are skipped.
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
            Some(titles) if !rows.is_empty() => Ok(CellTable {
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

/// Decodes text of any encoding. Fails with `NotAHistory` for binary files.
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

/// Number of blank lines that the CSV reader skips before the record at byte `at`.
fn blank_lines(text: &str, at: u64) -> u64 {
    let rest = usize::try_from(at).ok().and_then(|at| text.get(at..));
    let ends = rest.unwrap_or_default().bytes();
    let ends = ends.take_while(|byte| matches!(byte, b'\r' | b'\n'));
    ends.filter(|byte| *byte == b'\n').count() as u64
}

/// The separator that a first line `sep=…` names, and the text after that line.
fn named_separator(text: &str) -> (Option<u8>, &str) {
    let named = text.split_once('\n').and_then(|(first, rest)| {
        match first.trim_end_matches('\r').as_bytes() {
            [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', mark] => Some((*mark, rest)),
            _ => None,
        }
    });
    named.map_or((None, text), |(mark, rest)| (Some(mark), rest))
}

/// The separator that occurs equally often in the most lines.
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

/// Reads the app's own JSON export or proof, whose entries become rows. `None` if the file is not JSON.
fn of_json(bytes: &[u8]) -> Option<Result<CellTable, Error>> {
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
        // `row` converts minor units to decimals, for which it needs an asset; dollars if the file names none.
        let named = asset.clone().unwrap_or_else(Asset::usd);
        rows.push((
            rows.len() as u64 + 1,
            crate::write::history::row(&entry, &named),
        ));
    }
    Some(Ok(CellTable {
        asset,
        titles,
        rows,
    }))
}

/// The asset that a proof names. The app's JSON export does not name one.
fn named_asset(bytes: &[u8]) -> Option<Asset> {
    #[derive(Deserialize)]
    struct Named {
        asset: Asset,
    }
    let named = serde_json::from_slice::<Named>(bytes).ok()?;
    Some(named.asset)
}
