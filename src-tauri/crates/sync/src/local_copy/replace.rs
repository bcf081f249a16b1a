//! Replaces the local copy by a new one that was built in a folder beside it.

use std::path::Path;

use boothkeeper_store::{Cache, HighWater, Paths, StoreError};

use super::aside::put_aside;
use super::{Files, LocalCopy, lock};
use crate::SyncError;

impl LocalCopy {
    /// Creates an empty copy of the same account in a separate folder, to be filled while the present copy can still be
    /// read. Fails with `Locked` if the folder cannot be written to.
    pub fn create_replacement(&self) -> Result<Self, SyncError> {
        let (zone, clock) = (self.zone().clone(), self.0.clock.clone());
        let beside = match &self.0.files {
            Files::Memory(_) => Self::in_memory(zone, clock)?,
            Files::Folder { folder, .. } => {
                let path = folder.paths().rebuild_folder();
                // Delete the files that an interrupted attempt left.
                let _ = std::fs::remove_dir_all(&path);
                Self::open(&path, zone, clock)?
            }
            Files::Reading { .. } => return Err(StoreError::Locked.into()),
        };
        beside.outbox().bind(Some(&self.binding()?))?;
        Ok(beside)
    }

    /// Replaces this copy with one from [`LocalCopy::create_replacement`]; the old file is kept as evidence. Fails with
    /// `Locked` if another process has the cache open.
    pub fn replace_with(&self, beside: LocalCopy) -> Result<(), StoreError> {
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
        let reached = beside.last_seq()?;
        drop(beside);
        let (cache, built) = (folder.paths().cache(), folder.paths().rebuild_folder());
        folder.with_exclusive_lock(|| {
            // Close this process's connections to the cache: the old file must not be open when it is moved.
            *place = Cache::in_memory(self.zone())?;
            lock(readers).clear();
            let moved = put_aside(&cache, self.clock().wall())
                .and_then(|()| move_into_place(&Paths::new(&built).cache(), &cache));
            // The high-water mark must be the new copy's last seq: a larger one would count as lost entries.
            HighWater::beside(&cache)
                .set(reached.0)
                .map_err(StoreError::io(&cache))?;
            *place = Cache::open(&cache)?;
            moved
        })?;
        let _ = std::fs::remove_dir_all(&built);
        Ok(())
    }
}

/// Renames a file and syncs the target's folder, so that the rename is on disk when this returns.
fn move_into_place(from: &Path, to: &Path) -> Result<(), StoreError> {
    std::fs::rename(from, to).map_err(StoreError::io(to))?;
    if let Some(folder) = to.parent() {
        let opened = std::fs::File::open(folder).map_err(StoreError::io(folder))?;
        opened.sync_all().map_err(StoreError::io(folder))?;
    }
    Ok(())
}
