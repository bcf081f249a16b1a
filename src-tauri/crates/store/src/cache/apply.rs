//! Writes verified entries to the cache: rows, lines, links, names, rollups (sums per day) and head, in one transaction
//! for each signed checkpoint.

use std::path::Path;

use boothkeeper_domain::account::FOLD_VERSION;
use boothkeeper_domain::{Account, Hash, Seq, Timestamp};
use boothkeeper_wire::checkpoint::SignedCheckpoint;
use rusqlite::{Connection, params};

use super::head_record::{Head, Record};
use super::names::{Class, NameId};
use super::rollups::Rollups;
use super::{Cache, EntryRow, table_checksums};
use crate::StoreError;
use crate::sqlite::overwrite;

/// The entries between two checkpoints, verified against the second checkpoint. Made only by [`crate::ingest::Ingest`].
#[derive(Debug)]
pub struct VerifiedBatch {
    pub(crate) after: Seq,
    pub(crate) rows: Vec<EntryRow>,
    pub(crate) names: Vec<(NameId, Class, String)>,
    pub(crate) links: Vec<(Seq, Seq)>,
    pub(crate) bytes: Vec<StoredBytes>,
    pub(crate) rollups: Rollups,
    pub(crate) account: Account,
    pub(crate) signed: SignedCheckpoint,
    pub(crate) as_of: Timestamp,
}

impl VerifiedBatch {
    /// Number of entries in the batch.
    pub fn entries(&self) -> usize {
        self.rows.len()
    }

    /// The seq of the batch's last entry.
    pub fn seq(&self) -> Seq {
        self.account.seq
    }
}

/// Entries' lines in the form in which they are stored: a compressed segment, or one line.
#[derive(Debug)]
pub(crate) enum StoredBytes {
    Segment {
        last: Seq,
        chain: Hash,
        frame: Vec<u8>,
    },
    Line {
        seq: Seq,
        line: Vec<u8>,
    },
}

impl Cache {
    /// Stores verified entries. Changes nothing and returns `false` if they do not begin right after the copy's last
    /// entry, so that a late or repeated answer of the cloud never overwrites newer entries.
    pub fn apply(
        &mut self,
        verified: &VerifiedBatch,
        learnt_at: Timestamp,
    ) -> Result<bool, StoreError> {
        let transaction = self
            .connection
            .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        let at = copied_to(&transaction)?;
        if at != verified.after {
            return Ok(false);
        }
        write_names(&transaction, &verified.names)?;
        write_rows(&transaction, &verified.rows)?;
        write_bytes(&transaction, &verified.bytes)?;
        write_links(&transaction, &verified.links)?;
        verified.rollups.write(&transaction)?;
        write_head(&transaction, verified, learnt_at)?;
        transaction.commit()?;
        // An error is ignored: the entries are committed. Without the raised mark only a later loss of entries may go
        // unnoticed.
        let _ = self.high_water.raise(verified.seq().0);
        Ok(true)
    }

    /// Deletes everything in the cache but the time zone.
    pub fn clear(&mut self) -> Result<(), StoreError> {
        let transaction = self.connection.transaction()?;
        for table in [
            "head",
            "entries",
            "names",
            "segments",
            "tail",
            "links",
            "checkpoints",
            "rollups",
            "tickets",
        ] {
            transaction.execute(&format!("DELETE FROM {table}"), [])?;
        }
        transaction.execute("DELETE FROM settings WHERE name <> 'zone'", [])?;
        table_checksums::forget_all(&transaction)?;
        transaction.commit()?;
        // Reset the high-water mark, or the next copy, which is shorter at first, would be reported as damaged.
        let mark = self.high_water.path().unwrap_or(Path::new("cache.mark"));
        self.high_water.set(0).map_err(StoreError::io(mark))?;
        self.floor.set(Seq::ZERO);
        overwrite(&self.connection)
    }

