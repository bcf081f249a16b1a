//! What the databases of cache and outbox both need of SQLite: a check of their version, the write-ahead log, and
//! overwriting of deleted rows.

use rusqlite::Connection;

use crate::StoreError;

pub fn is_before(connection: &Connection, known: usize) -> Result<bool, StoreError> {
    let found: usize = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    Ok(found < known)
}

pub fn refuse_empty(connection: &Connection) -> Result<(), StoreError> {
    let found: usize = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    match found {
        0 => Err(StoreError::Damaged {
            seq: None,
            source: None,
        }),
        _ => Ok(()),
    }
}

pub fn refuse_newer(
    connection: &Connection,
    file: &'static str,
    known: usize,
) -> Result<(), StoreError> {
    let found: usize = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if found > known {
        return Err(StoreError::Newer { file, found, known });
    }
    Ok(())
}

/// Removes the content of deleted rows from the database file and its write-ahead log.
pub fn overwrite(connection: &Connection) -> Result<(), StoreError> {
    connection.execute_batch("VACUUM")?;
    Ok(empty_log(connection)?)
}

/// Moves the write-ahead log into the database file, as far as other connections allow it without waiting. A process
/// that ends must not wait for other connections; the next process that ends tries again.
pub fn flush_wal(connection: &Connection) {
    let _ = connection.busy_timeout(std::time::Duration::ZERO);
    let _ = empty_log(connection);
}

fn empty_log(connection: &Connection) -> rusqlite::Result<()> {
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
}
