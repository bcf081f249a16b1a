//! The input of an import (rows, receipts and their owner), and its report.

use serde::{Deserialize, Serialize};

use crate::{AccountId, Amount, Programme, Timestamp};

/// The text that is the reason of the entry with the opening balance of an imported history.
pub const BROUGHT_FORWARD: &str = "balance before this history";

/// One row of a table. Columns that are missing or could not be read are `None`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportRow {
    pub at: Timestamp,
    /// The wire name of an entry's kind, if the table's word for the kind is known.
    pub kind: Option<String>,
    pub amount: Amount,
    pub balance_after: Option<Amount>,
    pub service: Option<String>,
    pub event: Option<String>,
    pub run: Option<String>,
    pub payment: Option<String>,
    /// The row's own number in the table.
    pub number: Option<u64>,
    /// The number of the row whose run this row refunds or marks as failed.
    pub refers_to: Option<u64>,
    pub reason: Option<String>,
}

/// A receipt of a purchase of credits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    pub at: Timestamp,
    pub amount: Amount,
    pub payment: String,
}

/// The account that the imported history belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    pub account: AccountId,
    pub email: String,
    pub programme: Programme,
}

/// Counts of what an import did with the rows and receipts.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Report {
    pub rows: u32,
    /// Places at which a balance does not follow from the balance before it.
    pub gaps: u32,
    /// Rows that could not be turned into an entry.
    pub left_out: u32,
    pub receipts: u32,
    /// Receipts whose payment id is in the table.
    pub matched: u32,
    /// Receipts without a matching payment id that may belong to a purchase in the table, because it has the same
    /// amount and is at most a day apart. They are not reported as missing.
    pub resembling: u32,
    /// Rows that were in more than one table.
    pub twice: u32,
    /// The balance that the history starts with. Its origin is not known.
    pub brought_forward: Amount,
}
