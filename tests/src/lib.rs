//! Shared by the tests, the screenshots and the headless demo: starts the real programs in isolated environments.

pub mod booth;
pub mod cloud;
pub mod desk;
pub mod direct;
pub mod hostile;
pub mod laptop;
pub mod naive;
pub mod process;
pub mod stage;
pub mod tray;
pub mod window;
