//! The head record: what the shown balance rests on. Checked against the cloud's signature each time
//! it is read.

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
}

impl Head {
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
    pub fn head(&self, keys: &[PublicKey]) -> Result<Option<Head>, StoreError> {
        let query = "SELECT seq, chain, state, checkpoint, as_of FROM head";
        let mut statement = self.connection.prepare_cached(query)?;
        let stored = statement.query_row([], |row| {
            let (state, signed): (String, String) = (row.get(2)?, row.get(3)?);
            let as_of = Timestamp::from_millis(row.get(4)?);
            Ok((Seq(row.get(0)?), Hash(row.get(1)?), state, signed, as_of))
        });
        let Some((seq, chain, state, signed, as_of)) = stored.optional()? else {
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
        }))
    }

    /// The cloud said that nothing is newer than the copy: at `as_of` the copy was current. Never moves
    /// back.
    pub fn confirm(&self, seq: Seq, as_of: Timestamp) -> Result<(), StoreError> {
        let update = "UPDATE head SET as_of = max(as_of, ?2) WHERE seq = ?1";
        self.connection
            .prepare_cached(update)?
            .execute(rusqlite::params![seq.0, as_of.millis()])?;
        Ok(())
    }
}
