//! Checksums of whole tables: the XOR of the rows' hashes, updated with every row written and compared before a table
//! is used. A row's own checksum is not enough: a flipped bit can hide a row from an index, and that row is then never
//! read.

use std::sync::Arc;

use boothkeeper_domain::Seq;
use rusqlite::{Connection, Row};
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use super::Cache;
use super::names::{Class, NameId, Names};
use super::rollup_row::{self, Rollup, RollupKey, read_rollup};
use super::settings::{set, setting};
use crate::StoreError;

pub(super) const NAMES: ChecksummedTable = ChecksummedTable {
    setting: "names_mark",
    rows: "SELECT id, class, name FROM names",
    read: |row| {
        Ok(name(
            NameId(row.get(0)?),
            row.get(1)?,
            &row.get::<_, String>(2)?,
        ))
    },
};

pub(super) const LINKS: ChecksummedTable = ChecksummedTable {
    setting: "links_mark",
    rows: "SELECT target, seq FROM links",
    read: |row| Ok(link(Seq(row.get(0)?), Seq(row.get(1)?))),
};

pub(super) const ROLLUPS: ChecksummedTable = ChecksummedTable {
    setting: "rollups_mark",
    rows: rollup_row::ROLLUPS,
    read: |row| {
        let (key, rollup) = read_rollup(row)?;
        Ok(self::rollup(&key, &rollup))
    },
};

/// A table with a checksum: the setting that stores the checksum, the query for the rows, and the hash of one row.
pub(super) struct ChecksummedTable {
    setting: &'static str,
    rows: &'static str,
    read: fn(&Row<'_>) -> rusqlite::Result<u64>,
}

pub(super) fn name(id: NameId, class: u32, name: &str) -> u64 {
    xxh3_64_with_seed(name.as_bytes(), u64::from(id.0) << 8 | u64::from(class))
}

pub(super) fn link(target: Seq, seq: Seq) -> u64 {
    xxh3_64(&[target.0.to_le_bytes(), seq.0.to_le_bytes()].concat())
}

pub(super) fn rollup(key: &RollupKey, rollup: &Rollup) -> u64 {
    let numbers = [
        i64::from(key.day.0),
        i64::from(key.kind.0),
        i64::from(key.service.0),
        i64::from(key.event.0),
        rollup.first.0.cast_signed(),
        rollup.last.0.cast_signed(),
        rollup.count.cast_signed(),
        rollup.sum,
    ];
    xxh3_64(&numbers.map(i64::to_le_bytes).concat())
}

/// Deletes the checksums of all tables, after these were emptied.
pub(super) fn forget_all(connection: &Connection) -> Result<(), StoreError> {
    for table in [&NAMES, &LINKS, &ROLLUPS] {
        table.forget(connection)?;
    }
    Ok(())
}

impl ChecksummedTable {
    /// Updates the table's checksum. `added` is the XOR of the hashes of the rows just written and of the rows that
    /// they replaced.
    pub fn add(&self, connection: &Connection, added: u64) -> Result<(), StoreError> {
        let mark = match self.kept(connection)? {
            Some(kept) => kept ^ added,
            // An older version of the app has stored no checksum.
            None => self.of_rows(connection)?,
        };
        set(connection, self.setting, &mark.to_string())
    }

    /// Whether the table's rows match its checksum; true if there is no checksum yet.
    pub fn is_whole(&self, connection: &Connection) -> Result<bool, StoreError> {
        let kept = self.kept(connection)?;
        Ok(match kept {
            Some(kept) => self.of_rows(connection)? == kept,
            None => true,
        })
    }

    /// Fails with `Damaged` if the table's rows do not match its checksum.
    pub fn check(&self, connection: &Connection) -> Result<(), StoreError> {
        match self.is_whole(connection)? {
            true => Ok(()),
            false => Err(StoreError::Damaged {
                seq: None,
                source: None,
            }),
        }
    }

    /// Deletes the table's checksum.
    pub fn forget(&self, connection: &Connection) -> Result<(), StoreError> {
        connection.execute("DELETE FROM settings WHERE name = ?1", [self.setting])?;
        Ok(())
    }

    /// The table's stored checksum.
    fn kept(&self, connection: &Connection) -> Result<Option<u64>, StoreError> {
        let kept = setting(connection, self.setting)?;
        kept.map(|kept| kept.parse().map_err(StoreError::damaged_by))
            .transpose()
    }

    /// The checksum computed from the table's rows as they are now.
    fn of_rows(&self, connection: &Connection) -> Result<u64, StoreError> {
        let mut statement = connection.prepare_cached(self.rows)?;
        let mut rows = statement.query([])?;
        let mut mark = 0;
        while let Some(row) = rows.next()? {
            mark ^= (self.read)(row).map_err(StoreError::damaged_by)?;
        }
        Ok(mark)
    }
}

impl Cache {
    /// The names of kinds, services and events. Fails with `Damaged` if they do not match their checksum.
    pub fn names(&self) -> Result<Arc<Names>, StoreError> {
        let load = || load_names(&self.connection).map(Arc::new);
        self.names.get(self.version()?, &(), load)
    }

    /// Fails with `Damaged` if the references between entries do not match their checksum.
    pub fn check_links(&self) -> Result<(), StoreError> {
        self.links
            .get(self.version()?, &(), || LINKS.check(&self.connection))
    }

    /// Fails with `Damaged` if the rollups (sums per day) do not match their checksum.
    pub fn check_rollups(&self) -> Result<(), StoreError> {
        let check = || ROLLUPS.check(&self.connection);
        self.rollups.get(self.version()?, &(), check)
    }
}

fn load_names(connection: &Connection) -> Result<Names, StoreError> {
    NAMES.check(connection)?;
    let mut names = Names::default();
    let mut statement = connection.prepare_cached("SELECT id, class, name FROM names")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let class: usize = row.get(1)?;
        let class = *Class::ALL.get(class).ok_or(StoreError::Damaged {
            seq: None,
            source: None,
        })?;
        names.insert(NameId(row.get(0)?), class, row.get(2)?);
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_checksum_matches_until_a_row_changes() {
        let connection = Connection::open_in_memory().unwrap();
        let tables = "CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL, mark INTEGER NOT NULL);
             CREATE TABLE links (target INTEGER, seq INTEGER);
             INSERT INTO links VALUES (1, 2)";
        connection.execute_batch(tables).unwrap();
        assert!(LINKS.is_whole(&connection).unwrap(), "no checksum yet");
        LINKS.add(&connection, 0).unwrap();
        connection
            .execute("INSERT INTO links VALUES (3, 4)", [])
            .unwrap();
        assert!(!LINKS.is_whole(&connection).unwrap());
        LINKS.add(&connection, link(Seq(3), Seq(4))).unwrap();
        assert!(LINKS.is_whole(&connection).unwrap());
        for change in [
            "UPDATE links SET target = 5 WHERE seq = 4",
            "UPDATE links SET seq = 6 WHERE seq = 4",
            "DELETE FROM links WHERE seq = 6",
        ] {
            connection.execute(change, []).unwrap();
            assert!(!LINKS.is_whole(&connection).unwrap(), "{change}");
        }
        LINKS.forget(&connection).unwrap();
        assert!(LINKS.is_whole(&connection).unwrap());
        let one = name(NameId(1), Class::Kind as u32, "usage");
        for other in [
            name(NameId(2), Class::Kind as u32, "usage"),
            name(NameId(1), Class::Event as u32, "usage"),
            name(NameId(1), Class::Kind as u32, "usagf"),
        ] {
            assert_ne!(one, other);
        }
    }
}
