//! The proposed message of a dispute, and the text of its mail to support. The operator may change the message.

use boothkeeper_domain::Zone;
use boothkeeper_domain::disputes::DisputeKind;
use boothkeeper_domain::{Amount, Asset, Body, Entry};
use boothkeeper_store::outbox::Draft;

use boothkeeper_messages::disputes::DISPUTES_KIND;
use boothkeeper_messages::journal::JOURNAL_KIND;
use boothkeeper_messages::letter::{LETTER_CLAIM, LETTER_LEAD_IN, LetterClaimArguments};
use boothkeeper_messages::{Arguments, code, day, letter, moment, money};

use crate::names::CatalogNames;

/// The message to propose for the chosen entries: a sentence for the kind of dispute, then one for each known detail.
pub(super) fn message(
    draft: &Draft,
    entries: &[Entry],
    owed: Option<Amount>,
    (asset, names): (&Asset, &CatalogNames),
    zone: &Zone,
) -> String {
    let runs = entries
        .iter()
        .filter(|entry| matches!(entry.body, Body::Usage(_)));
    let runs = runs.count().max(1) as u64;
    let amount = match draft.kind {
        DisputeKind::AccountClosed => deleted(entries),
        _ => owed,
    };
    let charge = charged(entries).filter(|_| draft.kind == DisputeKind::UnexpectedDeduction);
    let sentence = match charge {
        Some(charge) => letter::charged_twice(&charge),
        None => claim(draft.kind, amount.map(|amount| money(amount, asset)), runs),
    };
    // Without a sentence for its kind the operator writes the message, after a lead-in where there is one.
    if sentence.is_empty() {
        return lead_in(draft.kind).map_or(sentence, |lead_in| format!("{lead_in} "));
    }
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
            sentences.push(letter::products(&names.products(&draft.legacy)));
        }
        _ => {}
    }
    sentences.join(" ")
}

/// The sentence for the dispute's kind, with the amount if the kind has a sentence for it; empty for kinds without any.
fn claim(kind: DisputeKind, amount: Option<String>, runs: u64) -> String {
    let known = amount.is_some();
    let given = LetterClaimArguments {
        amount,
        runs: Some(runs),
    };
    let given = Arguments::from(&given);
    let with_amount = || LETTER_CLAIM.attribute(kind.name(), "amount", &given);
    let sentence = known.then(with_amount).flatten();
    let sentence = sentence.or_else(|| LETTER_CLAIM.text_with(kind.name(), &given));
    sentence.unwrap_or_default()
}

/// The beginning of a message that the operator goes on writing.
pub(super) fn lead_in(kind: DisputeKind) -> Option<String> {
    let known = LETTER_LEAD_IN.codes().contains(&kind.name());
    known.then(|| LETTER_LEAD_IN.name(kind.name()))
}

fn about_entries(entries: &[Entry], zone: &Zone) -> Option<String> {
    let first = entries.first()?;
    let (seq, at) = (first.seq.to_string(), moment(first.at, zone));
    Some(match entries.len() {
        1 => letter::about_entry(&at, &seq),
        count => letter::about_entries(&at, count as u64, &seq),
    })
}

/// The card charge of the last entry; `None` if any of the entries changed the balance of credits.
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
    (asset, names): (&Asset, &CatalogNames),
    zone: &Zone,
) -> String {
    let usd = Asset::usd();
    let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let days = letter::days(&day(draft.from), &day(draft.to), zone.name());
    let products = (!draft.legacy.is_empty()).then(|| names.products(&draft.legacy));
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
        (
            letter::line_plan(),
            given(&draft.plan).map(|plan| names.plan(&plan)),
        ),
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
        let what = match entry.body.service() {
            Some(service) => names.service(service),
            None => JOURNAL_KIND.name(entry.body.name()),
        };
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
    fn proposed_dispute_message_without_known_details_is_whole_sentences() {
        let zone = Zone::named("UTC").unwrap();
        let at = Timestamp::from_millis(0);
        let names = CatalogNames::default();
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
                let text = message(&draft, &[], owed, (&Asset::usd(), &names), &zone);
                assert!(!has_hole(text.trim()), "{kind:?}: {text}");
                let lead_in = lead_in(kind);
                assert_eq!(lead_in.is_some(), kind == DisputeKind::SpecialPricing);
                assert!(
                    lead_in.is_none_or(|lead_in| text.trim() == lead_in),
                    "{text}"
                );
            }
        }
    }
}
