//! The journal as a stream of frames (`docs/sync-protocol.md`): stored segments unchanged, the newest rows as one more
//! frame, a signed checkpoint every few segments and before the end.

use boothkeeper_domain::{Amount, Hash, Seq, Timestamp};
use boothkeeper_wire::checkpoint::Checkpoint;
use boothkeeper_wire::problem::ProblemCode;
use boothkeeper_wire::stream::{
    Begin, CHECKPOINT_BYTES, CHECKPOINT_EVERY, Control, End, compress, decompress,
};

use crate::cloud::{Inner, Permit};
use crate::store::{AccountRow, JournalPart};
use crate::{Cloud, Error};

/// A laptop's cursor, which names the last entry that it has. The default is the beginning of the journal.
#[derive(Debug, Clone, Default)]
pub struct StreamStart {
    pub epoch: Option<String>,
    pub after: Seq,
    pub chain: Option<Hash>,
}

/// A stream of the journal being sent. Each frame is read when the connection asks for it, in a transaction of its own:
/// entries that are stored never change.
pub struct Stream {
    cloud: Cloud,
    row: AccountRow,
    as_of: Timestamp,
    at: Seq,
    chain: Hash,
    since_checkpoint: u64,
    bytes_since_checkpoint: usize,
    /// Counts this stream against the account's limit until it is dropped.
    pub permit: Option<Permit>,
    /// Lines that will be sent with the next frame.
    pending: Vec<u8>,
    ended: bool,
}

/// Begins a stream of the entries after `from`. Fails with `epoch_changed`, `cursor_ahead` or `fork` if the cursor is
/// not in this journal.
pub fn stream(
    cloud: &Cloud,
    tx: &crate::store::Tx<'_>,
    row: AccountRow,
    from: &StreamStart,
) -> Result<Stream, Error> {
    if from
        .epoch
        .as_ref()
        .is_some_and(|epoch| epoch != cloud.epoch.as_str())
    {
        return Err(ProblemCode::EpochChanged.into());
    }
    let chain = tx
        .chain_at(&row, from.after)?
        .ok_or(ProblemCode::CursorAhead)?;
    if from.chain.is_some_and(|theirs| theirs != chain) {
        return Err(ProblemCode::Fork.into());
    }
    let begin = Control::Begin(Begin {
        account: row.account.clone(),
        epoch: cloud.epoch.clone(),
        after: from.after,
        chain,
        head: Some(row.state.seq),
        required: vec![],
    });
    Ok(Stream {
        cloud: cloud.clone(),
        as_of: cloud.clock.now(),
        row,
        at: from.after,
        chain,
        since_checkpoint: 0,
        bytes_since_checkpoint: 0,
        permit: None,
        pending: begin.to_line()?,
        ended: false,
    })
}

impl Stream {
    /// The stream's next frame; `None` after the frame that carries the `end` line.
    pub fn next_frame(&mut self) -> Result<Option<Vec<u8>>, Error> {
        if self.ended {
            return Ok(None);
        }
        let stored = self
            .cloud
            .store
            .read_blocking(|tx| tx.journal_after(&self.row, self.at))?;
        match self.without_newer(stored)? {
            Some(JournalPart::Segment {
                last,
                chain,
                balance,
                frame,
            }) => {
                (self.at, self.chain) = (last, chain);
                self.since_checkpoint += 1;
                self.bytes_since_checkpoint += frame.len();
                let mut out = self.flush()?;
                out.extend_from_slice(&frame);
                let full = self.since_checkpoint == CHECKPOINT_EVERY
                    || self.bytes_since_checkpoint >= CHECKPOINT_BYTES;
                if full && self.at < self.row.state.seq {
                    self.checkpoint(balance)?;
                }
                Ok(Some(out))
            }
            Some(JournalPart::Lines { last, chain, lines }) if last <= self.row.state.seq => {
                (self.at, self.chain) = (last, chain);
                self.pending.extend_from_slice(&lines);
                self.next_frame()
            }
            // Entries were appended after the stream began: it ends at the newest entry that its `begin` line named.
            Some(JournalPart::Lines { lines, .. }) => {
                let wanted = self.row.state.seq.0 - self.at.0;
                let wanted = usize::try_from(wanted).unwrap_or(usize::MAX);
                let lines = lines.split_inclusive(|b| *b == b'\n').take(wanted);
                self.pending.extend(lines.flatten());
                (self.at, self.chain) = (self.row.state.seq, self.row.chain);
                self.finish().map(Some)
            }
            None => self.finish().map(Some),
        }
    }

    /// Unpacks a segment that was sealed since the stream began and reaches past the newest entry that the stream
    /// named.
    fn without_newer(&self, stored: Option<JournalPart>) -> Result<Option<JournalPart>, Error> {
        Ok(match stored {
            Some(JournalPart::Segment {
                last, chain, frame, ..
            }) if last > self.row.state.seq => Some(JournalPart::Lines {
                last,
                chain,
                lines: decompress(&frame)?,
            }),
            stored => stored,
        })
    }

    fn flush(&mut self) -> Result<Vec<u8>, Error> {
        if self.pending.is_empty() {
            return Ok(Vec::new());
        }
        Ok(compress(&std::mem::take(&mut self.pending))?)
    }

    fn checkpoint(&mut self, balance: Amount) -> Result<(), Error> {
        (self.since_checkpoint, self.bytes_since_checkpoint) = (0, 0);
        let checkpoint = Checkpoint {
            account: self.row.account.clone(),
            epoch: self.cloud.epoch.clone(),
            seq: self.at,
            chain: self.chain,
            count: self.at.0,
            sum: balance,
            balance,
            time: self.as_of,
        };
        let signed = checkpoint.sign(&self.cloud.key);
        self.pending.extend(Control::Checkpoint(signed).to_line()?);
        Ok(())
    }

    fn finish(&mut self) -> Result<Vec<u8>, Error> {
        self.ended = true;
        self.checkpoint(self.row.state.balance)?;
        let end = Control::End(End {
            seq: self.at,
            chain: self.chain,
            has_more: false,
            head: self.row.state.seq,
            as_of: self.as_of,
        });
        self.pending.extend(end.to_line()?);
        self.flush()
    }
}

/// Whether a stream after `after` is small enough to be built before the response is sent.
pub fn is_short(cloud: &Inner, row: &AccountRow, after: Seq) -> bool {
    cloud.store.is_inline()
        || row.state.seq.0.saturating_sub(after.0) <= boothkeeper_wire::stream::SEGMENT
}
