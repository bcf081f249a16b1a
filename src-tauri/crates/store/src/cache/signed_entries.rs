//! Entries as proof: their lines as sent, the chain value after each, and the signed checkpoint that confirms them.

use boothkeeper_domain::{AccountId, Hash, Seq};
use boothkeeper_wire::chain;
use boothkeeper_wire::checkpoint::SignedCheckpoint;
use boothkeeper_wire::stream::{SEGMENT, decompress, lines};
use rusqlite::OptionalExtension;

use super::Cache;
use crate::StoreError;

/// Consecutive entries of the journal up to a signed checkpoint.
#[derive(Debug, Clone)]
pub struct SignedEntries {
    /// The chain value before the first line.
    pub before: Hash,
    /// Each entry's line without its newline, and the chain value after it.
    pub lines: Vec<(Hash, Vec<u8>)>,
    pub checkpoint: SignedCheckpoint,
}

/// The chain values before and after an entry.
struct Link {
    before: Hash,
    after: Hash,
}

impl Cache {
    /// The entries from `first` to the first checkpoint at or after `last`. All of them are needed, as the chain value
    /// in the checkpoint depends on every line before it.
    pub fn signed_entries(
        &self,
        account: &AccountId,
        first: Seq,
        last: Seq,
    ) -> Result<SignedEntries, StoreError> {
        let checkpoint = self.checkpoint_from(last)?;
        let signed = checkpoint.body.seq;
        let first = first.max(Seq(1)).min(signed);
        let (mut before, mut kept) = (None, Vec::new());
        let mut end = chain::genesis(account);
        self.chained(account, first, signed, &mut |seq, chain, line| {
            if seq == first {
                before = Some(chain.before);
            }
            end = chain.after;
            if seq >= first {
                kept.push((chain.after, line.to_vec()));
            }
        })?;
        let whole = kept.len() as u64 == signed.0 - first.0 + 1;
        match before.filter(|_| whole && end == checkpoint.body.chain) {
            Some(before) => Ok(SignedEntries {
                before,
                lines: kept,
                checkpoint,
            }),
            None => Err(StoreError::damaged(first)),
        }
    }

    /// The chain value after each of `seqs`, in their order.
    pub fn hashes(&self, account: &AccountId, seqs: &[Seq]) -> Result<Vec<Hash>, StoreError> {
        let hash = |seq: &Seq| {
            let mut found = None;
            self.chained(account, *seq, *seq, &mut |at, chain, _| {
                if at == *seq {
                    found = Some(chain.after);
                }
            })?;
            found.ok_or_else(|| StoreError::damaged(*seq))
        };
        seqs.iter().map(hash).collect()
    }

    /// Computes the chain from the start of the segment that has `first`, up to `last`, and hands each line to `sink`.
    fn chained(
        &self,
        account: &AccountId,
        first: Seq,
        last: Seq,
        sink: &mut dyn FnMut(Seq, Link, &[u8]),
    ) -> Result<(), StoreError> {
        let start = Seq(first.0.saturating_sub(1) / SEGMENT * SEGMENT);
        let mut hash = match self.segment(start)? {
            Some(segment) => segment.chain,
            None if start == Seq::ZERO => chain::genesis(account),
            None => return Err(StoreError::damaged(start)),
        };
        let mut at = start;
        while at < last {
            let end = Seq((at.0 / SEGMENT + 1) * SEGMENT);
            let segment = self.segment(end)?;
            let whole = match &segment {
                Some(segment) => decompress(&segment.frame).map_err(|_| StoreError::damaged(at))?,
                None => self.tail()?,
            };
            let before = at;
            for line in lines(&whole)? {
                let link = Link {
                    before: hash,
                    after: chain::next(&hash, line),
                };
                hash = link.after;
                at = at.next();
                if at > last {
                    return Ok(());
                }
                sink(at, link, line);
            }
            let broken = segment.is_some_and(|segment| segment.chain != hash);
            if broken || at == before {
                return Err(StoreError::damaged(before.next()));
            }
        }
        Ok(())
    }

    /// The first signed checkpoint at or after `seq`. Fails with `Damaged` if there is none.
    pub fn checkpoint_from(&self, seq: Seq) -> Result<SignedCheckpoint, StoreError> {
        let query = "SELECT signed FROM checkpoints WHERE seq >= ?1 ORDER BY seq LIMIT 1";
        let mut statement = self.connection.prepare_cached(query)?;
        let signed = statement.query_row([seq.0], |row| row.get::<_, String>(0));
        let signed = signed.optional()?.ok_or_else(|| StoreError::damaged(seq))?;
        serde_json::from_str(&signed).map_err(StoreError::damaged_by)
    }
}
