//! Actions that wait for the cloud, and their results.

use std::process::ExitCode;

use boothkeeper_app::outbox::OutboxView;
use boothkeeper_app::{App, AppError, start_outbox_over};
use boothkeeper_messages::{cli, outbox};
use clap::{Args, Subcommand};
use serde_json::json;

use super::send::{Wording, print_command, print_line};
use crate::folder::Folder;
use crate::output::Output;

/// Actions that wait for the cloud, and their results.
#[derive(Debug, Args)]
pub struct Outbox {
    #[command(subcommand)]
    command: OutboxCommand,
}

#[derive(Debug, Subcommand)]
enum OutboxCommand {
    /// Newest first.
    List,
    /// Take back an action that was not sent yet, or is not known to have arrived.
    Cancel { id: String },
    /// Put a damaged outbox aside and begin a new one; then log in again.
    StartOver,
}

impl Outbox {
    pub fn run(self, folder: &Folder, output: &Output) -> Result<ExitCode, AppError> {
        match self.command {
            OutboxCommand::List => folder.with_app(output, async |app| {
                print(&app.outbox().list()?, app, output);
                Ok(ExitCode::SUCCESS)
            }),
            OutboxCommand::Cancel { id } => folder.with_app(output, async |app| {
                print_command(&app.outbox().cancel(&id)?, app, output);
                Ok(ExitCode::SUCCESS)
            }),
            OutboxCommand::StartOver => start_over(folder, output),
        }
    }
}

/// Puts a damaged outbox aside. Does not open the app, because a damaged outbox prevents that.
fn start_over(folder: &Folder, output: &Output) -> Result<ExitCode, AppError> {
    let kept = start_outbox_over(&folder.options()?)?;
    let kept = kept.map(|path| path.display().to_string());
    output.print_result(&json!({ "kept": kept }), || match &kept {
        Some(path) => cli::outbox_started_over_kept(path),
        None => cli::outbox_started_over(),
    });
    Ok(ExitCode::SUCCESS)
}

fn print(view: &OutboxView, app: &App, output: &Output) {
    if output.json() {
        return output.print_document(view);
    }
    if view.commands.is_empty() {
        return output.print_line(&outbox::empty());
    }
    let wording = Wording::of(app);
    for command in &view.commands {
        print_line(command, &wording, output);
    }
}
