//! Settings: texts by name, each with a checksum.

use boothkeeper_domain::Seq;
use rusqlite::{Connection, OptionalExtension};
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use crate::StoreError;

/// Checksum of a text and the name that it is stored under, such as a setting or a ticket's document.
pub fn text_checksum(name: &str, text: &str) -> i64 {
    xxh3_64_with_seed(text.as_bytes(), xxh3_64(name.as_bytes())).cast_signed()
}

pub fn set(connection: &Connection, name: &str, value: &str) -> Result<(), StoreError> {
    let set = "INSERT INTO settings VALUES (?1, ?2, ?3)
               ON CONFLICT DO UPDATE SET value = ?2, mark = ?3";
    let mark = text_checksum(name, value);
    connection
        .prepare_cached(set)?
        .execute(rusqlite::params![name, value, mark])?;
    Ok(())
}

/// A setting's value. Fails with `Damaged` if its checksum does not match.
pub fn setting(connection: &Connection, name: &str) -> Result<Option<String>, StoreError> {
    let query = "SELECT value, mark FROM settings WHERE name = ?1";
    let mut statement = connection.prepare_cached(query)?;
    let kept = statement.query_row([name], |row| Ok((row.get(0)?, row.get(1)?)));
    let kept: Option<(String, i64)> = kept.optional()?;
    match kept {
        Some((value, mark)) if text_checksum(name, &value) == mark => Ok(Some(value)),
        Some(_) => Err(StoreError::damaged(Seq::ZERO)),
        None => Ok(None),
    }
}
