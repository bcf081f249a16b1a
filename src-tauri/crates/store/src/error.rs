//! What can go wrong with the files on this laptop.

use std::path::PathBuf;

use boothkeeper_domain::{FoldError, Seq, id::HashError, id::IdError};
use boothkeeper_wire::entry::DecodeError;
use boothkeeper_wire::stream::FrameError;
use thiserror::Error;

#[derive(Debug, Error)]
pub enum StoreError {
    #[error("the file system refused {path}")]
    Io {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("{path} may not be read")]
    NotReadable {
        path: PathBuf,
        source: std::io::Error,
    },
    /// It is not to be begun anew.
    #[error("the file of waiting actions is sound")]
    OutboxSound,
    #[error("the disk is full")]
    DiskFull(#[source] rusqlite::Error),
    /// The same, of a file that is no database.
    #[error("the disk is full")]
    FileSystemFull(#[source] std::io::Error),
    #[error("the folder cannot be written to")]
    ReadOnly(#[source] rusqlite::Error),
    /// A later version of this app has been here; nothing is touched.
    #[error("{file} was written by a newer version ({found}; this one knows {known})")]
    Newer {
        file: &'static str,
        found: usize,
        known: usize,
    },
    /// What is on disk is not what was written. `seq` is the first entry known to be concerned.
    #[error("the copy on disk is damaged")]
    Damaged {
        seq: Option<Seq>,
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
    /// The same, of the one file that cannot be fetched again.
    #[error("the file of waiting actions is damaged")]
    OutboxDamaged(#[source] Option<Box<dyn std::error::Error + Send + Sync>>),
    #[error("another program holds this data folder")]
    Locked,
    #[error("the local database")]
    Database(#[source] rusqlite::Error),
    #[error("the database's migration")]
    Migration(#[source] rusqlite_migration::Error),
    #[error("a stored document")]
    Json(#[from] serde_json::Error),
}

/// Why nothing can be written in a data folder that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hindrance {
    DiskFull,
    ReadOnly,
}

impl StoreError {
    /// Why a data folder cannot be opened to be written to, if it may be read all the same.
    pub fn hindrance(&self) -> Option<Hindrance> {
        use std::io::ErrorKind::{PermissionDenied, ReadOnlyFilesystem};
        match self {
            StoreError::DiskFull(_) | StoreError::FileSystemFull(_) => Some(Hindrance::DiskFull),
            StoreError::ReadOnly(_) => Some(Hindrance::ReadOnly),
            StoreError::Io { source, .. } => {
                let refused = matches!(source.kind(), PermissionDenied | ReadOnlyFilesystem);
                refused.then_some(Hindrance::ReadOnly)
            }
            StoreError::Database(error) => {
                let code = error.sqlite_error_code();
                (code == Some(rusqlite::ErrorCode::CannotOpen)).then_some(Hindrance::ReadOnly)
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

    /// The same, of the file that cannot be fetched again.
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
            // What a full disk looks like where the log's shared file is made, and through some file systems.
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
