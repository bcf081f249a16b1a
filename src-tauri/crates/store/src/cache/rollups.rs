//! The rollups: counts and sums of entries by day, from which the history's days and totals are read.

use std::collections::HashMap;

use boothkeeper_domain::{Day, Zone};
use rusqlite::{Connection, OptionalExtension, params};

use super::rollup_row::{ROLLUPS, Rollup, RollupKey, read_rollup};
use super::row::{COLUMNS, EntryRow};
use super::{Cache, table_checksums};
use crate::StoreError;

/// Count and sum of entries by day, kind, service and event.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Rollups(HashMap<RollupKey, Rollup>);

impl Rollups {
    pub fn add(&mut self, row: &EntryRow, day: Day) {
        let key = RollupKey {
            day,
            kind: row.kind,
            service: row.service,
            event: row.event,
        };
        let rollup = self.0.entry(key).or_insert(Rollup {
            first: row.seq,
            last: row.seq,
            count: 0,
            sum: 0,
        });
        rollup.last = row.seq;
        rollup.count += 1;
        // The sum saturates instead of overflowing; all sums together are compared with the balance before they are
        // shown.
        rollup.sum = rollup.sum.saturating_add(row.delta.minor());
    }

    /// Adds these counts and sums to the stored rollups.
    pub(super) fn write(&self, connection: &Connection) -> Result<(), StoreError> {
        let upsert = "INSERT OR REPLACE INTO rollups VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
        let mut statement = connection.prepare_cached(upsert)?;
        let stored =
            format!("{ROLLUPS} WHERE day = ?1 AND kind = ?2 AND service = ?3 AND event = ?4");
        let mut stored = connection.prepare_cached(&stored)?;
        let mut written = 0;
        for (key, rollup) in &self.0 {
            let place = params![key.day.0, key.kind.0, key.service.0, key.event.0];
            let before = stored.query_row(place, read_rollup).optional()?;
            let whole = match before {
                Some((_, before)) => {
                    written ^= table_checksums::rollup(key, &before);
                    Rollup {
                        first: before.first,
                        last: rollup.last,
                        count: before.count + rollup.count,
                        sum: before.sum.saturating_add(rollup.sum),
                    }
                }
                None => *rollup,
            };
            written ^= table_checksums::rollup(key, &whole);
            statement.execute(params![
                key.day.0,
                key.kind.0,
                key.service.0,
                key.event.0,
                whole.first.0,
                whole.last.0,
                whole.count,
                whole.sum,
            ])?;
        }
        match self.0.is_empty() {
            true => Ok(()),
            false => table_checksums::ROLLUPS.add(connection, written),
        }
    }
}

impl Cache {
    /// All stored rollups (counts and sums per day).
    pub(super) fn rollups(&self) -> Result<Rollups, StoreError> {
        let mut statement = self.connection.prepare_cached(ROLLUPS)?;
        let rollups = statement.query_map([], read_rollup)?;
        Ok(Rollups(rollups.collect::<Result<_, _>>()?))
    }

    /// The time zone of the rollups' days; `None` if it is not set or damaged.
    pub fn zone(&self) -> Result<Option<Zone>, StoreError> {
        match self.setting("zone") {
            // For `None` the caller computes the rollups again, in the time zone that it uses.
            Err(StoreError::Damaged { .. }) => Ok(None),
            zone => Ok(zone?.as_deref().and_then(Zone::named)),
        }
    }

    /// Computes the rollups (sums per day) again with the days of `zone`. Needed when the laptop's time zone changes.
    pub fn count_days_in(&mut self, zone: &Zone) -> Result<(), StoreError> {
        rebuild_rollups(&mut self.connection, &mut zone.clone())?;
        self.set("zone", zone.name())
    }
}

fn rebuild_rollups(connection: &mut Connection, zone: &mut Zone) -> Result<(), StoreError> {
    let transaction = connection.transaction()?;
    let rollups = roll_up(&transaction, zone)?;
    transaction.execute("DELETE FROM rollups", [])?;
    table_checksums::ROLLUPS.forget(&transaction)?;
    rollups.write(&transaction)?;
    transaction.commit()?;
    Ok(())
}

fn roll_up(connection: &Connection, zone: &mut Zone) -> Result<Rollups, StoreError> {
    let query = format!("SELECT {} FROM entries ORDER BY seq", COLUMNS);
    let mut statement = connection.prepare(&query)?;
    let mut columns = statement.query([])?;
    let mut rollups = Rollups::default();
    while let Some(columns) = columns.next()? {
        let row = EntryRow::read(columns)?;
        rollups.add(&row, zone.day(row.at));
    }
    Ok(rollups)
}
