//! The laptop's side of a sync: its files, its clocks, and how work on the files is run.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};

use boothkeeper_domain::time::MINUTE;
use boothkeeper_domain::{Seq, Timestamp};
use boothkeeper_store::cache::{Head, Mend};
use boothkeeper_store::ingest::{Base, Ingest};
use boothkeeper_store::outbox::{Binding, Command, Diverged, Divergence};
use boothkeeper_store::{
    Blobs, Cache, DataFolder, HighWater, Hindrance, Outbox, Paths, StoreError, SyncRole, Zone,
};
use boothkeeper_wire::api::ClockKind;

use crate::{Clock, SyncError};

#[derive(Clone)]
pub struct Laptop(Arc<Inner>);

impl Drop for Inner {
    /// A process that ends folds the logs into their files: what is in one file, with its checksums compared at
    /// every read, is not rolled back by a flipped bit.
    fn drop(&mut self) {
        if let Files::Folder {
            writer, readers, ..
        } = &self.files
        {
            lock(readers).clear();
            lock(writer).fold_log();
            lock(&self.outbox).fold_log();
        }
    }
}

struct Inner {
    files: Files,
    outbox: Mutex<Outbox>,
    blobs: Blobs,
    zone: Zone,
    clock: Arc<dyn Clock>,
}

enum Files {
    /// One connection for everything, in the caller's thread: for simulation on virtual time.
    Memory(Mutex<Cache>),
    Folder {
        folder: DataFolder,
        writer: Mutex<Cache>,
        readers: Mutex<Vec<Cache>>,
    },
    /// Nothing can be written here: the last good copy is read, by one connection.
    Reading { cache: Mutex<Cache>, why: Hindrance },
}

impl Laptop {
    /// Where the folder cannot be written to, and there is a copy in it, that is opened to be read: see
    /// [`Laptop::hindered`].
    pub fn open(path: &Path, zone: Zone, clock: Arc<dyn Clock>) -> Result<Self, StoreError> {
        Paths::new(path).outbox_is_not_lost()?;
        match Self::open_to_write(path, zone.clone(), clock.clone()) {
            Err(error) => match error.hindrance() {
                Some(why) => Self::open_to_read(path, zone, clock, why)?.ok_or(error),
                None => Err(error),
            },
            opened => opened,
        }
    }

    fn open_to_write(path: &Path, zone: Zone, clock: Arc<dyn Clock>) -> Result<Self, StoreError> {
        let folder = DataFolder::open(path)?;
        let outbox = Outbox::open(&folder.paths().outbox())?;
        let mut cache = match Cache::open(&folder.paths().cache()) {
            // Nothing in it can be read: it is put aside, and fetched again.
            Err(StoreError::Damaged { .. }) => folder.alone(|| {
                put_aside(&folder.paths().cache(), clock.wall())?;
                Cache::open(&folder.paths().cache())
            })?,
            opened => opened?,
        };
        let zone = count_days(&folder, &mut cache, zone)?;
        let blobs = Blobs::Folder(folder.paths().blobs());
        let files = Files::Folder {
            folder,
            writer: Mutex::new(cache),
            readers: Mutex::new(Vec::new()),
        };
        Ok(Laptop(Arc::new(Inner {
            blobs,
            files,
            outbox: Mutex::new(outbox),
            zone,
            clock,
        })))
    }

    /// `None` where there is no copy to be read. Days are counted as they were left.
    fn open_to_read(
        path: &Path,
        zone: Zone,
        clock: Arc<dyn Clock>,
        why: Hindrance,
    ) -> Result<Option<Self>, StoreError> {
        let paths = Paths::new(path);
        let outbox = Outbox::open_to_read(&paths.outbox())?;
        let cache = Cache::open_to_read(&paths.cache())?;
        let (Some(outbox), Some(cache)) = (outbox, cache) else {
            return Ok(None);
        };
        let zone = cache.zone()?.unwrap_or(zone);
        Ok(Some(Laptop(Arc::new(Inner {
            blobs: Blobs::Folder(paths.blobs()),
            files: Files::Reading {
                cache: Mutex::new(cache),
                why,
            },
            outbox: Mutex::new(outbox),
            zone,
            clock,
        }))))
    }

    /// Why nothing can be written here, if that is so.
    pub fn hindered(&self) -> Option<Hindrance> {
        match &self.0.files {
            Files::Reading { why, .. } => Some(*why),
            _ => None,
        }
    }

