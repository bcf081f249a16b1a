//! The cache: the verified journal of the account, with columns, links between entries, and sums for quick answers. All
//! of it can be fetched again from the cloud. Entries are added only by [`Cache::apply`] and repaired only from
//! verified bytes.

mod apply;
mod filter;
mod head;
mod head_record;
mod history;
mod names;
mod repair;
mod rollup_row;
mod rollups;
mod row;
mod schema;
mod scrub;
mod search;
mod segments;
mod settings;
mod signed_entries;
mod table_checksums;
mod tickets;
mod totals;

use std::cell::Cell;
use std::path::Path;
use std::sync::Arc;

use boothkeeper_domain::{Catalog, Seq, Timestamp};
use boothkeeper_wire::checkpoint::PublicKey;
use rusqlite::Connection;

pub(crate) use apply::StoredBytes;
pub use apply::VerifiedBatch;
pub use filter::{DayCount, Filter};
pub use head_record::Head;
pub use history::{Page, ReferencedRow};
pub use names::{Class, NameId, Names};
pub use repair::RepairOutcome;
pub(crate) use rollups::Rollups;
pub use row::EntryRow;
pub use scrub::Scrub;
pub use signed_entries::SignedEntries;
pub use totals::{EntryRange, EventUse, Total};

use crate::memo::{Memo, Version};
use crate::sqlite::flush_wal;
use crate::{StoreError, private, read_only};
use boothkeeper_domain::Zone;
use boothkeeper_files::HighWater;

/// An open cache file.
#[derive(Debug)]
pub struct Cache {
    connection: Connection,
    /// The seq of the local copy's last entry, kept in a second file (the high-water mark) beside the database.
    high_water: HighWater,
    /// The value of `high_water` at opening. A copy that ends before this seq has lost entries.
    floor: Cell<Seq>,
    /// The file's version during a snapshot, so that the version is read once and not for each query.
    held: Cell<Option<Version>>,
    names: Memo<(), Arc<Names>>,
    head: Memo<Vec<PublicKey>, Option<Arc<Head>>>,
    days: Memo<Filter, Arc<[DayCount]>>,
    sums: Memo<Seq, ()>,
    links: Memo<(), ()>,
    rollups: Memo<(), ()>,
}

impl Cache {
    /// Opens the cache and creates it if it is missing. Its rollups (sums per day) keep their stored time zone; see
    /// [`Cache::count_days_in`].
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        // Read the high-water mark before the database is opened: another process may add entries in between, and a
        // mark read later could be ahead of the database.
        let high_water = HighWater::beside(path);
        let floor = Seq(high_water.read());
        private::touch(path).map_err(StoreError::io(path))?;
        let mut connection = Connection::open(path)?;
        connection.busy_timeout(std::time::Duration::from_secs(5))?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        schema::migrate(&mut connection)?;
        let cache = Cache::from_connection(connection, high_water);
        cache.floor.set(floor);
        Ok(cache)
    }

    /// Opens the cache for reading only; `None` if there is no cache yet. Fails with `Damaged` if the file is missing
    /// but was there before. A file of an older version is migrated first.
    pub fn open_to_read(path: &Path) -> Result<Option<Self>, StoreError> {
        let high_water = HighWater::beside(path);
        let floor = Seq(high_water.read());
        let Some(connection) = read_only::open(path, schema::check_whole)? else {
            // A high-water mark above 0 means that there was a copy, whose file is now missing.
            return match floor {
                Seq::ZERO => Ok(None),
                floor => Err(StoreError::damaged(floor)),
            };
        };
        if schema::is_older(&connection)? {
            drop(connection);
            Cache::open(path)?.flush_wal();
            return Cache::open_to_read(path);
        }
        let cache = Cache::from_connection(connection, high_water);
        cache.floor.set(floor);
        Ok(Some(cache))
    }

    /// An empty cache in memory, for simulations.
    pub fn in_memory(zone: &Zone) -> Result<Self, StoreError> {
        let mut connection = Connection::open_in_memory()?;
        schema::migrate(&mut connection)?;
        let mut cache = Cache::from_connection(connection, HighWater::in_memory());
        cache.count_days_in(zone)?;
        Ok(cache)
    }

    fn from_connection(connection: Connection, high_water: HighWater) -> Self {
        // Each filter needs its own prepared statement, and a screen repeats the same few filters.
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

    /// Moves the write-ahead log into the database file, as far as other connections allow it. Call this before the
    /// connection is closed.
    pub fn flush_wal(&self) {
        flush_wal(&self.connection);
    }

    /// Runs `work` in one transaction, so that all its queries see the same state of the file.
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

    /// Whether SQLite finds the file's structure sound (`PRAGMA quick_check`).
    pub fn is_sound(&self) -> Result<bool, StoreError> {
        let answer: String = self
            .connection
            .pragma_query_value(None, "quick_check", |row| row.get(0))?;
        Ok(answer == "ok")
    }

    /// When the whole local copy was last verified, by the laptop's clock; `None` if never.
    pub fn scrubbed_at(&self) -> Result<Option<Timestamp>, StoreError> {
        match self.setting("scrubbed_at") {
            // A damaged setting counts as long ago, so that the copy is verified again at once.
            Err(StoreError::Damaged { .. }) => Ok(Some(Timestamp::default())),
            at => Ok(at?.and_then(|at| at.parse().ok())),
        }
    }

    pub fn set_scrubbed_at(&self, at: Timestamp) -> Result<(), StoreError> {
        self.set("scrubbed_at", &at.to_string())
    }

    /// The cloud's catalog as last fetched; `None` if it was never fetched or cannot be parsed, and must be fetched
    /// again.
    pub fn catalog(&self) -> Result<Option<Catalog>, StoreError> {
        let kept = self.catalog_document()?;
        Ok(kept.and_then(|kept| serde_json::from_str(&kept).ok()))
    }

    /// The catalog's document as the cloud sent it.
    pub fn catalog_document(&self) -> Result<Option<String>, StoreError> {
        self.setting("catalog")
    }

    pub fn set_catalog(&self, document: &str) -> Result<(), StoreError> {
        self.set("catalog", document)
    }

    fn set(&self, name: &str, value: &str) -> Result<(), StoreError> {
        settings::set(&self.connection, name, value)
    }

    fn setting(&self, name: &str) -> Result<Option<String>, StoreError> {
        settings::setting(&self.connection, name)
    }
}
