//! Why the local copy could not be brought up to date.

use std::time::Duration;

use boothkeeper_domain::trust::Reason;
use boothkeeper_store::StoreError;
use boothkeeper_store::ingest::IngestError;
use boothkeeper_store::outbox::Divergence;
use boothkeeper_wire::problem::Problem;
use thiserror::Error;

use crate::transport::TransportError;

#[derive(Debug, Error)]
pub enum SyncError {
    #[error("the cloud cannot be reached")]
    Offline(#[source] TransportError),
    /// An answer without the cloud's API header: from a Wi-Fi portal, a proxy or another server.
    #[error("something else answered in the cloud's place")]
    Portal { status: u16 },
    #[error("the cloud refused the access key")]
    SignedOut,
    #[error("the cloud is not available (status {status})")]
    Server {
        status: u16,
        retry_after: Option<Duration>,
    },
    #[error("the cloud refused: {}", .0.title)]
    Refused(Box<Problem>),
    #[error("the cloud's answer cannot be read")]
    Malformed(#[source] serde_json::Error),
    #[error("the stream cannot be verified")]
    Stream(#[from] IngestError),
    #[error("the copy and the cloud do not agree")]
    Diverged(Divergence),
    #[error("this version is too old for the cloud")]
    UpdateNeeded,
    #[error("the local files cannot be used")]
    Store(#[from] StoreError),
    #[error("the cloud's address is not valid")]
    Address(#[from] http::Error),
    #[error("not signed in")]
    NotBound,
    #[error("the access key opens another account")]
    WrongAccount,
    #[error("a worker thread stopped")]
    Worker,
}

impl SyncError {
    /// The reason that is shown to the operator under the balance.
    pub fn reason(&self) -> Reason {
        match self {
            SyncError::Offline(_) => Reason::Offline,
            SyncError::Portal { .. } => Reason::Portal,
            SyncError::SignedOut | SyncError::NotBound | SyncError::WrongAccount => {
                Reason::SignedOut
            }
            _ => Reason::Server,
        }
    }

    /// The shortest wait before the next request, if the cloud named one.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            SyncError::Server { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// The divergence that this error means if it comes several times in a row: the stream contradicts its own
    /// signature or entries. `None` for a stream that merely broke off.
    pub fn suspicion(&self) -> Option<Divergence> {
        let SyncError::Stream(error) = self else {
            return None;
        };
        match error {
            IngestError::Checkpoint(_) => Some(Divergence::Checkpoint),
            IngestError::Signature(_) => Some(Divergence::UnknownKey),
            IngestError::Fold(_) | IngestError::OtherAccount(_) => Some(Divergence::Contradiction),
            _ => None,
        }
    }
}
