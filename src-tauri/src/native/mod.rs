//! The parts that need the desktop: notifications, tray, windows, start at login.

mod bus;
pub mod login;
mod notify;
mod reminder;
pub mod tray;
pub mod windows;

pub use bus::{can_notify, has_tray};
pub use notify::on_click;
pub use reminder::follow;
