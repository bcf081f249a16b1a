//! Reads documents from the operator. All of them are untrusted.

pub mod amounts;
pub mod attachment;
pub mod cells;
pub mod dates;
pub mod mail;
mod pdf;
pub mod receipt;
mod rows;
pub mod table;
pub mod titles;
