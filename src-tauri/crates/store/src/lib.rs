//! The laptop's files: a cache of the account's journal, which can be fetched again from the cloud, and an outbox of
//! the operator's commands, which cannot. All calls block; the caller chooses the thread.

mod binding;
mod blobs;
pub mod cache;
mod error;
mod folder;
pub mod ingest;
mod memo;
pub mod outbox;
mod read_only;
mod sqlite;

pub use blobs::Blobs;
pub use boothkeeper_files::{HighWater, private};
pub use cache::Cache;
pub use error::{ReadOnlyReason, StoreError};
pub use folder::{DataFolder, Paths, SyncRole, start_outbox_over};
pub use outbox::Outbox;
