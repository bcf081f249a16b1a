//! What is due, and the reminders of it.

use std::path::PathBuf;
use std::process::ExitCode;

use boothkeeper_app::deadlines::{self, DeadlinesView};
use boothkeeper_app::domain::deadlines::DeadlineCode;
use boothkeeper_app::domain::reminders::Reminder;
use boothkeeper_app::{App, AppError};
use boothkeeper_messages::deadlines::DEADLINES_TITLE;
use boothkeeper_messages::{cli, money, plan, span};
use clap::Args;
use serde_json::json;

use super::balance::{asset, trust};
use crate::folder::Folder;
use crate::output::Output;

/// What is due, when, and what is at stake.
#[derive(Debug, Args)]
pub struct Deadlines {
    /// Write them to a calendar file instead.
    #[arg(long, value_name = "FILE")]
    ics: Option<PathBuf>,
}

impl Deadlines {
    pub fn run(self, folder: &Folder, output: &Output) -> Result<ExitCode, AppError> {
        folder.with_app(output, async |app| {
            let view = app.deadlines().list()?;
            match self.ics {
                None => print(&view, app, output)?,
                Some(path) => {
                    app.deadlines().calendar_to(&path)?;
                    let (count, path) = (view.deadlines.len(), path.display().to_string());
                    output.print_result(&json!({ "exported": path, "deadlines": count }), || {
                        cli::deadlines_exported(count as u64, &path)
                    });
                }
            }
            Ok(ExitCode::SUCCESS)
        })
    }
}

fn print(view: &DeadlinesView, app: &App, output: &Output) -> Result<(), AppError> {
    if output.json() {
        output.print_document(view);
        return Ok(());
    }
    if view.deadlines.is_empty() {
        output.print_line(&cli::deadlines_none());
    }
    let asset = asset(app)?;
    for deadline in &view.deadlines {
        let (at, title) = (output.local(deadline.at), title(deadline.code));
        let stake = deadline.credits_at_risk.map_or(String::new(), |amount| {
            format!("  {}", cli::deadlines_stake(&money(amount, &asset)))
        });
        output.print_line(&format!("{at:<29}  {title:<22}{stake}"));
        output.print_line(&format!("    {}", deadline.detail(Some(&asset))));
    }
    let times = plan::times_in(output.zone().name());
    let trust = trust(&app.balance().view()?, output);
    output.print_line(&format!("{times}; {trust}"));
    Ok(())
}

fn title(code: DeadlineCode) -> String {
    DEADLINES_TITLE.name(code.name())
}

/// Prints one line for each reminder; with `--json` one document for each.
pub fn print_reminders(reminders: &[Reminder], app: &App, output: &Output) {
    for reminder in reminders {
        match output.json() {
            true => output.print_document(&json!({ "reminder": reminder })),
            false => output.print_line(&reminder_text(reminder, app, output)),
        }
    }
}

fn reminder_text(reminder: &Reminder, app: &App, output: &Output) -> String {
    let title = deadlines::title(reminder.code);
    let (at, zone) = (output.local(reminder.at), output.zone().name());
    let left = span(reminder.left);
    match reminder.credits_at_risk.zip(asset(app).ok()) {
        Some((amount, asset)) => {
            let amount = money(amount, &asset);
            cli::deadlines_reminder_stake(&amount, &at, &title, &left, zone)
        }
        None => cli::deadlines_reminder(&at, &title, &left, zone),
    }
}
