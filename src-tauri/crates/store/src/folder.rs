//! The data folder and who may do what in it.
//!
//! Everyone who has the cache open holds a shared lock; replacing the cache takes it exclusively. A
//! second lock makes one process at a time the one that pulls and pushes.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};

use fs4::{FileExt, TryLockError};

use crate::StoreError;

/// Where things are in a data folder.
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

    /// Files of disputes that were not sent yet.
    pub fn blobs(&self) -> PathBuf {
        self.0.join("blobs")
    }

    /// Where another copy is built while the one in use is still there to be read.
    pub fn beside(&self) -> PathBuf {
        self.0.join("rebuild")
    }
}

#[derive(Debug)]
pub struct DataFolder {
    path: PathBuf,
    open: File,
}

/// Held by the one process that pulls and pushes; given up on drop. The lock's file is empty while nobody
/// holds it, unless a holder was killed.
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

    /// The last holder did not end as it should.
    pub fn is_after_crash(&self) -> bool {
        self.after_crash
    }

    /// Says that this holder ends as it should.
    pub fn end(&self) {
        // If it cannot be said the copy is looked over once more than needed.
        let _ = self.lock.set_len(0);
    }
}

impl Drop for SyncRole {
    fn drop(&mut self) {
        self.end();
    }
}

impl DataFolder {
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        make(path).map_err(StoreError::io(path))?;
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

    /// `None` while another process pulls and pushes.
    pub fn take_sync_role(&self) -> Result<Option<SyncRole>, StoreError> {
        let path = self.path.join("sync.lock");
        let lock = lock_file(&path)?;
        match FileExt::try_lock(&lock) {
            Ok(()) => Ok(Some(SyncRole::begin(lock).map_err(StoreError::io(&path))?)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(source)) => Err(StoreError::io(path)(source)),
        }
    }

    /// Runs `replace` while no other process has the cache open.
    pub fn alone<T>(
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

/// A folder that no other user of the machine can look into.
fn make(path: &Path) -> std::io::Result<()> {
    let mut folder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
    folder.recursive(true).create(path)
}

fn lock_file(path: &Path) -> Result<File, StoreError> {
    OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .map_err(StoreError::io(path))
}
