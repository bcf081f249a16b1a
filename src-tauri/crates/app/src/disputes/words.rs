//! The proposed message of a dispute, and the text of its mail to support. The operator may change the message.

use boothkeeper_domain::Zone;
use boothkeeper_domain::disputes::DisputeKind;
use boothkeeper_domain::{Amount, Asset, Body, Entry};
use boothkeeper_store::outbox::Draft;

use boothkeeper_messages::disputes::DISPUTES_KIND;
use boothkeeper_messages::{Arguments, code, money};

/// The message to propose for the chosen entries.
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
    let owed = |otherwise: &str| owed.map_or(otherwise.to_owned(), |owed| money(owed, asset));
    let rows = match entries.len() {
        0 => String::new(),
        1 => format!(" (entry {})", entries[0].seq),
        n => format!(" ({n} entries from {} on)", entries[0].seq),
    };
    let runs = entries
        .iter()
        .filter(|entry| matches!(entry.body, Body::Usage(_)))
        .count();
    let runs = match runs {
        0 | 1 => "A run".to_owned(),
        n => format!("{n} runs"),
    };
    let at_event = entries.iter().find_map(|entry| entry.body.event());
    let at_event = at_event.map_or(String::new(), |event| format!(" at {event}"));
    match draft.kind {
        DisputeKind::FailedRun => {
            let charged = owed("what was charged");
            format!(
                "{runs}{at_event}{when} failed after being charged; nothing has come back. \
                 Please refund {charged}."
            )
        }
        DisputeKind::PoorResult => {
            format!("{runs}{at_event}{when} brought nothing usable. Please have a look.")
        }
        DisputeKind::PurchaseMissing => {
            let payment = draft.payment.as_ref();
            let payment = payment.map_or(String::new(), |id| format!(", payment {id}"));
            let credits = owed("they");
            format!("Credits were paid for{when}{payment}, and {credits} have not arrived.")
        }
        DisputeKind::UnexpectedDeduction => match charged(entries) {
            Some(charge) => format!(
                "The card was charged {charge}{rows} for what had been paid already. \
                 Please give it back."
            ),
            None => {
                let taken = owed("Credits");
                format!("{taken} were taken{when}{rows}. Please say what for, or give them back.")
            }
        },
        DisputeKind::CouponBonusMissing => {
            let typed = draft.coupon.as_deref().filter(|typed| !typed.is_empty());
            let coupon = typed.map_or("A coupon".to_owned(), |code| format!("Coupon {code}"));
            let bonus = owed("in credits");
            format!("{coupon} was accepted{when}; its bonus, {bonus}, has not been activated.")
        }
        DisputeKind::AllowanceWrong => {
            let missing = owed("credits");
            format!("This month's allowance is not what the plan grants: {missing} are missing.")
        }
        DisputeKind::LegacyMismatch => {
            let products = match draft.legacy.is_empty() {
                true => "I bought".to_owned(),
                false => format!("bought: {}", draft.legacy.join(", ")),
            };
            format!("The monthly credits do not match the products {products}.")
        }
        DisputeKind::PlanChange => {
            format!("A change of plan was asked for{when} and has not happened.")
        }
        DisputeKind::AccountClosed => {
            let deleted = Amount::sum(entries.iter().map(|entry| entry.delta.negated()));
            let deleted = deleted.ok().filter(|deleted| deleted.is_positive());
            let deleted = deleted.map_or("its".to_owned(), |deleted| money(deleted, asset) + " in");
            format!(
                "The account was closed{when} and {deleted} credits were deleted. \
                 Please restore it, with its credits."
            )
        }
        DisputeKind::SpecialPricing => {
            "We ask for education or charity pricing. About us: ".to_owned()
        }
        DisputeKind::Other => String::new(),
    }
}

/// The amount of the last card charge; `None` if credits moved.
fn charged(entries: &[Entry]) -> Option<String> {
    let moved = entries.iter().any(|entry| !entry.delta.is_zero());
    let charge = entries.last().filter(|_| !moved)?.body.card_charge()?;
    Some(money(charge.amount, &Asset::usd()))
}

/// The kind of a dispute in words: `A purchase that did not arrive`.
fn dispute(kind: DisputeKind) -> String {
    let long = DISPUTES_KIND.attribute(&code(&kind), "long", &Arguments::new());
    long.unwrap_or_default()
}

/// The text of the mail: the fields of the dispute line by line, the message and the entries.
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
    line("Dispute", dispute(draft.kind));
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

#[cfg(test)]
mod tests {
    use boothkeeper_domain::Timestamp;
    use chrono::NaiveDate;
    use uuid::Uuid;

    use super::*;
    use crate::has_hole;

    #[test]
    fn message_about_what_is_not_known_has_no_hole() {
        let zone = Zone::named("UTC").unwrap();
        let at = Timestamp::from_millis(0);
        for kind in DisputeKind::ALL {
            let draft = Draft {
                id: Uuid::nil(),
                created_at: at,
                saved_at: at,
                kind,
                premise: None,
                expected: None,
                actual: None,
                noticed_on: NaiveDate::MIN,
                from: NaiveDate::MIN,
                to: NaiveDate::MIN,
                entries: vec![],
                message: String::new(),
                payment: None,
                paid: None,
                paid_on: None,
                coupon: None,
                plan: None,
                legacy: vec![],
                files: vec![],
                edited: false,
                came_right: false,
                command: None,
                ticket: None,
            };
            for owed in [None, Some(Amount::of(1_234))] {
                let text = message(&draft, &[], owed, &Asset::usd(), &zone);
                assert!(!has_hole(text.trim()), "{kind:?}: {text}");
            }
        }
    }
}
