//! The use cases: what every shell calls. Shells render; nothing here knows a window or a terminal,
//! and no shell knows SQL, HTTP or a rule.

mod actions;
mod app;
mod code;
mod copy;
pub mod disputes;
mod export;
pub mod import;
mod letters;
mod log;
mod packet;
mod preferences;
mod secrets;
mod session;
#[doc(hidden)]
pub mod untrusted;
mod upkeep;
pub mod views;
pub mod words;

pub use actions::{BuyView, Decision, Foreseen};
pub use app::{App, Options, start_outbox_over, system_zone};
pub use boothkeeper_domain as domain;
pub use boothkeeper_store::Zone;
pub use boothkeeper_sync::clock::{Clock, SystemClock};
pub use boothkeeper_sync::wire::action::Action;
pub use chrono::NaiveDate as Date;
pub use code::{AppError, Code};
pub use export::Format;
pub use log::log_to_stderr;
pub use packet::{Flaw, Verdict, verify_packet};
pub use preferences::Preferences;
pub use secrets::{Remember, Secrets};
pub use session::{Setup, Synced, default_data_folder};
