//! The functions that the window and the command line call, in one folder for each feature. Those two programs only
//! show results: nothing here depends on a window or a terminal, and SQL, HTTP and rules of credits stay out of them.
//!
//! [`App`] holds the laptop's files and the sync engine; a feature's functions are called through it, such as
//! `app.history().page(..)`. `xtask/src/house.rs` says which feature may use which.

mod app;
pub mod balance;
mod code;
mod copy;
pub mod deadlines;
mod dispute_state;
pub mod disputes;
mod files;
pub mod history;
pub mod import;
mod log;
pub mod names;
pub mod outbox;
pub mod overview;
pub mod plan;
mod secrets;
pub mod session;

pub use app::{App, Options, start_outbox_over, system_zone};
pub use boothkeeper_documents::reader::{Reader, run_if_child as run_if_document_reader};
pub use boothkeeper_domain as domain;
pub use boothkeeper_domain::Zone;
pub use boothkeeper_sync::clock::{Clock, SystemClock};
pub use boothkeeper_sync::wire::action::Action;
pub use chrono::NaiveDate as Date;
pub use code::{AppError, Code};
pub use log::log_to_stderr;
pub use secrets::Secrets;

/// True if a value is missing in a sentence, which shows as two spaces in a row, `()`, a space before a full stop.
#[cfg(test)]
fn has_hole(text: &str) -> bool {
    let holes = ["  ", " .", " ,", " :", " ;", "()", ": .", ", ,"];
    holes.iter().any(|hole| text.contains(hole)) || text.starts_with([' ', '.', ',', ':'])
}
