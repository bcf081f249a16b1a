//! The outbox's tables as migration steps. New steps are added at the end; existing steps never change.

use rusqlite_migration::M;

use super::checksums::add_checksums;

/// The current version of the file, which is the number of migration steps.
pub(super) const VERSIONS: usize = 5;

pub(super) fn steps() -> [M<'static>; VERSIONS] {
    [
    M::up(
        "CREATE TABLE binding (id INTEGER PRIMARY KEY CHECK (id = 1), document TEXT NOT NULL);
     CREATE TABLE commands (
         id BLOB PRIMARY KEY,
         created_at INTEGER NOT NULL,
         resource TEXT NOT NULL,
         body TEXT NOT NULL,
         decided_at_seq INTEGER NOT NULL,
         state TEXT NOT NULL,
         answer TEXT,
         mark INTEGER NOT NULL
     );",
    ),
    M::up(
        "CREATE TABLE reminders (
             code TEXT NOT NULL,
             deadline INTEGER NOT NULL,
             tier INTEGER NOT NULL,
             at INTEGER NOT NULL,
             skipped INTEGER NOT NULL,
             PRIMARY KEY (code, deadline, tier)
         ) WITHOUT ROWID;",
    ),
    M::up(
        "CREATE TABLE preferences (id INTEGER PRIMARY KEY CHECK (id = 1), document TEXT NOT NULL);",
    ),
    M::up(
        "CREATE TABLE drafts (id BLOB PRIMARY KEY, document TEXT NOT NULL);
         CREATE TABLE looked (id INTEGER PRIMARY KEY CHECK (id = 1), seq INTEGER NOT NULL, at INTEGER NOT NULL);",
    ),
    M::up_with_hook(
        "ALTER TABLE commands ADD COLUMN tries INTEGER NOT NULL DEFAULT 0;
         ALTER TABLE commands ADD COLUMN withdrawn INTEGER NOT NULL DEFAULT 0;
         ALTER TABLE binding ADD COLUMN mark INTEGER NOT NULL DEFAULT 0;
         ALTER TABLE preferences ADD COLUMN mark INTEGER NOT NULL DEFAULT 0;
         ALTER TABLE drafts ADD COLUMN mark INTEGER NOT NULL DEFAULT 0;
         ALTER TABLE looked ADD COLUMN mark INTEGER NOT NULL DEFAULT 0;
         ALTER TABLE reminders ADD COLUMN mark INTEGER NOT NULL DEFAULT 0;

         -- Counts changes of commands, drafts, binding and preferences. `outbox.mark` has the count, to find lost changes.
         CREATE TABLE changes (id INTEGER PRIMARY KEY CHECK (id = 1), count INTEGER NOT NULL);
         INSERT INTO changes VALUES (1, 1);
         CREATE TRIGGER commands_inserted AFTER INSERT ON commands BEGIN UPDATE changes SET count = count + 1; END;
         CREATE TRIGGER commands_updated AFTER UPDATE ON commands BEGIN UPDATE changes SET count = count + 1; END;
         CREATE TRIGGER commands_deleted AFTER DELETE ON commands BEGIN UPDATE changes SET count = count + 1; END;
         CREATE TRIGGER drafts_inserted AFTER INSERT ON drafts BEGIN UPDATE changes SET count = count + 1; END;
         CREATE TRIGGER drafts_updated AFTER UPDATE ON drafts BEGIN UPDATE changes SET count = count + 1; END;
         CREATE TRIGGER drafts_deleted AFTER DELETE ON drafts BEGIN UPDATE changes SET count = count + 1; END;
         CREATE TRIGGER binding_inserted AFTER INSERT ON binding BEGIN UPDATE changes SET count = count + 1; END;
         CREATE TRIGGER binding_deleted AFTER DELETE ON binding BEGIN UPDATE changes SET count = count + 1; END;
         CREATE TRIGGER preferences_inserted AFTER INSERT ON preferences BEGIN UPDATE changes SET count = count + 1; END;",
        |transaction| Ok(add_checksums(transaction)?),
    ),
    ]
}
