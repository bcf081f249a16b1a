//! Decisions about the plan: the effect is shown first, what charges or destroys is confirmed, and the result is printed.

use std::process::ExitCode;

use boothkeeper_app::domain::account::Payer;
use boothkeeper_app::domain::billing::forecast::Outcome;
use boothkeeper_app::plan::{DecisionPreview, NextRenewal, PauseView};
use boothkeeper_app::{Action, App, AppError};
use boothkeeper_messages::{cli, money, usd};

use crate::commands::balance::asset;
use crate::commands::send::{refresh, send};
use crate::output::Output;

/// Shows what a change does, and has it done exactly so or not at all. A change that charges or destroys something is
/// done only if it is confirmed.
pub async fn decide(
    app: &App,
    action: Action,
    yes: bool,
    output: &Output,
) -> Result<ExitCode, AppError> {
    refresh(app).await?;
    decide_on_copy(app, action, yes, output).await
}

/// As [`decide`], but without syncing first: the preview is of the local copy as it is.
pub async fn decide_on_copy(
    app: &App,
    action: Action,
    yes: bool,
    output: &Output,
) -> Result<ExitCode, AppError> {
    app.outbox().require_no_conflict(&action)?;
    let foreseen = app.plan().preview_decision(&action)?;
    if !output.json() {
        print_effect(&foreseen, app, output)?;
    }
    let free = app.plan().free_plan()?.code;
    if matches!(&action, Action::ChangePlan(target) if target.plan == free) {
        let pause = app.plan().pause_preview()?;
        if !output.json() {
            print_prices(&pause, app, output)?;
        }
    }
    let quote = foreseen.quote;
    // A cancelled plan leads to the account's closing, which deletes every credit.
    let asks = quote.needs_confirmation() || action == Action::Cancel;
    if asks && !yes && !output.confirm() {
        return Ok(output.not_confirmed(&quote));
    }
    let queued = app.plan().decide(&action, quote)?;
    send(app, &queued.id, output).await
}

/// Prints what an action does, and what follows from it.
fn print_effect(foreseen: &DecisionPreview, app: &App, output: &Output) -> Result<(), AppError> {
    let (asset, quote) = (asset(app)?, &foreseen.quote);
    let balance = money(foreseen.balance, &asset);
    if let Some(charge) = &quote.charge {
        let amount = usd(charge.amount);
        output.print_line(&match foreseen.payer {
            Some(Payer::Credits) => cli::decide_takes_credits(&amount),
            _ => cli::decide_charges_card(&amount),
        });
    }
    if let Some(at) = quote.effective_at {
        let (at, zone) = (output.local(at), output.zone().name());
        output.print_line(&cli::decide_takes_effect(&at, zone));
    }
    if let Some(at) = foreseen.gives_up {
        output.print_line(&cli::decide_gives_up(&output.local(at)));
    }
    output.print_line(&cli::decide_credits_then(&balance));
    for event in &quote.destroyed {
        output.print_line(&cli::decide_destroys(event));
    }
    if let Some(next) = &foreseen.next_renewal {
        output.print_line(&next_renewal(next, output));
    }
    if let Some(at) = foreseen.closes_at {
        output.print_line(&cli::decide_closes(&balance, &output.local(at)));
    }
    Ok(())
}

fn next_renewal(next: &NextRenewal, output: &Output) -> String {
    let (at, fee) = (output.local(next.at), usd(next.fee.amount));
    match next.outcome {
        Outcome::Card => cli::decide_next_by_card(&at, &fee),
        Outcome::Credits => cli::decide_next_from_credits(&at, &fee),
        Outcome::Unpaid => cli::decide_next_unpaid(&at, &fee),
    }
}

/// Prints what a pause changes: credits that expire, the allowance, and prices.
fn print_prices(view: &PauseView, app: &App, output: &Output) -> Result<(), AppError> {
    let asset = asset(app)?;
    if let Some(expires) = &view.expires {
        let (amount, at) = (money(expires.amount, &asset), output.local(expires.at));
        output.print_line(&cli::decide_expires(&amount, &at));
    }
    if let Some(amount) = view.allowance {
        output.print_line(&cli::decide_allowance_falls(&money(amount, &asset)));
    }
    let names = app.names();
    for price in &view.prices {
        let (after, before) = (money(price.after, &asset), money(price.before, &asset));
        output.print_line(&cli::decide_price(
            &after,
            &before,
            &names.service(&price.service),
        ));
    }
    Ok(())
}
