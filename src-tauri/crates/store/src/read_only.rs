//! Opening a database to read it and nothing else, also where nothing can be written beside it.

use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::StoreError;
use crate::folder::is_there;

/// `None` if there is no such file. A write-ahead log needs a file to share, which cannot be made on a full disk or
/// in a folder that cannot be written to. There the log is indexed in memory instead, where this process can have
/// the database for itself; else the database is read as it was when the log was last folded in.
pub fn open(
    path: &Path,
    check: impl Fn(&Connection) -> Result<(), StoreError>,
) -> Result<Option<Connection>, StoreError> {
    if !is_there(path)? {
        return Ok(None);
    }
    // SQLite says of a file that may not be read what it says of one that cannot be written.
    std::fs::File::open(path).map_err(|source| StoreError::NotReadable {
        path: path.to_owned(),
        source,
    })?;
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    match check(&connection) {
        Err(error) if is_for_want_of_a_log(&error) => {}
        checked => return checked.map(|()| Some(connection)),
    }
    drop(connection);
    if log_has_something(path)
        && let Ok(connection) = by_itself(path)
        && check(&connection).is_ok()
    {
        return Ok(Some(connection));
    }
    let flags = flags | OpenFlags::SQLITE_OPEN_URI;
    let connection = Connection::open_with_flags(unchanging(path), flags)?;
    check(&connection)?;
    Ok(Some(connection))
}

fn is_for_want_of_a_log(error: &StoreError) -> bool {
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

fn log_has_something(path: &Path) -> bool {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    std::fs::metadata(log).is_ok_and(|log| log.len() > 0)
}

/// In exclusive mode the log's index is in memory. Nothing is written: queries only, and the log stays when this
/// closes.
fn by_itself(path: &Path) -> Result<Connection, rusqlite::Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

fn unchanging(path: &Path) -> String {
    let path = path.to_string_lossy();
    let path = path
        .replace('%', "%25")
        .replace('?', "%3f")
        .replace('#', "%23");
    format!("file:{path}?immutable=1")
}
