//! Damaged caches, kept under another name as evidence.

use std::path::Path;

use boothkeeper_domain::Timestamp;
use boothkeeper_store::StoreError;

/// How the file name of a damaged cache begins that is kept as evidence.
const ASIDE: &str = "cache.damaged-";

/// Renames the damaged cache and its log files to keep them as evidence. Deletes damaged caches kept earlier.
pub fn put_aside(cache: &Path, now: Timestamp) -> Result<(), StoreError> {
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

pub fn remove_aside(cache: &Path) {
    let older = cache.parent().and_then(|folder| folder.read_dir().ok());
    for file in older.into_iter().flatten().flatten() {
        if file.file_name().to_string_lossy().starts_with(ASIDE) {
            let _ = std::fs::remove_file(file.path());
        }
    }
}
