//! Writes the usage history of some days: a table to read, and the proof with the entries exactly as the cloud sent
//! them.

use std::io::Write;

use boothkeeper_domain::{Asset, Entry};
use boothkeeper_wire::entry;

use super::MadeFile;
use crate::error::internal;
use crate::proof::Proof;
use crate::{Error, Problem};

pub const TABLE: &str = "usage-history.csv";
pub const PROOF: &str = "usage-history.json";
const CSV: &str = "text/csv";
const JSON: &str = "application/json";

/// The columns of every table of entries that the app writes.
pub const COLUMNS: [&str; 10] = [
    "seq",
    "at",
    "kind",
    "amount",
    "balance_after",
    "service",
    "event",
    "run",
    "refers_to",
    "reason",
];

/// An entry as a row of [`COLUMNS`].
pub fn row(entry: &Entry, asset: &Asset) -> Vec<String> {
    let text = |text: Option<&str>| harmless(text.unwrap_or_default());
    vec![
        entry.seq.to_string(),
        entry.at.to_string(),
        harmless(entry.body.name()),
        asset.decimal(entry.delta).to_string(),
        asset.decimal(entry.balance_after).to_string(),
        text(entry.body.service()),
        text(entry.body.event()),
        text(entry.body.run().map(|run| run.as_str())),
        entry
            .body
            .refers_to()
            .map_or(String::new(), |s| s.to_string()),
        text(entry.reason.as_deref()),
    ]
}

/// Writes entries as CSV with the columns [`COLUMNS`].
pub struct CsvWriter<'a> {
    csv: csv::Writer<&'a mut dyn Write>,
    asset: &'a Asset,
}

impl<'a> CsvWriter<'a> {
    /// Writes the titles of the columns. Fails if `out` cannot be written to.
    pub fn new(out: &'a mut dyn Write, asset: &'a Asset) -> std::io::Result<Self> {
        let mut csv = csv::Writer::from_writer(out);
        csv.write_record(COLUMNS)?;
        Ok(CsvWriter { csv, asset })
    }

    pub fn entry(&mut self, entry: &Entry) -> std::io::Result<()> {
        Ok(self.csv.write_record(row(entry, self.asset))?)
    }

    pub fn finish(mut self) -> std::io::Result<()> {
        self.csv.flush()
    }
}

/// Writes a table of any columns as CSV, every cell made [`harmless`].
pub fn csv_table(
    out: &mut dyn Write,
    titles: &[&str],
    rows: impl Iterator<Item = Vec<String>>,
) -> std::io::Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record(titles)?;
    for row in rows {
        csv.write_record(row.iter().map(|cell| harmless(cell)))?;
    }
    csv.flush()
}

/// Prevents a spreadsheet from running a cell as a formula (a leading apostrophe is added), and a terminal from obeying
/// control characters (they become U+FFFD).
pub fn harmless(text: &str) -> String {
    let obeyed = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    let text = text.replace(obeyed, "\u{fffd}");
    let formula = |c: char| matches!(c, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠');
    match text.trim_start().starts_with(formula) || text.starts_with(['\t', '\r']) {
        true => format!("'{text}"),
        false => text,
    }
}

/// The usage history as two files: the table and the proof.
pub fn files(proof: &Proof) -> Result<[MadeFile; 2], Error> {
    Ok([
        MadeFile::new(TABLE, CSV, table(proof)?),
        MadeFile::new(PROOF, JSON, document(proof)?),
    ])
}

/// The entries of the proven days as rows, oldest first, each with the hash chain's value after it.
pub(crate) fn table(proof: &Proof) -> Result<Vec<u8>, Error> {
    let mut csv = csv::Writer::from_writer(Vec::new());
    let columns = COLUMNS.iter().copied().chain(["hash"]);
    csv.write_record(columns).map_err(internal)?;
    for proven in &proof.entries {
        let entry = entry::decode(proven.entry.as_bytes());
        let entry = entry.map_err(|error| Error::because(Problem::Damaged, error))?;
        if entry.seq < proof.first || entry.seq > proof.last {
            continue;
        }
        let mut row = row(&entry, &proof.asset);
        row.push(proven.hash.to_string());
        csv.write_record(row).map_err(internal)?;
    }
    csv.into_inner()
        .map_err(|error| Error::because(Problem::Internal, error.to_string()))
}

fn document(proof: &Proof) -> Result<Vec<u8>, Error> {
    let mut document = serde_json::to_vec_pretty(proof).map_err(internal)?;
    document.push(b'\n');
    Ok(document)
}

#[cfg(test)]
mod tests {
    use super::harmless;

    #[test]
    fn cell_that_begins_a_formula_gets_an_apostrophe() {
        for bad in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"] {
            assert_eq!(harmless(bad), format!("'{bad}"));
        }
        assert_eq!(harmless("Miller wedding"), "Miller wedding");
    }
}
