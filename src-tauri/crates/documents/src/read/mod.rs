//! Documents that an operator brings. None of them is trusted.

pub mod amounts;
pub mod attachment;
pub mod cells;
pub mod dates;
pub mod mail;
mod pdf;
pub mod receipt;
pub mod table;
pub mod titles;
