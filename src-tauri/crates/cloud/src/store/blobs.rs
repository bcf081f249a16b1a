//! Attachments' bytes (blobs), stored in pieces and found by the SHA-256 of the whole.

use boothkeeper_domain::{Hash, Timestamp};
use rusqlite::{OptionalExtension, Params, params};

use super::Tx;
use crate::Error;

/// The state of a stored blob; lengths in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredBlob {
    pub length: u64,
    pub bytes: u64,
    /// All bytes are stored and have the blob's hash.
    pub complete: bool,
    /// When the blob's first bytes arrived.
    pub begun_at: Timestamp,
}

impl Tx<'_> {
    pub fn blob(&self, account: i64, sha256: &Hash) -> Result<Option<StoredBlob>, Error> {
        let query =
            "SELECT length, held, complete, begun_at FROM blobs WHERE account = ?1 AND sha256 = ?2";
        let mut statement = self.connection.prepare_cached(query)?;
        let row = statement.query_row(params![account, sha256.0], |row| {
            Ok(StoredBlob {
                length: row.get(0)?,
                bytes: row.get(1)?,
                complete: row.get(2)?,
                begun_at: Timestamp::from_millis(row.get(3)?),
            })
        });
        Ok(row.optional()?)
    }

    /// Bytes that an account stores, incomplete blobs included.
    pub fn blob_bytes(&self, account: i64) -> Result<u64, Error> {
        let query = "SELECT held FROM blob_usage WHERE account = ?1";
        let mut statement = self.connection.prepare_cached(query)?;
        let held = statement
            .query_row([account], |row| row.get(0))
            .optional()?;
        Ok(held.unwrap_or(0))
    }

    fn use_bytes(&self, account: i64, more: i64) -> Result<(), Error> {
        let add = "INSERT INTO blob_usage VALUES (?1, ?2)
                   ON CONFLICT (account) DO UPDATE SET held = held + ?2";
        self.connection
            .prepare_cached(add)?
            .execute(params![account, more])?;
        Ok(())
    }

    /// Inserts an empty blob of `length` bytes.
    pub fn begin_blob(
        &self,
        account: i64,
        sha256: &Hash,
        length: u64,
        now: Timestamp,
    ) -> Result<(), Error> {
        let insert = "INSERT INTO blobs (account, sha256, length, held, complete, begun_at)
                      VALUES (?1, ?2, ?3, 0, 0, ?4)";
        let values = params![account, sha256.0, length, now.millis()];
        self.connection.prepare_cached(insert)?.execute(values)?;
        Ok(())
    }

    /// Deletes up to 8 incomplete blobs, of any account, whose first bytes arrived before `before`. No more than 8,
    /// because another account's upload waits for the deletion.
    pub fn expire_blobs(&self, before: Timestamp) -> Result<(), Error> {
        let some = "begun_at < ?1 LIMIT 8";
        for (account, sha256) in self.unfinished_blobs(some, [before.millis()])? {
            self.drop_blob(account, &sha256)?;
        }
        Ok(())
    }

    /// Blobs with all bytes but without the mark `complete`: a crash of an earlier version left them.
    pub fn unmarked_blobs(&self) -> Result<Vec<(i64, Hash)>, Error> {
        self.unfinished_blobs("held = length", [])
    }

    fn unfinished_blobs(
        &self,
        which: &str,
        values: impl Params,
    ) -> Result<Vec<(i64, Hash)>, Error> {
        let query = format!("SELECT account, sha256 FROM blobs WHERE complete = 0 AND {which}");
        let mut statement = self.connection.prepare_cached(&query)?;
        let found = statement.query_map(values, |row| Ok((row.get(0)?, Hash(row.get(1)?))))?;
        Ok(found.collect::<Result<_, _>>()?)
    }

    /// Stores a piece at offset `at`, the blob's current length.
    pub fn append_blob(
        &self,
        account: i64,
        sha256: &Hash,
        at: u64,
        piece: &[u8],
    ) -> Result<(), Error> {
        let insert = "INSERT INTO blob_pieces VALUES (?1, ?2, ?3, ?4)";
        let values = params![account, sha256.0, at, piece];
        self.connection.prepare_cached(insert)?.execute(values)?;
        let grow = "UPDATE blobs SET held = ?3 WHERE account = ?1 AND sha256 = ?2";
        let held = at + piece.len() as u64;
        let values = params![account, sha256.0, held];
        self.connection.prepare_cached(grow)?.execute(values)?;
        self.use_bytes(account, i64::try_from(piece.len()).unwrap_or(i64::MAX))
    }

    pub fn complete_blob(&self, account: i64, sha256: &Hash) -> Result<(), Error> {
        let update = "UPDATE blobs SET complete = 1 WHERE account = ?1 AND sha256 = ?2";
        self.connection
            .execute(update, params![account, sha256.0])?;
        Ok(())
    }

    pub fn drop_blob(&self, account: i64, sha256: &Hash) -> Result<(), Error> {
        let Some(held) = self.blob(account, sha256)? else {
            return Ok(());
        };
        self.use_bytes(account, -i64::try_from(held.bytes).unwrap_or(i64::MAX))?;
        for delete in [
            "DELETE FROM blob_pieces WHERE account = ?1 AND sha256 = ?2",
            "DELETE FROM blobs WHERE account = ?1 AND sha256 = ?2",
        ] {
            self.connection
                .execute(delete, params![account, sha256.0])?;
        }
        Ok(())
    }

    pub fn blob_content(&self, account: i64, sha256: &Hash) -> Result<Vec<u8>, Error> {
        let query = "SELECT piece FROM blob_pieces WHERE account = ?1 AND sha256 = ?2 ORDER BY at";
        let mut statement = self.connection.prepare_cached(query)?;
        let mut rows = statement.query(params![account, sha256.0])?;
        let mut content = Vec::new();
        while let Some(row) = rows.next()? {
            content.extend_from_slice(row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?);
        }
        Ok(content)
    }
}
