//! Disputes as shells show them: drafts that are written here, and tickets that the cloud has.

use boothkeeper_domain::disputes::{DisputeKind, Explained, Resolution};
use boothkeeper_domain::findings::FindingCode;
use boothkeeper_domain::{Actor, Amount, Hash, Seq, Timestamp};
use boothkeeper_sync::wire::problem::ProblemCode;
use chrono::NaiveDate;
use serde::Serialize;

use crate::disputed::DisputeState;
use crate::history::RowView;

/// What keeps a draft from being sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum DraftProblem {
    NoMessage,
    MessageTooLong,
    NoRows,
    TooManyRows,
    /// Opening and changes do not come to the closing balance.
    SumFails,
    /// The days end before they begin.
    NoDays,
    TooManyFiles,
    FilesTooLarge,
    /// A file that was attached is not on this computer any more.
    FileMissing,
    /// A closed account takes disputes about its closing only.
    AccountClosed,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct FileView {
    pub name: String,
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub bytes: u64,
    pub sha256: Hash,
    pub media_type: String,
    /// Made by the app, anew each time it is sent.
    pub made: bool,
    /// Not on this computer any more.
    pub missing: bool,
}

/// One line of the list.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct DisputeRow {
    /// A draft's or a ticket's.
    pub id: String,
    pub kind: DisputeKind,
    pub state: DisputeState,
    /// When it was written, or opened at the cloud.
    pub at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub owed: Option<Amount>,
    pub rows: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub reply_expected_by: Option<Timestamp>,
    /// Nobody has replied by then.
    pub overdue: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub outcome: Option<Resolution>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub returned: Option<Amount>,
    /// Support has had the last word: it is the operator's to answer.
    pub answered: bool,
    /// What it complains of has come right: it asks to be looked at.
    pub came_right: bool,
    pub messages: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct DisputesView {
    /// Newest first.
    pub disputes: Vec<DisputeRow>,
    /// Claimed and not decided.
    pub open: u32,
    pub open_amount: Amount,
    /// Of this year, as the laptop counts years.
    pub won_back: Amount,
    /// There is no cloud that takes disputes: they go by e-mail.
    pub by_mail_only: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ChosenRow {
    pub row: RowView,
    pub chosen: bool,
}

/// What a person has said it is about, beside the entries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Said {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub payment: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub paid: Option<Amount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional, type = "string"))]
    pub paid_on: Option<NaiveDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub coupon: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub plan: Option<String>,
    pub legacy: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct DraftView {
    pub id: String,
    pub kind: DisputeKind,
    pub state: DisputeState,
    pub saved_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub finding: Option<FindingCode>,
    /// Of the account.
    pub email: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub expected: Option<Amount>,
    pub actual: Amount,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub owed: Option<Amount>,
    #[cfg_attr(feature = "ts", ts(type = "string"))]
    pub noticed_on: NaiveDate,
    #[cfg_attr(feature = "ts", ts(type = "string"))]
    pub from: NaiveDate,
    #[cfg_attr(feature = "ts", ts(type = "string"))]
    pub to: NaiveDate,
    /// The days' own sum, and whether it closes.
    pub opening: Amount,
    pub delta: Amount,
    pub closing: Amount,
    pub adds_up: bool,
    pub count: u32,
    /// What the journal itself has to say to the difference.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub explained: Option<Explained>,
    pub rows: Vec<ChosenRow>,
    pub chosen: Amount,
    pub message: String,
    /// As it is sent: guests' numbers and addresses are masked.
    pub message_sent: String,
    #[serde(flatten)]
    pub said: Said,
    /// The operator's own.
    pub files: Vec<FileView>,
    pub problems: Vec<DraftProblem>,
    /// The ticket that is open on one of its entries already.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub disputed_by: Option<String>,
    pub came_right: bool,
    /// If it is sent now.
    pub reply_expected_by: Timestamp,
    /// Why the cloud refused it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional, type = "string"))]
    pub refused: Option<ProblemCode>,
    pub as_of: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct MessageView {
    pub at: Timestamp,
    pub from: Actor,
    pub text: String,
    pub attachments: Vec<FileView>,
}

/// A ticket, as the cloud has it and as scripts get it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct TicketView {
    pub id: String,
    pub kind: DisputeKind,
    pub state: DisputeState,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub outcome: Option<Resolution>,
    pub opened_at: Timestamp,
    pub email: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub expected: Option<Amount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub actual: Option<Amount>,
    #[cfg_attr(feature = "ts", ts(type = "string"))]
    pub noticed_on: NaiveDate,
    #[serde(flatten)]
    pub said: Said,
    pub entries: Vec<Seq>,
    pub attachments: Vec<FileView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub reply_expected_by: Option<Timestamp>,
    pub overdue: bool,
    /// Support has had the last word.
    pub answered: bool,
    pub messages: Vec<MessageView>,
    pub returned: Amount,
    pub settled_by: Vec<Seq>,
}
