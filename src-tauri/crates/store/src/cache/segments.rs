//! The entries' own bytes: for proof, for the details of a row, for text search.

use std::borrow::Cow;
use std::num::NonZero;
use std::panic::resume_unwind;
use std::thread;

use boothkeeper_domain::findings::Gathered;
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

/// Entries that must be there, as they are kept.
struct Part {
    first: Seq,
    last: Seq,
    kept: Kept,
}

/// A segment, or the newest lines, which are none yet.
enum Kept {
    Frame(Vec<u8>),
    Lines(Vec<u8>),
}

impl Part {
    fn read(&self, sink: &mut dyn FnMut(Entry)) -> Result<(), StoreError> {
        let whole: Cow<'_, [u8]> = match &self.kept {
            Kept::Frame(frame) => decompress(frame)
                .map_err(|_| StoreError::damaged(self.first))?
                .into(),
            Kept::Lines(whole) => whole.into(),
        };
        let skipped = usize::try_from((self.first.0 - 1) % SEGMENT).unwrap_or(0);
        let mut lines = lines(&whole)?.skip(skipped);
        let mut at = self.first;
        while at <= self.last {
            let line = lines.next().ok_or_else(|| StoreError::damaged(at))?;
            let entry = entry::decode(line).map_err(|_| StoreError::damaged(at))?;
            if entry.seq != at {
                return Err(StoreError::damaged(at));
            }
            sink(entry);
            at = at.next();
        }
        Ok(())
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
        for part in self.parts(first, last)? {
            part.read(&mut |entry| entries.push(entry))?;
        }
        Ok(entries)
    }

    /// What is told of a range; no entry is held longer than it takes to look at it. A long one is read by
    /// as many threads as there are cores.
    pub fn gathered(&self, first: Seq, last: Seq) -> Result<Gathered, StoreError> {
        /// Fewer are read before another thread has begun.
        const SHARE: usize = 4;
        let parts = self.parts(first, last)?;
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        let share = parts.len().div_ceil(cores).max(SHARE);
        let gather = |parts: &[Part]| {
            let mut gathered = Gathered::default();
            let mut add = |entry| gathered.add(entry);
            parts.iter().try_for_each(|part| part.read(&mut add))?;
            Ok::<_, StoreError>(gathered)
        };
        thread::scope(|scope| {
            let mut shares = parts.chunks(share);
            let here = shares.next().unwrap_or_default();
            let others: Vec<_> = shares
                .map(|parts| scope.spawn(move || gather(parts)))
                .collect();
            let mut gathered = gather(here)?;
            for other in others {
                let next = other.join().unwrap_or_else(|panic| resume_unwind(panic));
                gathered.append(next?);
            }
            Ok(gathered)
        })
    }

    fn parts(&self, first: Seq, last: Seq) -> Result<Vec<Part>, StoreError> {
        let mut parts = Vec::new();
        let mut at = first.max(Seq(1));
        while at <= last {
            let end = Seq(at.0.div_ceil(SEGMENT) * SEGMENT);
            let (kept, last) = match self.segment(end)? {
                Some(segment) => (Kept::Frame(segment.frame), end.min(last)),
                // After the last whole one there is nothing else.
                None => (Kept::Lines(self.tail()?), last),
            };
            let first = at;
            parts.push(Part { first, last, kept });
            at = last.max(end).next();
        }
        Ok(parts)
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
