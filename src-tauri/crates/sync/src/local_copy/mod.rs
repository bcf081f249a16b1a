//! The laptop's side of a sync: its data folder, its clock, and the threads that file work runs on.

mod aside;
mod replace;
mod trust;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};

use boothkeeper_domain::Seq;
use boothkeeper_domain::Zone;
use boothkeeper_store::cache::{Head, RepairOutcome};
use boothkeeper_store::ingest::{Base, Ingest};
use boothkeeper_store::outbox::{Binding, Command};
use boothkeeper_store::{
    Blobs, Cache, DataFolder, Outbox, Paths, ReadOnlyReason, StoreError, SyncRole,
};

use crate::{Clock, SyncError};
use aside::{put_aside, remove_aside};

/// A data folder with its clock and time zone. Clones share the same files.
#[derive(Clone)]
pub struct LocalCopy(Arc<Inner>);

impl Drop for Inner {
    /// Moves the write-ahead logs into their database files. SQLite silently drops the rest of a log after a flipped
    /// bit and so loses commits; in the database file the same damage is found by the checksums.
    fn drop(&mut self) {
        if let Files::Folder {
            writer, readers, ..
        } = &self.files
        {
            lock(readers).clear();
            lock(writer).flush_wal();
            lock(&self.outbox).flush_wal();
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
    /// One connection for all reading and writing, used on the caller's thread. For simulation with virtual time.
    Memory(Mutex<Cache>),
    Folder {
        folder: DataFolder,
        writer: Mutex<Cache>,
        readers: Mutex<Vec<Cache>>,
    },
    /// The data folder cannot be written to. Its last good local copy is read through one connection.
    Reading {
        cache: Mutex<Cache>,
        why: ReadOnlyReason,
    },
}

impl LocalCopy {
    /// Opens the folder for writing. If it cannot be written to but holds a copy, opens that copy for reading;
    /// [`LocalCopy::read_only_reason`] then says why. Fails with `OutboxDamaged` if the folder had an outbox file that
    /// is gone.
    pub fn open(path: &Path, zone: Zone, clock: Arc<dyn Clock>) -> Result<Self, StoreError> {
        Paths::new(path).require_outbox_present()?;
        match Self::open_to_write(path, zone.clone(), clock.clone()) {
            Err(error) => match error.read_only_reason() {
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
            // The cache file is damaged: move it aside and start an empty cache, which the next pull fills.
            Err(StoreError::Damaged { .. }) => folder.with_exclusive_lock(|| {
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
        Ok(LocalCopy(Arc::new(Inner {
            blobs,
            files,
            outbox: Mutex::new(outbox),
            zone,
            clock,
        })))
    }

    /// Opens the folder's copy for reading; `None` if the folder holds none. Days stay counted in the copy's stored
    /// time zone: they cannot be recounted without writing.
    fn open_to_read(
        path: &Path,
        zone: Zone,
        clock: Arc<dyn Clock>,
        why: ReadOnlyReason,
    ) -> Result<Option<Self>, StoreError> {
        let paths = Paths::new(path);
        let outbox = Outbox::open_to_read(&paths.outbox())?;
        let cache = Cache::open_to_read(&paths.cache())?;
        let (Some(outbox), Some(cache)) = (outbox, cache) else {
            return Ok(None);
        };
        let zone = cache.zone()?.unwrap_or(zone);
        Ok(Some(LocalCopy(Arc::new(Inner {
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

    /// Why the data folder cannot be written to; `None` if it can.
    pub fn read_only_reason(&self) -> Option<ReadOnlyReason> {
        match &self.0.files {
            Files::Reading { why, .. } => Some(*why),
            _ => None,
        }
    }

    pub fn in_memory(zone: Zone, clock: Arc<dyn Clock>) -> Result<Self, StoreError> {
        Ok(LocalCopy(Arc::new(Inner {
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

    /// Files attached to disputes that have not been sent yet.
    pub fn blobs(&self) -> &Blobs {
        &self.0.blobs
    }

    /// The cache, locked for writing.
    pub fn cache(&self) -> MutexGuard<'_, Cache> {
        match &self.0.files {
            Files::Memory(cache)
            | Files::Folder { writer: cache, .. }
            | Files::Reading { cache, .. } => lock(cache),
        }
    }

    /// Runs `work` on one consistent state of the cache. With a data folder, reading does not wait for a writer.
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

    /// Takes the lock of the process that pulls and pushes; `None` while another process has it. The inner `Option` is
    /// `None` for a copy in memory, which has no lock. Fails with `Locked` if the folder cannot be written to.
    pub fn take_sync_role(&self) -> Result<Option<Option<SyncRole>>, StoreError> {
        match &self.0.files {
            Files::Memory(_) => Ok(Some(None)),
            Files::Folder { folder, .. } => Ok(folder.take_sync_role()?.map(Some)),
            Files::Reading { .. } => Err(StoreError::Locked),
        }
    }

    /// Runs file work on a thread for blocking calls, or on the caller's thread if time is virtual. Fails with
    /// `Worker` if that thread panics.
    pub async fn blocking<T, F>(&self, work: F) -> Result<T, SyncError>
    where
        T: Send + 'static,
        F: FnOnce(&LocalCopy) -> Result<T, SyncError> + Send + 'static,
    {
        if self.is_inline() {
            return work(self);
        }
        let laptop = self.clone();
        tokio::task::spawn_blocking(move || work(&laptop))
            .await
            .map_err(|_| SyncError::Worker)?
    }

    /// True if file work runs on the caller's thread, as it does for a copy in memory.
    pub fn is_inline(&self) -> bool {
        matches!(self.0.files, Files::Memory(_))
    }

    /// The account to which the folder is bound, and its keys. Fails with `NotBound` if the folder is bound to none.
    pub fn binding(&self) -> Result<Binding, SyncError> {
        self.outbox().binding()?.ok_or(SyncError::NotBound)
    }

    /// Repairs the local copy from its stored entries, or returns what must be fetched for the repair.
    pub fn repair(&self) -> Result<RepairOutcome, SyncError> {
        let binding = self.binding()?;
        match self.cache().repair(&binding.keys, self.zone()) {
            // The database file itself is damaged in a place that the repair needs.
            Err(StoreError::Damaged { .. }) => Ok(RepairOutcome::Rebuild),
            mended => Ok(mended?),
        }
    }

    /// The head (end of the local copy) that the next stream continues from, and the verifier for that stream. Repairs
    /// the copy first if its head record is damaged; fails with `Damaged` if stored entries do not suffice for that.
    pub fn ingest(&self, binding: &Binding) -> Result<(Option<Arc<Head>>, Ingest), SyncError> {
        let mut cache = self.cache();
        // New entries are added to the stored head record, so the record itself must be sound.
        let sound = cache.head_is_sound(&binding.keys)?;
        if !sound && cache.repair(&binding.keys, self.zone())? != RepairOutcome::Done {
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

    /// The seq of the local copy's last entry.
    pub fn last_seq(&self) -> Result<Seq, StoreError> {
        self.read(Cache::seq)
    }

    /// Settles commands that the cloud has applied, once the local copy shows their effect: all entries of a command
    /// are after the seq at which it was decided, and one of them is of a kind that such a command leaves.
    pub fn settle(&self, copied_to: Seq) -> Result<(), StoreError> {
        let shown = |command: &Command| {
            let Some(request) = &command.request else {
                return Ok(false);
            };
            if command.entries.is_empty() {
                return Ok(request.can_create_no_entry());
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
                    if kind.is_some_and(|kind| request.can_create_entry(&kind)) {
                        return Ok(true);
                    }
                }
                Ok::<_, StoreError>(false)
            })
        };
        self.outbox().settle(copied_to, shown)
    }

    /// Deletes the local copy, the commands, drafts and files that were not sent, and the binding to an account. For
    /// sign-out and a change of account.
    pub fn delete_all(&self) -> Result<(), StoreError> {
        self.cache().clear()?;
        if let Files::Folder { folder, .. } = &self.0.files {
            remove_aside(&folder.paths().cache());
            let _ = std::fs::remove_dir_all(folder.paths().rebuild_folder());
        }
        let outbox = self.outbox();
        outbox.clear()?;
        self.blobs().retain(&BTreeSet::new());
        outbox.bind(None)
    }
}

/// Returns the time zone in which days are counted. It is stored in the copy and is the same for all its readers: while
/// another process has the copy open, a process in a different zone uses the stored one.
fn count_days(folder: &DataFolder, cache: &mut Cache, zone: Zone) -> Result<Zone, StoreError> {
    let counted = match cache.zone()? {
        Some(counted) if counted.name() != zone.name() => counted,
        Some(_) => return Ok(zone),
        None => {
            cache.count_days_in(&zone)?;
            return Ok(zone);
        }
    };
    match folder.with_exclusive_lock(|| cache.count_days_in(&zone)) {
        Ok(()) => Ok(zone),
        Err(StoreError::Locked) => Ok(counted),
        Err(error) => Err(error),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
}
