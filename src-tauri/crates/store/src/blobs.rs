//! Files of disputes by their content's hash, on disk before anything of them is sent.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{ErrorKind, Write};
use std::path::PathBuf;
use std::sync::Mutex;

use boothkeeper_domain::Hash;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{StoreError, private};

#[derive(Debug)]
pub enum Blobs {
    Folder(PathBuf),
    /// For simulation.
    Memory(Mutex<BTreeMap<Hash, Vec<u8>>>),
}

pub fn sha256(bytes: &[u8]) -> Hash {
    Hash(Sha256::digest(bytes).into())
}

impl Blobs {
    /// What names it is written in the same transaction of the outbox (`Outbox::alone`).
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
        // Written anew even if it is there: a damaged one is mended.
        let part = folder.join(format!("{name}.{}.part", Uuid::now_v7().simple()));
        let mut file = private::create_new(&part).map_err(io)?;
        file.write_all(bytes).map_err(io)?;
        file.sync_all().map_err(io)?;
        std::fs::rename(&part, &path).map_err(io)?;
        Ok(name)
    }

    /// `None` where there is none, or none that is still what its name says.
    pub fn get(&self, name: &Hash) -> Result<Option<Vec<u8>>, StoreError> {
        let folder = match self {
            Blobs::Folder(folder) => folder,
            Blobs::Memory(kept) => return Ok(lock(kept).get(name).cloned()),
        };
        let path = folder.join(name.to_string());
        match std::fs::read(&path) {
            Ok(bytes) if sha256(&bytes) == *name => Ok(Some(bytes)),
            Ok(_) => {
                // Nobody takes it for what it was once more.
                let _ = std::fs::remove_file(&path);
                Ok(None)
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StoreError::io(path)(error)),
        }
    }

    /// Whether it is there, without looking into it.
    pub fn has(&self, name: &Hash) -> bool {
        match self {
            Blobs::Folder(folder) => folder.join(name.to_string()).is_file(),
            Blobs::Memory(kept) => lock(kept).contains_key(name),
        }
    }

    /// Drops what nothing names any more. A file that cannot be dropped is in nobody's way.
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
    fn a_file_is_kept_by_its_content_and_one_that_was_changed_is_none() {
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
