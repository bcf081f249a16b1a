//! The head record: what the shown balance rests on. Checked against the cloud's signature whenever the
//! file has changed.

use std::sync::Arc;

use boothkeeper_domain::account::FOLD_VERSION;
use boothkeeper_domain::{Account, Amount, Cursor, Hash, Seq, Timestamp};
use boothkeeper_wire::checkpoint::{Checkpoint, PublicKey, SignedCheckpoint};
use rusqlite::{Connection, OptionalExtension};
use xxhash_rust::xxh3::Xxh3Default;

use super::Cache;
use crate::StoreError;

/// What is kept of the cloud's clock.
const CLOCK: &str = "cloud_ahead";

/// A clock that was set right by this much is no reason for doubt.
const TOLERANCE: i64 = 2 * boothkeeper_domain::time::MINUTE;

#[derive(Debug, Clone)]
pub struct Head {
    pub account: Account,
    pub checkpoint: Checkpoint,
    /// Until when the cloud is known to have had nothing newer.
    pub as_of: Timestamp,
    /// What the laptop's own clock said when it learnt that.
    pub learnt_at: Timestamp,
}

impl Head {
    /// Server time now, from the laptop's clock: as far past `as_of` as that clock has moved since, and
    /// never before what the cloud has said already.
    pub fn now(&self, wall: Timestamp) -> Timestamp {
        self.as_of.plus(wall.since(self.learnt_at).max(0))
    }

    /// The laptop's clock stands before the moment of learning: how old the copy is cannot be told.
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

/// The head as stored, with a mark over all of it.
pub(super) struct Record {
    pub seq: Seq,
    pub chain: Hash,
    pub state: String,
    pub checkpoint: String,
    pub as_of: Timestamp,
    pub learnt_at: Timestamp,
    /// What the state was folded by: see [`FOLD_VERSION`].
    pub rules: u32,
}

impl Record {
    fn mark(&self) -> i64 {
        let mut hasher = Xxh3Default::new();
        hasher.update(&self.seq.0.to_le_bytes());
        hasher.update(&self.chain.0);
        hasher.update(&self.as_of.millis().to_le_bytes());
        hasher.update(&self.learnt_at.millis().to_le_bytes());
        hasher.update(&(self.state.len() as u64).to_le_bytes());
        hasher.update(self.state.as_bytes());
        hasher.update(self.checkpoint.as_bytes());
        // Records of before have none, and marks without it.
        if self.rules > 0 {
            hasher.update(&self.rules.to_le_bytes());
        }
        hasher.digest().cast_signed()
    }

