//! `boothkeeper-desktop`: the program with the window and the tray icon.
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

mod commands;
mod native;
mod shell;

use std::path::PathBuf;
use std::process::ExitCode;

use boothkeeper_app::session::default_data_folder;
use boothkeeper_app::{App, AppError, Code, Options};
use clap::Parser;
use shell::Shell;
use tauri::{AppHandle, DragDropEvent, Manager, RunEvent, WindowEvent};
use tauri_plugin_window_state::StateFlags;

#[derive(Parser)]
#[command(name = "boothkeeper-desktop", version, about)]
struct Arguments {
    /// The folder of the local copy.
    #[arg(long)]
    data: Option<PathBuf>,
    /// The cloud that the first screen proposes.
    #[arg(long, env = "BOOTHKEEPER_CLOUD")]
    cloud: Option<String>,
    /// Start in the tray, as at login.
    #[arg(long)]
    hidden: bool,
}

const HIDDEN: &str = "--hidden";

fn main() -> anyhow::Result<ExitCode> {
    if let Some(ended) = boothkeeper_app::run_if_document_reader() {
        return Ok(ended);
    }
    boothkeeper_app::log_to_stderr();
    let arguments = Arguments::parse();
    tauri::Builder::default()
        .plugin(tauri_plugin_single_instance::init(|app, _, _| {
            raise(app);
        }))
        .plugin(
            tauri_plugin_window_state::Builder::default()
                // Visibility is decided at each start, by `--hidden`.
                .with_state_flags(StateFlags::all() & !StateFlags::VISIBLE)
                .build(),
        )
        .plugin(tauri_plugin_dialog::init())
        .plugin(tauri_plugin_notification::init())
        .plugin(tauri_plugin_opener::init())
        .plugin(
            tauri_plugin_autostart::Builder::new()
                .app_name("Boothkeeper")
                .arg(HIDDEN)
                .build(),
        )
        .setup(move |tauri| {
            tauri.manage(Shell::new(arguments.cloud));
            let handle = tauri.handle().clone();
            let clicked = handle.clone();
            native::on_click(&handle, move |screen| {
                raise(&clicked);
                clicked.state::<Shell>().ask_for(screen);
            })?;
            let tray = native::tray::build(&handle);
            let window = native::windows::open_main(&handle, arguments.hidden && tray)?;
            if arguments.hidden && !tray {
                window.minimize()?;
            }
            std::thread::spawn(move || {
                let shell = handle.state::<Shell>();
                shell.open(|| open(arguments.data));
                if let Ok(app) = shell.own() {
                    tauri::async_runtime::spawn(native::follow(handle.clone(), app.clone()));
                }
            });
            Ok(())
        })
        .on_window_event(|window, event| {
            if let WindowEvent::DragDrop(DragDropEvent::Drop { paths, .. }) = event {
                let (handle, paths) = (window.app_handle().clone(), paths.clone());
                std::thread::spawn(move || handle.state::<Shell>().dropped(&paths));
            }
            if let WindowEvent::CloseRequested { api, .. } = event
                && window.label() == native::windows::MAIN
                && stays(window.app_handle())
            {
                api.prevent_close();
                if let Err(error) = window.hide() {
                    tracing::warn!(?error, "the window could not be hidden");
                }
            }
        })
        .invoke_handler(tauri::generate_handler![
            commands::setup,
            commands::shown,
            commands::watch,
            commands::overview,
            commands::sign_in,
            commands::sign_in_to_demo,
            commands::sign_out,
            commands::try_again,
            commands::verify,
            commands::history_summary,
            commands::history_rows,
            commands::history_search,
            commands::entry,
            commands::explain,
            commands::export_history,
            commands::outbox,
            commands::cancel_command,
            commands::buy_credits,
            commands::set_auto_recharge,
            commands::choices,
            commands::buy_preview,
            commands::dismiss_command,
            commands::set_payment_order,
            commands::redeem_coupon,
            commands::quote,
            commands::decide,
            commands::pause_preview,
            commands::export_before_pause,
            commands::export_calendar,
            commands::event_mode,
            commands::desk,
            commands::prefer,
            commands::start_at_login,
            commands::last_look,
            commands::look,
            commands::history_entries,
            commands::disputes,
            commands::dispute,
            commands::begin_dispute,
            commands::edit_draft,
            commands::attach_file,
            commands::detach_file,
            commands::drop_draft,
            commands::prepare_dispute,
            commands::send_dispute,
            commands::message_dispute,
            commands::withdraw_dispute,
            commands::save_mail,
            commands::open_mail,
            commands::choose_import,
            commands::preview_import,
            commands::import_history,
            commands::look_at_imported,
        ])
        .build(tauri::generate_context!())?
        .run(|tauri, event| {
            if let RunEvent::Exit = event {
                tauri.state::<Shell>().stop();
            }
        });
    Ok(ExitCode::SUCCESS)
}

/// Brings the main window to the front. A failure is only logged, because the window still exists.
fn raise(handle: &AppHandle) {
    if let Err(error) = native::windows::raise_main(handle) {
        tracing::warn!(?error, "the window could not be raised");
    }
}

/// True if closing the window should keep the app in the tray: there is a tray and the operator wants it.
fn stays(handle: &AppHandle) -> bool {
    let app = handle.state::<Shell>();
    let wanted = app.own().and_then(|app| app.session().preferences());
    native::tray::is_there(handle) && wanted.is_ok_and(|preferences| preferences.stay)
}

fn open(data: Option<PathBuf>) -> Result<App, AppError> {
    let data = data.or_else(default_data_folder);
    let data = data.ok_or(AppError::new(Code::FileSystem))?;
    App::open(Options::from_environment(data)?)
}
