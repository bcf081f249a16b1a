//! Starting with the operator's session, by choice.

use tauri::AppHandle;
use tauri_plugin_autostart::ManagerExt;

use boothkeeper_app::{AppError, Code};

pub fn starts(handle: &AppHandle) -> bool {
    handle.autolaunch().is_enabled().unwrap_or(false)
}

pub fn start(handle: &AppHandle, wanted: bool) -> Result<(), AppError> {
    let login = handle.autolaunch();
    let done = match wanted {
        true => login.enable(),
        false if starts(handle) => login.disable(),
        false => Ok(()),
    };
    done.map_err(|error| AppError::because(Code::FileSystem, error))
}