    pub fn in_memory(zone: Zone, clock: Arc<dyn Clock>) -> Result<Self, StoreError> {
        Ok(Laptop(Arc::new(Inner {
            files: Files::Memory(Mutex::new(Cache::in_memory(&zone)?)),
            blobs: Blobs::Memory(Mutex::default()),
            outbox: Mutex::new(Outbox::in_memory()?),
            zone,
            clock,
        })))
    }

    pub fn clock(&self) -> &dyn Clock {
        &*self.0.clock
    }

    pub fn zone(&self) -> &Zone {
        &self.0.zone
    }

    pub fn outbox(&self) -> MutexGuard<'_, Outbox> {
        lock(&self.0.outbox)
    }

    /// Files of disputes that were not sent yet.
    pub fn blobs(&self) -> &Blobs {
        &self.0.blobs
    }

    /// The cache for writing.
    pub fn cache(&self) -> MutexGuard<'_, Cache> {
        match &self.0.files {
            Files::Memory(cache)
            | Files::Folder { writer: cache, .. }
            | Files::Reading { cache, .. } => lock(cache),
        }
    }

    /// Reads one state of the cache, beside whatever is writing it.
    pub fn read<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&Cache) -> Result<T, E>,
    ) -> Result<T, E> {
        let (folder, readers) = match &self.0.files {
            Files::Memory(cache) | Files::Reading { cache, .. } => {
                return lock(cache).snapshot(work);
            }
            Files::Folder {
                folder, readers, ..
            } => (folder, readers),
        };
        let pooled = lock(readers).pop();
        let reader = match pooled {
            Some(reader) => reader,
            None => Cache::open_to_read(&folder.paths().cache())?.ok_or(StoreError::Damaged {
                seq: None,
                source: None,
            })?,
        };
        let result = reader.snapshot(work);
        lock(readers).push(reader);
        result
    }

    /// `None` while another process pulls and pushes.
    pub fn take_sync_role(&self) -> Result<Option<Option<SyncRole>>, StoreError> {
        match &self.0.files {
            Files::Memory(_) => Ok(Some(None)),
            Files::Folder { folder, .. } => Ok(folder.take_sync_role()?.map(Some)),
            Files::Reading { .. } => Err(StoreError::Locked),
        }
    }

    /// Runs work on the files off the async threads; directly where time is virtual.
    pub async fn blocking<T, F>(&self, work: F) -> Result<T, SyncError>
    where
        T: Send + 'static,
        F: FnOnce(&Laptop) -> Result<T, SyncError> + Send + 'static,
    {
        if self.is_inline() {
            return work(self);
        }
        let laptop = self.clone();
        tokio::task::spawn_blocking(move || work(&laptop))
            .await
            .map_err(|_| SyncError::Worker)?
    }

    /// An empty copy of the same account, to be filled while this one is still there to be read.
    pub fn beside(&self) -> Result<Self, SyncError> {
        let (zone, clock) = (self.zone().clone(), self.0.clock.clone());
        let beside = match &self.0.files {
            Files::Memory(_) => Self::in_memory(zone, clock)?,
            Files::Folder { folder, .. } => {
                let path = folder.paths().beside();
                // What an earlier attempt left is of no use.
                let _ = std::fs::remove_dir_all(&path);
                Self::open(&path, zone, clock)?
            }
            Files::Reading { .. } => return Err(StoreError::Locked.into()),
        };
        beside.outbox().bind(Some(&self.binding()?))?;
        Ok(beside)
    }

    /// Puts a copy that was built beside in this one's place; the old file is kept as evidence.
    pub fn replace_with(&self, beside: Laptop) -> Result<(), StoreError> {
        let mut place = self.cache();
        let Files::Folder {
            folder, readers, ..
        } = &self.0.files
        else {
            let Files::Memory(built) = &beside.0.files else {
                return Err(StoreError::Locked);
            };
            *place = std::mem::replace(&mut *lock(built), Cache::in_memory(self.zone())?);
            return Ok(());
        };
        let reached = beside.copied_to()?;
        drop(beside);
        let (cache, built) = (folder.paths().cache(), folder.paths().beside());
        folder.alone(|| {
            // Nobody has the old file open when it is moved.
            *place = Cache::in_memory(self.zone())?;
            lock(readers).clear();
            let moved = put_aside(&cache, self.clock().wall())
                .and_then(|()| move_into_place(&Paths::new(&built).cache(), &cache));
            // The copy reaches as far as the new one does.
            HighWater::beside(&cache)
                .set(reached.0)
                .map_err(StoreError::io(&cache))?;
            *place = Cache::open(&cache)?;
            moved
        })?;
        let _ = std::fs::remove_dir_all(&built);
        Ok(())
    }

    pub fn is_inline(&self) -> bool {
        matches!(self.0.files, Files::Memory(_))
    }

    pub fn binding(&self) -> Result<Binding, SyncError> {
        self.outbox().binding()?.ok_or(SyncError::NotBound)
    }

    /// Mends from the bytes kept here, or says what is wanted for it.
    pub fn mend(&self) -> Result<Mend, SyncError> {
        let binding = self.binding()?;
        match self.cache().mend(&binding.keys, self.zone()) {
            // The file is hurt where it would be written.
            Err(StoreError::Damaged { .. }) => Ok(Mend::Rebuild),
            mended => Ok(mended?),
        }
    }

    /// What the next stream continues from, and the verifier for it.
    pub fn ingest(&self, binding: &Binding) -> Result<(Option<Arc<Head>>, Ingest), SyncError> {
        let mut cache = self.cache();
        // What is written next rests on the record itself.
        let sound = cache.head_is_sound(&binding.keys)?;
        if !sound && cache.mend(&binding.keys, self.zone())? != Mend::Done {
            return Err(StoreError::damaged(Seq::ZERO).into());
        }
        let head = cache.head_as_kept(&binding.keys)?;
        let base = Base {
            account: binding.account.clone(),
            keys: binding.keys.clone(),
            head: head.as_deref().cloned(),
            names: Arc::unwrap_or_clone(cache.names()?),
            tail: cache.tail()?,
        };
        Ok((head, Ingest::new(base, self.zone().clone())))
    }

    pub fn copied_to(&self) -> Result<Seq, StoreError> {
        self.read(Cache::seq)
    }

    /// Keeps on record that copy and cloud disagree: nothing is shown as current until they do not.
    pub fn diverged(&self, what: Divergence) -> Result<(), SyncError> {
        let outbox = self.outbox();
        if let Some(mut binding) = outbox.binding()?
            && binding.diverged.is_none()
        {
            binding.diverged = Some(Diverged {
                since: self.clock().wall(),
                what,
            });
            outbox.bind(Some(&binding))?;
        }
        Ok(())
    }

    /// The copy was found to be where the cloud is, by chain and signature: copy and cloud agree. `as_of` is the
    /// cloud's signed time.
    pub fn agreed(&self, seq: Seq, as_of: Timestamp) -> Result<(), SyncError> {
        let wall = self.clock().wall();
        let cache = self.cache();
        if seq < cache.floor() {
            // The cloud's journal is shorter than what was here once.
            drop(cache);
            self.diverged(Divergence::CursorAhead)?;
            return Err(SyncError::Diverged(Divergence::CursorAhead));
        }
        let believed = match self.binding()?.clock {
            // A sandbox's time is moved on purpose.
            ClockKind::Sandbox => as_of,
            ClockKind::Real => {
                let proven = cache.newest_entry_at()?;
                cache.hear_clock(as_of, wall)?;
                believed(as_of, wall, proven)
            }
        };
        cache.confirm(seq, believed, wall)?;
        drop(cache);
        self.settle(seq)?;
        let outbox = self.outbox();
        // That the ends agree says nothing about damage in between.
        if let Some(mut binding) = outbox.binding()?
            && binding.diverged.is_some()
            && !binding.is_damaged()
        {
            binding.diverged = None;
            outbox.bind(Some(&binding))?;
        }
        Ok(())
    }

    /// Settles commands that the cloud called done once the copy shows what they did: entries after the place at
    /// which they were decided, one of them of a kind that such a command leaves.
    pub fn settle(&self, copied_to: Seq) -> Result<(), StoreError> {
        let shown = |command: &Command| {
            let Some(request) = &command.request else {
                return Ok(false);
            };
            if command.entries.is_empty() {
                return Ok(request.may_leave_nothing());
            }
            let after = |seq: &Seq| *seq > command.decided_at && *seq <= copied_to;
            if !command.entries.iter().all(after) {
                return Ok(false);
            }
            self.read(|cache| {
                let names = cache.names()?;
                for seq in &command.entries {
                    let row = cache.row(*seq)?;
                    let kind = row.and_then(|row| names.name(row.kind).map(ToOwned::to_owned));
                    if kind.is_some_and(|kind| request.leaves(&kind)) {
                        return Ok(true);
                    }
                }
                Ok::<_, StoreError>(false)
            })
        };
        self.outbox().settle(copied_to, shown)
    }

    /// The whole copy was proven again.
    pub fn proven(&self) -> Result<(), SyncError> {
        let outbox = self.outbox();
        if let Some(mut binding) = outbox.binding()?
            && binding.is_damaged()
        {
            binding.diverged = None;
            outbox.bind(Some(&binding))?;
        }
        drop(outbox);
        Ok(self.cache().set_scrubbed_at(self.clock().wall())?)
    }

    /// Sign-out and a change of account drop the copy; the outbox's commands go with it.
    pub fn forget(&self) -> Result<(), StoreError> {
        self.cache().clear()?;
        if let Files::Folder { folder, .. } = &self.0.files {
            remove_aside(&folder.paths().cache());
            let _ = std::fs::remove_dir_all(folder.paths().beside());
        }
        let outbox = self.outbox();
        outbox.clear()?;
        self.blobs().retain(&BTreeSet::new());
        outbox.bind(None)
    }
}

