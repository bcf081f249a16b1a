//! `boothkeeper-desktop`: the window.
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

mod commands;
mod shell;

use std::path::PathBuf;

use boothkeeper_app::{App, AppError, Code, Options, default_data_folder};
use clap::Parser;
use shell::Shell;
use tauri::{Manager, RunEvent, WebviewUrl, WebviewWindowBuilder};

#[derive(Parser)]
#[command(name = "boothkeeper-desktop", version, about)]
struct Arguments {
    /// The folder of the local copy.
    #[arg(long)]
    data: Option<PathBuf>,
    /// The cloud that the first screen proposes.
    #[arg(long, env = "BOOTHKEEPER_CLOUD")]
    cloud: Option<String>,
}

fn main() -> anyhow::Result<()> {
    boothkeeper_app::log_to_stderr();
    let arguments = Arguments::parse();
    tauri::Builder::default()
        .plugin(tauri_plugin_single_instance::init(|app, _, _| {
            if let Some(window) = app.get_webview_window("main") {
                // A window that cannot be raised is still there.
                let _ = window.unminimize().and_then(|()| window.set_focus());
            }
        }))
        .plugin(tauri_plugin_window_state::Builder::default().build())
        .plugin(tauri_plugin_dialog::init())
        .setup(move |tauri| {
            tauri.manage(Shell::new(arguments.cloud));
            let handle = tauri.handle().clone();
            std::thread::spawn(move || handle.state::<Shell>().open(|| open(arguments.data)));
            WebviewWindowBuilder::new(tauri, "main", WebviewUrl::default())
                .title("Boothkeeper")
                .inner_size(1200.0, 780.0)
                .min_inner_size(720.0, 520.0)
                .build()?;
            Ok(())
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
            commands::export_history,
            commands::outbox,
            commands::cancel_command,
            commands::buy_credits,
            commands::set_auto_recharge,
        ])
        .build(tauri::generate_context!())?
        .run(|tauri, event| {
            if let RunEvent::Exit = event {
                tauri.state::<Shell>().stop();
            }
        });
    Ok(())
}

fn open(data: Option<PathBuf>) -> Result<App, AppError> {
    let data = data.or_else(default_data_folder);
    let data = data.ok_or(AppError::new(Code::FileSystem))?;
    App::open(Options::from_environment(data)?)
}
