//! Attachments' bytes, by their content's hash and piece by piece: what has arrived stays, however the
//! connection ended.

use boothkeeper_domain::Hash;
use rusqlite::{OptionalExtension, params};

use super::Tx;
use crate::Error;

/// How much of a blob is here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    pub length: u64,
    pub bytes: u64,
    /// Whole, and what its hash says.
    pub complete: bool,
}

impl Tx<'_> {
    pub fn blob(&self, account: i64, sha256: &Hash) -> Result<Option<Held>, Error> {
        let query = "SELECT length, held, complete FROM blobs WHERE account = ?1 AND sha256 = ?2";
        let mut statement = self.connection.prepare_cached(query)?;
        let row = statement.query_row(params![account, sha256.0], |row| {
            Ok(Held {
                length: row.get(0)?,
                bytes: row.get(1)?,
                complete: row.get(2)?,
            })
        });
        Ok(row.optional()?)
    }

    /// All that an account keeps here, also of blobs that are not whole.
    pub fn blob_bytes(&self, account: i64) -> Result<u64, Error> {
        let query = "SELECT coalesce(sum(length), 0) FROM blobs WHERE account = ?1";
        let mut statement = self.connection.prepare_cached(query)?;
        Ok(statement.query_row([account], |row| row.get(0))?)
    }

    pub fn begin_blob(&self, account: i64, sha256: &Hash, length: u64) -> Result<(), Error> {
        let insert = "INSERT OR IGNORE INTO blobs VALUES (?1, ?2, ?3, 0, 0)";
        let values = params![account, sha256.0, length];
        self.connection.prepare_cached(insert)?.execute(values)?;
        Ok(())
    }

    /// Keeps a piece that continues what is here.
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
        Ok(())
    }

    pub fn complete_blob(&self, account: i64, sha256: &Hash) -> Result<(), Error> {
        let update = "UPDATE blobs SET complete = 1 WHERE account = ?1 AND sha256 = ?2";
        self.connection
            .execute(update, params![account, sha256.0])?;
        Ok(())
    }

    pub fn drop_blob(&self, account: i64, sha256: &Hash) -> Result<(), Error> {
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
