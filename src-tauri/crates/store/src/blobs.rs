//! Files attached to disputes, stored under their SHA-256. A file is on disk before its upload begins.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{ErrorKind, Write};
use std::path::PathBuf;
use std::sync::Mutex;

use boothkeeper_domain::Hash;
use boothkeeper_wire::sha256;
use uuid::Uuid;

use crate::{StoreError, private};

/// A store of files, each named by the SHA-256 of its content.
#[derive(Debug)]
pub enum Blobs {
    Folder(PathBuf),
    /// The files are kept in memory, for simulations.
    Memory(Mutex<BTreeMap<Hash, Vec<u8>>>),
}

impl Blobs {
    /// Stores a file and returns its hash. Call this within the outbox transaction (`Outbox::in_write_transaction`)
    /// that stores the reference to the file. Otherwise [`Blobs::retain`] may delete the file before it is referred to.
    pub fn put(&self, bytes: &[u8]) -> Result<Hash, StoreError> {
        let name = sha256(bytes);
        let folder = match self {
            Blobs::Folder(folder) => folder,
            Blobs::Memory(kept) => {
                lock(kept).insert(name, bytes.to_vec());
                return Ok(name);
            }
        };
        let path = folder.join(name.to_string());
        let io = |source| StoreError::io(&path)(source);
        private::folder(folder).map_err(io)?;
        // The file is written again even if it exists, which repairs a damaged file.
        let part = folder.join(format!("{name}.{}.part", Uuid::now_v7().simple()));
        let mut file = private::create_new(&part).map_err(io)?;
        file.write_all(bytes).map_err(io)?;
        file.sync_all().map_err(io)?;
        std::fs::rename(&part, &path).map_err(io)?;
        Ok(name)
    }

    /// The file's content; `None` if the file is missing, or damaged, in which case it is deleted.
    pub fn get(&self, name: &Hash) -> Result<Option<Vec<u8>>, StoreError> {
        let folder = match self {
            Blobs::Folder(folder) => folder,
            Blobs::Memory(kept) => return Ok(lock(kept).get(name).cloned()),
        };
        let path = folder.join(name.to_string());
        match std::fs::read(&path) {
            Ok(bytes) if sha256(&bytes) == *name => Ok(Some(bytes)),
            Ok(_) => {
                // Delete the damaged file, so that `has` no longer reports it.
                let _ = std::fs::remove_file(&path);
                Ok(None)
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StoreError::io(path)(error)),
        }
    }

    /// Whether the file exists; its content is not checked.
    pub fn has(&self, name: &Hash) -> bool {
        match self {
            Blobs::Folder(folder) => folder.join(name.to_string()).is_file(),
            Blobs::Memory(kept) => lock(kept).contains_key(name),
        }
    }

    /// Deletes the files whose hashes are not in `named`. A file that cannot be deleted is left; it does no harm.
    pub fn retain(&self, named: &BTreeSet<Hash>) {
        let folder = match self {
            Blobs::Folder(folder) => folder,
            Blobs::Memory(kept) => return lock(kept).retain(|name, _| named.contains(name)),
        };
        let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
        for file in files {
            let name = file.file_name().to_str().and_then(|name| name.parse().ok());
            if name.is_none_or(|name| !named.contains(&name)) {
                let _ = std::fs::remove_file(file.path());
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_damaged_on_disk_reads_as_missing_until_it_is_stored_again() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::Folder(folder.path().join("blobs"));
        let name = blobs.put(b"receipt").unwrap();
        assert_eq!(blobs.put(b"receipt").unwrap(), name);
        assert_eq!(blobs.get(&name).unwrap().as_deref(), Some(&b"receipt"[..]));
        let path = folder.path().join("blobs").join(name.to_string());
        std::fs::write(&path, b"receipT").unwrap();
        assert_eq!(blobs.get(&name).unwrap(), None);
        blobs.put(b"receipt").unwrap();
        assert_eq!(blobs.get(&name).unwrap().as_deref(), Some(&b"receipt"[..]));
        assert!(blobs.has(&name));
        blobs.retain(&BTreeSet::new());
        assert!(!path.exists());
    }
}
