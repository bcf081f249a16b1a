//! The two windows: the main window, and the small event window for a dark venue.

use boothkeeper_app::domain::Timestamp;
use boothkeeper_app::system_zone;
use boothkeeper_messages::Locale;
use boothkeeper_messages::desktop;
use serde_json::json;
use tauri::{AppHandle, Manager, WebviewUrl, WebviewWindow, WebviewWindowBuilder};

pub const MAIN: &str = "main";
pub const EVENT: &str = "event";

/// Opens the main window. `hidden` is set at login if there is a tray icon; without one, the caller minimises the
/// window instead, because a hidden window could not be reached.
pub fn open_main(handle: &AppHandle, hidden: bool) -> tauri::Result<WebviewWindow> {
    WebviewWindowBuilder::new(handle, MAIN, WebviewUrl::default())
        .title("Boothkeeper")
        .inner_size(1200.0, 780.0)
        .min_inner_size(720.0, 520.0)
        .visible(!hidden)
        .zoom_hotkeys_enabled(true)
        .initialization_script(locale_script())
        .build()
}

/// Brings the main window to the front, or opens it again if it was closed.
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
        .title(desktop::event_window())
        .inner_size(420.0, 640.0)
        .min_inner_size(360.0, 480.0)
        .always_on_top(true)
        .zoom_hotkeys_enabled(true)
        .initialization_script(locale_script())
        .build()?;
    Ok(())
}

/// A script that sets the locale and the zone's abbreviations before the page draws anything. `locale()` in
/// `ui/src/platform` reads them.
fn locale_script() -> String {
    let locale = Locale::of_system();
    let at = |text: &str| text.parse::<Timestamp>().unwrap_or_default();
    let (from, to) = (at("2000-01-01T00:00:00Z"), at("2050-01-01T00:00:00Z"));
    let zones = system_zone().abbreviations(from, to);
    let zones: Vec<_> = zones
        .into_iter()
        .map(|(from, name)| json!({ "from": from.millis(), "name": name }))
        .collect();
    let locale = json!({ "tag": locale.tag, "pseudo": locale.pseudo, "zones": zones });
    format!("globalThis.boothkeeperLocale = {locale};")
}
