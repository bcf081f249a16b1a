//! Keeps a laptop's copy equal to the cloud's journal (`docs/sync-protocol.md`): pulls and verifies entries, follows
//! the live channel, sends the outbox's commands. The network is a `tower::Service`, so that a simulation can replace
//! it.

mod catalog;
pub mod client;
pub mod clock;
pub mod disputes;
pub mod engine;
mod error;
pub mod imported;
mod live;
pub mod local_copy;
mod pull;
mod push;
mod repair;
pub mod sign_in;
pub mod transport;

pub use boothkeeper_wire as wire;
pub use catalog::refresh_catalog;
pub use client::{AccessKey, Client};
pub use clock::Clock;
pub use engine::{Engine, Status};
pub use error::SyncError;
pub use local_copy::LocalCopy;
pub use pull::pull;
pub use push::{PushResult, push};
pub use repair::repair;
