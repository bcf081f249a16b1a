//! One entry as columns, with a checksum over them. The checksum is compared at every read, so that a bit flipped on
//! disk is an error and is never shown.

use boothkeeper_domain::{Amount, Entry, Seq, Timestamp};
use xxhash_rust::xxh3::xxh3_64;

use super::names::{Class, NameId, Names};
use crate::StoreError;

/// The columns of one entry in the table `entries`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntryRow {
    pub seq: Seq,
    pub at: Timestamp,
    pub kind: NameId,
    pub service: NameId,
    pub event: NameId,
    pub delta: Amount,
    pub balance_after: Amount,
}

/// The columns in the order that [`EntryRow::read`] expects.
pub const COLUMNS: &str = "seq, at, kind, service, event, delta, balance_after, mark";

impl EntryRow {
    /// The row of an entry; new names are added to `names`.
    pub fn of(entry: &Entry, names: &mut Names) -> Self {
        EntryRow {
            seq: entry.seq,
            at: entry.at,
            kind: names.id(Class::Kind, Some(entry.body.name())),
            service: names.id(Class::Service, entry.body.service()),
            event: names.id(Class::Event, entry.body.event()),
            delta: entry.delta,
            balance_after: entry.balance_after,
        }
    }

    /// Checksum over all columns of the entry (XXH3, 64 bits).
    pub fn checksum(&self) -> i64 {
        let columns = [
            self.seq.0.cast_signed(),
            self.at.millis(),
            i64::from(self.kind.0),
            i64::from(self.service.0),
            i64::from(self.event.0),
            self.delta.minor(),
            self.balance_after.minor(),
        ];
        let mut bytes = [0; 56];
        for (chunk, column) in bytes.chunks_exact_mut(8).zip(columns) {
            chunk.copy_from_slice(&column.to_le_bytes());
        }
        xxh3_64(&bytes).cast_signed()
    }

    /// Reads a row of the table `entries`. Fails with `Damaged` if a column has the wrong type or the checksum does not
    /// match.
    pub fn read(columns: &rusqlite::Row<'_>) -> Result<Self, StoreError> {
        let seq = Seq(columns.get(0)?);
        let damaged = |_| StoreError::damaged(seq);
        let row = EntryRow {
            seq,
            at: Timestamp::from_millis(columns.get(1).map_err(|_| StoreError::damaged(seq))?),
            kind: NameId(columns.get(2).map_err(damaged)?),
            service: NameId(columns.get(3).map_err(damaged)?),
            event: NameId(columns.get(4).map_err(damaged)?),
            delta: Amount::new(columns.get(5).map_err(damaged)?)
                .map_err(|_| StoreError::damaged(seq))?,
            balance_after: Amount::new(columns.get(6).map_err(damaged)?)
                .map_err(|_| StoreError::damaged(seq))?,
        };
        let mark: i64 = columns.get(7).map_err(damaged)?;
        if mark != row.checksum() {
            return Err(StoreError::damaged(seq));
        }
        Ok(row)
    }
}
