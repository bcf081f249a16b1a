//! Shared by the tests, benchmarks, screenshots and the demo: starts the real programs in isolated environments.

pub mod booth;
pub mod cloud;
pub mod desktop;
mod desktop_with_account;
pub mod direct;
pub mod hostile_proxy;
pub mod laptop;
pub mod process;
pub mod reference_model;
pub mod sentences;
pub mod stage;
pub mod tray;
pub mod window;
