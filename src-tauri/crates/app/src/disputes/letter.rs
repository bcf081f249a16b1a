//! The proposed message of a dispute, and the text of its mail to support. The operator may change the message.

use boothkeeper_domain::Zone;
use boothkeeper_domain::disputes::DisputeKind;
use boothkeeper_domain::{Amount, Asset, Body, Entry};
use boothkeeper_store::outbox::Draft;

use boothkeeper_messages::disputes::DISPUTES_KIND;
use boothkeeper_messages::{Arguments, code, day, letter, moment, money};

/// The message to propose for the chosen entries: a sentence for the kind, then one for each thing that is known.
pub(super) fn message(
    draft: &Draft,
    entries: &[Entry],
    owed: Option<Amount>,
    asset: &Asset,
    zone: &Zone,
) -> String {
    let runs = entries
        .iter()
        .filter(|entry| matches!(entry.body, Body::Usage(_)));
    let runs = runs.count().max(1) as u64;
    let owed = owed.map(|owed| money(owed, asset));
    let with = |known: fn(&str) -> String, unknown: fn() -> String| match &owed {
        Some(amount) => known(amount),
        None => unknown(),
    };
    let sentence = match draft.kind {
        DisputeKind::FailedRun => match &owed {
            Some(amount) => letter::failed_run_amount(amount, runs),
            None => letter::failed_run(),
        },
        DisputeKind::PoorResult => letter::poor_result(runs),
        DisputeKind::PurchaseMissing => {
            with(letter::purchase_missing_amount, letter::purchase_missing)
        }
        DisputeKind::UnexpectedDeduction => match charged(entries) {
            Some(charge) => letter::charged_twice(&charge),
            None => with(letter::deduction_amount, letter::deduction),
        },
        DisputeKind::CouponBonusMissing => with(letter::coupon_amount, letter::coupon),
        DisputeKind::AllowanceWrong => with(letter::allowance_amount, letter::allowance),
        DisputeKind::LegacyMismatch => letter::legacy(),
        DisputeKind::PlanChange => letter::plan_change(),
        DisputeKind::AccountClosed => match deleted(entries) {
            Some(amount) => letter::account_closed_amount(&money(amount, asset)),
            None => letter::account_closed(),
        },
        DisputeKind::SpecialPricing => return letter::special_pricing() + " ",
        DisputeKind::Other => return String::new(),
    };
    let mut sentences = vec![sentence];
    sentences.extend(about_entries(entries, zone));
    let event = entries.iter().find_map(|entry| entry.body.event());
    sentences.extend(event.map(letter::event));
    match draft.kind {
        DisputeKind::PurchaseMissing => {
            let payment = draft.payment.as_ref();
            sentences.extend(payment.map(|payment| letter::payment(payment.as_str())));
        }
        DisputeKind::CouponBonusMissing => {
            let typed = draft.coupon.as_deref().filter(|typed| !typed.is_empty());
            sentences.extend(typed.map(letter::code));
        }
        DisputeKind::LegacyMismatch if !draft.legacy.is_empty() => {
            sentences.push(letter::products(&draft.legacy.join(", ")));
        }
        _ => {}
    }
    sentences.join(" ")
}

fn about_entries(entries: &[Entry], zone: &Zone) -> Option<String> {
    let first = entries.first()?;
    let (seq, at) = (first.seq.to_string(), moment(first.at, zone));
    Some(match entries.len() {
        1 => letter::about_entry(&at, &seq),
        count => letter::about_entries(&at, count as u64, &seq),
    })
}

/// The amount of the last card charge; `None` if credits moved.
fn charged(entries: &[Entry]) -> Option<String> {
    let moved = entries.iter().any(|entry| !entry.delta.is_zero());
    let charge = entries.last().filter(|_| !moved)?.body.card_charge()?;
    Some(money(charge.amount, &Asset::usd()))
}

/// The credits that the entries took away together; `None` if they took none.
fn deleted(entries: &[Entry]) -> Option<Amount> {
    let deleted = Amount::sum(entries.iter().map(|entry| entry.delta.negated()));
    deleted.ok().filter(|deleted| deleted.is_positive())
}

/// The kind of a dispute as a phrase: `A purchase that did not arrive`.
fn dispute(kind: DisputeKind) -> String {
    let long = DISPUTES_KIND.attribute(&code(&kind), "long", &Arguments::new());
    long.unwrap_or_default()
}

/// The text of the mail: the fields of the dispute line by line, the message and the entries.
pub(super) fn text(
    draft: &Draft,
    (account, email): (&str, &str),
    entries: &[Entry],
    asset: &Asset,
    zone: &Zone,
) -> String {
    let usd = Asset::usd();
    let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let days = letter::days(&day(draft.from), &day(draft.to), zone.name());
    let products = (!draft.legacy.is_empty()).then(|| draft.legacy.join(", "));
    let lines = [
        (letter::line_dispute(), Some(dispute(draft.kind))),
        (
            letter::line_account(),
            Some(letter::account(account, email)),
        ),
        (
            letter::line_expected(),
            draft.expected.map(|amount| money(amount, asset)),
        ),
        (
            letter::line_actual(),
            draft.actual.map(|amount| money(amount, asset)),
        ),
        (letter::line_noticed(), Some(day(draft.noticed_on))),
        (letter::line_days(), Some(days)),
        (
            letter::line_payment(),
            draft.payment.as_ref().map(ToString::to_string),
        ),
        (
            letter::line_paid(),
            draft.paid.map(|paid| money(paid, &usd)),
        ),
        (letter::line_paid_on(), draft.paid_on.map(day)),
        (letter::line_coupon(), given(&draft.coupon)),
        (letter::line_plan(), given(&draft.plan)),
        (letter::line_products(), products),
    ];
    let mut text = String::new();
    for (name, value) in lines {
        if let Some(value) = value {
            text.push_str(&format!("{name:<18} {value}\n"));
        }
    }
    text.push('\n');
    text.push_str(&boothkeeper_domain::privacy::masked(&draft.message));
    text.push_str("\n\n");
    if !entries.is_empty() {
        text.push_str(&format!("{}:\n", letter::line_entries()));
    }
    for entry in entries {
        let what = entry.body.service().unwrap_or(entry.body.name());
        let run = entry
            .body
            .run()
            .map_or(String::new(), |run| format!("  {run}"));
        text.push_str(&format!(
            "  {:>8}  {:<29}  {:<20} {:>12}{run}\n",
            entry.seq.0,
            moment(entry.at, zone),
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
        for &kind in DisputeKind::ALL {
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
