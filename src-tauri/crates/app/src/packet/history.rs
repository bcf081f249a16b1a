//! The usage history of a period: a table to read, and the entries exactly as sent, which is the proof.

use std::io::{Cursor, Write};

use boothkeeper_domain::time::MINUTE;
use boothkeeper_domain::{Asset, Seq, Timestamp};
use boothkeeper_sync::wire::entry;
use chrono::{Datelike, NaiveDate, Timelike};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::proof::{FORMAT, Proof, Proven};
use super::{Made, Period};
use crate::copy::Copied;
use crate::export::{COLUMNS, cells, failed};
use crate::{AppError, Code};

pub(super) const TABLE: &str = "usage-history.csv";
pub(super) const PROOF: &str = "usage-history.json";
const CSV: &str = "text/csv";
const JSON: &str = "application/json";
const ZIP: &str = "application/zip";

impl Copied<'_> {
    /// Table and proof of a period: as they are, or zipped, or zipped by month, whichever first is small
    /// enough for one file.
    pub fn histories(&self, period: &Period, most: u64) -> Result<Vec<Made>, AppError> {
        let proof = self.proof(period)?;
        let table = table(&proof, self.asset()?)?;
        let document = document(&proof)?;
        let fits = |bytes: &[u8]| bytes.len() as u64 <= most;
        if fits(&table) && fits(&document) {
            return Ok(vec![
                Made::new(TABLE, CSV, table),
                Made::new(PROOF, JSON, document),
            ]);
        }
        let at = self.head.checkpoint.time;
        let zipped = [zipped(TABLE, &table, at)?, zipped(PROOF, &document, at)?];
        if zipped.iter().all(|made| fits(&made.bytes)) {
            return Ok(zipped.into());
        }
        let months = period.months();
        if months.len() < 2 {
            // It cannot be made smaller: whoever sends it is told that it is too large.
            return Ok(zipped.into());
        }
        let mut made = Vec::new();
        for month in months {
            for file in self.histories(&month, 0)? {
                made.push(Made {
                    name: file.name.replacen(
                        "usage-history",
                        &format!("usage-history-{}", month.from.format("%Y-%m")),
                        1,
                    ),
                    ..file
                });
            }
        }
        Ok(made)
    }

    pub fn proof(&self, period: &Period) -> Result<Proof, AppError> {
        let (account, head) = (&self.head.checkpoint.account, &self.head);
        let stretch = self.cache.stretch(&period.filter())?;
        let (first, last) = (stretch.first, stretch.last);
        let evidence = self
            .cache
            .evidence(account, before(first.min(last)), last)?;
        let entries = evidence.lines.into_iter().map(|(hash, line)| {
            let entry = String::from_utf8(line);
            let entry = entry.map_err(|error| AppError::because(Code::Damaged, error))?;
            Ok(Proven { hash, entry })
        });
        Ok(Proof {
            format: FORMAT.to_owned(),
            account: account.clone(),
            cloud: self.binding.cloud.clone(),
            asset: self.asset()?.clone(),
            from: period.from,
            to: period.to,
            zone: period.zone.clone(),
            opening: stretch.opening,
            closing: stretch.closing,
            first,
            last: last.min(head.checkpoint.seq),
            before: evidence.before,
            entries: entries.collect::<Result<_, AppError>>()?,
            checkpoint: evidence.checkpoint,
            keys: self.binding.keys.clone(),
        })
    }
}

/// The entry before, where there is one.
fn before(seq: Seq) -> Seq {
    Seq(seq.0.saturating_sub(1).max(1))
}

/// The days' entries as rows, oldest first, each with the chain value after it.
pub(super) fn table(proof: &Proof, asset: &Asset) -> Result<Vec<u8>, AppError> {
    let mut csv = csv::Writer::from_writer(Vec::new());
    let columns = COLUMNS.iter().copied().chain(["hash"]);
    csv.write_record(columns).map_err(failed)?;
    for proven in &proof.entries {
        let entry = entry::decode(proven.entry.as_bytes());
        let entry = entry.map_err(|error| AppError::because(Code::Damaged, error))?;
        if entry.seq < proof.first || entry.seq > proof.last {
            continue;
        }
        let mut row = cells(&entry, asset);
        row.push(proven.hash.to_string());
        csv.write_record(row).map_err(failed)?;
    }
    csv.into_inner()
        .map_err(|error| AppError::because(Code::Internal, error.to_string()))
}

fn document(proof: &Proof) -> Result<Vec<u8>, AppError> {
    let mut document = serde_json::to_vec_pretty(proof)
        .map_err(|error| AppError::because(Code::Internal, error))?;
    document.push(b'\n');
    Ok(document)
}

/// One file in an archive; its time is the copy's, so that the same history gives the same bytes.
fn zipped(name: &str, bytes: &[u8], at: Timestamp) -> Result<Made, AppError> {
    let utc = at.plus(MINUTE).to_utc();
    let part = |number: u32| u8::try_from(number).unwrap_or(0);
    let modified = DateTime::from_date_and_time(
        u16::try_from(utc.year()).unwrap_or(1980),
        part(utc.month()),
        part(utc.day()),
        part(utc.hour()),
        part(utc.minute()),
        0,
    )
    .unwrap_or_default();
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(modified);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file(name, options).map_err(failed)?;
    zip.write_all(bytes).map_err(failed)?;
    let bytes = zip.finish().map_err(failed)?.into_inner();
    Ok(Made::new(format!("{name}.zip"), ZIP, bytes))
}

impl Period {
    /// The calendar months that it touches, each cut to the period.
    fn months(&self) -> Vec<Period> {
        let mut months = Vec::new();
        let mut from = self.from;
        while from <= self.to {
            let first = from.with_day(1).unwrap_or(from);
            let next = first
                .checked_add_months(chrono::Months::new(1))
                .unwrap_or(NaiveDate::MAX);
            let to = next.pred_opt().unwrap_or(self.to).min(self.to);
            months.push(Period {
                from,
                to,
                zone: self.zone.clone(),
            });
            from = next;
        }
        months
    }
}
