//! The two windows: the book, and the small one for a dark venue.

use tauri::{AppHandle, Manager, WebviewUrl, WebviewWindow, WebviewWindowBuilder};

pub const MAIN: &str = "main";
pub const EVENT: &str = "event";

/// `hidden`: at login, where a tray shows that it runs; without one it is minimised, never out of reach.
pub fn open_main(handle: &AppHandle, hidden: bool) -> tauri::Result<WebviewWindow> {
    WebviewWindowBuilder::new(handle, MAIN, WebviewUrl::default())
        .title("Boothkeeper")
        .inner_size(1200.0, 780.0)
        .min_inner_size(720.0, 520.0)
        .visible(!hidden)
        .zoom_hotkeys_enabled(true)
        .build()
}

/// Brings the book to the front, building it again if it was closed.
pub fn raise_main(handle: &AppHandle) -> tauri::Result<()> {
    let window = match handle.get_webview_window(MAIN) {
        Some(window) => window,
        None => open_main(handle, false)?,
    };
    window.show()?;
    window.unminimize()?;
    window.set_focus()
}

pub fn open_event(handle: &AppHandle) -> tauri::Result<()> {
    if let Some(window) = handle.get_webview_window(EVENT) {
        return window.set_focus();
    }
    WebviewWindowBuilder::new(handle, EVENT, WebviewUrl::default())
        .title("Boothkeeper event")
        .inner_size(420.0, 640.0)
        .min_inner_size(360.0, 480.0)
        .always_on_top(true)
        .zoom_hotkeys_enabled(true)
        .build()?;
    Ok(())
}
