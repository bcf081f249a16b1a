//! Pausing, cancelling, resuming, paying a fee, and redeeming a coupon.

use std::process::ExitCode;

use boothkeeper_app::domain::account::Payer;
use boothkeeper_app::domain::billing::plan::Target;
use boothkeeper_app::{Action, AppError};
use clap::{Args, ValueEnum};

use super::decide::{decide, decide_on_copy};
use crate::commands::send::{refresh, send};
use crate::folder::Folder;
use crate::output::Output;

/// Pause to the plan without a fee: credits stay, fees end, scheduled events are destroyed.
#[derive(Debug, Args)]
pub struct Pause {
    /// Do not ask before it deletes events.
    #[arg(long)]
    yes: bool,
}

impl Pause {
    pub fn run(self, folder: &Folder, output: &Output) -> Result<ExitCode, AppError> {
        folder.with_app(output, async |app| {
            app.session().require_signed_in()?;
            let target = Target::plan(&app.plan().free_plan()?.code, None);
            decide(app, Action::ChangePlan(target), self.yes, output).await
        })
    }
}

/// Stop renewing: access to the period's end, then grace, then the account closes. `plan` says when.
#[derive(Debug, Args)]
pub struct Cancel {
    /// Do not ask, although it leads to the account's closing.
    #[arg(long)]
    yes: bool,
}

impl Cancel {
    pub fn run(self, folder: &Folder, output: &Output) -> Result<ExitCode, AppError> {
        folder.with_app(output, async |app| {
            decide(app, Action::Cancel, self.yes, output).await
        })
    }
}

/// Take a cancellation back.
#[derive(Debug, Args)]
pub struct Resume;

impl Resume {
    pub fn run(self, folder: &Folder, output: &Output) -> Result<ExitCode, AppError> {
        folder.with_app(output, async |app| {
            decide(app, Action::Resume, false, output).await
        })
    }
}

/// Pay the fee that grace waits for.
#[derive(Debug, Args)]
pub struct PayNow {
    /// Who pays; by default as the account's own order says.
    #[arg(long)]
    with: Option<PayWith>,
    /// Do not ask before it charges the card or takes credits.
    #[arg(long)]
    yes: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum PayWith {
    Card,
    Credits,
}

impl PayNow {
    pub fn run(self, folder: &Folder, output: &Output) -> Result<ExitCode, AppError> {
        folder.with_app(output, async |app| {
            refresh(app).await?;
            let method = match self.with {
                Some(PayWith::Card) => Payer::Card,
                Some(PayWith::Credits) => Payer::Credits,
                None => app.plan().payer()?,
            };
            decide_on_copy(app, Action::PayNow { method }, self.yes, output).await
        })
    }
}

/// Redeem a coupon.
#[derive(Debug, Args)]
pub struct Coupon {
    code: String,
}

impl Coupon {
    pub fn run(self, folder: &Folder, output: &Output) -> Result<ExitCode, AppError> {
        folder.with_app(output, async |app| {
            app.session().require_signed_in()?;
            let queued = app.plan().redeem_coupon(&self.code)?;
            send(app, &queued.id, output).await
        })
    }
}
