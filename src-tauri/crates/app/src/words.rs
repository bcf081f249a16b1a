//! The few words that both native shells say: terminal, notification and calendar. The page has its own.

use boothkeeper_domain::deadlines::DeadlineCode;
use boothkeeper_domain::{Amount, Asset};

/// A code's name, as in JSON.
pub const fn name(code: DeadlineCode) -> &'static str {
    match code {
        DeadlineCode::GraceEnd => "grace_end",
        DeadlineCode::CancelledPeriodEnd => "cancelled_period_end",
        DeadlineCode::Renewal => "renewal",
        DeadlineCode::CancelBy => "cancel_by",
        DeadlineCode::CardExpiry => "card_expiry",
        DeadlineCode::AllowanceRefresh => "allowance_refresh",
        DeadlineCode::GrantExpiry => "grant_expiry",
    }
}

pub const fn deadline(code: DeadlineCode) -> &'static str {
    match code {
        DeadlineCode::GraceEnd => "Account closes, its credits are deleted",
        DeadlineCode::CancelledPeriodEnd => "Cancelled plan ends, grace begins",
        DeadlineCode::Renewal => "Plan renews",
        DeadlineCode::CancelBy => "Last moment to cancel before the renewal",
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
