//! The rules of booth credits, as pure functions over values.
//!
//! This crate reads no clock and does no IO, no hashing and no async work: time, ids and facts looked up in the journal
//! are parameters. The cloud executes these rules; the laptop runs the same code on its local copy of the journal.

pub mod account;
pub mod amount;
pub mod billing;
pub mod bounds;
pub mod calendar;
pub mod catalog;
pub mod codes;
pub mod deadlines;
pub mod disputes;
pub mod findings;
pub mod grant;
pub mod id;
pub mod imported;
pub mod journal;
pub mod payment;
pub mod privacy;
pub mod reminders;
pub mod runway;
pub mod time;
pub mod trust;
pub mod user_input;
pub mod zone;

pub use account::{Account, FoldError};
pub use amount::{Amount, AmountError, Asset, Money};
pub use catalog::{Catalog, Programme};
pub use grant::{Bucket, Line, Source};
pub use id::{AccountId, Cursor, DisputeId, Epoch, EventId, GrantId, Hash, PaymentId, RunId, Seq};
pub use journal::{Actor, Body, Entry, Kind};
pub use time::Timestamp;
pub use zone::{Day, Zone};
