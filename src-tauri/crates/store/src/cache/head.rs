//! Reads and writes the head: the local copy's last seq, the account's state there, and the signed checkpoint that
//! confirms both. The signature is checked again whenever the file has changed.

use std::sync::Arc;

use boothkeeper_domain::account::FOLD_VERSION;
use boothkeeper_domain::{Account, Seq, Timestamp};
use boothkeeper_wire::checkpoint::{PublicKey, SignedCheckpoint};
use rusqlite::OptionalExtension;

use super::Cache;
use super::head_record::{Head, Record};
use crate::StoreError;

/// Name of the setting with the milliseconds by which the cloud's clock is ahead of the laptop's.
const CLOCK: &str = "cloud_ahead";

impl Cache {
    /// The head (the end of the local copy); `None` if nothing has been synced. If the stored head is damaged, it is
    /// computed from the entries' lines. Fails with `Damaged` if the copy has lost its newest entries.
    pub fn head(&self, keys: &[PublicKey]) -> Result<Option<Arc<Head>>, StoreError> {
        let head = self.head_as_kept(keys)?;
        let reached = head.as_ref().map_or(Seq::ZERO, |head| head.checkpoint.seq);
        if reached < self.floor.get() {
            // Another process may have emptied the local copy and begun a new one, which is shorter.
            self.floor
                .set(self.floor.get().min(Seq(self.high_water.read())));
        }
        match reached >= self.floor.get() {
            true => Ok(head),
            false => Err(StoreError::damaged(reached.next())),
        }
    }

    /// The seq of the local copy's last entry when the copy was opened, by the high-water mark kept beside the file.
    pub fn seq_when_opened(&self) -> Seq {
        self.floor.get()
    }

    /// Like [`Cache::head`], but also for a copy that has lost its newest entries, so that a pull can continue from the
    /// rest.
    pub fn head_as_kept(&self, keys: &[PublicKey]) -> Result<Option<Arc<Head>>, StoreError> {
        let read = || match self.read_head(keys) {
            Ok(Some(head)) if self.is_of_other_rules()? => self
                .folded_again(keys, head)
                .map(|head| Some(Arc::new(head))),
            Err(error @ StoreError::Damaged { .. }) => match self.proven_head(keys) {
                Ok(head) => Ok(Some(Arc::new(head))),
                Err(_) => Err(error),
            },
            // Checkpoints without a head record mean that the record was lost.
            Ok(None) if self.holds_entries()? => match self.proven_head(keys) {
                Ok(head) => Ok(Some(Arc::new(head))),
                Err(_) => Err(StoreError::damaged(Seq::ZERO)),
            },
            head => Ok(head?.map(Arc::new)),
        };
        self.head.get(self.version()?, keys, read)
    }

    /// Whether the stored head record is undamaged, or missing because nothing has been synced.
    pub fn head_is_sound(&self, keys: &[PublicKey]) -> Result<bool, StoreError> {
        match self.read_head(keys) {
            Ok(Some(_)) => Ok(true),
            Ok(None) => Ok(!self.holds_entries()?),
            Err(StoreError::Damaged { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Whether the stored account state was computed by rules of another [`FOLD_VERSION`].
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

    /// The stored head; `None` if there is none. Fails with `Damaged` if the record does not match its signed
    /// checkpoint.
    pub(super) fn read_head(&self, keys: &[PublicKey]) -> Result<Option<Head>, StoreError> {
        let Some(record) = Record::read(&self.connection)? else {
            return Ok(None);
        };
        let account: Account =
            serde_json::from_str(&record.state).map_err(StoreError::damaged_by)?;
        let signed: SignedCheckpoint =
            serde_json::from_str(&record.checkpoint).map_err(StoreError::damaged_by)?;
        let checkpoint = signed.verify(keys).map_err(StoreError::damaged_by)?.clone();
        let matches = checkpoint.seq == record.seq
            && checkpoint.chain == record.chain
            && account.seq == record.seq
            && account.balance == checkpoint.balance
            && account.grants.total() == Ok(checkpoint.balance);
        if !matches {
            return Err(StoreError::damaged(record.seq));
        }
        Ok(Some(Head {
            account,
            checkpoint,
            as_of: record.as_of,
            learnt_at: record.learnt_at,
        }))
    }

    /// Time of the newest entry, from the head record; the cloud's time cannot be before it. 1970-01-01 if there is no
    /// entry.
    pub fn newest_entry_at(&self) -> Result<Timestamp, StoreError> {
        let record = Record::read(&self.connection)?;
        let account: Option<Account> = record
            .map(|record| serde_json::from_str(&record.state).map_err(StoreError::damaged_by))
            .transpose()?;
        Ok(account.map_or(Timestamp::default(), |account| account.at))
    }

    /// Stores by how much the cloud's clock is ahead of the laptop's time `wall`, for display.
    pub fn store_clock_difference(
        &self,
        cloud: Timestamp,
        wall: Timestamp,
    ) -> Result<(), StoreError> {
        self.set(CLOCK, &cloud.since(wall).to_string())
    }

    /// Milliseconds by which the cloud's clock was ahead of the laptop's when last compared.
    pub fn cloud_ahead(&self) -> Result<Option<i64>, StoreError> {
        Ok(self.setting(CLOCK)?.and_then(|ahead| ahead.parse().ok()))
    }

    /// Stores that the local copy was complete at the cloud's time `as_of`. Does nothing unless `seq` is the copy's
    /// last seq. `as_of` may be earlier than the time stored before, if the cloud's clock was corrected; a time before
    /// the newest entry is replaced by the time of that entry.
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
