//! The head record: what the shown balance rests on. Checked against the cloud's signature whenever the
//! file has changed.

use std::sync::Arc;

use boothkeeper_domain::{Account, Amount, Cursor, Hash, Seq, Timestamp};
use boothkeeper_wire::checkpoint::{Checkpoint, PublicKey, SignedCheckpoint};
use rusqlite::OptionalExtension;

use super::Cache;
use crate::StoreError;

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

impl Cache {
    /// `None` if nothing has been synced. A record that its checkpoint does not bear out is damage.
    pub fn head(&self, keys: &[PublicKey]) -> Result<Option<Arc<Head>>, StoreError> {
        let read = || Ok(self.read_head(keys)?.map(Arc::new));
        self.head.get(&self.connection, keys, read)
    }

    fn read_head(&self, keys: &[PublicKey]) -> Result<Option<Head>, StoreError> {
        let query = "SELECT seq, chain, state, checkpoint, as_of, learnt_at FROM head";
        let mut statement = self.connection.prepare_cached(query)?;
        let stored = statement.query_row([], |row| {
            let (state, signed): (String, String) = (row.get(2)?, row.get(3)?);
            let instant = |at| row.get(at).map(Timestamp::from_millis);
            let times = (instant(4)?, instant(5)?);
            Ok((Seq(row.get(0)?), Hash(row.get(1)?), state, signed, times))
        });
        let Some((seq, chain, state, signed, (as_of, learnt_at))) = stored.optional()? else {
            return Ok(None);
        };
        let account: Account = serde_json::from_str(&state).map_err(StoreError::damaged_by)?;
        let signed: SignedCheckpoint =
            serde_json::from_str(&signed).map_err(StoreError::damaged_by)?;
        let checkpoint = signed.verify(keys).map_err(StoreError::damaged_by)?.clone();
        let borne_out = checkpoint.seq == seq
            && checkpoint.chain == chain
            && account.seq == seq
            && account.balance == checkpoint.balance
            && account.grants.total() == Ok(checkpoint.balance);
        if !borne_out {
            return Err(StoreError::damaged(seq));
        }
        Ok(Some(Head {
            account,
            checkpoint,
            as_of,
            learnt_at,
        }))
    }

    /// The cloud said that nothing is newer than the copy: at `as_of` the copy was current. Never moves
    /// back.
    pub fn confirm(
        &self,
        seq: Seq,
        as_of: Timestamp,
        learnt_at: Timestamp,
    ) -> Result<(), StoreError> {
        let update = "UPDATE head SET as_of = ?2, learnt_at = ?3 WHERE seq = ?1 AND as_of <= ?2";
        self.connection
            .prepare_cached(update)?
            .execute(rusqlite::params![seq.0, as_of.millis(), learnt_at.millis()])?;
        Ok(())
    }
}
