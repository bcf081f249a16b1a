//! Opens a database for reading only, also in a folder that cannot be written to.

use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::StoreError;

/// Opens the database at `path` for reading; `None` if there is no such file. `check` must accept the opened database.
///
/// SQLite keeps the index of a write-ahead log in a shared file (`-shm`), which it cannot create on a full disk or in a
/// read-only folder. There the index is kept in memory instead, which needs exclusive access to the database. If that
/// fails too, the log is ignored, and the database is read without the changes that are only in the log.
pub fn open(
    path: &Path,
    check: impl Fn(&Connection) -> Result<(), StoreError>,
) -> Result<Option<Connection>, StoreError> {
    if !is_there(path)? {
        return Ok(None);
    }
    // SQLite reports the same error for an unreadable file as for an unwritable folder, so check first that the file
    // can be read.
    std::fs::File::open(path).map_err(|source| StoreError::NotReadable {
        path: path.to_owned(),
        source,
    })?;
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    match check(&connection) {
        Err(error) if log_is_unusable(&error) => {}
        checked => return checked.map(|()| Some(connection)),
    }
    drop(connection);
    if log_is_not_empty(path)
        && let Ok(connection) = open_exclusive(path)
        && check(&connection).is_ok()
    {
        return Ok(Some(connection));
    }
    let flags = flags | OpenFlags::SQLITE_OPEN_URI;
    let connection = Connection::open_with_flags(immutable_uri(path), flags)?;
    check(&connection)?;
    Ok(Some(connection))
}

/// Whether a file exists. Fails with `NotReadable` if the system does not allow this process to look.
pub fn is_there(path: &Path) -> Result<bool, StoreError> {
    path.try_exists().map_err(|source| StoreError::NotReadable {
        path: path.to_owned(),
        source,
    })
}

/// True if the error can mean that the write-ahead log's index (`-shm`) cannot be created.
fn log_is_unusable(error: &StoreError) -> bool {
    let (StoreError::Database(error) | StoreError::ReadOnly(error) | StoreError::DiskFull(error)) =
        error
    else {
        return false;
    };
    let code = error.sqlite_error_code();
    matches!(
        code,
        Some(
            ErrorCode::CannotOpen
                | ErrorCode::ReadOnly
                | ErrorCode::DiskFull
                | ErrorCode::SystemIoFailure
        )
    )
}

fn log_is_not_empty(path: &Path) -> bool {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    std::fs::metadata(log).is_ok_and(|log| log.len() > 0)
}

/// Opens the database in exclusive mode, in which SQLite keeps the write-ahead log's index in memory. Writes nothing:
/// only queries are allowed, and closing leaves the log as it is.
fn open_exclusive(path: &Path) -> Result<Connection, rusqlite::Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

/// A URI that makes SQLite ignore the write-ahead log and all locks.
fn immutable_uri(path: &Path) -> String {
    let path = path.to_string_lossy();
    let path = path
        .replace('%', "%25")
        .replace('?', "%3f")
        .replace('#', "%23");
    format!("file:{path}?immutable=1")
}
