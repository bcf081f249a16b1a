//! Verifies the cloud's stream of the journal and turns its frames into batches of entries that the cache may store.
//!
//! A batch is the entries between two checkpoints. Seq order, hash chain, account state, count and sum are recomputed
//! from the bytes and compared with the signed checkpoint; a difference is an error. No IO: the caller reads the
//! network and writes the cache.

use boothkeeper_domain::{
    Account, AccountId, Amount, Entry, Epoch, FoldError, Hash, Seq, Timestamp,
};
use boothkeeper_wire::chain;
use boothkeeper_wire::checkpoint::{PublicKey, SignatureError, SignedCheckpoint};
use boothkeeper_wire::entry::{self, DecodeError, MAX_LINE};
use boothkeeper_wire::stream::{
    Begin, CHECKPOINT_BYTES, CHECKPOINT_EVERY, Control, End, Frame, FrameError,
    MAX_FRAME_COMPRESSED, SEGMENT, compress, lines,
};
use thiserror::Error;

use crate::cache::{EntryRow, Head, Names, Rollups, StoredBytes, VerifiedBatch};
use boothkeeper_domain::Zone;

/// Greatest number of entries held in memory until a checkpoint confirms them; twice as many as a cloud sends between
/// two checkpoints.
const MAX_STRETCH: usize = 2 * (CHECKPOINT_EVERY * SEGMENT) as usize;
/// Greatest number of bytes of frames and lines held in memory until a checkpoint confirms them: what a cloud sends
/// before it sends a checkpoint, and one more frame.
const MAX_HELD: usize = CHECKPOINT_BYTES + MAX_FRAME_COMPRESSED;

