//! How far a database file has got, kept in a file beside it.
//!
//! SQLite believes the frames of a write-ahead log up to the first one whose checksum fails, and takes the rest for
//! a write that was never finished: one flipped bit there rolls the database back without a word. What is below
//! the number kept here has lost something that was committed.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::xxh3_64;

use crate::private;

/// The file of one database; `None` where that is in memory.
#[derive(Debug, Clone)]
pub struct HighWater(Option<PathBuf>);

impl HighWater {
    pub fn beside(database: &Path) -> Self {
        HighWater(Some(database.with_extension("mark")))
    }

    pub fn in_memory() -> Self {
        HighWater(None)
    }

    /// 0 where there is none, or none that can be read: it is no more than a second witness.
    pub fn read(&self) -> u64 {
        let Some(path) = &self.0 else {
            return 0;
        };
        // One byte more than a record shows one that is too long.
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

    /// Never moves back; see [`HighWater::set`].
    pub fn raise(&self, to: u64) -> io::Result<()> {
        match to > self.read() {
            true => self.set(to),
            false => Ok(()),
        }
    }

    pub fn set(&self, to: u64) -> io::Result<()> {
        let Some(path) = &self.0 else {
            return Ok(());
        };
        // One write in place, always as long: no other process finds it half written or gone, and a full disk has
        // room for it.
        let mut file = private::overwrite(path)?;
        file.write_all(record(path, to).as_bytes())?;
        match file.metadata()?.len() > LENGTH as u64 {
            // What damage has added goes.
            true => file.set_len(LENGTH as u64),
            false => Ok(()),
        }
    }

    /// For what is said of an error.
    pub fn path(&self) -> Option<&Path> {
        self.0.as_deref()
    }
}

/// Bytes of a record.
const LENGTH: usize = 64;

/// The number and a mark over it and the file's name: one database's number does not stand for another's.
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
    fn number_is_kept_and_never_moves_back_by_itself() {
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
    fn changed_file_is_no_witness() {
        let folder = tempfile::tempdir().unwrap();
        let mark = HighWater::beside(&folder.path().join("cache.sqlite"));
        mark.set(123_456).unwrap();
        let path = folder.path().join("cache.mark");
        let whole = std::fs::read(&path).unwrap();
        // Nor is another database's.
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
        assert_eq!(mark.read(), 7, "written anew");
    }

    #[test]
    fn many_writers_leave_a_number_that_one_of_them_wrote() {
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
