//! The cloud's library, called through its HTTP router in this process.

mod catalog;
mod processor;
mod served;
