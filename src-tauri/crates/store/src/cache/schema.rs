//! The cache's tables and their migrations. A file of a newer version is refused; each migration step is applied
//! completely or not at all.

use rusqlite::Connection;
use rusqlite_migration::{M, Migrations};

use super::settings::text_checksum;
use crate::StoreError;
use crate::sqlite::{is_before, refuse_empty, refuse_newer};

/// The current version of the file, which is the number of migration steps.
const VERSIONS: usize = 3;

fn steps() -> [M<'static>; VERSIONS] {
    [M::up(
    "CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

     -- One row: the last seq of the copy, the folded state there, and the cloud's signed checkpoint of it.
     CREATE TABLE head (
         id INTEGER PRIMARY KEY CHECK (id = 1),
         seq INTEGER NOT NULL,
         chain BLOB NOT NULL,
         state TEXT NOT NULL,
         checkpoint TEXT NOT NULL,
         as_of INTEGER NOT NULL,
         learnt_at INTEGER NOT NULL,
         mark INTEGER NOT NULL
     );

     -- Columns for lists and sums; the entries' lines are in `segments` and `tail`.
     CREATE TABLE entries (
         seq INTEGER PRIMARY KEY,
         at INTEGER NOT NULL,
         kind INTEGER NOT NULL,
         service INTEGER NOT NULL,
         event INTEGER NOT NULL,
         delta INTEGER NOT NULL,
         balance_after INTEGER NOT NULL,
         mark INTEGER NOT NULL
     );
     CREATE TABLE names (
         id INTEGER PRIMARY KEY,
         class INTEGER NOT NULL,
         name TEXT NOT NULL,
         UNIQUE (class, name)
     );

     -- The entries' lines as sent: whole segments as zstd frames, newer lines one by one.
     CREATE TABLE segments (last INTEGER PRIMARY KEY, chain BLOB NOT NULL, frame BLOB NOT NULL);
     CREATE TABLE tail (seq INTEGER PRIMARY KEY, line BLOB NOT NULL);

     CREATE TABLE links (
         target INTEGER NOT NULL,
         seq INTEGER NOT NULL,
         PRIMARY KEY (target, seq)
     ) WITHOUT ROWID;
     CREATE TABLE checkpoints (seq INTEGER PRIMARY KEY, signed TEXT NOT NULL);

     CREATE TABLE rollups (
         day INTEGER NOT NULL,
         kind INTEGER NOT NULL,
         service INTEGER NOT NULL,
         event INTEGER NOT NULL,
         first INTEGER NOT NULL,
         last INTEGER NOT NULL,
         count INTEGER NOT NULL,
         sum INTEGER NOT NULL,
         PRIMARY KEY (day, kind, service, event)
     ) WITHOUT ROWID;",
    ),
    M::up_with_hook(
        "ALTER TABLE settings ADD COLUMN mark INTEGER NOT NULL DEFAULT 0;
         DELETE FROM settings WHERE name = 'tickets';
         CREATE TABLE tickets (
             dispute TEXT PRIMARY KEY,
             opened INTEGER NOT NULL,
             document TEXT NOT NULL,
             mark INTEGER NOT NULL
         ) WITHOUT ROWID;",
        |transaction| {
            let mut settings = transaction.prepare("SELECT name, value FROM settings")?;
            let settings = settings.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            let settings: Vec<(String, String)> = settings.collect::<Result<_, _>>()?;
            for (name, value) in settings {
                let mark = text_checksum(&name, &value);
                let update = "UPDATE settings SET mark = ?2 WHERE name = ?1";
                transaction.execute(update, rusqlite::params![name, mark])?;
            }
            Ok(())
        },
    ),
    // The `FOLD_VERSION` of the rules that computed `state`; 0 (unknown) for rows from before this column.
    M::up("ALTER TABLE head ADD COLUMN rules INTEGER NOT NULL DEFAULT 0;"),
    ]
}

/// Brings the database's tables to the current version. Fails with `Newer` if a newer version of the app has written
/// the file.
pub fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    check(connection)?;
    Migrations::from_iter(steps())
        .to_latest(connection)
        .map_err(|error| match error {
            rusqlite_migration::Error::RusqliteError { err, .. } => err.into(),
            error => StoreError::Migration(error),
        })
}

/// Fails with `Newer` if a newer version of the app has written the file.
pub fn check(connection: &Connection) -> Result<(), StoreError> {
    refuse_newer(connection, "cache.sqlite", VERSIONS)
}

/// Fails with `Newer` if a newer version of the app has written the file, and with `Damaged` if the file has no tables.
pub fn check_whole(connection: &Connection) -> Result<(), StoreError> {
    check(connection)?;
    refuse_empty(connection)
}

/// Whether an older version of the app has written the file, which must be migrated before it is read.
pub fn is_older(connection: &Connection) -> Result<bool, StoreError> {
    is_before(connection, VERSIONS)
}
