//! The database's tables, as migration steps. New steps are added at the end; existing steps never change.

use rusqlite::Connection;
use rusqlite_migration::{M, Migrations};

use crate::Error;
use crate::processor::simulated::schema::TABLES;

const STEPS: &[M<'_>] = &[
    M::up(
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;

     -- `state` is the fold at `seq`: a cache of the journal, written in the transaction of its entries.
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

     -- A zstd frame of the lines of a thousand entries; `chain` and `balance` are the values after the last one.
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

     -- Notices: when to look a payment up at the processor.
     CREATE TABLE deliveries (
         id INTEGER PRIMARY KEY,
         due_at INTEGER NOT NULL,
         account INTEGER NOT NULL REFERENCES accounts (id),
         payment TEXT NOT NULL
     );
     CREATE INDEX deliveries_by_due ON deliveries (due_at, id);",
    ),
    M::up(
        "-- When the next step of the account's life is due: derived from its state.
     ALTER TABLE accounts ADD COLUMN due_at INTEGER;
     CREATE INDEX accounts_by_due ON accounts (due_at, id) WHERE due_at IS NOT NULL;

     -- When an open run counts as failed.
     ALTER TABLE runs ADD COLUMN due_at INTEGER NOT NULL DEFAULT 0;
     CREATE INDEX runs_by_due ON runs (due_at) WHERE state = 'open';

     -- Decided charges without an answer: inserted before the processor is called, deleted in the
     -- transaction of the entries that follow from its answer.
     CREATE TABLE charges (
         id INTEGER PRIMARY KEY,
         account INTEGER NOT NULL REFERENCES accounts (id),
         payment TEXT NOT NULL UNIQUE,
         due_at INTEGER NOT NULL,
         document TEXT NOT NULL
     );
     CREATE INDEX charges_by_account ON charges (account, id);

     -- The simulated processor's charges, written in transactions of its own, as another company's would be.
     CREATE TABLE processor_charges (
         payment TEXT PRIMARY KEY,
         account INTEGER NOT NULL,
         cents INTEGER NOT NULL,
         state TEXT NOT NULL,
         code TEXT
     ) WITHOUT ROWID;",
    ),
    M::up(
        "-- A dispute's document as served; `subject` is what it is about, in canonical form.
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
        "-- The version of the rules that made the fold, and the fold's checksum. A fold of version 0 is rebuilt at start.
     ALTER TABLE accounts ADD COLUMN rules INTEGER NOT NULL DEFAULT 0;
     ALTER TABLE accounts ADD COLUMN mark INTEGER NOT NULL DEFAULT 0;
     ALTER TABLE segments ADD COLUMN mark INTEGER;

     -- Incomplete uploads expire; the bytes that an account stores are counted as they arrive.
     ALTER TABLE blobs ADD COLUMN begun_at INTEGER NOT NULL DEFAULT 0;
     CREATE INDEX blobs_unfinished ON blobs (begun_at) WHERE complete = 0;
     CREATE TABLE blob_usage (account INTEGER PRIMARY KEY REFERENCES accounts (id), held INTEGER NOT NULL);
     INSERT INTO blob_usage SELECT account, sum(held) FROM blobs GROUP BY account;

     -- The seq at which a ticket last changed: laptops ask for newer ones.
     ALTER TABLE tickets ADD COLUMN changed INTEGER NOT NULL DEFAULT 0;
     CREATE INDEX tickets_by_change ON tickets (account, changed, id);

     -- Counts commits; the file `cloud.mark` beside the database holds the count that was acknowledged.
     CREATE TABLE commits (id INTEGER PRIMARY KEY CHECK (id = 1), count INTEGER NOT NULL);
     INSERT INTO commits VALUES (1, 0);",
    ),
    M::up(
        "-- The processor's token for the card on file.
     ALTER TABLE accounts ADD COLUMN card_token TEXT;",
    ),
    M::up(TABLES),
];

