//! Proving the whole copy again: chain, fold, columns, sums, against the signed checkpoint.

use boothkeeper_domain::{Account, AccountId, Amount, Hash, Seq};
use boothkeeper_wire::checkpoint::PublicKey;
use boothkeeper_wire::stream::{SEGMENT, decompress, lines};
use boothkeeper_wire::{chain, entry};

use super::{Cache, Row};
use crate::StoreError;

/// What a scrub found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scrub {
    pub seq: Seq,
    pub chain: Hash,
    pub entries: u64,
    pub balance: Amount,
    /// The first entry whose bytes or columns are not what was proven.
    pub first_bad: Option<Seq>,
}

impl Cache {
    /// `None` if nothing has been synced.
    pub fn scrub(
        &self,
        account: &AccountId,
        keys: &[PublicKey],
    ) -> Result<Option<Scrub>, StoreError> {
        let Some(head) = self.head(keys)? else {
            return Ok(None);
        };
        let mut state = Scrubbing {
            cache: self,
            names: self.names()?,
            account: Account::default(),
            chain: chain::genesis(account),
        };
        let first_bad = state.run(head.checkpoint.seq)?;
        let borne_out = state.chain == head.checkpoint.chain
            && state.account == head.account
            && state.account.seq.0 == head.checkpoint.count;
        let first_bad = first_bad.or_else(|| (!borne_out).then_some(head.checkpoint.seq));
        Ok(Some(Scrub {
            seq: head.checkpoint.seq,
            chain: head.checkpoint.chain,
            entries: state.account.seq.0,
            balance: head.checkpoint.balance,
            first_bad,
        }))
    }
}

struct Scrubbing<'a> {
    cache: &'a Cache,
    names: super::Names,
    account: Account,
    chain: Hash,
}

impl Scrubbing<'_> {
    fn run(&mut self, head: Seq) -> Result<Option<Seq>, StoreError> {
        let mut at = Seq::ZERO;
        while at.0 + SEGMENT <= head.0 {
            let last = Seq(at.0 + SEGMENT);
            let Some(segment) = self.cache.segment(last)? else {
                return Ok(Some(at.next()));
            };
            let Ok(whole) = decompress(&segment.frame) else {
                return Ok(Some(at.next()));
            };
            if let Some(bad) = self.stretch(at, &whole)? {
                return Ok(Some(bad));
            }
            if self.chain != segment.chain {
                return Ok(Some(at.next()));
            }
            at = last;
        }
        if at < head {
            let tail = self.cache.tail()?;
            if tail.is_empty() {
                return Ok(Some(at.next()));
            }
            return self.stretch(at, &tail);
        }
        Ok(None)
    }

    /// Checks lines and columns after `after`; the first that does not fit.
    fn stretch(&mut self, after: Seq, whole: &[u8]) -> Result<Option<Seq>, StoreError> {
        let Ok(lines) = lines(whole) else {
            return Ok(Some(after.next()));
        };
        let last = Seq(after.0 + memchr::memchr_iter(b'\n', whole).count() as u64);
        let mut stored = match self.cache.rows_up_to(after.next(), last) {
            Ok(rows) => rows.into_iter(),
            Err(StoreError::Damaged { seq, .. }) => return Ok(seq.or(Some(after.next()))),
            Err(error) => return Err(error),
        };
        let mut seq = after;
        for line in lines {
            seq = seq.next();
            self.chain = chain::next(&self.chain, line);
            let Ok(entry) = entry::decode(line) else {
                return Ok(Some(seq));
            };
            let expected = Row::of(&entry, &mut self.names);
            if self.account.apply(&entry).is_err() || stored.next() != Some(expected) {
                return Ok(Some(seq));
            }
        }
        Ok(None)
    }
}
