//! Makes a separate journal from a history that the operator imports: rows of tables, and receipts of purchases. The
//! cloud has verified nothing in it. Where the rows do not add up, an entry without a cause makes up the difference.

mod journal_builder;
mod types;

use crate::billing::{Ledger, Refusal};
use crate::journal::Direction;
use crate::time::DAY;
use crate::{Account, Amount, Catalog, Entry, Kind};
use journal_builder::JournalBuilder;
pub use types::{BROUGHT_FORWARD, ImportRow, Owner, Receipt, Report};

/// A receipt and a purchase of the same amount may belong together if they are at most this many milliseconds apart.
const RECEIPT_MATCH_WINDOW: i64 = DAY;

/// Makes a journal from imported rows and receipts, in order of time. Rows of the same instant keep their order. Fails
/// if an amount leaves the valid range, or if a text is too long.
pub fn journal(
    owner: &Owner,
    rows: &[ImportRow],
    receipts: &[Receipt],
    catalog: &Catalog,
) -> Result<(Vec<Entry>, Report), Refusal> {
    let mut rows: Vec<ImportRow> = rows.to_vec();
    // If the sum of all absolute amounts is in range, every partial sum is in range, too.
    let moved = rows.iter().map(|row| match row.amount.is_negative() {
        true => row.amount.negated(),
        false => row.amount,
    });
    Amount::sum(moved).map_err(|_| Refusal::AmountOutOfRange)?;
    restore_signs(&mut rows);
    // A table with the newest row first is reversed, because sorting by time keeps the order of rows of one instant. If
    // all rows have the same time, the order in which more balances follow from each other is taken.
    let turned: Vec<ImportRow> = rows.iter().rev().cloned().collect();
    let newest_first = rows.first().map(|row| row.at) > rows.last().map(|row| row.at);
    let one_instant = rows.first().map(|row| row.at) == rows.last().map(|row| row.at);
    if newest_first || (one_instant && breaks(&turned) < breaks(&rows)) {
        rows = turned;
    }
    rows.sort_by_key(|row| row.at);
    let mut report = Report {
        rows: count(rows.len()),
        receipts: count(receipts.len()),
        ..Report::default()
    };
    let missing = missing(&rows, receipts, &mut report);
    let first = [
        rows.first().map(|row| row.at),
        missing.iter().map(|receipt| receipt.at).min(),
    ];
    let began = first.into_iter().flatten().min().unwrap_or_default();
    let mut book = JournalBuilder::new(Ledger::new(Account::default(), catalog, began));
    book.open(owner, catalog.asset.clone())?;
    report.brought_forward = opening_balance(&rows);
    book.bring_forward(report.brought_forward)?;
    let mut waiting = missing.into_iter().peekable();
    for row in &rows {
        while let Some(receipt) = waiting.next_if(|receipt| receipt.at <= row.at) {
            book.receipt(receipt)?;
        }
        book.row(row, &mut report)?;
    }
    for receipt in waiting {
        book.receipt(receipt)?;
    }
    let last = rows.last().and_then(|row| row.balance_after);
    book.settle(last, &mut report)?;
    Ok((book.ledger.decided().entries, report))
}

/// If the table has no negative amounts, makes the amounts of kinds that take credits negative.
fn restore_signs(rows: &mut [ImportRow]) {
    let out = |row: &ImportRow| {
        let kind = row.kind.as_deref().and_then(Kind::named);
        kind.is_some_and(|kind| kind.direction() == Direction::Out)
    };
    if rows.iter().any(|row| row.amount.is_negative()) {
        return;
    }
    for row in rows.iter_mut().filter(|row| out(row)) {
        row.amount = row.amount.negated();
    }
}

