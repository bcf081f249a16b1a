//! The entries' lines as the cloud sent them, which serve as proof, for a row's details and for text search.

use boothkeeper_domain::findings::{Run, Tally};
use boothkeeper_domain::{Entry, Hash, Kind, Seq};
use boothkeeper_wire::stream::{SEGMENT, decompress, has_checksum, lines};
use boothkeeper_wire::{chain, entry};
use rusqlite::OptionalExtension;

use super::Cache;
use super::names::Class;
use crate::StoreError;

/// One stored segment: its last seq, the chain value there, and its compressed lines.
#[derive(Debug)]
pub(crate) struct Segment {
    pub last: Seq,
    pub chain: Hash,
    pub frame: Vec<u8>,
}

impl Segment {
    /// The seq before the segment's first entry.
    pub fn before(&self) -> Seq {
        Seq(self.last.0.saturating_sub(SEGMENT))
    }
}

/// Stored lines with the chain values before and after them.
struct ChainedLines {
    /// The seq of the entry before the first line.
    base: Seq,
    before: Hash,
    after: Hash,
    kept: LineStorage,
}

/// The compressed lines of a segment, or the newest lines, which do not fill a segment yet.
enum LineStorage {
    Frame(Vec<u8>),
    Lines(Vec<u8>),
}

impl ChainedLines {
    /// The lines, verified: hashed in order, they lead from the chain value `before` to the chain value `after`.
    fn verified(self) -> Result<Vec<u8>, StoreError> {
        let damaged = || StoreError::damaged(self.base.next());
        let whole = match self.kept {
            LineStorage::Frame(frame) => decompress(&frame).map_err(|_| damaged())?,
            LineStorage::Lines(whole) => whole,
        };
        match chained(self.before, &whole) == Some(self.after) {
            true => Ok(whole),
            false => Err(damaged()),
        }
    }

    /// The lines, checked for damage: by the frame's checksum if it has one, otherwise by the chain, which is slower.
    fn undamaged(self) -> Result<Vec<u8>, StoreError> {
        match &self.kept {
            LineStorage::Frame(frame) if has_checksum(frame) => {
                decompress(frame).map_err(|_| StoreError::damaged(self.base.next()))
            }
            _ => self.verified(),
        }
    }
}

/// The entry of a line. Fails with `Damaged` if it cannot be decoded or has another seq.
fn decode_at(line: &[u8], seq: Seq) -> Result<Entry, StoreError> {
    let entry = entry::decode(line).ok().filter(|entry| entry.seq == seq);
    entry.ok_or_else(|| StoreError::damaged(seq))
}

/// The chain value after the lines `whole`, computed from the value before them; `None` if the last line has no
/// newline.
pub(super) fn chained(before: Hash, whole: &[u8]) -> Option<Hash> {
    let lines = lines(whole).ok()?;
    Some(lines.fold(before, |previous, line| chain::next(&previous, line)))
}

impl Cache {
    /// The segment that ends with `last`; `None` if it is not stored.
    pub(crate) fn segment(&self, last: Seq) -> Result<Option<Segment>, StoreError> {
        let query = "SELECT chain, frame FROM segments WHERE last = ?1";
        let mut statement = self.connection.prepare_cached(query)?;
        let segment = statement.query_row([last.0], |row| {
            Ok(Segment {
                last,
                chain: Hash(row.get(0)?),
                // Text is accepted, too, as damage can change the type; the chain then shows the damage.
                frame: row.get_ref(1)?.as_bytes()?.to_vec(),
            })
        });
        Ok(segment.optional()?)
    }

    /// The entries' lines since the last whole segment, with their newlines.
    pub fn tail(&self) -> Result<Vec<u8>, StoreError> {
        self.lines_up_to(Seq(i64::MAX.cast_unsigned()))
    }

    /// The lines after the last whole segment up to `last`, with their newlines.
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

    /// An entry and its line as the cloud sent it; `None` if the local copy does not have it.
    pub fn entry(&self, seq: Seq) -> Result<Option<(Vec<u8>, Entry)>, StoreError> {
        if seq == Seq::ZERO || seq > self.end()? {
            return Ok(None);
        }
        Ok(self.entries([seq])?.pop())
    }

