//! A number that says how far a database has got, kept in a small file beside it.
//!
//! SQLite replays a write-ahead log up to the first frame whose checksum fails, and takes the rest for an unfinished
//! write. One flipped bit in the log therefore rolls the database back silently. A database whose own counter is below
//! the number kept here has lost committed changes.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::xxh3_64;

use crate::private;

/// The path of the file that keeps how far a database has got; `None` for a database in memory, which keeps no file.
#[derive(Debug, Clone)]
pub struct HighWater(Option<PathBuf>);

impl HighWater {
    /// The file beside a database: the database's name with the extension `mark`.
    pub fn beside(database: &Path) -> Self {
        HighWater(Some(database.with_extension("mark")))
    }

    pub fn in_memory() -> Self {
        HighWater(None)
    }

    /// The number kept in the file; 0 if the file is missing, unreadable or damaged. That is no error: the number only
    /// serves as a second check of the database.
    pub fn read(&self) -> u64 {
        let Some(path) = &self.0 else {
            return 0;
        };
        // One byte more than a record is read, so that a longer file is seen as damaged.
        let mut bytes = Vec::with_capacity(LENGTH + 1);
        let read =
            File::open(path).and_then(|file| file.take(LENGTH as u64 + 1).read_to_end(&mut bytes));
        let text = std::str::from_utf8(&bytes).unwrap_or_default();
        if read.is_err() {
            return 0;
        }
        let number = text.split(' ').next().unwrap_or_default();
        match number.parse() {
            Ok(kept) if record(path, kept) == text => kept,
            _ => 0,
        }
    }

    /// Sets the number in the file if `to` is larger than the number kept; see [`HighWater::set`].
    pub fn raise(&self, to: u64) -> io::Result<()> {
        match to > self.read() {
            true => self.set(to),
            false => Ok(()),
        }
    }

    /// Sets the number in the file, also to a smaller number. Does nothing for a database in memory.
    pub fn set(&self, to: u64) -> io::Result<()> {
        let Some(path) = &self.0 else {
            return Ok(());
        };
        // One write in place, always of the same length: another process never finds the file missing or half
        // written, and a full disk has room for it.
        let mut file = private::overwrite(path)?;
        file.write_all(record(path, to).as_bytes())?;
        match file.metadata()?.len() > LENGTH as u64 {
            // Only damage can have made the file longer: cut it to one record.
            true => file.set_len(LENGTH as u64),
            false => Ok(()),
        }
    }

    /// Path of the file, for error messages; `None` for a database in memory.
    pub fn path(&self) -> Option<&Path> {
        self.0.as_deref()
    }
}

/// Length of a record in bytes.
const LENGTH: usize = 64;

/// The content of the file: the number, and a checksum over the number and the file's name. The name is included so
/// that one database's file is not accepted for another's.
fn record(path: &Path, number: u64) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mark = xxh3_64(format!("{name} {number}").as_bytes());
    format!(
        "{:<width$}\n",
        format!("{number} {mark:016x}"),
        width = LENGTH - 1
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn high_water_raise_keeps_the_larger_number_and_set_can_lower_it() {
        let folder = tempfile::tempdir().unwrap();
        let mark = HighWater::beside(&folder.path().join("cache.sqlite"));
        assert_eq!(mark.read(), 0);
        mark.raise(7).unwrap();
        mark.raise(5).unwrap();
        assert_eq!(mark.read(), 7);
        mark.set(5).unwrap();
        assert_eq!(mark.read(), 5);
    }

    #[test]
    fn damaged_or_copied_high_water_file_reads_as_zero() {
        let folder = tempfile::tempdir().unwrap();
        let mark = HighWater::beside(&folder.path().join("cache.sqlite"));
        mark.set(123_456).unwrap();
        let path = folder.path().join("cache.mark");
        let whole = std::fs::read(&path).unwrap();
        // A file copied from another database is not accepted.
        let outbox = HighWater::beside(&folder.path().join("outbox.sqlite"));
        std::fs::copy(&path, outbox.path().unwrap()).unwrap();
        assert_eq!(outbox.read(), 0);
        for at in 0..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            std::fs::write(&path, &changed).unwrap();
            assert_eq!(mark.read(), 0, "byte {at}");
            std::fs::write(&path, &whole[..at]).unwrap();
            assert_eq!(mark.read(), 0, "cut at {at}");
        }
        std::fs::write(&path, whole.repeat(100_000)).unwrap();
        assert_eq!(mark.read(), 0, "too long");
        mark.set(7).unwrap();
        assert_eq!(mark.read(), 7, "rewritten after the damage");
    }

    #[test]
    fn high_water_file_with_many_writers_holds_a_number_that_one_of_them_wrote() {
        let folder = tempfile::tempdir().unwrap();
        let mark = HighWater::beside(&folder.path().join("outbox.sqlite"));
        std::thread::scope(|scope| {
            for writer in 0..4_u64 {
                let mark = mark.clone();
                scope.spawn(move || {
                    for n in 0..500 {
                        mark.raise(1 + 4 * n + writer).unwrap();
                    }
                });
            }
        });
        assert!((1..=2_000).contains(&mark.read()));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
