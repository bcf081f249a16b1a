//! Files and folders that no other user of the machine can read.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::path::Path;

/// A folder and those above it that are missing, for its user alone.
pub fn folder(path: &Path) -> io::Result<()> {
    let mut folder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
    folder.recursive(true).create(path)
}

/// A file to be written from its beginning, for its user alone. One that is there keeps its permissions.
pub fn create(path: &Path) -> io::Result<File> {
    options().truncate(true).open(path)
}

/// A file to be written over in place; made where there is none.
pub fn overwrite(path: &Path) -> io::Result<File> {
    options().truncate(false).open(path)
}

/// A file that is not there yet.
pub fn create_new(path: &Path) -> io::Result<File> {
    options().create_new(true).open(path)
}

/// Makes sure that a database's file is there before SQLite makes it: what SQLite puts beside it (`-wal`, `-shm`)
/// gets the permissions of the file itself.
pub fn touch(path: &Path) -> io::Result<()> {
    overwrite(path).map(drop)
}

/// Whether other users of the machine can look into a folder.
#[cfg(unix)]
pub fn is_open_to_others(folder: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    let found = std::fs::metadata(folder);
    found.is_ok_and(|found| found.permissions().mode() & 0o077 != 0)
}

/// Elsewhere a folder of the user's profile is theirs by the system's own rules.
#[cfg(not(unix))]
pub fn is_open_to_others(_: &Path) -> bool {
    false
}

fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}
