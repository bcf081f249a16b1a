//! What is proposed as the message, and the letter to support: both are the operator's to change.

use boothkeeper_domain::disputes::DisputeKind;
use boothkeeper_domain::{Amount, Asset, Body, Entry};
use boothkeeper_store::Zone;
use boothkeeper_store::outbox::Draft;

use crate::words::{dispute, money};

/// A first message for the rows that were chosen.
pub(super) fn message(
    draft: &Draft,
    entries: &[Entry],
    owed: Option<Amount>,
    asset: &Asset,
    zone: &Zone,
) -> String {
    let first = entries.first();
    let when = first.map_or(String::new(), |entry| {
        format!(" on {}", zone.local_named(entry.at))
    });
    let owed = owed.map_or(String::new(), |owed| money(owed, asset));
    let rows = match entries.len() {
        0 => String::new(),
        1 => format!("entry {}", entries[0].seq),
        n => format!("{n} entries from {} on", entries[0].seq),
    };
    let runs = entries
        .iter()
        .filter(|entry| matches!(entry.body, Body::Usage(_)))
        .count();
    let runs = match runs {
        1 => "A run".to_owned(),
        n => format!("{n} runs"),
    };
    let at_event = entries.iter().find_map(|entry| entry.body.event());
    let at_event = at_event.map_or(String::new(), |event| format!(" at {event}"));
    match draft.kind {
        DisputeKind::FailedRun => format!(
            "{runs}{at_event}{when} failed after being charged; nothing has come back. \
             Please refund {owed}."
        ),
        DisputeKind::PoorResult => {
            format!("{runs}{at_event}{when} brought nothing usable. Please have a look.")
        }
        DisputeKind::PurchaseMissing => {
            let payment = draft.payment.as_ref();
            let payment = payment.map_or(String::new(), |id| format!(", payment {id}"));
            format!("Credits were paid for{when}{payment}, and {owed} have not arrived.")
        }
        DisputeKind::UnexpectedDeduction => {
            format!("{owed} were taken{when} ({rows}). Please say what for, or give them back.")
        }
        DisputeKind::CouponBonusMissing => {
            let code = draft.coupon.as_deref().unwrap_or_default();
            format!("Coupon {code} was accepted{when}; its bonus of {owed} has not been activated.")
        }
        DisputeKind::AllowanceWrong => {
            format!("This month's allowance is not what the plan grants: {owed} are missing.")
        }
        DisputeKind::LegacyMismatch => {
            let products = draft.legacy.join(", ");
            format!("The monthly credits do not match the products bought: {products}.")
        }
        DisputeKind::PlanChange => {
            format!("A change of plan was asked for{when} and has not happened.")
        }
        DisputeKind::AccountClosed => format!(
            "The account was closed{when} and {owed} in credits were deleted. \
             Please restore it on Pay-As-You-Go."
        ),
        DisputeKind::SpecialPricing => {
            "We ask for education or charity pricing. About us: ".to_owned()
        }
        DisputeKind::Other => String::new(),
    }
}

/// The whole dispute in plain text, as a form would ask for it.
pub(super) fn letter(
    draft: &Draft,
    (account, email): (&str, &str),
    entries: &[Entry],
    asset: &Asset,
    zone: &Zone,
) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: String| {
        if !value.is_empty() {
            text.push_str(&format!("{name:<18} {value}\n"));
        }
    };
    let amount = |amount: Option<Amount>| amount.map_or(String::new(), |a| money(a, asset));
    line("Dispute", dispute(draft.kind).to_owned());
    line("Account", format!("{account} ({email})"));
    line("Expected balance", amount(draft.expected));
    line("Actual balance", amount(draft.actual));
    line("Noticed on", draft.noticed_on.to_string());
    line(
        "Days",
        format!("{} to {} ({})", draft.from, draft.to, zone.name()),
    );
    let payment = draft.payment.as_ref();
    line(
        "Payment",
        payment.map_or(String::new(), ToString::to_string),
    );
    line(
        "Paid",
        draft
            .paid
            .map_or(String::new(), |paid| money(paid, &Asset::usd())),
    );
    line(
        "Paid on",
        draft.paid_on.map_or(String::new(), |day| day.to_string()),
    );
    line("Coupon", draft.coupon.clone().unwrap_or_default());
    line("Plan", draft.plan.clone().unwrap_or_default());
    line("Products", draft.legacy.join(", "));
    text.push('\n');
    text.push_str(&boothkeeper_domain::privacy::masked(&draft.message));
    text.push_str("\n\n");
    if !entries.is_empty() {
        text.push_str("Entries:\n");
    }
    for entry in entries {
        let what = entry.body.service().unwrap_or(entry.body.name());
        let run = entry
            .body
            .run()
            .map_or(String::new(), |run| format!("  {run}"));
        text.push_str(&format!(
            "  {:>8}  {}  {:<20} {:>12}{run}\n",
            entry.seq.0,
            zone.local(entry.at),
            what,
            money(entry.delta, asset)
        ));
    }
    text
}
