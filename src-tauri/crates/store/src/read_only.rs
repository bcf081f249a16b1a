//! Opening a database to read it and nothing else, also where nothing can be written beside it.

use std::path::Path;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::StoreError;

/// `None` if there is no such file. A write-ahead log needs a file to share; in a folder that cannot be
/// written to the database is read as it was when the log was last folded in.
pub fn open(
    path: &Path,
    check: impl Fn(&Connection) -> Result<(), StoreError>,
) -> Result<Option<Connection>, StoreError> {
    if !path.exists() {
        return Ok(None);
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    match check(&connection) {
        Err(StoreError::Database(error) | StoreError::ReadOnly(error))
            if is_for_want_of_a_log(&error) =>
        {
            let flags = flags | OpenFlags::SQLITE_OPEN_URI;
            let connection = Connection::open_with_flags(unchanging(path), flags)?;
            check(&connection)?;
            Ok(Some(connection))
        }
        checked => checked.map(|()| Some(connection)),
    }
}

fn is_for_want_of_a_log(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error_code();
    matches!(code, Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly))
}

fn unchanging(path: &Path) -> String {
    let path = path.to_string_lossy();
    let path = path
        .replace('%', "%25")
        .replace('?', "%3f")
        .replace('#', "%23");
    format!("file:{path}?immutable=1")
}
