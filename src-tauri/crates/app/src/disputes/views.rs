//! View types for disputes: drafts on this laptop and tickets at the cloud.

use boothkeeper_domain::disputes::{DisputeKind, Explained, Resolution};
use boothkeeper_domain::findings::FindingCode;
use boothkeeper_domain::{Actor, Amount, Hash, Seq, Timestamp};
use boothkeeper_sync::wire::dispute::Attachment;
use boothkeeper_sync::wire::problem::ProblemCode;
use chrono::NaiveDate;
use serde::Serialize;

use crate::dispute_state::DisputeState;
use crate::history::RowView;

/// A problem that prevents sending a draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum DraftProblem {
    NoMessage,
    MessageTooLong,
    NoRows,
    TooManyRows,
    /// Opening balance plus changes is not the closing balance.
    SumFails,
    /// The period's last day is before its first.
    NoDays,
    TooManyFiles,
    FilesTooLarge,
    /// An attached file is no longer on this laptop.
    FileMissing,
    /// A closed account accepts only disputes about its closure.
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
    /// True if the app makes the file; it is made again when the dispute is sent.
    pub made: bool,
    /// True if the file is no longer on this laptop.
    pub missing: bool,
}

/// One row of the list of disputes.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct DisputeRow {
    /// The id of the draft or of the ticket.
    pub id: String,
    pub kind: DisputeKind,
    pub state: DisputeState,
    /// When the draft was last saved, or the ticket was opened.
    pub at: Timestamp,
    /// Expected minus actual balance.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub owed: Option<Amount>,
    /// Number of disputed entries.
    pub rows: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub reply_expected_by: Option<Timestamp>,
    /// True if `reply_expected_by` has passed without a reply.
    pub overdue: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub outcome: Option<Resolution>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub returned: Option<Amount>,
    /// True if the last message is from support, so that the operator may answer.
    pub answered: bool,
    /// True if the problem was solved after the draft was written, so that the operator should check the draft.
    pub came_right: bool,
    pub messages: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct DisputesView {
    /// Newest first.
    pub disputes: Vec<DisputeRow>,
    /// Number of sent disputes without a decision.
    pub open: u32,
    /// Sum of the amounts that the sent disputes without a decision claim.
    pub open_amount: Amount,
    /// Sum of what support returned on tickets opened this year. The year is that of the laptop's time zone.
    pub won_back: Amount,
    /// True for an imported account: it has no cloud, so disputes can only be sent by e-mail.
    pub by_mail_only: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ChosenRow {
    pub row: RowView,
    pub chosen: bool,
}

/// Details of a dispute beside its entries, proposed by the app or entered by the operator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ClaimDetails {
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
    /// E-mail address of the account.
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
    /// Balance before the period.
    pub opening: Amount,
    pub delta: Amount,
    pub closing: Amount,
    /// True if opening + delta = closing.
    pub adds_up: bool,
    /// Number of entries in the period.
    pub count: u32,
    /// How the journal already explains the difference between expected and actual balance, if it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub explained: Option<Explained>,
    pub rows: Vec<ChosenRow>,
    /// Sum of the chosen rows.
    pub chosen: Amount,
    pub message: String,
    /// The message as it is sent, with guests' phone numbers and addresses masked.
    pub message_sent: String,
    #[serde(flatten)]
    pub said: ClaimDetails,
    /// The files that the operator attached.
    pub files: Vec<FileView>,
    pub problems: Vec<DraftProblem>,
    /// Id of an open ticket that already covers the draft's subject.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub disputed_by: Option<String>,
    pub came_right: bool,
    /// When support's reply would be due if the draft were sent now.
    pub reply_expected_by: Timestamp,
    /// Why the cloud refused the dispute.
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

/// A ticket as the cloud sent it.
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
    pub said: ClaimDetails,
    pub entries: Vec<Seq>,
    pub attachments: Vec<FileView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub reply_expected_by: Option<Timestamp>,
    pub overdue: bool,
    /// True if the last message is from support.
    pub answered: bool,
    pub messages: Vec<MessageView>,
    pub returned: Amount,
    pub settled_by: Vec<Seq>,
}

impl From<&Attachment> for FileView {
    fn from(file: &Attachment) -> Self {
        FileView {
            name: file.name.clone(),
            bytes: file.bytes,
            sha256: file.sha256,
            media_type: file.media_type.clone(),
            made: false,
            missing: false,
        }
    }
}

/// Expected minus actual balance; `None` if one is unknown or they are equal.
pub(super) fn owed(expected: Option<Amount>, actual: Option<Amount>) -> Option<Amount> {
    let (expected, actual) = expected.zip(actual)?;
    let owed = expected.checked_sub(actual).ok()?;
    Some(owed).filter(|owed| !owed.is_zero())
}
