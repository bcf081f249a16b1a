//! The laptop's copy: a cache of the journal that can always be fetched again, and an outbox that
//! cannot. Synchronous: callers decide on which thread it runs.

mod binding;
mod blobs;
pub mod cache;
mod error;
mod folder;
pub mod ingest;
mod memo;
pub mod outbox;
mod read_only;
mod zone;

pub use blobs::{Blobs, sha256};
pub use boothkeeper_files::{HighWater, private};
pub use cache::Cache;
pub use error::{Hindrance, StoreError};
pub use folder::{DataFolder, Paths, SyncRole, start_outbox_over};
pub use outbox::Outbox;
pub use zone::{Day, Zone};
