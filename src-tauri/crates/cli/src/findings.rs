//! Findings as sentences, each with the one next step as a command.

use boothkeeper_app::Zone;
use boothkeeper_app::domain::findings::{Finding, FindingCode, NextStep};
use boothkeeper_app::domain::{Asset, Timestamp};
use boothkeeper_app::words::money;

/// What a finding says; of what had not happened, up to when that is known.
pub fn sentence(finding: &Finding, asset: &Asset, zone: &Zone) -> String {
    let amount = finding.amount.map_or(String::new(), |a| money(a, asset));
    let charge = finding.charge.as_ref();
    let charge = charge.map_or(String::new(), |charge| money(charge.amount, &Asset::usd()));
    let local = |at: Option<Timestamp>| at.map_or(String::new(), |at| zone.local(at).to_string());
    let (at, until) = (local(finding.at), local(finding.deadline));
    let rows = finding.entries.len();
    let said = match finding.code {
        FindingCode::RenewalPaidFromCredits => {
            let why = match rows {
                0 | 1 => "as set",
                _ => "after the card was declined",
            };
            format!("{amount} paid the renewal of {at} from credits, {why}.")
        }
        FindingCode::PurchaseProcessing => format!("{amount} bought {at} are on their way."),
        FindingCode::PurchaseOverdue => format!("{amount} bought {at} were due by {until}."),
        FindingCode::RunFailedNotRefunded => {
            format!("A run failed {at}; its {amount} have not come back.")
        }
        FindingCode::RunRefunded => format!("{amount} of a run came back {at}."),
        FindingCode::CouponBonusPending => format!("A coupon's {amount} wait to be activated."),
        FindingCode::CouponBonusOverdue => {
            format!("A coupon's {amount} should have been activated by {until}.")
        }
        FindingCode::PlanChangePending => format!("The change of plan takes effect {until}."),
        FindingCode::PlanChangeOverdue => {
            format!("The change of plan was due {until} and has not happened.")
        }
        FindingCode::AllowanceNotDueYet => {
            format!("The month's {amount} come {until}, the billing day.")
        }
        FindingCode::AllowanceMissing => {
            format!("The month's {amount} were due {until} and are not here.")
        }
        FindingCode::AllowanceMismatch => {
            format!("This month's allowance differs by {amount} from plan and products.")
        }
        FindingCode::DailyLimitReached => {
            format!("Today's limit of {amount} is used up. It resets {until}.")
        }
        FindingCode::RepeatedRuns => {
            format!("{rows} equal runs, several in one second, took {amount} from {at} on.")
        }
        FindingCode::PremiumSpike => {
            format!("{rows} dear runs took {amount}, more than all the others.")
        }
        FindingCode::AutoRechargeFired => format!("Auto-recharge bought {amount} {at}."),
        FindingCode::AutoRechargeFailed => format!("Auto-recharge failed {at} and is off."),
        FindingCode::AutoRechargeExpected => {
            format!("After the renewal {until} auto-recharge will buy {amount}.")
        }
        FindingCode::CardDeclined => {
            format!("A try to pay the fee of {charge} failed {at}.")
        }
        FindingCode::ChargedToCard => format!("The card paid {charge} {at}."),
        FindingCode::ChargedTwice => {
            format!("{charge} was charged {at} for what had been paid already.")
        }
        FindingCode::CardExpiring => format!("The card on file is good until {until}."),
        FindingCode::CancelLeadsToClosure => {
            format!("The plan is cancelled: {until} the account closes and {amount} are deleted.")
        }
        FindingCode::GraceRunning => {
            format!("Grace runs until {until}; then {amount} are deleted.")
        }
        FindingCode::AccountClosed => "The account is closed.".to_owned(),
        FindingCode::LowRunway => {
            format!("At this pace the credits end {until}, about {amount} short.")
        }
        FindingCode::Unexplained => format!("{amount} {at} have no cause on record."),
        FindingCode::Diverged => "The copy and the cloud do not agree.".to_owned(),
    };
    match finding.known_until {
        Some(until) => format!("{said} Not known since {}.", zone.local(until)),
        None => said,
    }
}

/// What to type, where this program can do it.
pub fn step(finding: &Finding, imported: bool) -> Option<String> {
    let us = match imported {
        true => "boothkeeper --imported",
        false => "boothkeeper",
    };
    if let Some(dispute) = &finding.dispute {
        return Some(format!("in dispute: {us} dispute show {dispute}"));
    }
    Some(match finding.action? {
        NextStep::ChangePaymentOrder => "boothkeeper renewal preview".to_owned(),
        NextStep::ReplaceCard => "replace the card in your account at the cloud".to_owned(),
        NextStep::Dispute => {
            let code = serde_json::to_value(finding.code).ok()?;
            // Of several of one code this one.
            let entry = finding.entries.first();
            let entry = entry.map_or(String::new(), |seq| format!(" --entry {seq}"));
            format!("{us} dispute new --finding {}{entry}", code.as_str()?)
        }
        NextStep::PayNow => "boothkeeper pay-now, or boothkeeper pause".to_owned(),
        NextStep::Pause => "boothkeeper resume, or boothkeeper pause".to_owned(),
        NextStep::BuyCredits => "boothkeeper buy AMOUNT".to_owned(),
        NextStep::LookAtRows => {
            let (first, rows) = (finding.entries.first()?, finding.entries.len());
            format!("look at the {rows} rows from entry {first} on: {us} history")
        }
        NextStep::CompareStatement => "compare it with the bank's statement".to_owned(),
        NextStep::Wait => return None,
    })
}
