//! The entries' own bytes: for proof, for the details of a row, for text search.

use std::num::NonZero;
use std::panic::resume_unwind;
use std::thread;

use boothkeeper_domain::findings::Gathered;
use boothkeeper_domain::{Entry, Hash, Seq};
use boothkeeper_wire::stream::{SEGMENT, decompress, lines};
use boothkeeper_wire::{chain, entry};
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

/// Lines as they are kept, between the chain values before and after them.
struct Part {
    /// The place before its first line.
    base: Seq,
    before: Hash,
    after: Hash,
    kept: Kept,
}

/// A segment, or the newest lines, which are none yet.
enum Kept {
    Frame(Vec<u8>),
    Lines(Vec<u8>),
}

impl Part {
    /// Its lines, proven: they lead from one chain value to the other.
    fn whole(self) -> Result<Vec<u8>, StoreError> {
        let damaged = || StoreError::damaged(self.base.next());
        let whole = match self.kept {
            Kept::Frame(frame) => decompress(&frame).map_err(|_| damaged())?,
            Kept::Lines(whole) => whole,
        };
        match chained(self.before, &whole) == Some(self.after) {
            true => Ok(whole),
            false => Err(damaged()),
        }
    }

    /// Reads the entries from one to another, as far as they are its own.
    fn read(
        self,
        (first, last): (Seq, Seq),
        sink: &mut dyn FnMut(Entry),
    ) -> Result<(), StoreError> {
        let base = self.base;
        let whole = self.whole()?;
        let skipped = first.0.saturating_sub(base.0 + 1);
        let mut at = Seq(base.0 + skipped).next();
        for line in lines(&whole)?.skip(usize::try_from(skipped).unwrap_or(usize::MAX)) {
            if at > last {
                break;
            }
            sink(placed(line, at)?);
            at = at.next();
        }
        Ok(())
    }
}

/// The entry of a line, which is the one of its place.
fn placed(line: &[u8], seq: Seq) -> Result<Entry, StoreError> {
    let entry = entry::decode(line).ok().filter(|entry| entry.seq == seq);
    entry.ok_or_else(|| StoreError::damaged(seq))
}

/// The chain value after some lines.
pub(super) fn chained(before: Hash, whole: &[u8]) -> Option<Hash> {
    let lines = lines(whole).ok()?;
    Some(lines.fold(before, |previous, line| chain::next(&previous, line)))
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
        if seq == Seq::ZERO || seq > self.end()? {
            return Ok(None);
        }
        Ok(self.entries([seq])?.pop())
    }

    /// Several entries with their lines, each segment opened once for neighbours.
    pub fn entries(
        &self,
        seqs: impl IntoIterator<Item = Seq>,
    ) -> Result<Vec<(Vec<u8>, Entry)>, StoreError> {
        let mut open: Option<(Seq, Vec<u8>)> = None;
        let mut entries = Vec::new();
        for seq in seqs {
            let base = base(seq);
            if open.as_ref().is_none_or(|(held, _)| *held != base) {
                open = Some((base, self.part(base)?.whole()?));
            }
            let (_, whole) = open.as_ref().ok_or_else(|| StoreError::damaged(seq))?;
            let at = usize::try_from(seq.0 - base.0 - 1).unwrap_or(usize::MAX);
            let line = lines(whole)?.nth(at);
            let line = line.ok_or_else(|| StoreError::damaged(seq))?;
            entries.push((line.to_vec(), placed(line, seq)?));
        }
        Ok(entries)
    }

    /// All entries of a range, each line read once.
    pub fn entries_between(&self, first: Seq, last: Seq) -> Result<Vec<Entry>, StoreError> {
        let mut entries = Vec::new();
        for part in self.parts(first, last)? {
            part.read((first, last), &mut |entry| entries.push(entry))?;
        }
        Ok(entries)
    }

    /// What is told of a range; no entry is held longer than it takes to look at it. A long one is read by
    /// as many threads as there are cores.
    pub fn gathered(&self, first: Seq, last: Seq) -> Result<Gathered, StoreError> {
        /// Fewer are read before another thread has begun.
        const SHARE: usize = 4;
        let mut parts = self.parts(first, last)?;
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        let share = parts.len().div_ceil(cores).max(SHARE);
        let gather = |parts: Vec<Part>| {
            let mut gathered = Gathered::default();
            let mut add = |entry| gathered.add(entry);
            let mut parts = parts.into_iter();
            parts.try_for_each(|part| part.read((first, last), &mut add))?;
            Ok::<_, StoreError>(gathered)
        };
        thread::scope(|scope| {
            let here: Vec<_> = parts.drain(..share.min(parts.len())).collect();
            let mut others = Vec::new();
            while !parts.is_empty() {
                let next: Vec<_> = parts.drain(..share.min(parts.len())).collect();
                others.push(scope.spawn(move || gather(next)));
            }
            let mut gathered = gather(here)?;
            for other in others {
                let next = other.join().unwrap_or_else(|panic| resume_unwind(panic));
                gathered.append(next?);
            }
            Ok(gathered)
        })
    }

    /// What holds a range, which must be there.
    fn parts(&self, first: Seq, last: Seq) -> Result<Vec<Part>, StoreError> {
        let first = first.max(Seq(1));
        if first > last {
            return Ok(vec![]);
        }
        if last > self.end()? {
            return Err(StoreError::damaged(last));
        }
        let (mut parts, mut at) = (Vec::new(), base(first));
        while at < last {
            parts.push(self.part(at)?);
            at = Seq(at.0 + SEGMENT);
        }
        Ok(parts)
    }

    /// The segment behind a place, or the newest lines.
    fn part(&self, base: Seq) -> Result<Part, StoreError> {
        let before = match base {
            Seq::ZERO => chain::genesis(&self.checkpoint_from(Seq(1))?.body.account),
            base => {
                let query = "SELECT chain FROM segments WHERE last = ?1";
                let mut statement = self.connection.prepare_cached(query)?;
                let chain = statement.query_row([base.0], |row| row.get(0)).optional()?;
                Hash(chain.ok_or_else(|| StoreError::damaged(base))?)
            }
        };
        let (kept, after) = match self.segment(Seq(base.0 + SEGMENT))? {
            Some(segment) => (Kept::Frame(segment.frame), segment.chain),
            None => {
                let signed = self.checkpoint_from(self.end()?)?;
                (Kept::Lines(self.tail()?), signed.body.chain)
            }
        };
        Ok(Part {
            base,
            before,
            after,
            kept,
        })
    }

    /// The newest place that the cloud has signed.
    fn end(&self) -> Result<Seq, StoreError> {
        let query = "SELECT coalesce(max(seq), 0) FROM checkpoints";
        let mut statement = self.connection.prepare_cached(query)?;
        Ok(statement.query_row([], |row| row.get(0).map(Seq))?)
    }
}

/// The place before the segment that holds an entry.
fn base(seq: Seq) -> Seq {
    Seq(seq.0.saturating_sub(1) / SEGMENT * SEGMENT)
}
