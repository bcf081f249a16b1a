//! The data folder and its locks.
//!
//! Every process that has the cache open holds a shared lock on `open.lock`; replacing the cache needs that lock
//! exclusively. The exclusive lock on `sync.lock` is held by the one process that exchanges entries and commands with
//! the cloud (pulls and pushes).

use std::fs::File;
use std::path::{Path, PathBuf};

use boothkeeper_domain::{Seq, Timestamp};
use fs4::{FileExt, TryLockError};

use crate::read_only::is_there;
use crate::{Cache, Outbox, StoreError, private};
use boothkeeper_files::HighWater;

/// Paths of the files in a data folder.
#[derive(Debug, Clone)]
pub struct Paths(PathBuf);

impl Paths {
    pub fn new(folder: &Path) -> Self {
        Paths(folder.to_owned())
    }

    pub fn cache(&self) -> PathBuf {
        self.0.join("cache.sqlite")
    }

    pub fn outbox(&self) -> PathBuf {
        self.0.join("outbox.sqlite")
    }

    /// Fails with `OutboxDamaged` if the outbox file is missing although there was one before: a new empty outbox would
    /// hide that the operator's commands are lost.
    pub fn require_outbox_present(&self) -> Result<(), StoreError> {
        let known = HighWater::beside(&self.outbox()).read() > 0
            || HighWater::beside(&self.cache()).read() > 0;
        if is_there(&self.outbox())? {
            return Ok(());
        }
        // Entries are copied only after the outbox has the account's binding: a cache with entries means that there was
        // an outbox.
        let has_copy = || match Cache::open_to_read(&self.cache()) {
            Ok(Some(cache)) => cache.seq().is_ok_and(|seq| seq > Seq::ZERO),
            _ => false,
        };
        match known || has_copy() {
            true => Err(StoreError::OutboxDamaged(Some(
                "the file is missing".into(),
            ))),
            false => Ok(()),
        }
    }

    /// Folder of files attached to disputes that are not sent yet.
    pub fn blobs(&self) -> PathBuf {
        self.0.join("blobs")
    }

    /// Folder in which a new copy of the journal is built while the old copy can still be read.
    pub fn rebuild_folder(&self) -> PathBuf {
        self.0.join("rebuild")
    }
}

/// A data folder that this process has open, with the shared lock on `open.lock`.
#[derive(Debug)]
pub struct DataFolder {
    path: PathBuf,
    open: File,
}

/// The lock on `sync.lock`, held by the one process that pulls and pushes; released on drop. The file has one byte
/// while the lock is held and is emptied on release. A byte without a holder means that the last holder was killed.
#[derive(Debug)]
pub struct SyncRole {
    lock: File,
    after_crash: bool,
}

impl SyncRole {
    fn begin(lock: File) -> std::io::Result<Self> {
        let after_crash = lock.metadata()?.len() > 0;
        lock.set_len(1)?;
        Ok(SyncRole { lock, after_crash })
    }

    /// True if the process that held the lock before was killed before it released the lock.
    pub fn is_after_crash(&self) -> bool {
        self.after_crash
    }

    /// Records in `sync.lock` that this process releases the lock in the regular way.
    pub fn end(&self) {
        // If this fails, the next holder of the lock checks the local copy without need, which does no harm.
        let _ = self.lock.set_len(0);
    }
}

impl Drop for SyncRole {
    fn drop(&mut self) {
        self.end();
    }
}

impl DataFolder {
    /// Opens the folder and creates it if it is missing. Fails with `Locked` while a process replaces the cache.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        private::folder(path).map_err(StoreError::io(path))?;
        let open = lock_file(&path.join("open.lock"))?;
        match FileExt::try_lock_shared(&open) {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StoreError::Locked),
            Err(TryLockError::Error(source)) => return Err(StoreError::io(path)(source)),
        }
        Ok(DataFolder {
            path: path.to_owned(),
            open,
        })
    }

    pub fn paths(&self) -> Paths {
        Paths::new(&self.path)
    }

    /// Takes the lock of the process that pulls and pushes; `None` while another process holds it.
    pub fn take_sync_role(&self) -> Result<Option<SyncRole>, StoreError> {
        let path = self.path.join("sync.lock");
        let lock = lock_file(&path)?;
        match FileExt::try_lock(&lock) {
            Ok(()) => Ok(Some(SyncRole::begin(lock).map_err(StoreError::io(&path))?)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(source)) => Err(StoreError::io(path)(source)),
        }
    }

    /// Runs `replace` with the exclusive lock on `open.lock`. Fails with `Locked` if another process has the cache
    /// open.
    pub fn with_exclusive_lock<T>(
        &self,
        replace: impl FnOnce() -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let io = |source| StoreError::io(&self.path)(source);
        FileExt::unlock(&self.open).map_err(io)?;
        let result = match FileExt::try_lock(&self.open) {
            Ok(()) => replace(),
            Err(TryLockError::WouldBlock) => Err(StoreError::Locked),
            Err(TryLockError::Error(source)) => Err(io(source)),
        };
        let _ = FileExt::unlock(&self.open);
        FileExt::lock_shared(&self.open).map_err(io)?;
        result
    }
}

/// Renames a damaged outbox, so that the next opening creates a new one, and deletes the cache, which can be fetched
/// again after sign-in. Returns the new path of the old outbox, `None` if there was none. Fails with `OutboxSound` if
/// the outbox is not damaged.
pub fn start_outbox_over(path: &Path, now: Timestamp) -> Result<Option<PathBuf>, StoreError> {
    let folder = DataFolder::open(path)?;
    let sound = folder.paths().require_outbox_present().is_ok()
        && Outbox::open_to_read(&folder.paths().outbox())
            .and_then(|outbox| outbox.map_or(Ok(()), |outbox| outbox.check()))
            .is_ok();
    if sound {
        return Err(StoreError::OutboxSound);
    }
    folder.with_exclusive_lock(|| {
        let (outbox, cache) = (folder.paths().outbox(), folder.paths().cache());
        let renamed = outbox.with_extension(format!("damaged-{}", now.millis()));
        let kept = outbox.exists();
        for suffix in ["", "-wal", "-shm"] {
            let with = |path: &Path| {
                let mut name = path.as_os_str().to_owned();
                name.push(suffix);
                PathBuf::from(name)
            };
            ignore_missing(std::fs::rename(with(&outbox), with(&renamed)), &outbox)?;
            ignore_missing(std::fs::remove_file(with(&cache)), &cache)?;
        }
        for mark in [&outbox, &cache] {
            let mark = mark.with_extension("mark");
            ignore_missing(std::fs::remove_file(&mark), &mark)?;
        }
        Ok(kept.then_some(renamed))
    })
}

/// Turns "not found" into success, for a file that need not exist.
fn ignore_missing(result: std::io::Result<()>, path: &Path) -> Result<(), StoreError> {
    match result {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(StoreError::io(path)(error))
        }
        _ => Ok(()),
    }
}

fn lock_file(path: &Path) -> Result<File, StoreError> {
    private::touch(path).map_err(StoreError::io(path))?;
    File::options()
        .write(true)
        .open(path)
        .map_err(StoreError::io(path))
}