/// Number of rows whose balance does not follow from the balance of the row before.
fn breaks(rows: &[ImportRow]) -> usize {
    let follows = |pair: &[ImportRow]| {
        let (before, row) = (pair[0].balance_after, &pair[1]);
        before.and_then(|before| before.checked_add(row.amount).ok()) == row.balance_after
    };
    rows.windows(2).filter(|pair| !follows(pair)).count()
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// The balance before the first row if the table states balances, else the smallest opening balance with which the
/// balance never falls below zero.
fn opening_balance(rows: &[ImportRow]) -> Amount {
    if let Some(first) = rows.first()
        && let Some(after) = first.balance_after
    {
        let before = after.checked_sub(first.amount).unwrap_or(Amount::ZERO);
        return before.max(Amount::ZERO);
    }
    let (mut sum, mut least) = (Amount::ZERO, Amount::ZERO);
    for row in rows {
        sum = sum.checked_add(row.amount).unwrap_or(sum);
        least = least.min(sum);
    }
    least.negated()
}

/// Receipts whose purchase is not among the rows. A receipt matches a row with its payment id. It also counts as
/// present if a row without a payment id has the same amount and is close in time, because that row may be its
/// purchase.
fn missing<'a>(
    rows: &[ImportRow],
    receipts: &'a [Receipt],
    report: &mut Report,
) -> Vec<&'a Receipt> {
    let bought = |row: &&ImportRow| {
        let kind = row.kind.as_deref();
        let bought = [Kind::Purchase, Kind::AutoRecharge].map(Kind::name);
        row.amount.is_positive() && kind.is_none_or(|kind| bought.contains(&kind))
    };
    let mut free: Vec<&ImportRow> = rows.iter().filter(bought).collect();
    let mut missing = Vec::new();
    let mut sorted: Vec<&Receipt> = receipts.iter().collect();
    sorted.sort_by_key(|receipt| receipt.at);
    for receipt in sorted {
        let same = |row: &&ImportRow| row.payment.as_deref() == Some(receipt.payment.as_str());
        if let Some(at) = free.iter().position(same) {
            free.remove(at);
            report.matched += 1;
            continue;
        }
        let close = |row: &ImportRow| row.at.since(receipt.at).abs() <= RECEIPT_MATCH_WINDOW;
        let like =
            |row: &&ImportRow| row.payment.is_none() && row.amount == receipt.amount && close(row);
        if let Some(at) = free.iter().position(like) {
            free.remove(at);
            report.resembling += 1;
            continue;
        }
        missing.push(receipt);
    }
    missing
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Body;
    use crate::findings::{CauseCode, FindingCode, causes, findings};
    use crate::time::{HOUR, MINUTE};
    use crate::{AccountId, Programme, Timestamp};

    fn owner() -> Owner {
        Owner {
            account: AccountId::new("imported_1").unwrap(),
            email: "operator@booth.example".into(),
            programme: Programme::Booth,
        }
    }

    fn row(minute: i64, kind: &str, amount: i32, after: Option<i32>) -> ImportRow {
        ImportRow {
            at: Timestamp::from_millis(minute * MINUTE),
            kind: Some(kind.to_owned()).filter(|kind| !kind.is_empty()),
            amount: Amount::of(amount),
            balance_after: after.map(Amount::of),
            service: None,
            event: None,
            run: None,
            payment: None,
            number: None,
            refers_to: None,
            reason: None,
        }
    }

    fn made(rows: &[ImportRow], receipts: &[Receipt]) -> (Vec<Entry>, Report) {
        let catalog = Catalog::shipped(Programme::Booth).unwrap();
        journal(&owner(), rows, receipts, &catalog).unwrap()
    }

    #[test]
    fn imported_rows_in_either_order_become_the_same_journal() {
        let rows = [
            row(1, "purchase", 5_000, Some(6_000)),
            row(2, "", -25, Some(5_975)),
            row(3, "renewal", -4_900, Some(1_075)),
        ];
        let (entries, report) = made(&rows, &[]);
        assert_eq!((report.rows, report.gaps), (3, 0));
        let account = Account::default().extend(&entries).unwrap();
        assert_eq!(account.balance, Amount::of(1_075));
        let told: Vec<_> = causes(&entries)
            .iter()
            .map(|c| (c.code, c.delta.minor()))
            .collect();
        assert_eq!(
            told,
            [
                (CauseCode::Purchase, 5_000),
                (CauseCode::RenewalPaidFromCredits, -4_900),
                (CauseCode::BroughtForward, 1_000),
                (CauseCode::Usage, -25)
            ]
        );
        // The reversed table gives the same journal.
        let turned: Vec<_> = rows.iter().rev().cloned().collect();
        assert_eq!(made(&turned, &[]).0, entries);
    }

    #[test]
    fn import_adds_missing_minus_signs_reverses_newest_first_rows_and_finds_service_codes() {
        let unsigned = [row(1, "purchase", 5_000, None), row(2, "usage", 25, None)];
        let account = Account::default().extend(&made(&unsigned, &[]).0).unwrap();
        assert_eq!(account.balance, Amount::of(4_975));
        let newest_first = [
            row(0, "", -25, Some(9_925)),
            row(0, "", -25, Some(9_950)),
            row(0, "", -25, Some(9_975)),
        ];
        let (entries, report) = made(&newest_first, &[]);
        assert_eq!(report.gaps, 0);
        let account = Account::default().extend(&entries).unwrap();
        assert_eq!(account.balance, Amount::of(9_925));
        let named = ImportRow {
            service: Some("AI Draw Me".into()),
            ..row(1, "", -25, None)
        };
        let last = made(&[named], &[]).0.pop().unwrap();
        assert_eq!(last.body.service(), Some("draw_me"));
    }

    #[test]
    fn gap_between_imported_balances_becomes_an_unexplained_entry() {
        let rows = [row(1, "", -25, Some(975)), row(2, "", -25, Some(850))];
        let (entries, report) = made(&rows, &[]);
        assert_eq!(report.gaps, 1);
        let unexplained = causes(&entries)
            .into_iter()
            .find(|c| c.code == CauseCode::Unexplained);
        assert_eq!(unexplained.unwrap().delta, Amount::of(-100));
    }

    #[test]
    fn imported_failed_run_is_linked_to_its_charge_and_its_refund() {
        let run = |minute, kind, amount, number, of| ImportRow {
            run: Some("r1".into()),
            service: Some("draw_me".into()),
            number: Some(number),
            refers_to: of,
            ..row(minute, kind, amount, None)
        };
        let failed = [
            run(1, "usage", -25, 10, None),
            run(2, "run_failed", 0, 11, Some(10)),
        ];
        let codes = |rows: &[ImportRow]| {
            let (entries, _) = made(rows, &[]);
            let account = Account::default().extend(&entries).unwrap();
            let catalog = Catalog::shipped(Programme::Booth).unwrap();
            let gathered = entries.iter().cloned().collect();
            let found = findings(&gathered, &account, &catalog, &entries[..], account.at);
            found.iter().map(|finding| finding.code).collect::<Vec<_>>()
        };
        assert!(codes(&failed).contains(&FindingCode::RunFailedNotRefunded));
        let mut refunded = failed.to_vec();
        refunded.push(run(3, "usage_refund", 25, 12, Some(10)));
        assert!(!codes(&refunded).contains(&FindingCode::RunFailedNotRefunded));
        assert!(codes(&refunded).contains(&FindingCode::RunRefunded));
    }

    #[test]
    fn imported_refund_without_a_run_is_matched_to_the_most_likely_run() {
        let of = |minute, kind: &str, amount, service: &str| ImportRow {
            service: Some(service.into()),
            ..row(minute, kind, amount, None)
        };
        let rows = [
            of(1, "run_failed", -25, "draw_me"),
            of(2, "usage", -25, "draw_me"),
            of(3, "usage", -25, "combine"),
            of(4, "usage_refund", 25, "draw_me"),
            of(5, "usage_refund", 25, "draw_me"),
            of(6, "usage_refund", 25, "draw_me"),
        ];
        let (entries, _) = made(&rows, &[]);
        let refunds = entries.iter().filter_map(|entry| match &entry.body {
            Body::UsageRefund(refund) => Some(refund.of),
            _ => None,
        });
        let failed = entries.iter().find_map(|entry| match &entry.body {
            Body::RunFailed(failed) => Some(failed.of),
            _ => None,
        });
        let refunds: Vec<_> = refunds.collect();
        assert_eq!(refunds.len(), 2, "there is no third run");
        assert_eq!(Some(refunds[0]), failed);
        assert!(refunds[1] > refunds[0]);
    }

    #[test]
    fn imported_receipt_becomes_a_pending_purchase_unless_a_row_may_be_its_purchase() {
        let receipt = |hour: i64, payment: &str| Receipt {
            at: Timestamp::from_millis(hour * HOUR),
            amount: Amount::of(10_000),
            payment: payment.into(),
        };
        let bought = ImportRow {
            payment: Some("pay_1".into()),
            ..row(60, "purchase", 10_000, None)
        };
        let (_, report) = made(std::slice::from_ref(&bought), &[receipt(1, "pay_1")]);
        assert_eq!((report.matched, report.resembling), (1, 0));
        let (entries, report) = made(std::slice::from_ref(&bought), &[receipt(1, "pay_2")]);
        assert_eq!((report.matched, report.resembling), (0, 0));
        let account = Account::default().extend(&entries).unwrap();
        assert_eq!(account.purchases.len(), 1, "paid but not credited");
        let unnumbered = row(60, "purchase", 10_000, None);
        let (entries, report) = made(&[unnumbered], &[receipt(1, "pay_2"), receipt(2, "pay_3")]);
        assert_eq!(report.resembling, 1);
        assert_eq!(
            Account::default().extend(&entries).unwrap().purchases.len(),
            1
        );
    }

    proptest! {
        /// The account's state can be computed from the journal made of any rows, and its causes add up to the balance.
        #[test]
        fn journal_made_from_any_imported_rows_is_valid_and_explains_its_balance(rows in proptest::collection::vec(
            (0i64..500, 0usize..12, -3_000i32..3_000, proptest::option::of(0i32..9_000)), 0..40)) {
            let kinds = ["", "usage", "purchase", "renewal", "usage_refund", "run_failed", "adjustment", "bonus", "expiry", "closure", "allowance", "moon"];
            let rows: Vec<ImportRow> = rows.into_iter().map(|(minute, kind, amount, after)| row(minute, kinds[kind], amount, after)).collect();
            let (entries, report) = made(&rows, &[]);
            let account = Account::default().extend(&entries).unwrap();
            let sum: i64 = causes(&entries).iter().map(|cause| cause.delta.minor()).sum();
            prop_assert_eq!(sum, account.balance.minor());
            prop_assert!(report.left_out <= report.rows);
        }
    }
}
