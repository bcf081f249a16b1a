//! Reads files that the operator chose, and writes exported files.

use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::path::Path;

use boothkeeper_store::private;
use uuid::Uuid;

use crate::{AppError, Code};

/// Reads a regular file of 1 to `most` bytes. Fails with `NotAFile` for links, devices and folders, and with
/// `FileEmpty` or `FileTooLarge` for other sizes.
pub fn read_file(path: &Path, most: u64) -> Result<Vec<u8>, AppError> {
    let failed = |error| AppError::because(Code::FileSystem, error);
    let named = std::fs::symlink_metadata(path).map_err(failed)?;
    if !named.is_file() {
        return Err(AppError::new(Code::NotAFile));
    }
    let mut file = open(path).map_err(failed)?;
    let opened = file.metadata().map_err(failed)?;
    // The file may have been replaced between the check above and the opening.
    if !opened.is_file() {
        return Err(AppError::new(Code::NotAFile));
    }
    if opened.len() > most {
        return Err(AppError::new(Code::FileTooLarge));
    }
    let mut bytes = Vec::new();
    let read = (&mut file).take(most + 1).read_to_end(&mut bytes);
    match read.map_err(failed)? as u64 {
        0 => Err(AppError::new(Code::FileEmpty)),
        read if read > most => Err(AppError::new(Code::FileTooLarge)),
        _ => Ok(bytes),
    }
}

#[cfg(unix)]
fn open(path: &Path) -> std::io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    let flags = i32::try_from(flags.bits()).unwrap_or(0);
    std::fs::OpenOptions::new()
        .read(true)
        .custom_flags(flags)
        .open(path)
}

#[cfg(not(unix))]
fn open(path: &Path) -> std::io::Result<File> {
    File::open(path)
}

/// Writes a file completely or not at all: first under a temporary name in the same folder, then renamed. On Linux the
/// file has no name until it is complete, so that a killed process leaves no temporary file.
pub(crate) fn whole_file<T>(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> Result<T, AppError>,
) -> Result<T, AppError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let part = path.with_file_name(format!(".{name}.{}.part", Uuid::now_v7().simple()));
    let unnamed = unnamed_beside(path);
    let has_name = unnamed.is_none();
    let file = match unnamed {
        Some(file) => file,
        None => private::create_new(&part).map_err(failed)?,
    };
    let mut file = BufWriter::new(file);
    let written = write(&mut file).and_then(|written| {
        file.flush().map_err(failed)?;
        file.get_ref().sync_all().map_err(failed)?;
        if !has_name {
            name_it(file.get_ref(), &part).map_err(failed)?;
        }
        std::fs::rename(&part, path).map_err(failed)?;
        Ok(written)
    });
    if written.is_err() {
        let _ = std::fs::remove_file(&part);
    }
    written
}

/// Creates a file without a name in the folder of `path`; `None` if the file system cannot do that.
#[cfg(target_os = "linux")]
fn unnamed_beside(path: &Path) -> Option<File> {
    use rustix::fs::{Mode, OFlags, open};
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
    open(folder, flags, Mode::RUSR | Mode::WUSR)
        .ok()
        .map(File::from)
}

/// Gives a file without a name the name `path`.
#[cfg(target_os = "linux")]
fn name_it(file: &File, path: &Path) -> std::io::Result<()> {
    use std::os::fd::AsRawFd;

    use rustix::fs::{AtFlags, CWD, linkat};
    let unnamed = format!("/proc/self/fd/{}", file.as_raw_fd());
    Ok(linkat(CWD, unnamed, CWD, path, AtFlags::SYMLINK_FOLLOW)?)
}

#[cfg(not(target_os = "linux"))]
fn unnamed_beside(_: &Path) -> Option<File> {
    None
}

#[cfg(not(target_os = "linux"))]
fn name_it(_: &File, _: &Path) -> std::io::Result<()> {
    Ok(())
}

/// The error of a failed read or write: `DiskFull` if a full disk is among the causes, else `FileSystem`.
pub(crate) fn failed(error: impl std::error::Error + Send + Sync + 'static) -> AppError {
    let first = &error as &dyn std::error::Error;
    let full = std::iter::successors(Some(first), |error| error.source()).any(|error| {
        let io = error.downcast_ref::<std::io::Error>();
        io.is_some_and(|error| error.kind() == std::io::ErrorKind::StorageFull)
    });
    AppError::because(
        if full {
            Code::DiskFull
        } else {
            Code::FileSystem
        },
        error,
    )
}

#[cfg(test)]
mod tests {
    use boothkeeper_domain::disputes::MAX_FILE;

    use super::*;

    #[test]
    fn link_or_folder_or_device_chosen_as_a_file_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let real = folder.path().join("real.pdf");
        std::fs::write(&real, b"%PDF-1.7\n").unwrap();
        assert!(read_file(&real, MAX_FILE).is_ok());
        assert_eq!(
            read_file(folder.path(), MAX_FILE).unwrap_err().code,
            Code::NotAFile
        );
        assert_eq!(
            read_file(&folder.path().join("none.pdf"), MAX_FILE)
                .unwrap_err()
                .code,
            Code::FileSystem
        );
        #[cfg(unix)]
        {
            let link = folder.path().join("link.pdf");
            std::os::unix::fs::symlink(&real, &link).unwrap();
            assert_eq!(read_file(&link, MAX_FILE).unwrap_err().code, Code::NotAFile);
            assert_eq!(
                read_file(Path::new("/dev/zero"), MAX_FILE)
                    .unwrap_err()
                    .code,
                Code::NotAFile
            );
        }
    }
}