    fn read(connection: &Connection) -> Result<Option<Self>, StoreError> {
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

impl Cache {
    /// `None` if nothing has been synced. Where the record is hurt, what the entries' bytes prove. A copy that has
    /// lost its newest entries is damage, not an older copy.
    pub fn head(&self, keys: &[PublicKey]) -> Result<Option<Arc<Head>>, StoreError> {
        let head = self.head_as_kept(keys)?;
        let reached = head.as_ref().map_or(Seq::ZERO, |head| head.checkpoint.seq);
        if reached < self.floor.get() {
            // Another process may have begun another copy here, which is shorter.
            self.floor
                .set(self.floor.get().min(Seq(self.high_water.read())));
        }
        match reached >= self.floor.get() {
            true => Ok(head),
            false => Err(StoreError::damaged(reached.next())),
        }
    }

    /// How far the copy had got when it was opened, by what is kept outside of it.
    pub fn floor(&self) -> Seq {
        self.floor.get()
    }

    /// The same, also of a copy that has lost entries: what is fetched next continues it.
    pub fn head_as_kept(&self, keys: &[PublicKey]) -> Result<Option<Arc<Head>>, StoreError> {
        let read = || match self.read_head(keys) {
            Ok(Some(head)) if self.is_of_other_rules()? => self
                .folded_again(keys, head)
                .map(|head| Some(Arc::new(head))),
            Err(error @ StoreError::Damaged { .. }) => match self.proven_head(keys) {
                Ok(head) => Ok(Some(Arc::new(head))),
                Err(_) => Err(error),
            },
            // A record that is gone while its entries are there was not there by itself.
            Ok(None) if self.holds_entries()? => match self.proven_head(keys) {
                Ok(head) => Ok(Some(Arc::new(head))),
                Err(_) => Err(StoreError::damaged(Seq::ZERO)),
            },
            head => Ok(head?.map(Arc::new)),
        };
        self.head.get(self.version()?, keys, read)
    }

    /// Whether the record itself bears what is shown.
    pub fn head_is_sound(&self, keys: &[PublicKey]) -> Result<bool, StoreError> {
        match self.read_head(keys) {
            Ok(Some(_)) => Ok(true),
            Ok(None) => Ok(!self.holds_entries()?),
            Err(StoreError::Damaged { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn is_of_other_rules(&self) -> Result<bool, StoreError> {
        let mut statement = self.connection.prepare_cached("SELECT rules FROM head")?;
        let rules: Option<u32> = statement.query_row([], |row| row.get(0)).optional()?;
        Ok(rules.is_some_and(|rules| rules != FOLD_VERSION))
    }

    fn holds_entries(&self) -> Result<bool, StoreError> {
        let query = "SELECT EXISTS (SELECT 1 FROM checkpoints)";
        let mut statement = self.connection.prepare_cached(query)?;
        Ok(statement.query_row([], |row| row.get(0))?)
    }

    /// A record that its checkpoint does not bear out is damage.
    pub(super) fn read_head(&self, keys: &[PublicKey]) -> Result<Option<Head>, StoreError> {
        let Some(record) = Record::read(&self.connection)? else {
            return Ok(None);
        };
        let account: Account =
            serde_json::from_str(&record.state).map_err(StoreError::damaged_by)?;
        let signed: SignedCheckpoint =
            serde_json::from_str(&record.checkpoint).map_err(StoreError::damaged_by)?;
        let checkpoint = signed.verify(keys).map_err(StoreError::damaged_by)?.clone();
        let borne_out = checkpoint.seq == record.seq
            && checkpoint.chain == record.chain
            && account.seq == record.seq
            && account.balance == checkpoint.balance
            && account.grants.total() == Ok(checkpoint.balance);
        if !borne_out {
            return Err(StoreError::damaged(record.seq));
        }
        Ok(Some(Head {
            account,
            checkpoint,
            as_of: record.as_of,
            learnt_at: record.learnt_at,
        }))
    }

    /// When the newest entry was made: no time is earlier. By the head's own record; the beginning of time before
    /// the first.
    pub fn newest_entry_at(&self) -> Result<Timestamp, StoreError> {
        let record = Record::read(&self.connection)?;
        let account: Option<Account> = record
            .map(|record| serde_json::from_str(&record.state).map_err(StoreError::damaged_by))
            .transpose()?;
        Ok(account.map_or(Timestamp::default(), |account| account.at))
    }

    /// Keeps what a cloud's clock said when ours said `wall`: how far they differ is shown.
    pub fn hear_clock(&self, cloud: Timestamp, wall: Timestamp) -> Result<(), StoreError> {
        self.set(CLOCK, &cloud.since(wall).to_string())
    }

    /// Milliseconds that the cloud's clock was ahead of ours when it was last heard.
    pub fn cloud_ahead(&self) -> Result<Option<i64>, StoreError> {
        Ok(self.setting(CLOCK)?.and_then(|ahead| ahead.parse().ok()))
    }

    /// The cloud said that nothing is newer than the copy: at `as_of` the copy was current. A cloud whose clock was
    /// corrected takes time back with it, though never before the newest entry.
    pub fn confirm(
        &self,
        seq: Seq,
        as_of: Timestamp,
        learnt_at: Timestamp,
    ) -> Result<(), StoreError> {
        let transaction = self.connection.unchecked_transaction()?;
        if let Some(mut record) = Record::read(&transaction)?
            && record.seq == seq
        {
            let account: Account =
                serde_json::from_str(&record.state).map_err(StoreError::damaged_by)?;
            (record.as_of, record.learnt_at) = (as_of.max(account.at), learnt_at);
            record.write(&transaction)?;
        }
        transaction.commit()?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use boothkeeper_wire::chain;

    use super::*;

    /// A laptop whose clock was set back cannot say how old its copy is, and does not turn time back.
    #[test]
    fn a_clock_that_was_set_back_says_nothing_about_age() {
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
        assert_eq!(
            head.now(back),
            at(5_000_000),
            "never before what the cloud has said"
        );
    }
}
