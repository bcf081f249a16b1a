//! The head (the end of the verified local copy), and the record in which it is stored.

use boothkeeper_domain::{Account, Amount, Cursor, Hash, Seq, Timestamp};
use boothkeeper_wire::checkpoint::Checkpoint;
use rusqlite::{Connection, OptionalExtension};
use xxhash_rust::xxh3::Xxh3Default;

use crate::StoreError;

/// Milliseconds by which the laptop's clock may be set back without making the local copy's age unknown.
const TOLERANCE: i64 = 2 * boothkeeper_domain::time::MINUTE;

/// The end of the verified local copy: the account's state after the last entry, and the checkpoint that confirms it.
#[derive(Debug, Clone)]
pub struct Head {
    pub account: Account,
    pub checkpoint: Checkpoint,
    /// The cloud's time at which the local copy was last known to be complete.
    pub as_of: Timestamp,
    /// The time on the laptop's clock when `as_of` was learnt.
    pub learnt_at: Timestamp,
}

impl Head {
    /// Estimate of the cloud's time now: `as_of` plus the time since `learnt_at` on the laptop's clock. Never before
    /// `as_of`, even if the laptop's clock was set back.
    pub fn now(&self, wall: Timestamp) -> Timestamp {
        self.as_of.plus(wall.since(self.learnt_at).max(0))
    }

    /// True if the laptop's clock was set back before `learnt_at`, so that the local copy's age is unknown.
    pub fn age_is_unknown(&self, wall: Timestamp) -> bool {
        wall.since(self.learnt_at) < -TOLERANCE
    }

    pub fn cursor(&self) -> Cursor {
        Cursor {
            epoch: self.checkpoint.epoch.clone(),
            seq: self.checkpoint.seq,
            chain: self.checkpoint.chain,
        }
    }

    pub fn balance(&self) -> Amount {
        self.account.balance
    }
}

/// The head (end of the local copy) as stored, with a checksum over all columns.
pub(super) struct Record {
    pub seq: Seq,
    pub chain: Hash,
    pub state: String,
    pub checkpoint: String,
    pub as_of: Timestamp,
    pub learnt_at: Timestamp,
    /// The [`FOLD_VERSION`](boothkeeper_domain::account::FOLD_VERSION) of the rules that computed `state` from the
    /// entries; 0 if unknown.
    pub rules: u32,
}

impl Record {
    /// Checksum over all columns of the record (XXH3, 64 bits).
    fn mark(&self) -> i64 {
        let mut hasher = Xxh3Default::new();
        hasher.update(&self.seq.0.to_le_bytes());
        hasher.update(&self.chain.0);
        hasher.update(&self.as_of.millis().to_le_bytes());
        hasher.update(&self.learnt_at.millis().to_le_bytes());
        hasher.update(&(self.state.len() as u64).to_le_bytes());
        hasher.update(self.state.as_bytes());
        hasher.update(self.checkpoint.as_bytes());
        // Records from before the column `rules` existed have 0, and their checksum does not include it.
        if self.rules > 0 {
            hasher.update(&self.rules.to_le_bytes());
        }
        hasher.digest().cast_signed()
    }

    /// The stored record; `None` if there is none. Fails with `Damaged` if the checksum does not match.
    pub fn read(connection: &Connection) -> Result<Option<Self>, StoreError> {
        let query = "SELECT seq, chain, state, checkpoint, as_of, learnt_at, mark, rules FROM head";
        let mut statement = connection.prepare_cached(query)?;
        let stored = statement.query_row([], |row| {
            let instant = |at| row.get(at).map(Timestamp::from_millis);
            let record = Record {
                seq: Seq(row.get(0)?),
                chain: Hash(row.get(1)?),
                state: row.get(2)?,
                checkpoint: row.get(3)?,
                as_of: instant(4)?,
                learnt_at: instant(5)?,
                rules: row.get(7)?,
            };
            Ok((record, row.get::<_, i64>(6)?))
        });
        match stored.optional()? {
            Some((record, mark)) if record.mark() == mark => Ok(Some(record)),
            Some((record, _)) => Err(StoreError::damaged(record.seq)),
            None => Ok(None),
        }
    }

    pub fn write(&self, connection: &Connection) -> Result<(), StoreError> {
        let replace = "INSERT OR REPLACE INTO head VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
        connection
            .prepare_cached(replace)?
            .execute(rusqlite::params![
                self.seq.0,
                self.chain.0,
                self.state,
                self.checkpoint,
                self.as_of.millis(),
                self.learnt_at.millis(),
                self.mark(),
                self.rules,
            ])?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use boothkeeper_wire::chain;

    use super::*;

    /// After the laptop's clock is set back, the local copy's age is unknown, and the estimated cloud time does not go
    /// back.
    #[test]
    fn age_of_local_copy_is_unknown_after_laptop_clock_is_set_back() {
        let at = |millis| Timestamp::from_millis(millis);
        let account = boothkeeper_domain::AccountId::new("acc_1").unwrap();
        let head = Head {
            account: Account::default(),
            checkpoint: Checkpoint {
                chain: chain::genesis(&account),
                account,
                epoch: boothkeeper_domain::Epoch::new("e").unwrap(),
                seq: Seq(1),
                count: 1,
                sum: Amount::ZERO,
                balance: Amount::ZERO,
                time: at(0),
            },
            as_of: at(5_000_000),
            learnt_at: at(9_000_000),
        };
        assert_eq!(head.now(at(9_000_700)), at(5_000_700));
        assert!(!head.age_is_unknown(at(9_000_000 - TOLERANCE)));
        let back = at(9_000_000 - TOLERANCE - 1);
        assert!(head.age_is_unknown(back));
        assert_eq!(head.now(back), at(5_000_000), "never before as_of");
    }
}
