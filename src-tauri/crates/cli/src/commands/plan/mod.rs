//! The plan: what it is, and the verbs that change it.

mod buy;
mod change;
mod decide;
mod renewal;
pub mod state;

use std::process::ExitCode;

use boothkeeper_app::domain::account::{Life, Payer};
use boothkeeper_app::domain::billing::forecast::Outcome;
use boothkeeper_app::domain::billing::plan::Target;
use boothkeeper_app::domain::calendar::Cycle;
use boothkeeper_app::plan::{NextRenewal, SubscriptionView};
use boothkeeper_app::{Action, App, AppError};
use boothkeeper_messages::{cli, money, plan, usd};
use clap::{Args, Subcommand, ValueEnum};

pub use buy::{AutoRecharge, Buy};
pub use change::{Cancel, Coupon, Pause, PayNow, Resume};
pub use renewal::Renewal;

use super::balance::{asset, trust};
use crate::folder::Folder;
use crate::output::Output;
use state::{name, print_warnings};

/// The plan, its period, who pays, and the next renewal.
#[derive(Debug, Args)]
pub struct Plan {
    #[command(subcommand)]
    command: Option<PlanCommand>,
}

#[derive(Debug, Subcommand)]
enum PlanCommand {
    /// Change the plan or its cycle; what it costs is charged to the card.
    Set {
        plan: String,
        #[arg(value_enum)]
        cycle: Option<CycleName>,
        /// Redeem a coupon with it.
        #[arg(long)]
        coupon: Option<String>,
        /// Do not ask before it charges the card or deletes events.
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum CycleName {
    Monthly,
    Annual,
}

impl Plan {
    pub fn run(self, folder: &Folder, output: &Output) -> Result<ExitCode, AppError> {
        folder.with_app(output, async |app| match self.command {
            None => {
                let view = app.plan().subscription()?;
                match output.json() {
                    true => output.print_document(&view),
                    false => print(&view, app, output)?,
                }
                Ok(ExitCode::SUCCESS)
            }
            Some(PlanCommand::Set {
                plan,
                cycle,
                coupon,
                yes,
            }) => {
                let cycle = cycle.map(|cycle| match cycle {
                    CycleName::Monthly => Cycle::Monthly,
                    CycleName::Annual => Cycle::Annual,
                });
                let target = Target {
                    plan: app.names().plan_code(&plan),
                    cycle,
                    coupon,
                };
                decide::decide(app, Action::ChangePlan(target), yes, output).await
            }
        })
    }
}

fn print(view: &SubscriptionView, app: &App, output: &Output) -> Result<(), AppError> {
    let asset = asset(app)?;
    let name = name(&app.names(), &view.plan, view.cycle);
    output.print_line(&match view.state {
        Life::Active => cli::plan_active(&name),
        Life::Grace => cli::plan_grace(&name),
        Life::Closed => cli::plan_closed(&name),
    });
    let indented = |text: String| output.print_line(&format!("  {text}"));
    if let Some(period) = view.period {
        let (from, to) = (output.local(period.start), output.local(period.end));
        indented(cli::plan_paid_period(&from, &to, output.zone().name()));
    }
    if let Some(at) = view.cancel_at {
        indented(cli::plan_cancelled(&output.local(at)));
    }
    print_warnings(view, app, output)?;
    let order = view.payment_order;
    indented(match (order.first, order.fallback) {
        (Payer::Card, true) => cli::plan_card_then_credits(),
        (Payer::Card, false) => cli::plan_card_only(),
        (Payer::Credits, true) => cli::plan_credits_then_card(),
        (Payer::Credits, false) => cli::plan_credits_only(),
    });
    if let Some(card) = &view.card {
        let until = output.local(card.expires);
        indented(cli::plan_card(&card.brand, &card.last4, &until));
    }
    let terms = &view.auto_recharge;
    if let (true, Some(at), Some(amount)) = (terms.enabled, terms.at, terms.amount) {
        let (amount, at) = (money(amount, &asset), money(at, &asset));
        indented(cli::plan_auto_recharge(&amount, &at));
    }
    match &view.next_renewal {
        Some(next) => {
            let after = money(next.balance_after, &asset);
            indented(next_renewal(next, &after, output));
        }
        // The warnings printed above say why no renewal is coming.
        None if view.payment_pending.is_some() || view.due_now.is_some() => {}
        None => indented(plan::no_renewal()),
    }
    indented(trust(&app.balance().view()?, output));
    Ok(())
}

fn next_renewal(next: &NextRenewal, after: &str, output: &Output) -> String {
    let (at, fee) = (output.local(next.at), usd(next.fee.amount));
    match next.outcome {
        Outcome::Card => cli::plan_next_by_card(after, &at, &fee),
        Outcome::Credits => cli::plan_next_from_credits(after, &at, &fee),
        Outcome::Unpaid => cli::plan_next_unpaid(&at, &fee),
    }
}
