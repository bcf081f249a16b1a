//! The cache: the account's journal as verified, in a shape that answers quickly. All of it can be
//! fetched again; it is written only by [`Cache::apply`], repaired only from proven bytes.

mod apply;
mod evidence;
mod head;
mod history;
mod marks;
mod mend;
mod names;
mod row;
mod schema;
mod scrub;
mod search;
mod segments;
mod tickets;
mod totals;

use std::cell::Cell;
use std::path::Path;
use std::sync::Arc;

use boothkeeper_domain::{Catalog, Seq, Timestamp};
use boothkeeper_wire::checkpoint::PublicKey;
use rusqlite::{Connection, OptionalExtension};

pub use apply::Verified;
pub(crate) use apply::{Bytes, Rollups};
pub(crate) use apply::{fold_log, overwrite};
pub use evidence::Evidence;
pub use head::Head;
pub use history::{DayCount, Filter, Found, Page};
pub use mend::Mend;
pub use names::{Class, NameId, Names};
pub use row::Row;
pub(crate) use schema::{is_before, refuse_empty, refuse_newer};
pub use scrub::Scrub;
pub use totals::{EventUse, Stretch, Total};

use crate::memo::{Memo, Version};
use crate::{StoreError, Zone, private, read_only};
use boothkeeper_files::HighWater;

#[derive(Debug)]
pub struct Cache {
    connection: Connection,
    /// How far the copy has got, kept outside of it.
    high_water: HighWater,
    /// What that was when this was opened: whatever is read from now on reaches at least as far.
    floor: Cell<Seq>,
    /// The state that a snapshot holds: asked for once, not by each of its questions.
    held: Cell<Option<Version>>,
    names: Memo<(), Arc<Names>>,
    head: Memo<Vec<PublicKey>, Option<Arc<Head>>>,
    days: Memo<Filter, Arc<[DayCount]>>,
    sums: Memo<Seq, ()>,
    links: Memo<(), ()>,
    rollups: Memo<(), ()>,
}

impl Cache {
    /// Opens or makes the cache. Its days are counted in the zone it was left with: see
    /// [`Cache::count_days_in`].
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        // Before the file is opened: another process may add to both meanwhile.
        let high_water = HighWater::beside(path);
        let floor = Seq(high_water.read());
        private::touch(path).map_err(StoreError::io(path))?;
        let mut connection = Connection::open(path)?;
        connection.busy_timeout(std::time::Duration::from_secs(5))?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        schema::migrate(&mut connection)?;
        let cache = Cache::on(connection, high_water);
        cache.floor.set(floor);
        Ok(cache)
    }

    /// Opens for reading only; `None` if there is no cache yet.
    pub fn open_to_read(path: &Path) -> Result<Option<Self>, StoreError> {
        let high_water = HighWater::beside(path);
        let floor = Seq(high_water.read());
        let Some(connection) = read_only::open(path, schema::check_whole)? else {
            // A copy that is gone was there.
            return match floor {
                Seq::ZERO => Ok(None),
                floor => Err(StoreError::damaged(floor)),
            };
        };
        if schema::is_older(&connection)? {
            drop(connection);
            Cache::open(path)?.fold_log();
            return Cache::open_to_read(path);
        }
        let cache = Cache::on(connection, high_water);
        cache.floor.set(floor);
        Ok(Some(cache))
    }

    /// In memory, for simulation.
    pub fn in_memory(zone: &Zone) -> Result<Self, StoreError> {
        let mut connection = Connection::open_in_memory()?;
        schema::migrate(&mut connection)?;
        let mut cache = Cache::on(connection, HighWater::in_memory());
        cache.count_days_in(zone)?;
        Ok(cache)
    }

    fn on(connection: Connection, high_water: HighWater) -> Self {
        // Each filter is a statement of its own; a screen keeps asking the same few.
        connection.set_prepared_statement_cache_capacity(64);
        Cache {
            connection,
            floor: Cell::new(Seq(high_water.read())),
            high_water,
            held: Cell::default(),
            names: Memo::default(),
            head: Memo::default(),
            days: Memo::default(),
            sums: Memo::default(),
            links: Memo::default(),
            rollups: Memo::default(),
        }
    }

    /// Folds the log into the file, where no other process reads it: one file holds all then. For a connection that
    /// ends.
    pub fn fold_log(&self) {
        fold_log(&self.connection);
    }

    /// Runs several questions on one state of the file.
    pub fn snapshot<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&Cache) -> Result<T, E>,
    ) -> Result<T, E> {
        let begun = self.connection.unchecked_transaction();
        let snapshot = begun.map_err(StoreError::from)?;
        self.held.set(Some(Version::of(&self.connection)?));
        let result = work(self);
        self.held.set(None);
        let result = result?;
        snapshot.finish().map_err(StoreError::from)?;
        Ok(result)
    }

    fn version(&self) -> Result<Version, StoreError> {
        self.held
            .get()
            .map_or_else(|| Version::of(&self.connection), Ok)
    }

    /// Whether the file's own structure is sound.
    pub fn is_sound(&self) -> Result<bool, StoreError> {
        let answer: String = self
            .connection
            .pragma_query_value(None, "quick_check", |row| row.get(0))?;
        Ok(answer == "ok")
    }

    /// When the whole copy was last proven again, by the laptop's clock.
    pub fn scrubbed_at(&self) -> Result<Option<Timestamp>, StoreError> {
        match self.setting("scrubbed_at") {
            // Long ago: it is time to look again.
            Err(StoreError::Damaged { .. }) => Ok(Some(Timestamp::default())),
            at => Ok(at?.and_then(|at| at.parse().ok())),
        }
    }

    pub fn set_scrubbed_at(&self, at: Timestamp) -> Result<(), StoreError> {
        self.set("scrubbed_at", &at.to_string())
    }

    /// The cloud's catalog as last fetched; `None` before that, or if it cannot be read: it is fetched
    /// again.
    pub fn catalog(&self) -> Result<Option<Catalog>, StoreError> {
        let kept = self.setting("catalog")?;
        Ok(kept.and_then(|kept| serde_json::from_str(&kept).ok()))
    }

    pub fn set_catalog(&self, catalog: &Catalog) -> Result<(), StoreError> {
        self.set("catalog", &serde_json::to_string(catalog)?)
    }

    fn set(&self, name: &str, value: &str) -> Result<(), StoreError> {
        set(&self.connection, name, value)
    }

    fn setting(&self, name: &str) -> Result<Option<String>, StoreError> {
        setting(&self.connection, name)
    }
}

fn set(connection: &Connection, name: &str, value: &str) -> Result<(), StoreError> {
    let set = "INSERT INTO settings VALUES (?1, ?2, ?3)
               ON CONFLICT DO UPDATE SET value = ?2, mark = ?3";
    let mark = marks::text(name, value);
    connection
        .prepare_cached(set)?
        .execute(rusqlite::params![name, value, mark])?;
    Ok(())
}

/// What was changed on disk is damage, not another setting.
fn setting(connection: &Connection, name: &str) -> Result<Option<String>, StoreError> {
    let query = "SELECT value, mark FROM settings WHERE name = ?1";
    let mut statement = connection.prepare_cached(query)?;
    let kept = statement.query_row([name], |row| Ok((row.get(0)?, row.get(1)?)));
    let kept: Option<(String, i64)> = kept.optional()?;
    match kept {
        Some((value, mark)) if marks::text(name, &value) == mark => Ok(Some(value)),
        Some(_) => Err(StoreError::damaged(Seq::ZERO)),
        None => Ok(None),
    }
}
