//! The entries' own bytes: for proof, for the details of a row, for text search.

use boothkeeper_domain::{Entry, Hash, Seq};
use boothkeeper_wire::entry;
use boothkeeper_wire::stream::{SEGMENT, decompress, lines};
use rusqlite::OptionalExtension;

use super::Cache;
use crate::StoreError;

/// One kept segment.
#[derive(Debug)]
pub(crate) struct Segment {
    pub last: Seq,
    pub chain: Hash,
    pub frame: Vec<u8>,
}

impl Segment {
    /// The place before its first entry.
    pub fn before(&self) -> Seq {
        Seq(self.last.0.saturating_sub(SEGMENT))
    }
}

/// A segment as it is kept, or the newest lines, which are none yet.
enum Part {
    Frame(Vec<u8>),
    Lines(Vec<u8>),
}

impl Part {
    /// The entries from one to another, which must be there.
    fn entries(self, first: Seq, last: Seq) -> Result<Vec<Entry>, StoreError> {
        let whole = match self {
            Part::Frame(frame) => decompress(&frame).map_err(|_| StoreError::damaged(first))?,
            Part::Lines(whole) => whole,
        };
        let skipped = usize::try_from((first.0 - 1) % SEGMENT).unwrap_or(0);
        let count = usize::try_from(last.0 - first.0 + 1).unwrap_or(0);
        let mut entries = Vec::with_capacity(count);
        let mut at = first;
        for line in lines(&whole)?.skip(skipped).take(count) {
            let entry = entry::decode(line).map_err(|_| StoreError::damaged(at))?;
            if entry.seq != at {
                return Err(StoreError::damaged(at));
            }
            entries.push(entry);
            at = at.next();
        }
        match entries.len() == count {
            true => Ok(entries),
            false => Err(StoreError::damaged(at)),
        }
    }
}

impl Cache {
    pub(crate) fn segment(&self, last: Seq) -> Result<Option<Segment>, StoreError> {
        let query = "SELECT chain, frame FROM segments WHERE last = ?1";
        let mut statement = self.connection.prepare_cached(query)?;
        let segment = statement.query_row([last.0], |row| {
            Ok(Segment {
                last,
                chain: Hash(row.get(0)?),
                // Damage can change a value's type, too; what is in it is compared by the chain.
                frame: row.get_ref(1)?.as_bytes()?.to_vec(),
            })
        });
        Ok(segment.optional()?)
    }

    /// The lines since the last whole segment, with their newlines.
    pub fn tail(&self) -> Result<Vec<u8>, StoreError> {
        self.lines_up_to(Seq(i64::MAX.cast_unsigned()))
    }

    pub(super) fn lines_up_to(&self, last: Seq) -> Result<Vec<u8>, StoreError> {
        let query = "SELECT line FROM tail WHERE seq <= ?1 ORDER BY seq";
        let mut statement = self.connection.prepare_cached(query)?;
        let mut rows = statement.query([last.0])?;
        let mut tail = Vec::new();
        while let Some(row) = rows.next()? {
            tail.extend_from_slice(row.get_ref(0)?.as_blob().map_err(StoreError::damaged_by)?);
            tail.push(b'\n');
        }
        Ok(tail)
    }

    /// An entry as it was sent: its line and what it says. `None` past the copy's end.
    pub fn entry(&self, seq: Seq) -> Result<Option<(Vec<u8>, Entry)>, StoreError> {
        let Some(line) = self.line(seq)? else {
            return Ok(None);
        };
        let entry = entry::decode(&line).map_err(|_| StoreError::damaged(seq))?;
        if entry.seq != seq {
            return Err(StoreError::damaged(seq));
        }
        Ok(Some((line, entry)))
    }

    /// Several entries with their lines, each segment opened once for neighbours.
    pub fn entries(
        &self,
        seqs: impl IntoIterator<Item = Seq>,
    ) -> Result<Vec<(Vec<u8>, Entry)>, StoreError> {
        let mut open: Option<(Seq, Vec<u8>)> = None;
        let mut entries = Vec::new();
        for seq in seqs {
            let last = Seq(seq.0.div_ceil(SEGMENT) * SEGMENT);
            if open.as_ref().is_none_or(|(held, _)| *held != last) {
                open = match self.segment(last)? {
                    Some(segment) => {
                        let whole = decompress(&segment.frame);
                        Some((last, whole.map_err(|_| StoreError::damaged(seq))?))
                    }
                    None => Some((last, self.tail()?)),
                };
            }
            let (_, whole) = open.as_ref().ok_or_else(|| StoreError::damaged(seq))?;
            let at = usize::try_from((seq.0 - 1) % SEGMENT).unwrap_or(0);
            let line = lines(whole)?.nth(at);
            let line = line.ok_or_else(|| StoreError::damaged(seq))?;
            let entry = entry::decode(line).map_err(|_| StoreError::damaged(seq))?;
            if entry.seq != seq {
                return Err(StoreError::damaged(seq));
            }
            entries.push((line.to_vec(), entry));
        }
        Ok(entries)
    }

    /// All entries of a range, each line read once.
    pub fn entries_between(&self, first: Seq, last: Seq) -> Result<Vec<Entry>, StoreError> {
        let mut entries = Vec::new();
        let mut at = first.max(Seq(1));
        while at <= last {
            let end = Seq(at.0.div_ceil(SEGMENT) * SEGMENT);
            let part = match self.segment(end)? {
                Some(segment) => Part::Frame(segment.frame),
                None => Part::Lines(self.tail()?),
            };
            entries.append(&mut part.entries(at, end.min(last))?);
            at = end.next();
        }
        Ok(entries)
    }

    fn line(&self, seq: Seq) -> Result<Option<Vec<u8>>, StoreError> {
        let query = "SELECT line FROM tail WHERE seq = ?1";
        let mut statement = self.connection.prepare_cached(query)?;
        let line = statement.query_row([seq.0], |row| row.get(0)).optional()?;
        if line.is_some() || seq == Seq::ZERO {
            return Ok(line);
        }
        let last = Seq(seq.0.div_ceil(SEGMENT) * SEGMENT);
        let Some(segment) = self.segment(last)? else {
            return Ok(None);
        };
        let whole = decompress(&segment.frame).map_err(|_| StoreError::damaged(seq))?;
        let at = usize::try_from(seq.0 - segment.before().0 - 1).unwrap_or(0);
        Ok(lines(&whole)?.nth(at).map(<[u8]>::to_vec))
    }
}
