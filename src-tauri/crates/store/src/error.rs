//! Errors of reading and writing the files on this laptop.

use std::path::PathBuf;

use boothkeeper_domain::{FoldError, Seq, id::HashError, id::IdError};
use boothkeeper_wire::entry::DecodeError;
use boothkeeper_wire::stream::FrameError;
use thiserror::Error;

#[derive(Debug, Error)]
pub enum StoreError {
    #[error("the file system reported an error for {path}")]
    Io {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("no permission to read {path}")]
    NotReadable {
        path: PathBuf,
        source: std::io::Error,
    },
    /// A new outbox was asked for, but the existing one is not damaged and is not replaced.
    #[error("the file of waiting actions is not damaged")]
    OutboxSound,
    #[error("the disk is full")]
    DiskFull(#[source] rusqlite::Error),
    /// A full disk, met while writing a file that is not a database.
    #[error("the disk is full")]
    FileSystemFull(#[source] std::io::Error),
    #[error("the folder cannot be written to")]
    ReadOnly(#[source] rusqlite::Error),
    /// A newer version of the app has written the file; it is left unchanged.
    #[error("{file} was written by a newer version ({found}; this one knows {known})")]
    Newer {
        file: &'static str,
        found: usize,
        known: usize,
    },
    /// The cache does not match its checksums, hash chain or signatures. `seq` is the first entry known to be affected.
    #[error("the copy on disk is damaged")]
    Damaged {
        seq: Option<Seq>,
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
    /// The outbox (the operator's commands) does not match its checksums, or has lost changes. Unlike the cache it
    /// cannot be fetched again.
    #[error("the file of waiting actions is damaged")]
    OutboxDamaged(#[source] Option<Box<dyn std::error::Error + Send + Sync>>),
    #[error("another program has this data folder open")]
    Locked,
    #[error("the local database reported an error")]
    Database(#[source] rusqlite::Error),
    #[error("the database's migration failed")]
    Migration(#[source] rusqlite_migration::Error),
    #[error("a stored document is not valid JSON")]
    Json(#[from] serde_json::Error),
}

/// Why a data folder that can be read cannot be written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadOnlyReason {
    DiskFull,
    ReadOnly,
}

impl StoreError {
    /// Why the data folder could not be opened for writing; `None` if the error also prevents reading.
    pub fn read_only_reason(&self) -> Option<ReadOnlyReason> {
        use std::io::ErrorKind::{PermissionDenied, ReadOnlyFilesystem};
        match self {
            StoreError::DiskFull(_) | StoreError::FileSystemFull(_) => {
                Some(ReadOnlyReason::DiskFull)
            }
            StoreError::ReadOnly(_) => Some(ReadOnlyReason::ReadOnly),
            StoreError::Io { source, .. } => {
                let refused = matches!(source.kind(), PermissionDenied | ReadOnlyFilesystem);
                refused.then_some(ReadOnlyReason::ReadOnly)
            }
            StoreError::Database(error) => {
                let code = error.sqlite_error_code();
                (code == Some(rusqlite::ErrorCode::CannotOpen)).then_some(ReadOnlyReason::ReadOnly)
            }
            _ => None,
        }
    }

    pub fn damaged(seq: Seq) -> Self {
        StoreError::Damaged {
            seq: Some(seq),
            source: None,
        }
    }

    pub fn damaged_by(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        StoreError::Damaged {
            seq: None,
            source: Some(Box::new(error)),
        }
    }

    /// Turns `Damaged` into `OutboxDamaged`, for errors met in the outbox.
    pub(crate) fn of_outbox(self) -> Self {
        match self {
            StoreError::Damaged { source, .. } => StoreError::OutboxDamaged(source),
            error => error,
        }
    }

    pub fn io(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| match source.kind() {
            std::io::ErrorKind::StorageFull => StoreError::FileSystemFull(source),
            _ => StoreError::Io { path, source },
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode::*;
        match error.sqlite_error_code() {
            Some(DiskFull) => StoreError::DiskFull(error),
            Some(ReadOnly | PermissionDenied) => StoreError::ReadOnly(error),
            Some(DatabaseCorrupt | NotADatabase) => StoreError::damaged_by(error),
            // SQLite reports a full disk as an IO error when it creates the write-ahead log's `-shm` file, and on some
            // file systems.
            Some(SystemIoFailure) if is_write(&error) => StoreError::DiskFull(error),
            _ => match error {
                rusqlite::Error::FromSqlConversionFailure(..)
                | rusqlite::Error::InvalidColumnType(..)
                | rusqlite::Error::IntegralValueOutOfRange(..) => StoreError::damaged_by(error),
                error => StoreError::Database(error),
            },
        }
    }
}

fn is_write(error: &rusqlite::Error) -> bool {
    use rusqlite::ffi::{SQLITE_IOERR_SHMSIZE, SQLITE_IOERR_WRITE};
    let extended = error.sqlite_error().map(|error| error.extended_code);
    extended.is_some_and(|code| [SQLITE_IOERR_SHMSIZE, SQLITE_IOERR_WRITE].contains(&code))
}

macro_rules! damage {
    ($($error:ty),+) => {$(
        impl From<$error> for StoreError {
            fn from(error: $error) -> Self {
                StoreError::damaged_by(error)
            }
        }
    )+};
}

damage!(DecodeError, FrameError, FoldError, HashError, IdError);
