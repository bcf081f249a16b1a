//! Mending: columns are made again from proven bytes; bytes that are not proven are fetched again.

use std::sync::Arc;

use boothkeeper_domain::{AccountId, Hash, Seq};
use boothkeeper_wire::stream::{SEGMENT, decompress, lines};
use boothkeeper_wire::{chain, entry};
use rusqlite::params;

use super::apply::{rebuild_rollups, write_rows};
use super::{Cache, Row};
use crate::{StoreError, Zone};

/// What it takes to mend the entries around a bad one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mend {
    /// Done, from the bytes kept here.
    Done,
    /// The bytes of one segment are wanted: those after `after`, up to `last`, which must end in `chain`.
    Fetch {
        after: Seq,
        chain_after: Hash,
        last: Seq,
        chain: Hash,
    },
    /// The newest lines, or the chain itself, are hurt: the copy is to be made anew.
    Rebuild,
}

impl Cache {
    /// Mends what surrounds `seq` as far as the bytes kept here allow.
    pub fn mend(&mut self, account: &AccountId, seq: Seq, zone: &Zone) -> Result<Mend, StoreError> {
        let last = Seq(seq.0.max(1).div_ceil(SEGMENT) * SEGMENT);
        let Ok(before) = self.chain_before(account, last) else {
            return Ok(Mend::Rebuild);
        };
        let Some(segment) = self.segment(last)? else {
            return Ok(Mend::Rebuild);
        };
        let after = segment.before();
        let proven = decompress(&segment.frame)
            .ok()
            .filter(|whole| chained(before, whole) == Some(segment.chain));
        match proven {
            Some(whole) => {
                self.rewrite(after, last, &whole, zone)?;
                Ok(Mend::Done)
            }
            None => Ok(Mend::Fetch {
                after,
                chain_after: before,
                last,
                chain: segment.chain,
            }),
        }
    }

    /// Takes a segment fetched again; `false` if it is not the one that was proven.
    pub fn replace_segment(
        &mut self,
        account: &AccountId,
        last: Seq,
        frame: &[u8],
        zone: &Zone,
    ) -> Result<bool, StoreError> {
        let before = self.chain_before(account, last)?;
        let Some(segment) = self.segment(last)? else {
            return Ok(false);
        };
        let Ok(whole) = decompress(frame) else {
            return Ok(false);
        };
        if chained(before, &whole) != Some(segment.chain) {
            return Ok(false);
        }
        let update = "UPDATE segments SET frame = ?2 WHERE last = ?1";
        self.connection.execute(update, params![last.0, frame])?;
        self.rewrite(segment.before(), last, &whole, zone)?;
        Ok(true)
    }

    fn rewrite(
        &mut self,
        after: Seq,
        last: Seq,
        whole: &[u8],
        zone: &Zone,
    ) -> Result<(), StoreError> {
        let mut names = Arc::unwrap_or_clone(self.names()?);
        let rows: Vec<Row> = lines(whole)?
            .map(|line| Ok(Row::of(&entry::decode(line)?, &mut names)))
            .collect::<Result<_, StoreError>>()?;
        let transaction = self.connection.transaction()?;
        let clear = "DELETE FROM entries WHERE seq > ?1 AND seq <= ?2";
        transaction.execute(clear, params![after.0, last.0])?;
        write_rows(&transaction, &rows)?;
        transaction.commit()?;
        match rebuild_rollups(&mut self.connection, &mut zone.clone()) {
            // Another row is hurt too: sums are made again when its segment is mended.
            Err(StoreError::Damaged { .. }) => Ok(()),
            done => done,
        }
    }
}

fn chained(before: Hash, whole: &[u8]) -> Option<Hash> {
    let lines = lines(whole).ok()?;
    Some(lines.fold(before, |previous, line| chain::next(&previous, line)))
}
