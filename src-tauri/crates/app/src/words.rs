//! The few words that both native shells say: terminal, notification and calendar. The page has its own.

use boothkeeper_domain::billing::forecast::Outcome;
use boothkeeper_domain::deadlines::DeadlineCode;
use boothkeeper_domain::disputes::DisputeKind;
use boothkeeper_domain::findings::CauseCode;
use boothkeeper_domain::{Amount, Asset, Bucket};

use crate::balance::PendingKind;
use crate::deadlines::DeadlineView;

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
        DeadlineCode::DisputeReply => "Support's reply to a dispute is expected",
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
    let fee = fee.map_or("the fee".to_owned(), |fee| money(fee.amount, &Asset::usd()));
    let stake = deadline.credits_at_risk.zip(asset);
    let stake = stake.map(|(amount, asset)| money(amount, asset) + " in credits");
    let stake = |otherwise: &str| stake.clone().unwrap_or_else(|| otherwise.to_owned());
    match (deadline.code, deadline.outcome) {
        (DeadlineCode::Renewal, Some(Outcome::Card)) => format!("The card pays {fee}."),
        (DeadlineCode::Renewal, Some(Outcome::Credits)) => format!("Credits pay {fee}."),
        (DeadlineCode::Renewal, Some(Outcome::Unpaid)) => {
            format!("Nobody will pay {fee}: grace begins.")
        }
        (DeadlineCode::Renewal, None) => "The plan renews.".to_owned(),
        (DeadlineCode::CancelBy, _) => format!("After it the renewal is paid: {fee}."),
        (DeadlineCode::PaymentRetry, _) => {
            format!("Again {fee} is asked for. Grace runs: pay, or pause.")
        }
        (DeadlineCode::GraceEnd, _) => {
            format!(
                "{} are deleted. Pay, resume or pause before.",
                stake("All credits")
            )
        }
        (DeadlineCode::CancelledPeriodEnd, _) => {
            format!("Grace begins; {} are at stake.", stake("all credits"))
        }
        (DeadlineCode::CardExpiry, _) => "Renewals and auto-recharge need another card.".to_owned(),
        (DeadlineCode::AllowanceRefresh, _) => match deadline.credits_at_risk {
            Some(_) => format!("{} of the old month's allowance go.", stake("What is left")),
            None => "The month's allowance comes.".to_owned(),
        },
        (DeadlineCode::GrantExpiry, _) => format!("{} go unused.", stake("Credits")),
        (DeadlineCode::DisputeReply, _) => "If none comes by then, write to them again.".to_owned(),
    }
}

/// Under everything that is of an imported history.
pub const IMPORTED: &str = "This history was imported by the operator. No cloud has verified it.";

pub const fn cause(code: CauseCode) -> &'static str {
    match code {
        CauseCode::Purchase => "Credits bought",
        CauseCode::AutoRecharge => "Auto-recharge",
        CauseCode::Allowance => "Monthly allowance",
        CauseCode::Bonus => "Bonus",
        CauseCode::CouponBonus => "Coupon bonus",
        CauseCode::Compensation => "Compensation from support",
        CauseCode::Usage => "Runs",
        CauseCode::RunRefunded => "Refunds of runs",
        CauseCode::RenewalPaidFromCredits => "Plan renewed from credits",
        CauseCode::Expiry => "Credits expired",
        CauseCode::AccountClosed => "Account closed, credits deleted",
        CauseCode::GivenBack => "Given back",
        CauseCode::Reversal => "Taken back",
        CauseCode::BroughtForward => "Balance before this history, assumed",
        CauseCode::Adjustment => "Adjusted by support, with a reason",
        CauseCode::Unexplained => "No cause on record",
    }
}

/// A kind of entry as one reads it.
pub fn kind(name: &str) -> String {
    let text = name.replace('_', " ");
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}

pub const fn bucket(bucket: Bucket) -> &'static str {
    match bucket {
        Bucket::Allowance => "Monthly allowance",
        Bucket::Bonus => "Bonus",
        Bucket::Purchased => "Purchased",
    }
}

pub const fn pending(kind: PendingKind) -> &'static str {
    match kind {
        PendingKind::Purchase => "Pending purchase",
        PendingKind::AutoRecharge => "Pending auto-recharge",
        PendingKind::CouponBonus => "Pending coupon",
    }
}

pub const fn dispute(kind: DisputeKind) -> &'static str {
    match kind {
        DisputeKind::PurchaseMissing => "A purchase that did not arrive",
        DisputeKind::FailedRun => "A failed run that was charged",
        DisputeKind::PoorResult => "A run with a poor result",
        DisputeKind::UnexpectedDeduction => "A deduction nobody expected",
        DisputeKind::CouponBonusMissing => "A coupon's bonus that is missing",
        DisputeKind::AllowanceWrong => "A monthly allowance that is wrong",
        DisputeKind::LegacyMismatch => "Legacy credits that do not match",
        DisputeKind::PlanChange => "A change of plan that did not happen",
        DisputeKind::AccountClosed => "An account that was closed",
        DisputeKind::SpecialPricing => "Special pricing for education or charity",
        DisputeKind::Other => "Something else",
    }
}

/// Whether a sentence has a place where something should stand and nothing does.
#[cfg(test)]
pub fn has_hole(text: &str) -> bool {
    let holes = ["  ", " .", " ,", " :", " ;", "()", ": .", ", ,"];
    holes.iter().any(|hole| text.contains(hole)) || text.starts_with([' ', '.', ',', ':'])
}

#[cfg(test)]
mod tests {
    use boothkeeper_domain::Timestamp;

    use super::*;

    #[test]
    fn deadline_without_its_figures_is_a_whole_sentence() {
        let codes = [
            DeadlineCode::GraceEnd,
            DeadlineCode::CancelledPeriodEnd,
            DeadlineCode::Renewal,
            DeadlineCode::CancelBy,
            DeadlineCode::PaymentRetry,
            DeadlineCode::CardExpiry,
            DeadlineCode::AllowanceRefresh,
            DeadlineCode::GrantExpiry,
            DeadlineCode::DisputeReply,
        ];
        for code in codes {
            for outcome in [
                None,
                Some(Outcome::Card),
                Some(Outcome::Credits),
                Some(Outcome::Unpaid),
            ] {
                for at_risk in [None, Some(Amount::of(500))] {
                    let view = DeadlineView {
                        code,
                        at: Timestamp::from_millis(0),
                        credits_at_risk: at_risk,
                        fee: None,
                        outcome,
                        tiers: vec![],
                    };
                    let asset = Asset::usd();
                    for asset in [None, Some(&asset)] {
                        let text = detail(&view, asset);
                        assert!(!has_hole(&text), "{code:?}: {text}");
                    }
                }
            }
        }
    }
}
