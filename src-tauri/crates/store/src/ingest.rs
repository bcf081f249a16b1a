//! From the stream's frames to stretches that may be believed.
//!
//! Everything is recomputed from the bytes: contiguity, chain, fold, count and sum; only then compared
//! with the signed checkpoint. Nothing is taken over from the cloud's word. Pure: the caller reads the
//! network before and writes the cache after.

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

use crate::Zone;
use crate::cache::{Bytes, Head, Names, Rollups, Row, Verified};

/// Entries that are held in memory until a checkpoint bears them out; twice what a cloud sends.
const MAX_STRETCH: usize = 2 * (CHECKPOINT_EVERY * SEGMENT) as usize;
/// Bytes of frames and lines that are held for as long: what a cloud sends before it places a checkpoint, and one
/// frame more.
const MAX_HELD: usize = CHECKPOINT_BYTES + MAX_FRAME_COMPRESSED;

/// Why a stream is not believed.
#[derive(Debug, Error)]
pub enum IngestError {
    #[error("the stream broke off")]
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
    #[error("the checkpoint at {0} does not bear out what was sent before it")]
    Checkpoint(Seq),
    #[error("the checkpoint's signature")]
    Signature(#[from] SignatureError),
    #[error("a segment could not be sealed")]
    Seal(#[source] std::io::Error),
}

/// Where a copy stands: what a stream continues from.
#[derive(Debug, Clone)]
pub struct Base {
    pub account: AccountId,
    pub keys: Vec<PublicKey>,
    pub head: Option<Head>,
    pub names: Names,
    /// The lines since the last whole segment, with their newlines.
    pub tail: Vec<u8>,
}

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
    /// The lines of the segment being filled.
    segment: Vec<u8>,
    /// The frame under way, if it is one whole segment and can be kept as it came.
    whole: Option<Vec<u8>>,
    /// What has come since the last checkpoint.
    stretch: Stretch,
    begun: bool,
    /// Where the stream said that it would end.
    promised: Option<Seq>,
    last_checkpoint: Option<(Seq, Timestamp)>,
    end: Option<End>,
    started: Timestamp,
}

#[derive(Debug, Default)]
struct Stretch {
    after: Seq,
    rows: Vec<Row>,
    links: Vec<(Seq, Seq)>,
    segments: Vec<Bytes>,
    /// Lines after the last whole segment.
    lines: Vec<Bytes>,
    rollups: Rollups,
    /// Bytes in `segments` and `lines`.
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
            stretch: Stretch {
                after: state.seq,
                ..Stretch::default()
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

    /// Takes the next frame; hands out what its checkpoints bear out.
    pub fn frame(
        &mut self,
        frame: Frame,
        sink: &mut dyn FnMut(Verified),
    ) -> Result<(), IngestError> {
        let whole = self.is_whole_segment(&frame.lines);
        self.whole = whole.then_some(frame.compressed);
        for line in lines(&frame.lines)? {
            self.line(line, sink)?;
        }
        if self.whole.take().is_some() {
            return Err(IngestError::Order("a frame of a segment's length is none"));
        }
        Ok(())
    }

    fn is_whole_segment(&self, frame: &[u8]) -> bool {
        let newlines = || memchr::memchr_iter(b'\n', frame).count() as u64;
        self.state.seq.0.is_multiple_of(SEGMENT)
            && Control::parse(frame).is_none()
            && newlines() == SEGMENT
    }

    fn line(&mut self, line: &[u8], sink: &mut dyn FnMut(Verified)) -> Result<(), IngestError> {
        if self.end.is_some() {
            return Err(IngestError::Order("a line after the end"));
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
            return Err(IngestError::Order("it begins twice"));
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
            return Err(IngestError::Order("an entry before the beginning"));
        }
        if line.len() > MAX_LINE {
            return Err(DecodeError::TooLong(line.len()).into());
        }
        if self.stretch.rows.len() >= MAX_STRETCH {
            return Err(IngestError::Order("too much comes without a checkpoint"));
        }
        if self.stretch.held > MAX_HELD {
            return Err(IngestError::Order("too much comes without a checkpoint"));
        }
        if self.promised.is_some_and(|end| self.state.seq >= end) {
            return Err(IngestError::Order("it does not end where it said"));
        }
        let entry = entry::decode(line)?;
        self.state.apply(&entry)?;
        self.chain = chain::next(&self.chain, line);
        // The fold has compared it with `balance_after`; this is the sum of deltas, from nothing.
        self.sum = self
            .sum
            .checked_add(entry.delta)
            .map_err(|source| FoldError::Amount {
                seq: entry.seq,
                source,
            })?;
        self.remember(&entry, line)
    }

    fn remember(&mut self, entry: &Entry, line: &[u8]) -> Result<(), IngestError> {
        let row = Row::of(entry, &mut self.names);
        self.stretch.rollups.add(&row, self.zone.day(entry.at));
        self.stretch.rows.push(row);
        if let Some(target) = entry.body.refers_to() {
            self.stretch.links.push((target, entry.seq));
        }
        if self.whole.is_none() {
            self.segment.extend_from_slice(line);
            self.segment.push(b'\n');
        }
        if entry.seq.0.is_multiple_of(SEGMENT) {
            self.seal(entry.seq)
        } else {
            if self.whole.is_none() {
                self.stretch.held += line.len();
                self.stretch.lines.push(Bytes::Line {
                    seq: entry.seq,
                    line: line.to_vec(),
                });
            }
            Ok(())
        }
    }

    fn seal(&mut self, last: Seq) -> Result<(), IngestError> {
        let frame = match self.whole.take() {
            Some(frame) => frame,
            None => compress(&self.segment).map_err(IngestError::Seal)?,
        };
        self.segment.clear();
        self.stretch.lines.clear();
        self.stretch.held += frame.len();
        self.stretch.segments.push(Bytes::Segment {
            last,
            chain: self.chain,
            frame,
        });
        Ok(())
    }

    fn checkpoint(
        &mut self,
        signed: SignedCheckpoint,
        sink: &mut dyn FnMut(Verified),
    ) -> Result<(), IngestError> {
        let body = signed.verify(&self.keys)?;
        let borne_out = self.begun
            && body.account == self.account
            && Some(&body.epoch) == self.epoch.as_ref()
            && body.seq == self.state.seq
            && body.count == self.state.seq.0
            && body.chain == self.chain
            && body.sum == self.sum
            && body.balance == self.state.balance;
        if !borne_out {
            return Err(IngestError::Checkpoint(body.seq));
        }
        if self.last_checkpoint.is_some_and(|(seq, _)| seq == body.seq) {
            return Err(IngestError::Order("a checkpoint without anything new"));
        }
        self.last_checkpoint = Some((body.seq, body.time));
        let as_of = self.started.max(self.state.at);
        let next = Stretch {
            after: body.seq,
            ..Stretch::default()
        };
        let mut stretch = std::mem::replace(&mut self.stretch, next);
        stretch.segments.append(&mut stretch.lines);
        sink(Verified {
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
            return Err(IngestError::Order("it ends without a checkpoint"));
        };
        // The time is the signed one: nothing else of the end is.
        self.end = Some(End { as_of, ..end });
        Ok(())
    }

    /// The bytes are over. Without the end record they were cut, however complete they look.
    pub fn finish(self) -> Result<End, IngestError> {
        self.end
            .ok_or(IngestError::Order("it stops before its end"))
    }
}