/// How far a cloud's clock may be ahead of everything that is known, before its time is not taken over.
const AHEAD: i64 = 2 * MINUTE;

/// The cloud's time, as far as it is borne out: by the laptop's own clock or by the newest proven entry. A clock
/// that is years ahead would hide every deadline before then.
fn believed(as_of: Timestamp, wall: Timestamp, proven: Timestamp) -> Timestamp {
    let known = wall.max(proven);
    match as_of <= known.plus(AHEAD) {
        true => as_of,
        false => known,
    }
}

/// Days are counted in one zone for all who read the copy: a process of another zone does not change it
/// under those that have it open, but counts as they do.
fn count_days(folder: &DataFolder, cache: &mut Cache, zone: Zone) -> Result<Zone, StoreError> {
    let counted = match cache.zone()? {
        Some(counted) if counted.name() != zone.name() => counted,
        Some(_) => return Ok(zone),
        None => {
            cache.count_days_in(&zone)?;
            return Ok(zone);
        }
    };
    match folder.alone(|| cache.count_days_in(&zone)) {
        Ok(()) => Ok(zone),
        Err(StoreError::Locked) => Ok(counted),
        Err(error) => Err(error),
    }
}

/// A rename within one folder, on disk before it counts.
fn move_into_place(from: &Path, to: &Path) -> Result<(), StoreError> {
    std::fs::rename(from, to).map_err(StoreError::io(to))?;
    if let Some(folder) = to.parent() {
        let opened = std::fs::File::open(folder).map_err(StoreError::io(folder))?;
        opened.sync_all().map_err(StoreError::io(folder))?;
    }
    Ok(())
}

