//! Files and folders that no other user of the machine can read (Unix modes 0600 and 0700).

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::path::Path;

/// Creates a folder and its missing parents for the owner alone (mode 0700 on Unix). An existing folder keeps its mode.
pub fn folder(path: &Path) -> io::Result<()> {
    let mut folder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
    folder.recursive(true).create(path)
}

/// Opens a file for writing and empties it. A new file is for the owner alone; an existing one keeps its permissions.
pub fn create(path: &Path) -> io::Result<File> {
    options().truncate(true).open(path)
}

/// Opens a file for writing from its start without emptying it; creates it if it is missing.
pub fn overwrite(path: &Path) -> io::Result<File> {
    options().truncate(false).open(path)
}

/// Creates a file for writing. Fails with `AlreadyExists` if it exists.
pub fn create_new(path: &Path) -> io::Result<File> {
    options().create_new(true).open(path)
}

/// Creates a database's file before SQLite does, so that it is for the owner alone. SQLite gives the files beside it
/// (`-wal`, `-shm`) the same permissions.
pub fn touch(path: &Path) -> io::Result<()> {
    overwrite(path).map(drop)
}

/// True if the folder's mode gives any permission to the group or to other users.
#[cfg(unix)]
pub fn is_open_to_others(folder: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    let found = std::fs::metadata(folder);
    found.is_ok_and(|found| found.permissions().mode() & 0o077 != 0)
}

/// Always false: outside Unix the system protects the folders of a user's profile by itself.
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
