//! How far a database file has got, kept in a file beside it.
//!
//! SQLite believes the frames of a write-ahead log up to the first one whose checksum fails, and takes the rest for
//! a write that was never finished: one flipped bit there rolls the database back without a word. What is below
//! the number kept here has lost something that was committed.

use std::io::{self, Write};
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
        let text = self.0.as_ref().and_then(|path| std::fs::read(path).ok());
        let text = text.and_then(|bytes| String::from_utf8(bytes).ok());
        let kept = text.as_deref().and_then(|text| text.split_once(' '));
        match kept {
            Some((number, mark)) if mark == marked(number) => number.parse().unwrap_or(0),
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
        let part = path.with_extension("mark.part");
        let mut file = private::create(&part)?;
        let number = to.to_string();
        write!(file, "{number} {}", marked(&number))?;
        drop(file);
        std::fs::rename(&part, path)
    }

    /// For what is said of an error.
    pub fn path(&self) -> Option<&Path> {
        self.0.as_deref()
    }
}

fn marked(number: &str) -> String {
    format!("{:016x}\n", xxh3_64(number.as_bytes()))
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
        for at in 0..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            std::fs::write(&path, &changed).unwrap();
            assert_eq!(mark.read(), 0, "byte {at}");
            std::fs::write(&path, &whole[..at]).unwrap();
            assert_eq!(mark.read(), 0, "cut at {at}");
        }
    }
}