pub fn migrate(connection: &mut Connection) -> Result<(), Error> {
    Migrations::from_slice(STEPS).to_latest(connection)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The number of migration steps before the simulated processor has tables of its own.
    const BEFORE: usize = 4;

    fn column<T: rusqlite::types::FromSql>(connection: &Connection, query: &str) -> Vec<T> {
        let mut statement = connection.prepare(query).unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.collect::<Result<_, _>>().unwrap()
    }

    #[test]
    fn migration_moves_card_behaviours_and_deliveries_to_simulator_tables() {
        let mut connection = Connection::open_in_memory().unwrap();
        let before = Migrations::from_slice(&STEPS[..BEFORE]);
        before.to_latest(&mut connection).unwrap();
        let fill = r#"
            INSERT INTO accounts (id, account, key_hash, programme, card_behaviour, seq, chain, state) VALUES
                (1, 'acc_a', x'01', '"booth"', '"approve"', 0, x'', ''),
                (2, 'acc_b', x'02', '"booth"', '"decline"', 0, x'', ''),
                (3, 'acc_c', x'03', '"booth"', '"timeout"', 0, x'', ''),
                (4, 'acc_d', x'04', '"booth"', '"requires_action"', 0, x'', '');
            INSERT INTO charges (account, payment, due_at, document) VALUES
                (1, 'pay_1', 5, '{"charge":{},"at":"x","delivery":{"delayed_seconds":60},"since":1}'),
                (1, 'pay_2', 5, '{"charge":{},"at":"x","delivery":"lost","since":1}'),
                (1, 'pay_3', 5, '{"charge":{},"at":"x","delivery":"instant","since":1}'),
                (1, 'pay_4', 5, '{"charge":{},"at":"x","delivery":"lost","since":1}'),
                (1, 'pay_5', 5, '{"charge":{},"at":"x","delivery":{"delayed_seconds":60},"since":1}');
            INSERT INTO processor_charges VALUES
                ('pay_0', 2, 4900, 'declined', 'card_declined'),
                ('pay_4', 1, 5000, 'approved', NULL),
                ('pay_5', 1, 6000, 'approved', NULL),
                ('pay_6', 1, 7000, 'approved', NULL);
            INSERT INTO deliveries (due_at, account, payment) VALUES
                (60005, 1, 'pay_5'), (900, 3, 'pay_8'), (901, 3, 'pay_8');"#;
        connection.execute_batch(fill).unwrap();
        migrate(&mut connection).unwrap();

        let tokens: Vec<String> =
            column(&connection, "SELECT card_token FROM accounts ORDER BY id");
        assert_eq!(
            tokens,
            [
                "tok_visa",
                "tok_declined",
                "tok_timeout",
                "tok_requires_action"
            ]
        );
        let ordered =
            "SELECT payment || ' ' || delivery FROM processor_deliveries ORDER BY payment";
        let ordered: Vec<String> = column(&connection, ordered);
        assert_eq!(
            ordered,
            [r#"pay_1 {"delayed_seconds":60}"#, r#"pay_2 "lost""#],
            "of payments that were not charged yet"
        );
        let charges = "SELECT payment || ' ' || account || ' ' || cents || ' ' || state || ' ' ||
            coalesce(code, '-') || ' ' || coalesce(confirmed_at, 'never') FROM processor_charges ORDER BY payment";
        let charges: Vec<String> = column(&connection, charges);
        assert_eq!(
            charges,
            [
                "pay_0 acc_b 4900 declined card_declined 0",
                "pay_4 acc_a 5000 approved - never",
                "pay_5 acc_a 6000 approved - 60005",
                "pay_6 acc_a 7000 approved - 0",
                "pay_8 acc_c 0 approved - 0",
            ]
        );
        let documents: Vec<String> = column(&connection, "SELECT document FROM charges");
        for document in documents {
            assert_eq!(document, r#"{"charge":{},"at":"x","since":1}"#);
        }
    }
}
