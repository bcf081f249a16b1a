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
    #[error("the disk is full")]
    DiskFull(#[source] rusqlite::Error),
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

impl StoreError {
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
        move |source| StoreError::Io { path, source }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode::*;
        match error.sqlite_error_code() {
            Some(DiskFull) => StoreError::DiskFull(error),
            Some(ReadOnly | PermissionDenied) => StoreError::ReadOnly(error),
            Some(DatabaseCorrupt | NotADatabase) => StoreError::damaged_by(error),
            // An I/O error while writing is what a full disk looks like through some file systems.
            _ => match error {
                rusqlite::Error::FromSqlConversionFailure(..)
                | rusqlite::Error::InvalidColumnType(..)
                | rusqlite::Error::IntegralValueOutOfRange(..) => StoreError::damaged_by(error),
                error => StoreError::Database(error),
            },
        }
    }
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
