//! A command's row in the database.

use rusqlite::{Connection, params};
use xxhash_rust::xxh3::Xxh3Default;

use crate::StoreError;

pub(super) const COLUMNS: &str =
    "id, created_at, resource, body, decided_at_seq, state, answer, mark, tries, withdrawn";

/// A command's row, stored with a checksum over all columns.
pub(super) struct CommandRow {
    pub id: [u8; 16],
    pub created_at: i64,
    pub resource: String,
    pub body: String,
    pub decided_at: u64,
    pub state: String,
    pub answer: Option<String>,
    /// Weight of the failed attempts so far; see `FailedAttempt::weight`.
    pub tries: u32,
    /// True if the operator took the command back after it may have been sent: it is not sent again.
    pub withdrawn: bool,
}

impl CommandRow {
    /// Checksum over all columns of the row (XXH3, 64 bits).
    fn checksum(&self) -> i64 {
        let mut hasher = Xxh3Default::new();
        hasher.update(&self.id);
        hasher.update(&self.created_at.to_le_bytes());
        hasher.update(&self.decided_at.to_le_bytes());
        let answer = self.answer.as_deref().unwrap_or_default();
        for text in [&self.resource, &self.body, &self.state, answer] {
            hasher.update(&(text.len() as u64).to_le_bytes());
            hasher.update(text.as_bytes());
        }
        // Rows from before `tries` and `withdrawn` existed have 0 and false, and their checksum does not include the
        // two.
        if self.tries > 0 || self.withdrawn {
            hasher.update(&self.tries.to_le_bytes());
            hasher.update(&[u8::from(self.withdrawn)]);
        }
        hasher.digest().cast_signed()
    }

    /// The command's row, and whether its checksum matches.
    pub fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<(Self, bool)> {
        let stored = CommandRow {
            id: row.get(0)?,
            created_at: row.get(1)?,
            resource: row.get(2)?,
            body: row.get(3)?,
            decided_at: row.get(4)?,
            state: row.get(5)?,
            answer: row.get(6)?,
            tries: row.get(8)?,
            withdrawn: row.get(9)?,
        };
        let sound = stored.checksum() == row.get::<_, i64>(7)?;
        Ok((stored, sound))
    }

    /// Inserts or updates the row. An update keeps the rowid, which is the order in which commands were given.
    pub fn write(&self, connection: &Connection) -> Result<(), StoreError> {
        let write = "INSERT INTO commands
            (id, created_at, resource, body, decided_at_seq, state, answer, mark, tries, withdrawn)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
            ON CONFLICT (id) DO UPDATE SET (created_at, resource, body, decided_at_seq, state, answer, mark, tries, withdrawn)
            = (?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
        connection.prepare_cached(write)?.execute(params![
            self.id,
            self.created_at,
            self.resource,
            self.body,
            self.decided_at,
            self.state,
            self.answer,
            self.checksum(),
            self.tries,
            self.withdrawn,
        ])?;
        Ok(())
    }
}
