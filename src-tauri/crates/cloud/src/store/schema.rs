//! The tables, as migrations that are only ever added to.

use rusqlite::Connection;
use rusqlite_migration::{M, Migrations};

use crate::Error;

const STEPS: &[M<'_>] = &[
    M::up(
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;

     -- `state` is the fold at `seq`: a cache of the journal, in the same transaction as its entries.
     CREATE TABLE accounts (
         id INTEGER PRIMARY KEY,
         account TEXT NOT NULL UNIQUE,
         key_hash BLOB NOT NULL UNIQUE,
         programme TEXT NOT NULL,
         card_behaviour TEXT NOT NULL,
         seq INTEGER NOT NULL,
         chain BLOB NOT NULL,
         state TEXT NOT NULL
     );

     -- Entries since the last whole segment; older ones are in `segments`.
     CREATE TABLE entries (
         account INTEGER NOT NULL REFERENCES accounts (id),
         seq INTEGER NOT NULL,
         line BLOB NOT NULL,
         chain BLOB NOT NULL,
         PRIMARY KEY (account, seq)
     ) WITHOUT ROWID;

     -- A zstd frame of the lines of a thousand entries; `chain` and `balance` are at its end.
     CREATE TABLE segments (
         account INTEGER NOT NULL REFERENCES accounts (id),
         last INTEGER NOT NULL,
         chain BLOB NOT NULL,
         balance INTEGER NOT NULL,
         frame BLOB NOT NULL,
         PRIMARY KEY (account, last)
     );

     CREATE TABLE commands (
         account INTEGER NOT NULL REFERENCES accounts (id),
         command BLOB NOT NULL,
         body_hash BLOB NOT NULL,
         status INTEGER NOT NULL,
         answer TEXT NOT NULL,
         PRIMARY KEY (account, command)
     ) WITHOUT ROWID;

     CREATE TABLE runs (
         account INTEGER NOT NULL REFERENCES accounts (id),
         run TEXT NOT NULL,
         seq INTEGER NOT NULL,
         request_hash BLOB NOT NULL,
         state TEXT NOT NULL,
         refund INTEGER,
         PRIMARY KEY (account, run)
     ) WITHOUT ROWID;

     -- What the payment processor will say, and when.
     CREATE TABLE deliveries (
         id INTEGER PRIMARY KEY,
         due_at INTEGER NOT NULL,
         account INTEGER NOT NULL REFERENCES accounts (id),
         payment TEXT NOT NULL
     );
     CREATE INDEX deliveries_by_due ON deliveries (due_at, id);",
    ),
    M::up(
        "-- When the account's life next asks for something: a cache of its state.
     ALTER TABLE accounts ADD COLUMN due_at INTEGER;
     CREATE INDEX accounts_by_due ON accounts (due_at, id) WHERE due_at IS NOT NULL;

     -- When an open run counts as one without a result.
     ALTER TABLE runs ADD COLUMN due_at INTEGER NOT NULL DEFAULT 0;
     CREATE INDEX runs_by_due ON runs (due_at) WHERE state = 'open';

     -- Charges decided and not answered yet: written before the processor is asked, gone with the
     -- entries that its answer brings.
     CREATE TABLE charges (
         id INTEGER PRIMARY KEY,
         account INTEGER NOT NULL REFERENCES accounts (id),
         payment TEXT NOT NULL UNIQUE,
         due_at INTEGER NOT NULL,
         document TEXT NOT NULL
     );
     CREATE INDEX charges_by_account ON charges (account, id);

     -- The simulated processor's own book: written in transactions of its own, as another company's.
     CREATE TABLE processor_charges (
         payment TEXT PRIMARY KEY,
         account INTEGER NOT NULL,
         cents INTEGER NOT NULL,
         state TEXT NOT NULL,
         code TEXT
     ) WITHOUT ROWID;",
    ),
    M::up(
        "-- A dispute's document as it is served; `subject` is what it is about, in one form.
     CREATE TABLE tickets (
         id INTEGER PRIMARY KEY,
         account INTEGER NOT NULL REFERENCES accounts (id),
         dispute TEXT NOT NULL UNIQUE,
         subject TEXT NOT NULL,
         open INTEGER NOT NULL,
         document TEXT NOT NULL
     );
     CREATE UNIQUE INDEX tickets_by_subject ON tickets (account, subject) WHERE open = 1;

     CREATE TABLE blobs (
         account INTEGER NOT NULL REFERENCES accounts (id),
         sha256 BLOB NOT NULL,
         length INTEGER NOT NULL,
         held INTEGER NOT NULL,
         complete INTEGER NOT NULL,
         PRIMARY KEY (account, sha256)
     ) WITHOUT ROWID;
     CREATE TABLE blob_pieces (
         account INTEGER NOT NULL,
         sha256 BLOB NOT NULL,
         at INTEGER NOT NULL,
         piece BLOB NOT NULL,
         PRIMARY KEY (account, sha256, at)
     );",
    ),
    M::up(
        "-- The version of the rules that made the fold, and a mark over it: a fold of 0 is made again first.
     ALTER TABLE accounts ADD COLUMN rules INTEGER NOT NULL DEFAULT 0;
     ALTER TABLE accounts ADD COLUMN mark INTEGER NOT NULL DEFAULT 0;
     ALTER TABLE segments ADD COLUMN mark INTEGER;

     -- Uploads that do not become whole expire; what an account keeps is counted as it comes.
     ALTER TABLE blobs ADD COLUMN begun_at INTEGER NOT NULL DEFAULT 0;
     CREATE INDEX blobs_unfinished ON blobs (begun_at) WHERE complete = 0;
     CREATE TABLE blob_usage (account INTEGER PRIMARY KEY REFERENCES accounts (id), held INTEGER NOT NULL);
     INSERT INTO blob_usage SELECT account, sum(held) FROM blobs GROUP BY account;

     -- The journal's place at which a ticket last changed: laptops ask for what is newer.
     ALTER TABLE tickets ADD COLUMN changed INTEGER NOT NULL DEFAULT 0;
     CREATE INDEX tickets_by_change ON tickets (account, changed, id);

     -- Counts commits: `cloud.mark` beside the file remembers how many there were.
     CREATE TABLE commits (id INTEGER PRIMARY KEY CHECK (id = 1), count INTEGER NOT NULL);
     INSERT INTO commits VALUES (1, 0);",
    ),
];

pub fn migrate(connection: &mut Connection) -> Result<(), Error> {
    Migrations::from_slice(STEPS).to_latest(connection)?;
    Ok(())
}
