//! One file in a zip archive.

use std::io::{Cursor, Write};

use boothkeeper_domain::Timestamp;
use boothkeeper_domain::time::MINUTE;
use chrono::{Datelike, Timelike};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::MadeFile;
use crate::Error;
use crate::error::internal;

/// Packs a file in a zip archive named `….zip`. `at` becomes the file's time in the archive; it must be a time of the
/// copy, not of the clock, so that the same history gives the same bytes.
pub fn zipped(file: &MadeFile, at: Timestamp) -> Result<MadeFile, Error> {
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
    zip.start_file(file.name.as_str(), options)
        .map_err(internal)?;
    zip.write_all(&file.bytes).map_err(internal)?;
    let bytes = zip.finish().map_err(internal)?.into_inner();
    let name = format!("{}.zip", file.name);
    Ok(MadeFile::new(name, "application/zip", bytes))
}