/// Keeps what cannot be read as evidence; of several only the newest.
fn put_aside(cache: &Path, now: Timestamp) -> Result<(), StoreError> {
    remove_aside(cache);
    for suffix in ["", "-wal", "-shm"] {
        let mut from = cache.as_os_str().to_owned();
        from.push(suffix);
        let from = std::path::PathBuf::from(from);
        let to = cache.with_extension(format!("damaged-{}{suffix}", now.millis()));
        match std::fs::rename(&from, &to) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(StoreError::Io {
                    path: from,
                    source: error,
                });
            }
            _ => {}
        }
    }
    Ok(())
}

fn remove_aside(cache: &Path) {
    let older = cache.parent().and_then(|folder| folder.read_dir().ok());
    for file in older.into_iter().flatten().flatten() {
        if file.file_name().to_string_lossy().starts_with(ASIDE) {
            let _ = std::fs::remove_file(file.path());
        }
    }
}

const ASIDE: &str = "cache.damaged-";

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
}

#[cfg(test)]
mod tests {
    use boothkeeper_domain::time::DAY;

    use super::*;

    #[test]
    fn cloud_time_is_taken_over_only_where_something_bears_it_out() {
        let at = Timestamp::from_millis;
        let (wall, old) = (at(100 * DAY), at(50 * DAY));
        assert_eq!(
            believed(at(100 * DAY + AHEAD), wall, old),
            at(100 * DAY + AHEAD)
        );
        assert_eq!(believed(at(100 * DAY + AHEAD + 1), wall, old), wall);
        assert_eq!(believed(at(465 * DAY), wall, old), wall, "a year ahead");
        // A laptop whose clock is behind goes by what is in the journal.
        assert_eq!(believed(at(101 * DAY), wall, at(101 * DAY)), at(101 * DAY));
        // A corrected clock takes time back.
        assert_eq!(believed(at(99 * DAY), wall, old), at(99 * DAY));
    }
}
