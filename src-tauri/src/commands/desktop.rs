//! Commands that concern the desktop: file dialogs, windows and preferences.

use boothkeeper_app::Code;
use boothkeeper_app::session::Preferences;
use boothkeeper_messages::desktop;
use serde::Serialize;
use tauri::{AppHandle, State};
use tauri_plugin_dialog::DialogExt;

use super::{PageError, PageResult};
use crate::native::{self, login, tray, windows};
use crate::shell::Shell;

/// What this desktop offers (such as a tray and notifications), and the operator's preferences.
#[derive(Debug, Serialize)]
pub struct DeskView {
    preferences: Preferences,
    tray: bool,
    notifications: bool,
    at_login: bool,
}

#[tauri::command(async)]
pub fn desk(handle: AppHandle, shell: State<'_, Shell>) -> PageResult<DeskView> {
    Ok(DeskView {
        preferences: shell.own()?.session().preferences()?,
        tray: tray::is_there(&handle),
        notifications: native::can_notify(),
        at_login: login::starts(&handle),
    })
}

#[tauri::command(async)]
pub fn prefer(shell: State<'_, Shell>, preferences: Preferences) -> PageResult<()> {
    Ok(shell.own()?.session().prefer(&preferences)?)
}

#[tauri::command(async)]
pub fn start_at_login(handle: AppHandle, wanted: bool) -> PageResult<()> {
    Ok(login::start(&handle, wanted)?)
}

/// Opens the small event window for a dark venue.
#[tauri::command]
pub async fn event_mode(handle: AppHandle) -> PageResult<()> {
    let opened = windows::open_event(&handle);
    opened.map_err(|error| PageError::because(Code::Internal, &error))
}

/// Exports history and event list to a folder that the operator chooses. Returns the number of entries, `None` if the
/// dialog was cancelled.
#[tauri::command(async)]
pub fn export_before_pause(handle: AppHandle, shell: State<'_, Shell>) -> PageResult<Option<u64>> {
    let chosen = handle.dialog().file().blocking_pick_folder();
    let Some(folder) = chosen.and_then(|folder| folder.into_path().ok()) else {
        return Ok(None);
    };
    Ok(Some(shell.app()?.plan().export_before_pause(&folder)?))
}

/// Exports all deadlines as a calendar file; `false` if the dialog was cancelled.
#[tauri::command(async)]
pub fn export_calendar(handle: AppHandle, shell: State<'_, Shell>) -> PageResult<bool> {
    let chosen = handle
        .dialog()
        .file()
        .add_filter(desktop::files_calendar(), &["ics"])
        .set_file_name("boothkeeper.ics")
        .blocking_save_file();
    let Some(path) = chosen.and_then(|file| file.into_path().ok()) else {
        return Ok(false);
    };
    shell.app()?.deadlines().calendar_to(&path)?;
    Ok(true)
}
