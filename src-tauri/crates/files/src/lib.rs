//! What the laptop and the cloud both need of the file system beside their databases: files that are their user's
//! alone, and a number kept outside of a database that says how far it has got.

mod high_water;
pub mod private;

pub use high_water::HighWater;
