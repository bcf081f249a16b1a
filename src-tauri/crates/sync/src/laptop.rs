//! The laptop's side of a sync: its files, its clocks, and how work on the files is run.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};

use boothkeeper_domain::{Seq, Timestamp};
use boothkeeper_store::ingest::{Base, Ingest};
use boothkeeper_store::outbox::{Binding, Diverged, Divergence};
use boothkeeper_store::{Cache, DataFolder, Outbox, StoreError, SyncRole, Zone};

use crate::{Clock, SyncError};

#[derive(Clone)]
pub struct Laptop(Arc<Inner>);

struct Inner {
    files: Files,
    outbox: Mutex<Outbox>,
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
}

impl Laptop {
    pub fn open(path: &Path, zone: Zone, clock: Arc<dyn Clock>) -> Result<Self, StoreError> {
        let folder = DataFolder::open(path)?;
        let outbox = Outbox::open(&folder.paths().outbox())?;
        let cache = match Cache::open(&folder.paths().cache(), &zone) {
            // Nothing in it can be read: it is put aside, and fetched again.
            Err(StoreError::Damaged { .. }) => folder.alone(|| {
                put_aside(&folder.paths().cache(), clock.wall())?;
                Cache::open(&folder.paths().cache(), &zone)
            })?,
            opened => opened?,
        };
        Ok(Laptop(Arc::new(Inner {
            files: Files::Folder {
                folder,
                writer: Mutex::new(cache),
                readers: Mutex::new(Vec::new()),
            },
            outbox: Mutex::new(outbox),
            zone,
            clock,
        })))
    }

    pub fn in_memory(zone: Zone, clock: Arc<dyn Clock>) -> Result<Self, StoreError> {
        Ok(Laptop(Arc::new(Inner {
            files: Files::Memory(Mutex::new(Cache::in_memory(&zone)?)),
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

    /// The cache for writing.
    pub fn cache(&self) -> MutexGuard<'_, Cache> {
        match &self.0.files {
            Files::Memory(cache) | Files::Folder { writer: cache, .. } => lock(cache),
        }
    }

    /// Reads the cache beside whatever is writing it.
    pub fn read<T>(
        &self,
        work: impl FnOnce(&Cache) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let (folder, readers) = match &self.0.files {
            Files::Memory(cache) => return work(&lock(cache)),
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
        let result = work(&reader);
        lock(readers).push(reader);
        result
    }

    /// `None` while another process pulls and pushes.
    pub fn take_sync_role(&self) -> Result<Option<Option<SyncRole>>, StoreError> {
        match &self.0.files {
            Files::Memory(_) => Ok(Some(None)),
            Files::Folder { folder, .. } => Ok(folder.take_sync_role()?.map(Some)),
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

    pub fn is_inline(&self) -> bool {
        matches!(self.0.files, Files::Memory(_))
    }

    pub fn binding(&self) -> Result<Binding, SyncError> {
        self.outbox().binding()?.ok_or(SyncError::NotBound)
    }

    /// What the next stream continues from, and the verifier for it.
    pub fn ingest(
        &self,
        binding: &Binding,
    ) -> Result<(Option<boothkeeper_store::cache::Head>, Ingest), SyncError> {
        let cache = self.cache();
        let head = cache.head(&binding.keys)?;
        let base = Base {
            account: binding.account.clone(),
            keys: binding.keys.clone(),
            head: head.clone(),
            names: cache.names()?,
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

    /// The copy was found to be where the cloud is, by chain and signature: copy and cloud agree.
    pub fn agreed(&self, seq: Seq, as_of: Timestamp) -> Result<(), SyncError> {
        self.cache().confirm(seq, as_of, self.clock().wall())?;
        let outbox = self.outbox();
        outbox.settle(seq)?;
        if let Some(mut binding) = outbox.binding()?
            && binding.diverged.take().is_some()
        {
            outbox.bind(Some(&binding))?;
        }
        Ok(())
    }

    /// Sign-out and a change of account drop the copy; the outbox's commands go with it.
    pub fn forget(&self) -> Result<(), StoreError> {
        self.cache().clear()?;
        let outbox = self.outbox();
        outbox.clear()?;
        outbox.bind(None)
    }
}

fn put_aside(cache: &Path, now: Timestamp) -> Result<(), StoreError> {
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

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
}
