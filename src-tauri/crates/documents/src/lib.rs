//! Bytes into values and back: tables, receipts, mail and pictures that an operator has; histories, statements, letters
//! and proofs that the app writes.
//!
//! The crate knows neither the laptop's store nor the network: callers pass bytes in and get bytes out. Untrusted
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
