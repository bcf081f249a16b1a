//! History as files: CSV to read, JSON with the entries exactly as sent.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use boothkeeper_domain::{Asset, Entry, Seq};
use boothkeeper_store::cache::{Page, Row};
use serde_json::json;

use crate::views::HistoryQuery;
use crate::{App, AppError, Code};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Csv,
    Json,
}

const CHUNK: usize = 1000;

impl App {
    /// Writes every match of the query, newest first. Nothing is written before the query is known to be
    /// good.
    pub fn export(
        &self,
        query: &HistoryQuery,
        format: Format,
        out: &mut dyn Write,
    ) -> Result<u64, AppError> {
        let (_, head) = self.synced()?;
        let asset = head.account.identity.as_ref().map(|i| i.asset.clone());
        let asset = asset.ok_or(AppError::new(Code::NotSynced))?;
        match format {
            Format::Csv => {
                let mut csv = csv::Writer::from_writer(out);
                csv.write_record(COLUMNS).map_err(failed)?;
                let count = self.each(query, &asset, &mut |row, (_, entry)| {
                    csv.write_record(cells(row, &entry, &asset)).map_err(failed)
                })?;
                csv.flush().map_err(failed)?;
                Ok(count)
            }
            Format::Json => {
                let mut lines: Vec<String> = Vec::new();
                let count = self.each(query, &asset, &mut |_, (line, _)| {
                    let line = String::from_utf8(line);
                    lines.push(line.map_err(|error| AppError::because(Code::Damaged, error))?);
                    Ok(())
                })?;
                let document = json!({ "checkpoint": head.checkpoint, "entries": lines });
                writeln!(out, "{document}").map_err(failed)?;
                Ok(count)
            }
        }
    }

    /// Writes beside and renames: an export that stops half-way leaves nothing that looks like one.
    pub fn export_to(
        &self,
        query: &HistoryQuery,
        format: Format,
        path: &Path,
    ) -> Result<u64, AppError> {
        let part = path.with_extension("part");
        let mut file = BufWriter::new(File::create(&part).map_err(failed)?);
        let entries = self.export(query, format, &mut file)?;
        let file = file
            .into_inner()
            .map_err(|error| failed(error.into_error()))?;
        file.sync_all().map_err(failed)?;
        std::fs::rename(&part, path).map_err(failed)?;
        Ok(entries)
    }

    fn each(
        &self,
        query: &HistoryQuery,
        asset: &Asset,
        sink: &mut Sink<'_>,
    ) -> Result<u64, AppError> {
        let (mut count, mut before) = (0, None);
        loop {
            let page = self.export_page(query, asset, before)?;
            let seqs = page.rows.iter().map(|row| row.seq);
            let entries = self.laptop.read(|cache| cache.entries(seqs))?;
            for (row, entry) in page.rows.iter().zip(entries) {
                sink(row, entry)?;
                count += 1;
            }
            before = page.next;
            if before.is_none() {
                return Ok(count);
            }
        }
    }

    fn export_page(
        &self,
        query: &HistoryQuery,
        asset: &Asset,
        before: Option<Seq>,
    ) -> Result<Page, AppError> {
        let (_, filter) = self.resolve(query)?;
        Ok(self.laptop.read(|cache| {
            if query.text.is_empty() {
                return cache.page(&filter, before, CHUNK);
            }
            let rows = cache.search(&filter, &query.text, asset, before, CHUNK)?;
            let next = rows.last().filter(|_| rows.len() == CHUNK).map(|r| r.seq);
            Ok(Page { rows, next })
        })?)
    }
}

/// Takes a row, its entry's line and the entry.
type Sink<'a> = dyn FnMut(&Row, (Vec<u8>, Entry)) -> Result<(), AppError> + 'a;

fn cells(row: &Row, entry: &Entry, asset: &Asset) -> Vec<String> {
    let text = |text: Option<&str>| harmless(text.unwrap_or_default());
    vec![
        row.seq.to_string(),
        row.at.to_string(),
        harmless(entry.body.name()),
        asset.decimal(row.delta).to_string(),
        asset.decimal(row.balance_after).to_string(),
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

const COLUMNS: [&str; 10] = [
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

/// A cell that a spreadsheet would run as a formula is made text.
fn harmless(text: &str) -> String {
    match text.chars().next() {
        Some('=' | '+' | '-' | '@' | '\t' | '\r') => format!("'{text}"),
        _ => text.to_owned(),
    }
}

fn failed(error: impl std::error::Error + Send + Sync + 'static) -> AppError {
    AppError::because(Code::FileSystem, error)
}

#[cfg(test)]
mod tests {
    use super::harmless;

    #[test]
    fn no_cell_begins_a_formula() {
        for bad in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"] {
            assert_eq!(harmless(bad), format!("'{bad}"));
        }
        assert_eq!(harmless("Miller wedding"), "Miller wedding");
    }
}