    /// The seq of the local copy's last entry; 0 if the copy is empty.
    pub fn seq(&self) -> Result<Seq, StoreError> {
        copied_to(&self.connection)
    }
}

fn copied_to(connection: &Connection) -> Result<Seq, StoreError> {
    let query = "SELECT coalesce(max(seq), 0) FROM head";
    let mut statement = connection.prepare_cached(query)?;
    Ok(Seq(statement.query_row([], |row| row.get(0))?))
}

pub(super) fn write_names(
    connection: &Connection,
    names: &[(NameId, Class, String)],
) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached("INSERT INTO names VALUES (?1, ?2, ?3)")?;
    let mut added = 0;
    for (id, class, name) in names {
        statement.execute(params![id.0, *class as u32, name])?;
        added ^= table_checksums::name(*id, *class as u32, name);
    }
    match names.is_empty() {
        true => Ok(()),
        false => table_checksums::NAMES.add(connection, added),
    }
}

pub(super) fn write_rows(connection: &Connection, rows: &[EntryRow]) -> Result<(), StoreError> {
    let insert = "INSERT OR REPLACE INTO entries VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    let mut statement = connection.prepare_cached(insert)?;
    for row in rows {
        statement.execute(params![
            row.seq.0,
            row.at.millis(),
            row.kind.0,
            row.service.0,
            row.event.0,
            row.delta.minor(),
            row.balance_after.minor(),
            row.checksum(),
        ])?;
    }
    Ok(())
}

fn write_bytes(connection: &Connection, bytes: &[StoredBytes]) -> Result<(), StoreError> {
    let segment = "INSERT OR REPLACE INTO segments VALUES (?1, ?2, ?3)";
    let mut segment = connection.prepare_cached(segment)?;
    let mut absorbed = connection.prepare_cached("DELETE FROM tail WHERE seq <= ?1")?;
    let mut line_statement =
        connection.prepare_cached("INSERT OR REPLACE INTO tail VALUES (?1, ?2)")?;
    for part in bytes {
        match part {
            StoredBytes::Segment { last, chain, frame } => {
                segment.execute(params![last.0, chain.0, frame])?;
                absorbed.execute([last.0])?;
            }
            StoredBytes::Line { seq, line } => {
                line_statement.execute(params![seq.0, line])?;
            }
        }
    }
    Ok(())
}

pub(super) fn write_links(connection: &Connection, links: &[(Seq, Seq)]) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached("INSERT OR IGNORE INTO links VALUES (?1, ?2)")?;
    let mut added = 0;
    for (target, seq) in links {
        if statement.execute(params![target.0, seq.0])? > 0 {
            added ^= table_checksums::link(*target, *seq);
        }
    }
    match links.is_empty() {
        true => Ok(()),
        false => table_checksums::LINKS.add(connection, added),
    }
}

fn write_head(
    connection: &Connection,
    verified: &VerifiedBatch,
    learnt_at: Timestamp,
) -> Result<(), StoreError> {
    let head = Head {
        account: verified.account.clone(),
        checkpoint: verified.signed.body.clone(),
        as_of: verified.as_of,
        learnt_at,
    };
    write_head_at(connection, &head, &verified.signed)
}

pub(super) fn write_head_at(
    connection: &Connection,
    head: &Head,
    signed: &SignedCheckpoint,
) -> Result<(), StoreError> {
    let record = Record {
        seq: head.checkpoint.seq,
        chain: head.checkpoint.chain,
        state: serde_json::to_string(&head.account)?,
        checkpoint: serde_json::to_string(signed)?,
        as_of: head.as_of,
        learnt_at: head.learnt_at,
        rules: FOLD_VERSION,
    };
    record.write(connection)?;
    let keep = "INSERT OR REPLACE INTO checkpoints VALUES (?1, ?2)";
    connection
        .prepare_cached(keep)?
        .execute(params![record.seq.0, record.checkpoint])?;
    Ok(())
}
