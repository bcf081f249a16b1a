//! The few words that both native shells say: terminal, notification and calendar. The page has its own.

use boothkeeper_domain::billing::forecast::Outcome;
use boothkeeper_domain::deadlines::DeadlineCode;
use boothkeeper_domain::{Amount, Asset};

use crate::views::DeadlineView;

pub const fn deadline(code: DeadlineCode) -> &'static str {
    match code {
        DeadlineCode::GraceEnd => "Account closes, its credits are deleted",
        DeadlineCode::CancelledPeriodEnd => "Cancelled plan ends, grace begins",
        DeadlineCode::Renewal => "Plan renews",
        DeadlineCode::CancelBy => "Last moment to cancel before the renewal",
        DeadlineCode::PaymentRetry => "Unpaid fee is tried again",
        DeadlineCode::CardExpiry => "Card expires",
        DeadlineCode::AllowanceRefresh => "Monthly allowance refreshes",
        DeadlineCode::GrantExpiry => "Credits expire",
    }
}

/// A span of time as one says it: days, else hours, else minutes.
pub fn span(millis: i64) -> String {
    let (minutes, hours) = (millis / 60_000, millis / 3_600_000);
    let (count, unit) = match hours {
        48.. => (hours / 24, "day"),
        2.. => (hours, "hour"),
        _ => (minutes, "minute"),
    };
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{plural}")
}

/// An amount in its unit: `$142.35`, or `540` where credits are counted.
pub fn money(amount: Amount, asset: &Asset) -> String {
    let unit = if asset.code == "USD" { "$" } else { "" };
    let text = asset.decimal(amount).to_string();
    match text.strip_prefix('-') {
        Some(rest) => format!("-{unit}{rest}"),
        None => format!("{unit}{text}"),
    }
}

/// What a deadline brings, in money.
pub fn detail(deadline: &DeadlineView, asset: Option<&Asset>) -> String {
    let fee = deadline.fee.as_ref();
    let fee = fee.map_or(String::new(), |fee| money(fee.amount, &Asset::usd()));
    let stake = deadline.credits_at_risk.zip(asset);
    let stake = stake.map_or(String::new(), |(amount, asset)| money(amount, asset));
    match (deadline.code, deadline.outcome) {
        (DeadlineCode::Renewal, Some(Outcome::Card)) => format!("{fee} by card."),
        (DeadlineCode::Renewal, Some(Outcome::Credits)) => format!("{fee} from credits."),
        (DeadlineCode::Renewal, _) => format!("Nobody will pay {fee}: grace begins."),
        (DeadlineCode::CancelBy, _) => format!("After it the renewal of {fee} is paid."),
        (DeadlineCode::PaymentRetry, _) => {
            format!("{fee} is asked for again. Grace runs: pay, or pause.")
        }
        (DeadlineCode::GraceEnd, _) => {
            format!("{stake} in credits are deleted. Pay, resume or pause before.")
        }
        (DeadlineCode::CancelledPeriodEnd, _) => {
            format!("Grace begins; {stake} in credits are at stake.")
        }
        (DeadlineCode::CardExpiry, _) => "Renewals and auto-recharge need another card.".to_owned(),
        (DeadlineCode::AllowanceRefresh, _) => {
            "What is left of the month's allowance goes.".to_owned()
        }
        (DeadlineCode::GrantExpiry, _) => format!("{stake} in credits go unused."),
    }
}
