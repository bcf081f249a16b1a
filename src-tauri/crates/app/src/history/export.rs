//! Exports the history as CSV, or as JSON with the entries exactly as the cloud sent them.

use std::io::Write;
use std::path::Path;

use boothkeeper_documents::write::history::CsvWriter;
use boothkeeper_domain::Entry;
use serde_json::json;

use super::{History, HistoryQuery};
use crate::copy::Snapshot;
use crate::files::{failed, whole_file};
use crate::{AppError, Code};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Csv,
    Json,
}

/// Entries read at a time.
const CHUNK: usize = 1000;

impl History<'_> {
    /// Writes every match of the query, newest first, and returns the number of entries.
    pub fn export(
        &self,
        query: &HistoryQuery,
        format: Format,
        out: &mut dyn Write,
    ) -> Result<u64, AppError> {
        self.app.read_copy(|copied| match format {
            Format::Csv => copied.export_csv(query, out),
            Format::Json => copied.export_json(query, out),
        })
    }

    /// Writes the export to a file, completely or not at all, and returns the number of entries.
    pub fn export_to(
        &self,
        query: &HistoryQuery,
        format: Format,
        path: &Path,
    ) -> Result<u64, AppError> {
        whole_file(path, |file| self.export(query, format, file))
    }
}

impl Snapshot<'_> {
    fn export_csv(&self, query: &HistoryQuery, out: &mut dyn Write) -> Result<u64, AppError> {
        let asset = self.asset()?;
        let mut csv = CsvWriter::new(out, asset).map_err(failed)?;
        let count = self.each(query, &mut |_, entry| csv.entry(&entry).map_err(failed))?;
        csv.finish().map_err(failed)?;
        Ok(count)
    }

    /// Each entry is written as a string: the exact line over which the cloud's signed hash chain is computed.
    fn export_json(&self, query: &HistoryQuery, out: &mut dyn Write) -> Result<u64, AppError> {
        let checkpoint = json!(self.head.checkpoint);
        write!(out, "{{\"checkpoint\":{checkpoint},\"entries\":[").map_err(failed)?;
        let mut separator = "";
        let count = self.each(query, &mut |line, _| {
            let line = std::str::from_utf8(&line);
            let line = line.map_err(|error| AppError::because(Code::Damaged, error))?;
            write!(out, "{separator}{}", json!(line)).map_err(failed)?;
            separator = ",";
            Ok(())
        })?;
        writeln!(out, "]}}").map_err(failed)?;
        Ok(count)
    }

    /// Calls `sink` for every match, newest first, and returns their number.
    fn each(&self, query: &HistoryQuery, sink: &mut Sink<'_>) -> Result<u64, AppError> {
        let (mut count, mut before) = (0, None);
        loop {
            let page = self.page(query, before, CHUNK)?;
            let entries = self.cache.entries(page.rows.iter().map(|row| row.seq))?;
            for (line, entry) in entries {
                sink(line, entry)?;
                count += 1;
            }
            before = page.next;
            if before.is_none() {
                return Ok(count);
            }
        }
    }
}

/// The function that is called for each exported entry, with its line as sent and the decoded entry.
type Sink<'a> = dyn FnMut(Vec<u8>, Entry) -> Result<(), AppError> + 'a;
