//! File-system code that the laptop and the cloud share: files that only their owner can read, and a counter kept
//! outside a database that says how far the database has got.

mod high_water;
pub mod private;

pub use high_water::HighWater;
