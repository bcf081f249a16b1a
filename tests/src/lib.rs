//! What the tests, the screenshots and the headless demo share: real processes in a world of their own.

pub mod booth;
pub mod cloud;
pub mod desk;
pub mod hostile;
pub mod laptop;
pub mod naive;
pub mod process;
pub mod stage;
pub mod tray;
pub mod window;
