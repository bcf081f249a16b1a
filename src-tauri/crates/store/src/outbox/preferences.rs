//! How the operator wants this laptop to behave, kept through signing out; and how far they have looked.

use boothkeeper_domain::{Seq, Timestamp};
use rusqlite::OptionalExtension;

use super::Outbox;
use crate::StoreError;

impl Outbox {
    pub fn preferences(&self) -> Result<Option<String>, StoreError> {
        let query = "SELECT document FROM preferences";
        let document = self.connection.query_row(query, [], |row| row.get(0));
        Ok(document.optional()?)
    }

    /// The last entry that was on screen, and when.
    pub fn looked(&self) -> Result<Option<(Seq, Timestamp)>, StoreError> {
        let query = "SELECT seq, at FROM looked";
        let looked = self.connection.query_row(query, [], |row| {
            Ok((Seq(row.get(0)?), Timestamp::from_millis(row.get(1)?)))
        });
        Ok(looked.optional()?)
    }

    pub fn look(&self, seq: Seq, at: Timestamp) -> Result<(), StoreError> {
        let replace = "INSERT OR REPLACE INTO looked VALUES (1, ?1, ?2)";
        self.connection
            .execute(replace, rusqlite::params![seq.0, at.millis()])?;
        Ok(())
    }

    pub fn prefer(&self, document: &str) -> Result<(), StoreError> {
        let replace = "INSERT OR REPLACE INTO preferences VALUES (1, ?1)";
        self.connection.execute(replace, [document])?;
        Ok(())
    }
}
