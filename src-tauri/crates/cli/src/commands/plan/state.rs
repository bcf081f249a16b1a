//! What is printed after every command that changes the account: its new state, and warnings about the plan.

use boothkeeper_app::domain::account::Life;
use boothkeeper_app::domain::billing::plan::Target;
use boothkeeper_app::domain::calendar::Cycle;
use boothkeeper_app::names::CatalogNames;
use boothkeeper_app::plan::SubscriptionView;
use boothkeeper_app::{App, AppError};
use boothkeeper_messages::shared::{SHARED_PLAN, SharedPlanArguments};
use boothkeeper_messages::{cli, code, money, usd};

use crate::commands::balance::{self, asset};
use crate::output::Output;

/// The name of a plan with its billing cycle: `Basic monthly`.
pub fn name(names: &CatalogNames, plan: &str, cycle: Option<Cycle>) -> String {
    let plan = names.plan(plan);
    let given = SharedPlanArguments {
        plan: Some(plan.clone()),
    };
    let named = cycle.and_then(|cycle| SHARED_PLAN.text_with(&code(&cycle), &(&given).into()));
    named.unwrap_or(plan)
}

/// Prints the balance and warnings about the plan after an action. Prints nothing with `--json`.
pub fn print_account_state(app: &App, output: &Output) -> Result<(), AppError> {
    if output.json() {
        return Ok(());
    }
    balance::print(&app.balance().view()?, output);
    print_warnings(&app.plan().subscription()?, app, output)
}

/// Prints what the operator must not miss: a requested change of plan, a charge without an answer, grace, the closing.
pub fn print_warnings(view: &SubscriptionView, app: &App, output: &Output) -> Result<(), AppError> {
    let asset = asset(app)?;
    let indented = |text: String| output.print_line(&format!("  {text}"));
    if let Some(target) = &view.requested {
        indented(requested(target, view, &app.names(), output));
    }
    if let Some(since) = view.payment_pending {
        indented(cli::plan_payment_pending(&output.local(since)));
    }
    if let (Some(due), None) = (&view.due_now, view.payment_pending) {
        indented(cli::plan_due(&usd(due.amount)));
    }
    if let Some(at) = view.closes_at {
        let at = output.local(at);
        indented(match app.balance().view()?.balance {
            Some(balance) => cli::plan_closes(&money(balance, &asset), &at),
            None => cli::plan_closes_all(&at),
        });
    }
    Ok(())
}

/// A sentence with the plan that was asked for, and when it begins.
fn requested(
    target: &Target,
    view: &SubscriptionView,
    names: &CatalogNames,
    output: &Output,
) -> String {
    let plan = name(names, &target.plan, target.cycle);
    let begins = view.period.filter(|_| view.state == Life::Active);
    let begins = begins.map(|period| output.local(period.end));
    match (begins, &target.coupon) {
        (Some(at), None) => cli::plan_requested(&at, &plan),
        (Some(at), Some(coupon)) => cli::plan_requested_coupon(&at, coupon, &plan),
        (None, None) => cli::plan_requested_once_paid(&plan),
        (None, Some(coupon)) => cli::plan_requested_once_paid_coupon(coupon, &plan),
    }
}
