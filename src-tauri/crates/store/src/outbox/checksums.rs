//! Checksums of the outbox's documents and records, which show changes made on disk.

use rusqlite::types::{FromSql, FromSqlResult, ToSqlOutput, ValueRef};
use rusqlite::{Connection, ToSql};
use xxhash_rust::xxh3::xxh3_64;

use crate::StoreError;

/// Checksum of a document and of the place where it is stored, so that one row's document is not accepted in another
/// row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark(i64);

impl Mark {
    /// The checksum of `document`, stored under `place`.
    pub fn of(place: &[u8], document: &str) -> Self {
        let mut bytes = Vec::with_capacity(8 + place.len() + document.len());
        bytes.extend_from_slice(&(place.len() as u64).to_le_bytes());
        bytes.extend_from_slice(place);
        bytes.extend_from_slice(document.as_bytes());
        Mark(xxh3_64(&bytes).cast_signed())
    }

    /// Returns the document. Fails with `OutboxDamaged` if it does not match the checksum.
    pub fn check(self, place: &[u8], document: String) -> Result<String, StoreError> {
        match self == Mark::of(place, &document) {
            true => Ok(document),
            false => Err(StoreError::OutboxDamaged(None)),
        }
    }
}

impl FromSql for Mark {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        i64::column_result(value).map(Mark)
    }
}

impl ToSql for Mark {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.into())
    }
}

/// Migration step: adds the checksums that versions before 2026-11-27 did not write.
pub(super) fn add_checksums(connection: &Connection) -> rusqlite::Result<()> {
    for (table, key) in [
        ("binding", "'binding'"),
        ("preferences", "'preferences'"),
        ("drafts", "id"),
    ] {
        let rows = format!("SELECT rowid, CAST({key} AS BLOB), document FROM {table}");
        let mut rows = connection.prepare(&rows)?;
        let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        let rows: Vec<(i64, Vec<u8>, String)> = rows.collect::<Result<_, _>>()?;
        for (row, place, document) in rows {
            let mark = format!("UPDATE {table} SET mark = ?2 WHERE rowid = ?1");
            connection.execute(&mark, rusqlite::params![row, Mark::of(&place, &document)])?;
        }
    }
    let looked = "SELECT seq, at FROM looked";
    let mut looked = connection.prepare(looked)?;
    let looked = looked.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let looked: Vec<(u64, i64)> = looked.collect::<Result<_, _>>()?;
    for (seq, at) in looked {
        connection.execute("UPDATE looked SET mark = ?1", [last_seen_checksum(seq, at)])?;
    }
    let reminders = "SELECT code, deadline, tier, at, skipped FROM reminders";
    let mut reminders = connection.prepare(reminders)?;
    let reminders = reminders.query_map([], |row| {
        Ok((
            row.get(0)?,
            row.get(1)?,
            row.get(2)?,
            row.get(3)?,
            row.get(4)?,
        ))
    })?;
    let reminders: Vec<(String, i64, i64, i64, bool)> = reminders.collect::<Result<_, _>>()?;
    for (code, deadline, tier, at, skipped) in reminders {
        let mark = reminder_checksum(&code, deadline, tier, at, skipped);
        let update =
            "UPDATE reminders SET mark = ?4 WHERE code = ?1 AND deadline = ?2 AND tier = ?3";
        connection.execute(update, rusqlite::params![code, deadline, tier, mark])?;
    }
    Ok(())
}

/// Checksum of a reminder that was shown or skipped.
pub(super) fn reminder_checksum(
    code: &str,
    deadline: i64,
    tier: i64,
    at: i64,
    skipped: bool,
) -> Mark {
    Mark::of(
        code.as_bytes(),
        &format!("{deadline} {tier} {at} {skipped}"),
    )
}

pub(super) const BINDING: &[u8] = b"binding";
pub(super) const PREFERENCES: &[u8] = b"preferences";

/// Checksum of the last entry that was on screen.
pub(super) fn last_seen_checksum(seq: u64, at: i64) -> Mark {
    Mark::of(b"looked", &format!("{seq} {at}"))
}
