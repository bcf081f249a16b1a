//! The data folder and who may do what in it.
//!
//! Everyone who has the cache open holds a shared lock; replacing the cache takes it exclusively. A
//! second lock makes one process at a time the one that pulls and pushes.

use std::fs::File;
use std::path::{Path, PathBuf};

use boothkeeper_domain::{Seq, Timestamp};
use fs4::{FileExt, TryLockError};

use crate::{Cache, Outbox, StoreError, private};
use boothkeeper_files::HighWater;

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

    /// An outbox that is gone, where there was one, is not an empty one.
    pub fn outbox_is_not_lost(&self) -> Result<(), StoreError> {
        let known = HighWater::beside(&self.outbox()).read() > 0
            || HighWater::beside(&self.cache()).read() > 0;
        if is_there(&self.outbox())? {
            return Ok(());
        }
        // A copy is bound to an account by the outbox: where there is one, there was the other.
        let copied = || match Cache::open_to_read(&self.cache()) {
            Ok(Some(cache)) => cache.seq().is_ok_and(|seq| seq > Seq::ZERO),
            _ => false,
        };
        match known || copied() {
            true => Err(StoreError::OutboxDamaged(Some("the file is gone".into()))),
            false => Ok(()),
        }
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

/// Keeps an outbox that cannot be used beside a new one, which begins with the next opening. The copy goes: it is
/// bound to an account by the outbox, and can be fetched again.
pub fn start_outbox_over(path: &Path, now: Timestamp) -> Result<Option<PathBuf>, StoreError> {
    let folder = DataFolder::open(path)?;
    let sound = folder.paths().outbox_is_not_lost().is_ok()
        && Outbox::open_to_read(&folder.paths().outbox())
            .and_then(|outbox| outbox.map_or(Ok(()), |outbox| outbox.check()))
            .is_ok();
    if sound {
        return Err(StoreError::OutboxSound);
    }
    folder.alone(|| {
        let (outbox, cache) = (folder.paths().outbox(), folder.paths().cache());
        let aside = outbox.with_extension(format!("damaged-{}", now.millis()));
        let kept = outbox.exists();
        for suffix in ["", "-wal", "-shm"] {
            let with = |path: &Path| {
                let mut name = path.as_os_str().to_owned();
                name.push(suffix);
                PathBuf::from(name)
            };
            gone(std::fs::rename(with(&outbox), with(&aside)), &outbox)?;
            gone(std::fs::remove_file(with(&cache)), &cache)?;
        }
        for mark in [&outbox, &cache] {
            let mark = mark.with_extension("mark");
            gone(std::fs::remove_file(&mark), &mark)?;
        }
        Ok(kept.then_some(aside))
    })
}

/// Whether a file is there. One that may not be looked at is neither there nor gone.
pub(crate) fn is_there(path: &Path) -> Result<bool, StoreError> {
    path.try_exists().map_err(|source| StoreError::NotReadable {
        path: path.to_owned(),
        source,
    })
}

/// What is not there need not be moved.
fn gone(moved: std::io::Result<()>, path: &Path) -> Result<(), StoreError> {
    match moved {
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