    /// Several entries with their lines, verified. Successive seqs of one segment decompress the segment once.
    pub fn entries(
        &self,
        seqs: impl IntoIterator<Item = Seq>,
    ) -> Result<Vec<(Vec<u8>, Entry)>, StoreError> {
        let mut entries = Vec::new();
        self.read(seqs, ChainedLines::verified, &mut |line, entry| {
            entries.push((line.to_vec(), entry));
        })?;
        Ok(entries)
    }

    /// All entries from `first` to `last`, verified.
    pub fn entries_between(&self, first: Seq, last: Seq) -> Result<Vec<Entry>, StoreError> {
        let mut entries = Vec::new();
        let seqs = (first.0.max(1)..=last.0).map(Seq);
        self.read(seqs, ChainedLines::verified, &mut |_, entry| {
            entries.push(entry)
        })?;
        Ok(entries)
    }

    /// The entries from `first` to `last`, from which findings are made. Runs, by far the most entries, are taken from
    /// their rows, which have all that is needed; only the other entries are decoded.
    pub fn tally(&self, first: Seq, last: Seq) -> Result<Tally, StoreError> {
        let names = self.names()?;
        let usage = names.find(Class::Kind, Kind::Usage.name());
        let (mut gathered, mut others) = (Tally::default(), Vec::new());
        let mut seqs = (first.0.max(1)..=last.0).map(Seq);
        self.each_row(first, last, &mut |row| {
            if seqs.next() != Some(row.seq) {
                return Err(StoreError::damaged(row.seq));
            }
            match names.name(row.service) {
                Some(service) if Some(row.kind) == usage => gathered.add_run(Run {
                    seq: row.seq,
                    at: row.at,
                    delta: row.delta,
                    service,
                    event: names.name(row.event),
                }),
                _ => others.push(row.seq),
            }
            Ok(())
        })?;
        if let Some(missing) = seqs.next() {
            return Err(StoreError::damaged(missing));
        }
        self.read(others, ChainedLines::undamaged, &mut |_, entry| {
            gathered.add(entry)
        })?;
        Ok(gathered)
    }

    /// Hands the line and entry of each seq to `sink`; `open` checks the stored lines.
    fn read(
        &self,
        seqs: impl IntoIterator<Item = Seq>,
        open: fn(ChainedLines) -> Result<Vec<u8>, StoreError>,
        sink: &mut dyn FnMut(&[u8], Entry),
    ) -> Result<(), StoreError> {
        let seqs: Vec<_> = seqs.into_iter().collect();
        for seqs in seqs.chunk_by(|one, next| base(*one) == base(*next)) {
            let base = base(seqs[0]);
            let whole = open(self.part(base)?)?;
            let (mut rest, mut at) = (lines(&whole)?, base);
            for &seq in seqs {
                if seq <= at {
                    (rest, at) = (lines(&whole)?, base);
                }
                let skipped = usize::try_from(seq.0 - at.0 - 1).unwrap_or(usize::MAX);
                let line = rest.nth(skipped).ok_or_else(|| StoreError::damaged(seq))?;
                sink(line, decode_at(line, seq)?);
                at = seq;
            }
        }
        Ok(())
    }

    /// The segment that begins after the seq `base`, or the newest lines, which do not fill a segment yet.
    fn part(&self, base: Seq) -> Result<ChainedLines, StoreError> {
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
            Some(segment) => (LineStorage::Frame(segment.frame), segment.chain),
            None => {
                let signed = self.checkpoint_from(self.end()?)?;
                (LineStorage::Lines(self.tail()?), signed.body.chain)
            }
        };
        Ok(ChainedLines {
            base,
            before,
            after,
            kept,
        })
    }

    /// The seq of the newest signed checkpoint; 0 if there is none.
    pub(super) fn end(&self) -> Result<Seq, StoreError> {
        let query = "SELECT coalesce(max(seq), 0) FROM checkpoints";
        let mut statement = self.connection.prepare_cached(query)?;
        Ok(statement.query_row([], |row| row.get(0).map(Seq))?)
    }
}

/// The seq before the first entry of the segment that contains `seq`.
fn base(seq: Seq) -> Seq {
    Seq(seq.0.saturating_sub(1) / SEGMENT * SEGMENT)
}
