//! Verbs that decide something: what they do is said first, what they charge or destroy is asked for, and what became
//! of it is said last.

use std::process::ExitCode;

use boothkeeper_app::domain::Amount;
use boothkeeper_app::domain::billing::Refusal;
use boothkeeper_app::{Action, App, AppError, Code};

use crate::output::{self, Output};
use crate::unit;

/// Buys credits on the card on file.
pub async fn buy(
    app: &App,
    amount: Amount,
    yes: bool,
    output: &Output,
) -> Result<ExitCode, AppError> {
    freshen(app).await?;
    let preview = app.plan().buy_preview(amount)?;
    if preview.closed {
        return Err(AppError::foreseen(&Refusal::AccountClosed));
    }
    output.purchase(&preview, app)?;
    if !yes && !output.confirm() {
        return Ok(output.not_confirmed(&preview));
    }
    send(app, &app.plan().buy_credits(amount)?.id, output).await
}

/// Switching it on is a word for every purchase it will make.
pub async fn set_auto_recharge(
    app: &App,
    on: bool,
    yes: bool,
    output: &Output,
) -> Result<ExitCode, AppError> {
    freshen(app).await?;
    let terms = app.plan().subscription()?.auto_recharge;
    if on && !terms.enabled && terms.amount.is_some() {
        output.recharges(&terms, app)?;
        if !yes && !output.confirm() {
            return Ok(output.not_confirmed(&terms));
        }
    }
    send(app, &app.plan().set_auto_recharge(on)?.id, output).await
}

/// Shows what a change does and has it done: as seen, or not at all. What charges or destroys something is done only
/// with a word for it.
pub async fn decide(
    app: &App,
    action: Action,
    yes: bool,
    output: &Output,
) -> Result<ExitCode, AppError> {
    freshen(app).await?;
    decide_on(app, action, yes, output).await
}

/// The same on the copy as it is.
pub async fn decide_on(
    app: &App,
    action: Action,
    yes: bool,
    output: &Output,
) -> Result<ExitCode, AppError> {
    app.outbox().may_decide(&action)?;
    let foreseen = app.plan().foresee(&action)?;
    output.foreseen(&foreseen, app)?;
    let free = app.plan().free_plan()?.code;
    if matches!(&action, Action::ChangePlan(target) if target.plan == free) {
        output.prices(&app.plan().pause_preview()?, app)?;
    }
    let quote = foreseen.quote;
    // A cancelled plan ends in closing, which deletes every credit.
    let asks = quote.needs_seeing() || action == Action::Cancel;
    if asks && !yes && !output.confirm() {
        return Ok(output.not_confirmed(&quote));
    }
    let queued = app.plan().decide(&action, quote)?;
    send(app, &queued.id, output).await
}

/// What is shown is what the cloud says now, where it can be asked.
pub async fn freshen(app: &App) -> Result<(), AppError> {
    app.session().signed_in()?;
    match app.session().sync_once().await {
        Err(error) if !error.is_transient() => Err(error),
        _ => Ok(()),
    }
}

/// Tries to send at once. What waits for the network stays queued, and that is a success. What cannot be
/// sent for another reason is taken back: it is not to surprise anybody later.
pub async fn send(app: &App, id: &str, output: &Output) -> Result<ExitCode, AppError> {
    let sent = app.session().sync_once().await;
    let command = app.outbox().get(id)?;
    // What could not be sent may be another action: this one is judged by what became of it.
    let sent = match sent {
        Ok(synced) if command.problem.is_some() => synced.unsent.map_or(Ok(()), Err),
        Ok(_) => Ok(()),
        Err(_) if !command.open => Ok(()),
        Err(error) => Err(error),
    };
    let held = sent.as_ref().is_err_and(|error| error.code == Code::Locked);
    if let Err(error) = sent
        && !error.is_transient()
    {
        if command.state == "queued" {
            app.outbox().cancel(id)?;
            return Err(error);
        }
        // It may have happened: what is known of it is said, with the error's exit code.
        output.command(&command, unit(app).as_ref());
        return Ok(output::exit(error.code));
    }
    output.command(&command, unit(app).as_ref());
    if held && command.open {
        output.note("Another Boothkeeper on this computer keeps this copy, and sends it.");
    }
    output.standing(app)?;
    Ok(match command.state.as_str() {
        "rejected" | "needs_decision" => output::exit(Code::Refused),
        _ => ExitCode::SUCCESS,
    })
}
