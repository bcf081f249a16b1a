//! All sentences that people read, each stored once: Project Fluent files in `en/`, and typed access to them. A folder
//! beside `en` is a translation. The system's locale chooses the language; messages without a translation stay English.
//!
//! `build.rs` generates a module for each file and in it a function for each message, whose parameters are the
//! message's variables. Messages whose ids end in a code of an enum are a [`Family`]. A file is parsed when the first
//! message of it is read; output with `--json` needs none. Fluent's isolation marks are off: terminals, mail, PDF and
//! CSV show them.

mod bundle;
mod dates;
mod format;
mod locale;

pub use bundle::{Arguments, Family};
pub use dates::{day, moment};
pub use format::{code, money, number, readable, span, usd};
pub use locale::Locale;

include!(concat!(env!("OUT_DIR"), "/messages.rs"));

/// TypeScript types of all messages for the page, as `cargo xtask bindings` writes them.
pub const TYPESCRIPT: &str = include_str!(concat!(env!("OUT_DIR"), "/messages.ts"));

/// Every message as `(id, attributes)`.
pub fn all() -> Vec<(String, Vec<String>)> {
    FILES.iter().flat_map(|file| file.ids()).collect()
}