/// Why a stream of the journal is rejected.
#[derive(Debug, Error)]
pub enum IngestError {
    #[error("a frame of the stream cannot be read")]
    Frame(#[from] FrameError),
    #[error("an entry cannot be read")]
    Decode(#[from] DecodeError),
    #[error("a control line cannot be read")]
    Control(#[source] serde_json::Error),
    #[error("the stream is out of order: {0}")]
    Order(&'static str),
    #[error("the stream is of another account, {0}")]
    OtherAccount(AccountId),
    #[error("the stream needs a feature this version lacks: {0}")]
    Required(String),
    #[error("an entry contradicts the journal")]
    Fold(#[from] FoldError),
    #[error("the checkpoint at {0} does not match the entries before it")]
    Checkpoint(Seq),
    #[error("the checkpoint's signature is not valid")]
    Signature(#[from] SignatureError),
    #[error("a segment could not be compressed")]
    Seal(#[source] std::io::Error),
}

/// State of the local copy, from which a stream of new entries continues.
#[derive(Debug, Clone)]
pub struct Base {
    pub account: AccountId,
    pub keys: Vec<PublicKey>,
    pub head: Option<Head>,
    pub names: Names,
    /// The entries' lines since the last whole segment (1000 entries), with their newlines.
    pub tail: Vec<u8>,
}

/// Verifies one stream of the journal, frame by frame.
#[derive(Debug)]
pub struct Ingest {
    account: AccountId,
    keys: Vec<PublicKey>,
    zone: Zone,
    names: Names,
    state: Account,
    chain: Hash,
    sum: Amount,
    epoch: Option<Epoch>,
    /// Lines of the segment that is not complete yet.
    segment: Vec<u8>,
    /// The current compressed frame if it is exactly one segment, so that it can be stored as received.
    whole: Option<Vec<u8>>,
    /// Entries received since the last checkpoint, which no checkpoint confirms yet.
    batch: PendingBatch,
    begun: bool,
    /// The last seq that the stream may contain, if its `begin` line names one.
    promised: Option<Seq>,
    last_checkpoint: Option<(Seq, Timestamp)>,
    end: Option<End>,
    started: Timestamp,
}

/// The entries received after the seq `after`, for the next [`VerifiedBatch`].
#[derive(Debug, Default)]
struct PendingBatch {
    after: Seq,
    rows: Vec<EntryRow>,
    links: Vec<(Seq, Seq)>,
    segments: Vec<StoredBytes>,
    /// The entries' lines after the last whole segment.
    lines: Vec<StoredBytes>,
    rollups: Rollups,
    /// Number of bytes added to `segments` and `lines` so far.
    held: usize,
}

impl Ingest {
    pub fn new(base: Base, zone: Zone) -> Self {
        let genesis = chain::genesis(&base.account);
        let (state, chain, epoch, started) = match base.head {
            Some(head) => (
                head.account,
                head.checkpoint.chain,
                Some(head.checkpoint.epoch),
                head.as_of,
            ),
            None => (Account::default(), genesis, None, Timestamp::default()),
        };
        Ingest {
            account: base.account,
            keys: base.keys,
            zone,
            names: base.names,
            batch: PendingBatch {
                after: state.seq,
                ..PendingBatch::default()
            },
            sum: state.balance,
            state,
            chain,
            epoch,
            segment: base.tail,
            whole: None,
            begun: false,
            promised: None,
            last_checkpoint: None,
            end: None,
            started,
        }
    }

    /// Takes the stream's next frame. For each checkpoint in the frame, hands the entries that the checkpoint confirms
    /// to `sink`.
    pub fn frame(
        &mut self,
        frame: Frame,
        sink: &mut dyn FnMut(VerifiedBatch),
    ) -> Result<(), IngestError> {
        let whole = self.is_whole_segment(&frame.lines);
        self.whole = whole.then_some(frame.compressed);
        for line in lines(&frame.lines)? {
            self.line(line, sink)?;
        }
        if self.whole.take().is_some() {
            return Err(IngestError::Order("a frame of 1000 lines is not a segment"));
        }
        Ok(())
    }

    fn is_whole_segment(&self, frame: &[u8]) -> bool {
        let newlines = || memchr::memchr_iter(b'\n', frame).count() as u64;
        self.state.seq.0.is_multiple_of(SEGMENT)
            && Control::parse(frame).is_none()
            && newlines() == SEGMENT
    }

    fn line(
        &mut self,
        line: &[u8],
        sink: &mut dyn FnMut(VerifiedBatch),
    ) -> Result<(), IngestError> {
        if self.end.is_some() {
            return Err(IngestError::Order("a line after `end`"));
        }
        match Control::parse(line) {
            None => self.entry(line),
            Some(Err(error)) => Err(IngestError::Control(error)),
            Some(Ok(Control::Begin(begin))) => self.begin(begin),
            Some(Ok(Control::Checkpoint(signed))) => self.checkpoint(signed, sink),
            Some(Ok(Control::End(end))) => self.end(end),
        }
    }

    fn begin(&mut self, begin: Begin) -> Result<(), IngestError> {
        if self.begun {
            return Err(IngestError::Order("it has two `begin` lines"));
        }
        if begin.account != self.account {
            return Err(IngestError::OtherAccount(begin.account));
        }
        if let Some(feature) = begin.required.into_iter().next() {
            return Err(IngestError::Required(feature));
        }
        let continues = begin.after == self.state.seq && begin.chain == self.chain;
        if !continues {
            return Err(IngestError::Order("it does not continue this copy"));
        }
        self.begun = true;
        self.promised = begin.head;
        self.epoch = Some(begin.epoch);
        Ok(())
    }

    fn entry(&mut self, line: &[u8]) -> Result<(), IngestError> {
        if !self.begun {
            return Err(IngestError::Order("an entry before `begin`"));
        }
        if line.len() > MAX_LINE {
            return Err(DecodeError::TooLong(line.len()).into());
        }
        if self.batch.rows.len() >= MAX_STRETCH {
            return Err(IngestError::Order("too many entries without a checkpoint"));
        }
        if self.batch.held > MAX_HELD {
            return Err(IngestError::Order("too many bytes without a checkpoint"));
        }
        if self.promised.is_some_and(|end| self.state.seq >= end) {
            return Err(IngestError::Order("it goes past the head named in `begin`"));
        }
        let entry = entry::decode(line)?;
        self.state.apply(&entry)?;
        self.chain = chain::next(&self.chain, line);
        // `apply` has compared the balance with the entry's `balance_after`; this adds up the deltas independently.
        self.sum = self
            .sum
            .checked_add(entry.delta)
            .map_err(|source| FoldError::Amount {
                seq: entry.seq,
                source,
            })?;
        self.collect(&entry, line)
    }

    /// Adds a verified entry to the current batch.
    fn collect(&mut self, entry: &Entry, line: &[u8]) -> Result<(), IngestError> {
        let row = EntryRow::of(entry, &mut self.names);
        self.batch.rollups.add(&row, self.zone.day(entry.at));
        self.batch.rows.push(row);
        if let Some(target) = entry.body.refers_to() {
            self.batch.links.push((target, entry.seq));
        }
        if self.whole.is_none() {
            self.segment.extend_from_slice(line);
            self.segment.push(b'\n');
        }
        if entry.seq.0.is_multiple_of(SEGMENT) {
            self.seal(entry.seq)
        } else {
            if self.whole.is_none() {
                self.batch.held += line.len();
                self.batch.lines.push(StoredBytes::Line {
                    seq: entry.seq,
                    line: line.to_vec(),
                });
            }
            Ok(())
        }
    }

    /// Turns the lines collected so far, which end with the entry `last`, into one compressed segment.
    fn seal(&mut self, last: Seq) -> Result<(), IngestError> {
        let frame = match self.whole.take() {
            Some(frame) => frame,
            None => compress(&self.segment).map_err(IngestError::Seal)?,
        };
        self.segment.clear();
        self.batch.lines.clear();
        self.batch.held += frame.len();
        self.batch.segments.push(StoredBytes::Segment {
            last,
            chain: self.chain,
            frame,
        });
        Ok(())
    }

    fn checkpoint(
        &mut self,
        signed: SignedCheckpoint,
        sink: &mut dyn FnMut(VerifiedBatch),
    ) -> Result<(), IngestError> {
        let body = signed.verify(&self.keys)?;
        let matches = self.begun
            && body.account == self.account
            && Some(&body.epoch) == self.epoch.as_ref()
            && body.seq == self.state.seq
            && body.count == self.state.seq.0
            && body.chain == self.chain
            && body.sum == self.sum
            && body.balance == self.state.balance;
        if !matches {
            return Err(IngestError::Checkpoint(body.seq));
        }
        if self.last_checkpoint.is_some_and(|(seq, _)| seq == body.seq) {
            return Err(IngestError::Order("a checkpoint without new entries"));
        }
        self.last_checkpoint = Some((body.seq, body.time));
        let as_of = self.started.max(self.state.at);
        let next = PendingBatch {
            after: body.seq,
            ..PendingBatch::default()
        };
        let mut stretch = std::mem::replace(&mut self.batch, next);
        stretch.segments.append(&mut stretch.lines);
        sink(VerifiedBatch {
            after: stretch.after,
            rows: stretch.rows,
            names: self.names.take_new(),
            links: stretch.links,
            bytes: stretch.segments,
            rollups: stretch.rollups,
            account: self.state.clone(),
            signed,
            as_of,
        });
        Ok(())
    }

    fn end(&mut self, end: End) -> Result<(), IngestError> {
        let signed = self.last_checkpoint.filter(|(seq, _)| *seq == end.seq);
        let closes = end.seq == self.state.seq && end.chain == self.chain;
        let Some((_, as_of)) = signed.filter(|_| closes) else {
            return Err(IngestError::Order("`end` without a checkpoint before it"));
        };
        // Use the checkpoint's time, which is signed; the time in `end` is not.
        self.end = Some(End { as_of, ..end });
        Ok(())
    }

    /// Returns the stream's `end` line; call this when no more bytes come. Fails if `end` was not received, because the
    /// stream was cut.
    pub fn finish(self) -> Result<End, IngestError> {
        self.end.ok_or(IngestError::Order("it stops before `end`"))
    }
}
