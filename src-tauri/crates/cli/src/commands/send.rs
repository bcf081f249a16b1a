//! Sends an action of the operator at once, and prints an action with its result.

use std::process::ExitCode;

use boothkeeper_app::domain::account::Payer;
use boothkeeper_app::domain::{Amount, Asset, Timestamp};
use boothkeeper_app::names::CatalogNames;
use boothkeeper_app::outbox::{CommandView, OutboxState};
use boothkeeper_app::{App, AppError, Code};
use boothkeeper_messages::cli::CLI_FACT;
use boothkeeper_messages::outbox::{self, OUTBOX_COMMAND, OUTBOX_STATE};
use boothkeeper_messages::problems::PROBLEMS;
use boothkeeper_messages::{cli, money, readable, shared, usd};
use serde_json::Value;

use super::plan::state::{self as plan, print_account_state};
use crate::output::{Output, exit};

/// Syncs before a preview, so that it shows the cloud's current state. Without a network the local copy stays as it is.
pub async fn refresh(app: &App) -> Result<(), AppError> {
    app.session().require_signed_in()?;
    match app.session().sync_once().await {
        Err(error) if !error.is_transient() => Err(error),
        _ => Ok(()),
    }
}

/// Tries to send a queued action at once, and prints its result. An action that waits for the network stays queued,
/// which is a success. One that cannot be sent for another reason is taken back, so that it is not sent by surprise
/// later.
pub async fn send(app: &App, id: &str, output: &Output) -> Result<ExitCode, AppError> {
    let sent = app.session().sync_once().await;
    let command = app.outbox().get(id)?;
    // The sync may have failed to send another action: the result of action `id` is read from its own state.
    let sent = match sent {
        Ok(synced) if command.problem.is_some() => synced.unsent.map_or(Ok(()), Err),
        Ok(_) => Ok(()),
        Err(_) if !command.open => Ok(()),
        Err(error) => Err(error),
    };
    let locked = sent.as_ref().is_err_and(|error| error.code == Code::Locked);
    if let Err(error) = sent
        && !error.is_transient()
    {
        if command.state == OutboxState::Queued {
            app.outbox().cancel(id)?;
            return Err(error);
        }
        // The cloud may have done the action: print what is known of it, and exit with the error's code.
        print_command(&command, app, output);
        return Ok(exit(error.code));
    }
    print_command(&command, app, output);
    if locked && command.open {
        output.note(cli::decide_sent_by_other);
    }
    print_account_state(app, output)?;
    Ok(match command.state.is_refused() {
        true => exit(Code::Refused),
        false => ExitCode::SUCCESS,
    })
}

/// How amounts and plans of actions are written.
pub struct Wording {
    /// The unit of amounts. Signed out or never synced, it is unknown, and they are left out.
    asset: Option<Asset>,
    names: CatalogNames,
}

impl Wording {
    pub fn of(app: &App) -> Self {
        Wording {
            asset: app.balance().view().ok().and_then(|view| view.asset),
            names: app.names(),
        }
    }
}

pub fn print_command(command: &CommandView, app: &App, output: &Output) {
    if output.json() {
        return output.print_document(command);
    }
    print_line(command, &Wording::of(app), output);
}

pub fn print_line(command: &CommandView, wording: &Wording, output: &Output) {
    let asset = wording.asset.as_ref();
    let columns = [
        Some(state(command)),
        problem(command, asset, output),
        reach_by(command, output),
        now(command),
    ];
    let columns: Vec<_> = columns.into_iter().flatten().collect();
    output.print_line(&format!(
        "{}  {:<34}  {}",
        command.id,
        title(command, asset, &wording.names),
        columns.join("  ")
    ));
}

/// What the action asks the cloud for.
fn title(command: &CommandView, asset: Option<&Asset>, names: &CatalogNames) -> String {
    if let Some((amount, asset)) = command.amount.zip(asset) {
        return shared::buy_now(&money(amount, asset));
    }
    if let Some(on) = command.enabled {
        return match on {
            true => outbox::auto_recharge_on(),
            false => outbox::auto_recharge_off(),
        };
    }
    if let Some(plan) = &command.plan {
        return outbox::change_plan(&plan::name(names, plan, command.cycle));
    }
    if let Some(order) = command.payment_order {
        return match order.first {
            Payer::Card => outbox::card_first(),
            Payer::Credits => outbox::credits_first(),
        };
    }
    if let Some(method) = command.method {
        return match method {
            Payer::Card => cli::outbox_pay_by_card(),
            Payer::Credits => cli::outbox_pay_from_credits(),
        };
    }
    match &command.coupon {
        Some(coupon) => outbox::redeem_coupon(coupon),
        None => OUTBOX_COMMAND.name(command.kind.name()),
    }
}

fn state(command: &CommandView) -> String {
    match command.state {
        OutboxState::Unknown if command.withdrawn => outbox::withdrawn_open(),
        OutboxState::Applied | OutboxState::Settled if command.withdrawn => {
            outbox::withdrawn_too_late()
        }
        state => OUTBOX_STATE.name(state.name()),
    }
}

/// Why the cloud refused the action, with the figures that it gave.
fn problem(command: &CommandView, asset: Option<&Asset>, output: &Output) -> Option<String> {
    let problem = command.problem.map(|code| PROBLEMS.name(code.name()));
    let figures = command
        .facts
        .as_ref()
        .and_then(|facts| figures(facts, asset, output));
    let figures = figures.map(|figures| format!("{}.", readable(&figures)));
    let parts: Vec<_> = [problem, figures].into_iter().flatten().collect();
    Some(parts.join(" ")).filter(|text| !text.is_empty())
}

/// The figures of a refusal, each after its name. Numbers are amounts in the account's unit, texts are points in time.
fn figures(facts: &Value, asset: Option<&Asset>, output: &Output) -> Option<String> {
    let facts = facts.as_object()?.iter();
    let figures = facts.filter_map(|(name, value)| {
        let amount = value.as_i64().and_then(|minor| Amount::new(minor).ok());
        let amount = amount.zip(asset);
        let amount = amount.map(|(amount, asset)| money(amount, asset));
        let at = || value.as_str()?.parse::<Timestamp>().ok();
        let text = amount.or_else(|| at().map(|at| output.local(at)))?;
        Some(format!("{} {text}", CLI_FACT.name(name)))
    });
    let figures: Vec<_> = figures.collect();
    Some(figures.join(", ")).filter(|text| !text.is_empty())
}

/// Until when a queued action must have reached the cloud.
fn reach_by(command: &CommandView, output: &Output) -> Option<String> {
    let limit = command
        .not_after
        .filter(|_| command.state == OutboxState::Queued)?;
    Some(outbox::reach_by(&output.local(limit)))
}

/// What the action would do now, if that has become worse than what was confirmed.
fn now(command: &CommandView) -> Option<String> {
    let quote = command.quote.as_ref()?;
    let charge = quote.charge.as_ref();
    let charges = charge.map(|charge| cli::outbox_now_charges(&usd(charge.amount)));
    let destroys = (!quote.destroyed.is_empty())
        .then(|| cli::outbox_now_destroys(&quote.destroyed.join(", ")));
    let parts: Vec<_> = [charges, destroys].into_iter().flatten().collect();
    Some(parts.join(" ")).filter(|text| !text.is_empty())
}
