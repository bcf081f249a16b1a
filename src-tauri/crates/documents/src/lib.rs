//! Reads documents of the operator (tables, receipts, mail, pictures), and writes documents of the app (histories,
//! statements, mail, proofs).
//!
//! The crate uses neither the laptop's store nor the network: callers pass bytes in and get bytes out. Untrusted
//! documents are read in a child process ([`reader`]).

mod error;
#[doc(hidden)]
pub mod fuzz;
pub mod proof;
pub mod read;
pub mod reader;
pub mod verify;
pub mod write;

pub use error::{Error, Problem};
pub use proof::{Flaw, Proof, Verdict};
