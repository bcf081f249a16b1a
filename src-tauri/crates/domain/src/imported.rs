//! A history that an operator brings: rows of a table and receipts, as a journal of their own. Nothing in it is
//! proven; what does not add up is said to have no cause.

mod book;

use serde::{Deserialize, Serialize};

use crate::billing::{Ledger, Refusal};
use crate::journal::Direction;
use crate::time::DAY;
use crate::{Account, AccountId, Amount, Catalog, Entry, Kind, Programme, Timestamp};
use book::Book;

/// Why an entry is there that stands for all before an imported history.
pub const BROUGHT_FORWARD: &str = "balance before this history";

/// One row of a table, as far as it could be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    pub at: Timestamp,
    /// A kind of the journal, if the table's word for it is known.
    pub kind: Option<String>,
    pub amount: Amount,
    pub balance_after: Option<Amount>,
    pub service: Option<String>,
    pub event: Option<String>,
    pub run: Option<String>,
    pub payment: Option<String>,
    /// Its own number in the table, and the number of the row that it is about.
    pub number: Option<u64>,
    pub refers_to: Option<u64>,
    pub reason: Option<String>,
}

/// A purchase that somebody has a receipt for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    pub at: Timestamp,
    pub amount: Amount,
    pub payment: String,
}

/// Whose history it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    pub account: AccountId,
    pub email: String,
    pub programme: Programme,
}

/// What became of the rows.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Report {
    pub rows: u32,
    /// Places at which the balances do not follow from each other.
    pub gaps: u32,
    /// Rows that say nothing that could be taken over.
    pub left_out: u32,
    pub receipts: u32,
    /// Receipts whose purchase is in the table, by its number.
    pub matched: u32,
    /// Receipts that look like a purchase in the table, of the same amount within a day; they are not
    /// claimed to be missing.
    pub resembling: u32,
    /// Rows that were in two of the tables.
    pub twice: u32,
    /// What the history begins with: nothing in it says where that came from.
    pub brought_forward: Amount,
}

/// Two purchases of one amount so close together may be one.
const RESEMBLES: i64 = DAY;

