//! The next renewal: what it does with each payer first, and choosing between them.

use std::process::ExitCode;

use boothkeeper_app::domain::Asset;
use boothkeeper_app::domain::account::{Payer, PaymentOrder};
use boothkeeper_app::domain::billing::forecast::{Outcome, Preview};
use boothkeeper_app::plan::RenewalPreview;
use boothkeeper_app::{App, AppError};
use boothkeeper_messages::problems::PROBLEMS;
use boothkeeper_messages::{cli, money, plan, usd};
use clap::{Args, Subcommand, ValueEnum};

use super::print_warnings;
use crate::commands::balance::asset;
use crate::commands::send::send;
use crate::folder::Folder;
use crate::output::Output;

/// What the next renewal does, and who pays it.
#[derive(Debug, Args)]
pub struct Renewal {
    #[command(subcommand)]
    command: RenewalCommand,
}

#[derive(Debug, Subcommand)]
enum RenewalCommand {
    /// What happens with each payer first.
    Preview,
    /// Choose who pays first.
    Set {
        order: Order,
        /// The other one never pays.
        #[arg(long)]
        no_fallback: bool,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Order {
    CardFirst,
    CreditsFirst,
}

impl Renewal {
    pub fn run(self, folder: &Folder, output: &Output) -> Result<ExitCode, AppError> {
        folder.with_app(output, async |app| match self.command {
            RenewalCommand::Preview => {
                let view = app.plan().renewal_preview()?;
                match output.json() {
                    true => output.print_document(&view),
                    false => print(&view, app, output)?,
                }
                Ok(ExitCode::SUCCESS)
            }
            RenewalCommand::Set { order, no_fallback } => {
                app.session().require_signed_in()?;
                let order = PaymentOrder {
                    first: match order {
                        Order::CardFirst => Payer::Card,
                        Order::CreditsFirst => Payer::Credits,
                    },
                    fallback: !no_fallback,
                };
                let queued = app.plan().set_payment_order(order)?;
                send(app, &queued.id, output).await
            }
        })
    }
}

fn print(view: &RenewalPreview, app: &App, output: &Output) -> Result<(), AppError> {
    let (Some(at), Some(fee)) = (view.at, &view.fee) else {
        let subscription = app.plan().subscription()?;
        if subscription.payment_pending.is_none() && subscription.due_now.is_none() {
            output.print_line(&plan::no_renewal_sentence());
        }
        return print_warnings(&subscription, app, output);
    };
    let asset = asset(app)?;
    let (at, zone) = (output.local(at), output.zone().name());
    output.print_line(&cli::renewal_fee(&at, &usd(fee.amount), zone));
    let first = app.plan().subscription()?.payment_order.first;
    for (payer, preview) in [
        (Payer::Card, &view.card_first),
        (Payer::Credits, &view.credits_first),
    ] {
        let name = match (payer, payer == first) {
            (Payer::Card, false) => cli::renewal_card_first(),
            (Payer::Card, true) => cli::renewal_card_first_set(),
            (Payer::Credits, false) => cli::renewal_credits_first(),
            (Payer::Credits, true) => cli::renewal_credits_first_set(),
        };
        let Some(preview) = preview else {
            let refusal = PROBLEMS.name("credits_cannot_pay_fees");
            output.print_line(&format!("  {name:<22} {refusal}"));
            continue;
        };
        output.print_line(&format!("  {name:<22} {}", outcome(preview, &asset)));
        if let Some(declined) = &preview.if_declined {
            let declined = cli::renewal_if_declined(&outcome(declined, &asset));
            output.print_line(&format!("    {declined}"));
        }
    }
    Ok(())
}

/// What a renewal does, as a list: who pays, how the balance changes, and an auto-recharge that follows.
fn outcome(preview: &Preview, asset: &Asset) -> String {
    let (before, after) = (
        money(preview.balance_before, asset),
        money(preview.balance_after, asset),
    );
    let parts = [
        match preview.outcome {
            Outcome::Card => Some(cli::renewal_card(&usd(preview.card))),
            Outcome::Credits => None,
            Outcome::Unpaid => Some(cli::renewal_unpaid()),
        },
        Some(match preview.balance_before == preview.balance_after {
            true => cli::renewal_credits_stay(&after),
            false => cli::renewal_credits_move(&after, &before),
        }),
        preview
            .expires
            .map(|amount| cli::renewal_expires(&money(amount, asset))),
        preview
            .allowance
            .map(|amount| cli::renewal_allowance(&money(amount, asset))),
    ];
    let parts = parts.into_iter().flatten().collect::<Vec<_>>().join(", ");
    match &preview.auto_recharge {
        Some(recharge) => {
            let (after, amount) = (
                money(recharge.balance_after, asset),
                money(recharge.amount, asset),
            );
            format!("{parts}; {}", cli::renewal_auto_recharge(&after, &amount))
        }
        None => parts,
    }
}
