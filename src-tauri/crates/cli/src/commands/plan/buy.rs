//! Buying credits: at once, and automatically.

use std::process::ExitCode;

use boothkeeper_app::domain::billing::Refusal;
use boothkeeper_app::plan::{AutoRechargeView, BuyView};
use boothkeeper_app::{App, AppError};
use boothkeeper_messages::{cli, money, usd};
use clap::{Args, ValueEnum};

use crate::commands::balance::asset;
use crate::commands::send::{refresh, send};
use crate::folder::Folder;
use crate::output::Output;
use crate::values;

/// Buy credits on the card on file, at once; offline the purchase waits for up to a day.
#[derive(Debug, Args)]
pub struct Buy {
    /// In the account's unit: 50 or 50.00.
    amount: String,
    /// Do not ask before it charges the card.
    #[arg(long)]
    yes: bool,
}

impl Buy {
    pub fn run(self, folder: &Folder, output: &Output) -> Result<ExitCode, AppError> {
        folder.with_app(output, async |app| {
            // Checked first, so that the error without an access key is `signed_out` and not `not_synced`.
            app.session().require_signed_in()?;
            let amount = values::amount(&self.amount, &asset(app)?)?;
            refresh(app).await?;
            let preview = app.plan().buy_preview(amount)?;
            if preview.closed {
                return Err(AppError::foreseen(&Refusal::AccountClosed));
            }
            if !output.json() {
                print_purchase(&preview, app, output)?;
            }
            if !self.yes && !output.confirm() {
                return Ok(output.not_confirmed(&preview));
            }
            send(app, &app.plan().buy_credits(amount)?.id, output).await
        })
    }
}

/// Prints what a purchase charges, and the balance after it.
fn print_purchase(view: &BuyView, app: &App, output: &Output) -> Result<(), AppError> {
    let asset = asset(app)?;
    let charge = usd(view.charge.amount);
    output.print_line(&match &view.card {
        Some(card) => cli::buy_charges(&charge, &card.brand, &card.last4),
        None => cli::buy_charges_no_card(&charge),
    });
    output.print_line(&cli::decide_credits_then(&money(
        view.balance_after,
        &asset,
    )));
    if let Some(at) = view.closes_at {
        output.print_line(&cli::buy_deleted(&output.local(at)));
    }
    Ok(())
}

/// Switch auto-recharge on or off.
#[derive(Debug, Args)]
pub struct AutoRecharge {
    switch: Switch,
    /// Do not ask before it may charge the card.
    #[arg(long)]
    yes: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Switch {
    On,
    Off,
}

impl AutoRecharge {
    pub fn run(self, folder: &Folder, output: &Output) -> Result<ExitCode, AppError> {
        folder.with_app(output, async |app| {
            refresh(app).await?;
            let on = self.switch == Switch::On;
            let terms = app.plan().subscription()?.auto_recharge;
            // Switching auto-recharge on agrees to every purchase that it will make.
            if on && !terms.enabled && terms.amount.is_some() {
                if !output.json() {
                    print_terms(&terms, app, output)?;
                }
                if !self.yes && !output.confirm() {
                    return Ok(output.not_confirmed(&terms));
                }
            }
            send(app, &app.plan().set_auto_recharge(on)?.id, output).await
        })
    }
}

/// Prints what auto-recharge will charge, and whether it does so at once.
fn print_terms(terms: &AutoRechargeView, app: &App, output: &Output) -> Result<(), AppError> {
    let Some((at, amount)) = terms.at.zip(terms.amount) else {
        return Ok(());
    };
    let (asset, balance) = (asset(app)?, app.balance().view()?.balance);
    let now = balance.is_some_and(|balance| balance <= at);
    let (amount, at) = (money(amount, &asset), money(at, &asset));
    output.print_line(&match now {
        true => cli::buy_recharges_now(&amount, &at),
        false => cli::buy_recharges(&amount, &at),
    });
    Ok(())
}