/// The journal of rows and receipts. Rows keep their order where their instants are the same.
pub fn journal(
    owner: &Owner,
    rows: &[Row],
    receipts: &[Receipt],
    catalog: &Catalog,
) -> Result<(Vec<Entry>, Report), Refusal> {
    let mut rows: Vec<Row> = rows.to_vec();
    // Sums of parts are then in range, too.
    let moved = rows.iter().map(|row| match row.amount.is_negative() {
        true => row.amount.negated(),
        false => row.amount,
    });
    Amount::sum(moved).map_err(|_| Refusal::AmountOutOfRange)?;
    sign(&mut rows);
    // A table that begins with the newest is turned, so that rows of one instant follow each other. Where the
    // dates do not tell, the balances do.
    let turned: Vec<Row> = rows.iter().rev().cloned().collect();
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
    let mut book = Book::new(Ledger::new(Account::default(), catalog, began));
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

/// A table without a minus says by its kinds which way its amounts went.
fn sign(rows: &mut [Row]) {
    let out = |row: &Row| {
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

/// How often a balance does not follow from the one before.
fn breaks(rows: &[Row]) -> usize {
    let follows = |pair: &[Row]| {
        let (before, row) = (pair[0].balance_after, &pair[1]);
        before.and_then(|before| before.checked_add(row.amount).ok()) == row.balance_after
    };
    rows.windows(2).filter(|pair| !follows(pair)).count()
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// What the table itself says it began with; else the least that never lets the balance fall below zero.
fn opening_balance(rows: &[Row]) -> Amount {
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

/// Receipts that no row is known to be: by number, and where there is none nothing is claimed of those that
/// could be one.
fn missing<'a>(rows: &[Row], receipts: &'a [Receipt], report: &mut Report) -> Vec<&'a Receipt> {
    let bought = |row: &&Row| {
        let kind = row.kind.as_deref();
        let bought = [Kind::Purchase, Kind::AutoRecharge].map(Kind::name);
        row.amount.is_positive() && kind.is_none_or(|kind| bought.contains(&kind))
    };
    let mut free: Vec<&Row> = rows.iter().filter(bought).collect();
    let mut missing = Vec::new();
    let mut sorted: Vec<&Receipt> = receipts.iter().collect();
    sorted.sort_by_key(|receipt| receipt.at);
    for receipt in sorted {
        let same = |row: &&Row| row.payment.as_deref() == Some(receipt.payment.as_str());
        if let Some(at) = free.iter().position(same) {
            free.remove(at);
            report.matched += 1;
            continue;
        }
        let close = |row: &Row| row.at.since(receipt.at).abs() <= RESEMBLES;
        let like = |row: &&Row| row.payment.is_none() && row.amount == receipt.amount && close(row);
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

    fn owner() -> Owner {
        Owner {
            account: AccountId::new("imported_1").unwrap(),
            email: "operator@booth.example".into(),
            programme: Programme::Booth,
        }
    }

    fn row(minute: i64, kind: &str, amount: i32, after: Option<i32>) -> Row {
        Row {
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

    fn made(rows: &[Row], receipts: &[Receipt]) -> (Vec<Entry>, Report) {
        let catalog = Catalog::shipped(Programme::Booth).unwrap();
        journal(&owner(), rows, receipts, &catalog).unwrap()
    }

    #[test]
    fn rows_become_a_journal_that_says_the_same() {
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
        // Newest first is the same history.
        let turned: Vec<_> = rows.iter().rev().cloned().collect();
        assert_eq!(made(&turned, &[]).0, entries);
    }

    #[test]
    fn a_table_without_a_minus_and_one_of_a_single_day_are_read_as_they_are_meant() {
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
        let named = Row {
            service: Some("AI Draw Me".into()),
            ..row(1, "", -25, None)
        };
        let last = made(&[named], &[]).0.pop().unwrap();
        assert_eq!(last.body.service(), Some("draw_me"));
    }

    #[test]
    fn a_gap_is_an_entry_without_a_cause() {
        let rows = [row(1, "", -25, Some(975)), row(2, "", -25, Some(850))];
        let (entries, report) = made(&rows, &[]);
        assert_eq!(report.gaps, 1);
        let unexplained = causes(&entries)
            .into_iter()
            .find(|c| c.code == CauseCode::Unexplained);
        assert_eq!(unexplained.unwrap().delta, Amount::of(-100));
    }

    #[test]
    fn a_failed_run_finds_its_charge_and_its_refund() {
        let run = |minute, kind, amount, number, of| Row {
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
        let codes = |rows: &[Row]| {
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
    fn a_refund_that_names_no_run_is_of_the_likely_one() {
        let of = |minute, kind: &str, amount, service: &str| Row {
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
    fn a_receipt_without_its_purchase_is_missing_and_one_that_may_be_there_is_not_claimed() {
        let receipt = |hour: i64, payment: &str| Receipt {
            at: Timestamp::from_millis(hour * HOUR),
            amount: Amount::of(10_000),
            payment: payment.into(),
        };
        let bought = Row {
            payment: Some("pay_1".into()),
            ..row(60, "purchase", 10_000, None)
        };
        let (_, report) = made(std::slice::from_ref(&bought), &[receipt(1, "pay_1")]);
        assert_eq!((report.matched, report.resembling), (1, 0));
        let (entries, report) = made(std::slice::from_ref(&bought), &[receipt(1, "pay_2")]);
        assert_eq!((report.matched, report.resembling), (0, 0));
        let account = Account::default().extend(&entries).unwrap();
        assert_eq!(account.purchases.len(), 1, "paid, and not here");
        let unnumbered = row(60, "purchase", 10_000, None);
        let (entries, report) = made(&[unnumbered], &[receipt(1, "pay_2"), receipt(2, "pay_3")]);
        assert_eq!(report.resembling, 1);
        assert_eq!(
            Account::default().extend(&entries).unwrap().purchases.len(),
            1
        );
    }

    proptest! {
        /// Any rows fold, come to the last balance that is stated, and leave nothing over.
        #[test]
        fn any_rows_make_a_journal_that_folds(rows in proptest::collection::vec(
            (0i64..500, 0usize..12, -3_000i32..3_000, proptest::option::of(0i32..9_000)), 0..40)) {
            let kinds = ["", "usage", "purchase", "renewal", "usage_refund", "run_failed", "adjustment", "bonus", "expiry", "closure", "allowance", "moon"];
            let rows: Vec<Row> = rows.into_iter().map(|(minute, kind, amount, after)| row(minute, kinds[kind], amount, after)).collect();
            let (entries, report) = made(&rows, &[]);
            let account = Account::default().extend(&entries).unwrap();
            let sum: i64 = causes(&entries).iter().map(|cause| cause.delta.minor()).sum();
            prop_assert_eq!(sum, account.balance.minor());
            prop_assert!(report.left_out <= report.rows);
        }
    }
}
