//! Starts the app when the operator logs in, if the operator chose so.

use tauri::AppHandle;
use tauri_plugin_autostart::ManagerExt;

use boothkeeper_app::{AppError, Code};

/// True if the app starts at login.
pub fn starts(handle: &AppHandle) -> bool {
    handle.autolaunch().is_enabled().unwrap_or(false)
}

/// Switches the start at login on or off.
pub fn start(handle: &AppHandle, wanted: bool) -> Result<(), AppError> {
    let login = handle.autolaunch();
    let done = match wanted {
        true => login.enable(),
        false if starts(handle) => login.disable(),
        false => Ok(()),
    };
    done.map_err(|error| AppError::because(Code::FileSystem, error))
}
