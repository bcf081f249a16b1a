//! History as files: CSV to read, JSON with the entries exactly as sent.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use boothkeeper_domain::{Asset, Entry};
use boothkeeper_store::private;
use serde_json::json;
use uuid::Uuid;

use crate::copy::Copied;
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
        self.on_copy(|copied| match format {
            Format::Csv => copied.export_csv(query, out),
            Format::Json => copied.export_json(query, out),
        })
    }

    pub fn export_to(
        &self,
        query: &HistoryQuery,
        format: Format,
        path: &Path,
    ) -> Result<u64, AppError> {
        whole_file(path, |file| self.export(query, format, file))
    }
}

/// Writes beside and renames: what stops half-way leaves nothing that looks like a file. Where the system can, the
/// file has no name before it is whole, so that a process that is killed leaves nothing at all.
pub(crate) fn whole_file<T>(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> Result<T, AppError>,
) -> Result<T, AppError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let part = path.with_file_name(format!(".{name}.{}.part", Uuid::now_v7().simple()));
    let unnamed = unnamed_beside(path);
    let has_name = unnamed.is_none();
    let file = match unnamed {
        Some(file) => file,
        None => private::create_new(&part).map_err(failed)?,
    };
    let mut file = BufWriter::new(file);
    let written = write(&mut file).and_then(|written| {
        file.flush().map_err(failed)?;
        file.get_ref().sync_all().map_err(failed)?;
        if !has_name {
            name_it(file.get_ref(), &part).map_err(failed)?;
        }
        std::fs::rename(&part, path).map_err(failed)?;
        Ok(written)
    });
    if written.is_err() {
        let _ = std::fs::remove_file(&part);
    }
    written
}

#[cfg(target_os = "linux")]
fn unnamed_beside(path: &Path) -> Option<File> {
    use rustix::fs::{Mode, OFlags, open};
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
    open(folder, flags, Mode::RUSR | Mode::WUSR)
        .ok()
        .map(File::from)
}

#[cfg(target_os = "linux")]
fn name_it(file: &File, path: &Path) -> std::io::Result<()> {
    use std::os::fd::AsRawFd;

    use rustix::fs::{AtFlags, CWD, linkat};
    let unnamed = format!("/proc/self/fd/{}", file.as_raw_fd());
    Ok(linkat(CWD, unnamed, CWD, path, AtFlags::SYMLINK_FOLLOW)?)
}

#[cfg(not(target_os = "linux"))]
fn unnamed_beside(_: &Path) -> Option<File> {
    None
}

#[cfg(not(target_os = "linux"))]
fn name_it(_: &File, _: &Path) -> std::io::Result<()> {
    Ok(())
}

impl Copied<'_> {
    fn export_csv(&self, query: &HistoryQuery, out: &mut dyn Write) -> Result<u64, AppError> {
        let asset = self.asset()?;
        let mut csv = csv::Writer::from_writer(out);
        csv.write_record(COLUMNS).map_err(failed)?;
        let count = self.each(query, &mut |_, entry| {
            csv.write_record(cells(&entry, asset)).map_err(failed)
        })?;
        csv.flush().map_err(failed)?;
        Ok(count)
    }

    /// The entries are the very lines that the checkpoint's chain runs over, as strings.
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

/// Takes an entry's line and what it says.
type Sink<'a> = dyn FnMut(Vec<u8>, Entry) -> Result<(), AppError> + 'a;

/// An entry as a row of [`COLUMNS`].
pub(crate) fn cells(entry: &Entry, asset: &Asset) -> Vec<String> {
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

pub(crate) const COLUMNS: [&str; 10] = [
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

/// A cell that a spreadsheet would run as a formula is made text, and what a terminal would obey is made visible.
pub(crate) fn harmless(text: &str) -> String {
    let obeyed = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    let text = text.replace(obeyed, "\u{fffd}");
    let formula = |c: char| matches!(c, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠');
    match text.trim_start().starts_with(formula) || text.starts_with(['\t', '\r']) {
        true => format!("'{text}"),
        false => text,
    }
}

pub(crate) fn failed(error: impl std::error::Error + Send + Sync + 'static) -> AppError {
    let first = &error as &dyn std::error::Error;
    let full = std::iter::successors(Some(first), |error| error.source()).any(|error| {
        let io = error.downcast_ref::<std::io::Error>();
        io.is_some_and(|error| error.kind() == std::io::ErrorKind::StorageFull)
    });
    AppError::because(
        if full {
            Code::DiskFull
        } else {
            Code::FileSystem
        },
        error,
    )
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
