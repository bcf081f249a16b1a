//! Tests that call the cloud's library through its HTTP router, in this process.

mod catalog;
mod processor;
mod served;
