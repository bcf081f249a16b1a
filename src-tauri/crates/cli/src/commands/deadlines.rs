//! What is due, and the reminders of it.

use std::path::PathBuf;
use std::process::ExitCode;

use boothkeeper_app::deadlines::{DeadlineView, DeadlinesView};
use boothkeeper_app::domain::Asset;
use boothkeeper_app::domain::billing::forecast::Outcome;
use boothkeeper_app::domain::deadlines::DeadlineCode;
use boothkeeper_app::domain::reminders::Reminder;
use boothkeeper_app::{App, AppError};
use boothkeeper_messages::deadlines::{self, DEADLINES_TITLE};
use boothkeeper_messages::{Arguments, cli, money, plan, span, usd};
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
                    output.done(&json!({ "exported": path, "deadlines": count }), || {
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
        output.document(view);
        return Ok(());
    }
    if view.deadlines.is_empty() {
        output.line(&cli::deadlines_none());
    }
    let asset = asset(app)?;
    for deadline in &view.deadlines {
        let (at, title) = (output.local(deadline.at), title(deadline.code));
        let stake = deadline.credits_at_risk.map_or(String::new(), |amount| {
            format!("  {}", cli::deadlines_stake(&money(amount, &asset)))
        });
        output.line(&format!("{at}  {title:<22}{stake}"));
        output.line(&format!("    {}", detail(deadline, &asset)));
    }
    let times = plan::times_in(output.zone().name());
    let trust = trust(&app.balance().view()?, output);
    output.line(&format!("{times}; {trust}"));
    Ok(())
}

fn title(code: DeadlineCode) -> String {
    DEADLINES_TITLE.name(code.name())
}

/// What a deadline brings, with its figures where they are known.
fn detail(deadline: &DeadlineView, asset: &Asset) -> String {
    let fee = deadline.fee.as_ref().map(|fee| usd(fee.amount));
    let fee = |known: fn(&str) -> String, unknown: fn() -> String| match &fee {
        Some(fee) => known(fee),
        None => unknown(),
    };
    let stake = deadline.credits_at_risk.map(|amount| money(amount, asset));
    let stake = |known: fn(&str) -> String, unknown: fn() -> String| match &stake {
        Some(amount) => known(amount),
        None => unknown(),
    };
    match deadline.code {
        DeadlineCode::Renewal => match deadline.outcome {
            Some(Outcome::Card) => fee(
                deadlines::detail_renewal_card_amount,
                deadlines::detail_renewal_card,
            ),
            Some(Outcome::Credits) => fee(
                deadlines::detail_renewal_credits_amount,
                deadlines::detail_renewal_credits,
            ),
            Some(Outcome::Unpaid) => fee(
                deadlines::detail_renewal_unpaid_amount,
                deadlines::detail_renewal_unpaid,
            ),
            None => deadlines::detail_renewal(),
        },
        DeadlineCode::CancelBy => fee(
            deadlines::detail_cancel_by_amount,
            deadlines::detail_cancel_by,
        ),
        DeadlineCode::PaymentRetry => fee(
            deadlines::detail_payment_retry_amount,
            deadlines::detail_payment_retry,
        ),
        DeadlineCode::GraceEnd => stake(
            deadlines::detail_grace_end_amount,
            deadlines::detail_grace_end,
        ),
        DeadlineCode::CancelledPeriodEnd => stake(
            deadlines::detail_cancelled_period_end_amount,
            deadlines::detail_cancelled_period_end,
        ),
        DeadlineCode::CardExpiry => deadlines::detail_card_expiry(),
        DeadlineCode::AllowanceRefresh => stake(
            deadlines::detail_allowance_refresh_amount,
            deadlines::detail_allowance_refresh,
        ),
        DeadlineCode::GrantExpiry => stake(
            deadlines::detail_grant_expiry_amount,
            deadlines::detail_grant_expiry,
        ),
        DeadlineCode::DisputeReply => deadlines::detail_dispute_reply(),
    }
}

/// One line for each reminder; with `--json` one document for each.
pub fn print_reminders(reminders: &[Reminder], app: &App, output: &Output) {
    for reminder in reminders {
        match output.json() {
            true => output.document(&json!({ "reminder": reminder })),
            false => output.line(&reminder_text(reminder, app, output)),
        }
    }
}

fn reminder_text(reminder: &Reminder, app: &App, output: &Output) -> String {
    let code = reminder.code;
    let long = DEADLINES_TITLE.attribute(code.name(), "long", &Arguments::new());
    let title = long.unwrap_or_else(|| title(code));
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
