//! How the operator wants this laptop to behave: one document, kept through signing out.

use rusqlite::OptionalExtension;

use super::Outbox;
use crate::StoreError;

impl Outbox {
    pub fn preferences(&self) -> Result<Option<String>, StoreError> {
        let query = "SELECT document FROM preferences";
        let document = self.connection.query_row(query, [], |row| row.get(0));
        Ok(document.optional()?)
    }

    pub fn prefer(&self, document: &str) -> Result<(), StoreError> {
        let replace = "INSERT OR REPLACE INTO preferences VALUES (1, ?1)";
        self.connection.execute(replace, [document])?;
        Ok(())
    }
}
