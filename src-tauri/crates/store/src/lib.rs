//! The laptop's copy: a cache of the journal that can always be fetched again, and an outbox that
//! cannot. Synchronous: callers decide on which thread it runs.

mod binding;
mod blobs;
pub mod cache;
mod error;
mod folder;
mod high_water;
pub mod ingest;
mod memo;
pub mod outbox;
pub mod private;
mod read_only;
mod zone;

pub use blobs::{Blobs, sha256};
pub use cache::Cache;
pub use error::{Hindrance, StoreError};
pub use folder::{DataFolder, Paths, SyncRole, start_outbox_over};
pub use high_water::HighWater;
pub use outbox::Outbox;
pub use zone::{Day, Zone};
