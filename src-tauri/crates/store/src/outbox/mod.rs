//! The outbox: the operator's commands that the cloud has not answered, and the binding to an account.
//!
//! Neither can be fetched again. They are therefore in a file of their own, which is written with `synchronous = FULL`
//! and which repairs of the cache never touch. Every change of a command's state first checks the state in the same
//! transaction, so that only one of two processes makes the change.

mod checksums;
mod command;
mod command_row;
mod commands;
mod drafts;
mod preferences;
mod reminders;
mod schema;

use std::path::Path;

use rusqlite::{Connection, OptionalExtension};
use rusqlite_migration::Migrations;

use crate::StoreError;
pub use crate::binding::{Binding, Diverged, Divergence};
use crate::memo::{Memo, Version};
use crate::sqlite::{flush_wal, is_before, overwrite, refuse_empty, refuse_newer};
use crate::{private, read_only};
use boothkeeper_files::HighWater;
use checksums::{BINDING, Mark};
pub use command::{Command, FailedAttempt, OutboxState};
pub use drafts::Draft;
pub use reminders::{ReminderProgram, ShownTier};
use schema::{VERSIONS, steps};

/// An open outbox file.
#[derive(Debug)]
pub struct Outbox {
    connection: Connection,
    /// The number of changes to commands, drafts, binding and preferences, kept in a file beside the database.
    high_water: HighWater,
    binding: Memo<(), Option<Binding>>,
}

impl Outbox {
    /// Opens the outbox and creates it if it is missing. Fails with `OutboxDamaged` if it has lost changes.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Self::open_to_write(path).map_err(StoreError::of_outbox)
    }

    fn open_to_write(path: &Path) -> Result<Self, StoreError> {
        private::touch(path).map_err(StoreError::io(path))?;
        let connection = Connection::open(path)?;
        connection.busy_timeout(std::time::Duration::from_secs(5))?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        let outbox = Self::ready(connection, HighWater::beside(path))?;
        outbox.require_nothing_lost()?;
        outbox.record_commit()?;
        Ok(outbox)
    }

    /// Opens the outbox for reading only; `None` if there is no such file. A file of an older version is migrated
    /// first.
    pub fn open_to_read(path: &Path) -> Result<Option<Self>, StoreError> {
        Self::open_read_only(path).map_err(StoreError::of_outbox)
    }

    fn open_read_only(path: &Path) -> Result<Option<Self>, StoreError> {
        let opened = read_only::open(path, |connection| {
            refuse_newer(connection, "outbox.sqlite", VERSIONS)?;
            refuse_empty(connection)
        })?;
        let Some(connection) = opened else {
            return Ok(None);
        };
        if is_before(&connection, VERSIONS)? {
            drop(connection);
            Self::open_to_write(path)?.flush_wal();
            return Self::open_read_only(path);
        }
        let outbox = Self::from_connection(connection, HighWater::beside(path));
        outbox.require_nothing_lost()?;
        Ok(Some(outbox))
    }

    /// An empty outbox in memory, for simulations.
    pub fn in_memory() -> Result<Self, StoreError> {
        Self::ready(Connection::open_in_memory()?, HighWater::in_memory())
    }

    /// Fails with `OutboxDamaged` if committed changes are missing from the file.
    fn require_nothing_lost(&self) -> Result<(), StoreError> {
        // Read the kept number before the database's: another process may raise both in between, and a number read
        // later could be ahead of the database.
        let known = self.high_water.read();
        match self.changes()? >= known {
            true => Ok(()),
            false => Err(StoreError::OutboxDamaged(Some(
                "committed changes are missing from the file".into(),
            ))),
        }
    }

    /// Reads binding, drafts and commands once. Fails if the binding or a draft is damaged; a damaged command is no
    /// error, as it is listed as [`OutboxState::Damaged`].
    pub fn check(&self) -> Result<(), StoreError> {
        self.binding()?;
        self.drafts()?;
        self.list()?;
        Ok(())
    }

    /// Number of changes of commands, drafts, binding and preferences ever made to the file.
    fn changes(&self) -> Result<u64, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT count FROM changes")?;
        Ok(statement.query_row([], |row| row.get(0))?)
    }

    /// Raises the count of changes kept beside the database, after a write that is on disk. Does nothing in an open
    /// transaction, as its commit raises the count.
    fn record_write(&self) -> Result<(), StoreError> {
        match self.connection.is_autocommit() {
            true => self.record_commit(),
            false => Ok(()),
        }
    }

    /// Raises the count of changes kept beside the database. A failure to write the count is ignored: the changes are
    /// committed, and without the count only a later loss of changes may go unnoticed.
    fn record_commit(&self) -> Result<(), StoreError> {
        let _ = self.high_water.raise(self.changes()?);
        Ok(())
    }

    /// Moves the write-ahead log into the database file, as far as other connections allow it. Call this before the
    /// connection is closed.
    pub fn flush_wal(&self) {
        flush_wal(&self.connection);
    }

    fn ready(mut connection: Connection, high_water: HighWater) -> Result<Self, StoreError> {
        refuse_newer(&connection, "outbox.sqlite", VERSIONS)?;
        Migrations::from_iter(steps())
            .to_latest(&mut connection)
            .map_err(|error| match error {
                rusqlite_migration::Error::RusqliteError { err, .. } => err.into(),
                error => StoreError::Migration(error),
            })?;
        Ok(Self::from_connection(connection, high_water))
    }

    fn from_connection(connection: Connection, high_water: HighWater) -> Self {
        Outbox {
            connection,
            high_water,
            binding: Memo::default(),
        }
    }

    /// The binding to an account; `None` if signed out. Fails with `OutboxDamaged` if its checksum does not match.
    pub fn binding(&self) -> Result<Option<Binding>, StoreError> {
        let read = || self.read_binding();
        self.binding.get(Version::of(&self.connection)?, &(), read)
    }

    fn read_binding(&self) -> Result<Option<Binding>, StoreError> {
        let query = "SELECT document, mark FROM binding";
        let document = self
            .connection
            .query_row(query, [], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some((document, mark)): Option<(String, Mark)> = document else {
            return Ok(None);
        };
        let document = mark.check(BINDING, document)?;
        let binding = serde_json::from_str(&document).map_err(StoreError::damaged_by);
        binding.map(Some).map_err(StoreError::of_outbox)
    }

    /// Stores the binding to an account, or deletes it for `None`.
    pub fn bind(&self, binding: Option<&Binding>) -> Result<(), StoreError> {
        let Some(binding) = binding else {
            self.connection.execute("DELETE FROM binding", [])?;
            return self.record_write();
        };
        let document = serde_json::to_string(binding)?;
        let replace = "INSERT OR REPLACE INTO binding VALUES (1, ?1, ?2)";
        let mark = Mark::of(BINDING, &document);
        self.connection
            .execute(replace, rusqlite::params![document, mark])?;
        self.record_write()
    }

    /// Deletes all commands, all drafts and the record of the last entry seen, for signing out. Reminders stay
    /// recorded, so that they are not repeated after the next sign-in.
    pub fn clear(&self) -> Result<(), StoreError> {
        self.connection
            .execute_batch("DELETE FROM commands; DELETE FROM drafts; DELETE FROM looked;")?;
        overwrite(&self.connection)?;
        self.record_write()
    }
}

#[cfg(test)]
mod tests;
