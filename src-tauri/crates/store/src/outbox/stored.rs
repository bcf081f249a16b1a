//! A command's row on disk.

use rusqlite::{Connection, params};
use xxhash_rust::xxh3::Xxh3Default;

use crate::StoreError;

pub(super) const COLUMNS: &str =
    "id, created_at, resource, body, decided_at_seq, state, answer, mark, tries, withdrawn";

/// A command's row, with a mark over all of it.
pub(super) struct Stored {
    pub id: [u8; 16],
    pub created_at: i64,
    pub resource: String,
    pub body: String,
    pub decided_at: u64,
    pub state: String,
    pub answer: Option<String>,
    /// What has come between it and its answer so far, weighed.
    pub tries: u32,
    /// The operator took it back when it may have been sent: it is not sent again.
    pub withdrawn: bool,
}

impl Stored {
    fn mark(&self) -> i64 {
        let mut hasher = Xxh3Default::new();
        hasher.update(&self.id);
        hasher.update(&self.created_at.to_le_bytes());
        hasher.update(&self.decided_at.to_le_bytes());
        let answer = self.answer.as_deref().unwrap_or_default();
        for text in [&self.resource, &self.body, &self.state, answer] {
            hasher.update(&(text.len() as u64).to_le_bytes());
            hasher.update(text.as_bytes());
        }
        // Rows of before these columns keep their mark.
        if self.tries > 0 || self.withdrawn {
            hasher.update(&self.tries.to_le_bytes());
            hasher.update(&[u8::from(self.withdrawn)]);
        }
        hasher.digest().cast_signed()
    }

    /// The row, and whether it is as it was written.
    pub fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<(Self, bool)> {
        let stored = Stored {
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
        let sound = stored.mark() == row.get::<_, i64>(7)?;
        Ok((stored, sound))
    }

    /// A row that is there keeps its place: the order of rows is the order of decisions.
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
            self.mark(),
            self.tries,
            self.withdrawn,
        ])?;
        Ok(())
    }
}
