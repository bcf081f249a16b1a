//! The reference cloud: the source of truth that Boothkeeper's laptops copy.
//!
//! [`api`] receives requests, `boothkeeper_domain` decides them, and [`store`] writes each request's entries, hash
//! chain and answer in one transaction.

pub mod api;
pub mod clock;
mod clock_guard;
pub mod cloud;
mod commands;
mod disputes;
pub mod due;
pub mod error;
pub mod faults;
pub mod journal;
pub mod ops;
pub mod processor;
pub mod seed;
pub mod server;
pub mod store;

pub use clock::Clock;
pub use cloud::{Cloud, Options};
pub use error::Error;
