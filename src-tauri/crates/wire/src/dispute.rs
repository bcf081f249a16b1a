//! Disputes as they travel: what an operator claims, and the ticket that came of it.

use boothkeeper_domain::disputes::{DisputeKind, Resolution};
use boothkeeper_domain::{Actor, Amount, DisputeId, Hash, PaymentId, Seq, Timestamp};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::api::documents;

documents! {
    /// An entry by its place and the chain value there: evidence that names one journal only.
    #[derive(Eq)]
    EntryRef { seq: Seq, hash: Hash }

    /// What is claimed, beside its entries and files.
    #[derive(Eq)]
    Claim {
        dispute_kind: DisputeKind,
        #[serde(default, skip_serializing_if = "Option::is_none")] expected: Option<Amount>,
        #[serde(default, skip_serializing_if = "Option::is_none")] actual: Option<Amount>,
        #[cfg_attr(feature = "openapi", schema(value_type = String, format = Date))]
        noticed_on: NaiveDate,
        message: String,
        /// Of a purchase that did not arrive: the processor's or the receipt's number, what was paid, when.
        #[serde(default, skip_serializing_if = "Option::is_none")] payment: Option<PaymentId>,
        #[serde(default, skip_serializing_if = "Option::is_none")] paid: Option<Amount>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = Date))]
        paid_on: Option<NaiveDate>,
        #[serde(default, skip_serializing_if = "Option::is_none")] coupon: Option<String>,
        /// The plan, or the legacy products, that it is about.
        #[serde(default, skip_serializing_if = "Option::is_none")] plan: Option<String>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")] legacy: Vec<String>,
    }

    /// A file of a dispute. Its bytes travel by their content's hash.
    #[derive(Eq)]
    Attachment { name: String, bytes: u64, sha256: Hash, media_type: String }

    Message {
        at: Timestamp,
        from: Actor,
        text: String,
        #[serde(default, skip_serializing_if = "Vec::is_empty")] attachments: Vec<Attachment>,
    }

    /// `GET /v1/disputes/{id}`
    Ticket {
        id: DisputeId,
        kind: DisputeKind,
        state: TicketState,
        #[serde(default, skip_serializing_if = "Option::is_none")] outcome: Option<Resolution>,
        opened_at: Timestamp,
        reply_expected_by: Timestamp,
        /// Of the account.
        email: String,
        #[serde(default, skip_serializing_if = "Option::is_none")] expected: Option<Amount>,
        #[serde(default, skip_serializing_if = "Option::is_none")] actual: Option<Amount>,
        #[cfg_attr(feature = "openapi", schema(value_type = String, format = Date))]
        noticed_on: NaiveDate,
        #[serde(default, skip_serializing_if = "Option::is_none")] payment: Option<PaymentId>,
        #[serde(default, skip_serializing_if = "Option::is_none")] paid: Option<Amount>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = Date))]
        paid_on: Option<NaiveDate>,
        #[serde(default, skip_serializing_if = "Option::is_none")] coupon: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")] plan: Option<String>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")] legacy: Vec<String>,
        entries: Vec<EntryRef>,
        attachments: Vec<Attachment>,
        /// Oldest first; the first is the dispute's own.
        messages: Vec<Message>,
        /// What the resolution appended.
        #[serde(default, skip_serializing_if = "Vec::is_empty")] settled_by: Vec<Seq>,
        /// What came back by it.
        #[serde(default)] returned: Amount,
    }

    /// `GET /v1/disputes`, newest first, and the journal's place that it is of. With `limit`, a page in the order
    /// in which the tickets changed: the next one is asked for with `after`.
    Tickets {
        seq: Seq,
        disputes: Vec<Ticket>,
        /// The place of the last ticket of this page. Absent without `limit`, and where there was nothing new.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
        after: Option<TicketCursor>,
        #[serde(default)] has_more: bool,
    }

    /// `PUT` and `HEAD /v1/blobs/{sha256}`: how much of it the cloud holds.
    BlobState { sha256: Hash, held: u64, complete: bool }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum TicketState {
    Submitted,
    InReview,
    Resolved,
    Rejected,
    Withdrawn,
}

impl TicketState {
    pub const fn is_open(self) -> bool {
        matches!(self, TicketState::Submitted | TicketState::InReview)
    }
}

/// Bytes of a ticket's document with all its messages.
pub const MAX_TICKET: usize = 1024 * 1024;
/// Tickets of a page.
pub const TICKETS_A_PAGE: usize = 50;
/// Bytes of a page's tickets after which it takes no more: a page has at most these and one ticket.
pub const PAGE_BYTES: usize = 1024 * 1024;

/// A place in the order in which an account's tickets changed; `changed.id` on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct TicketCursor {
    /// The journal's place of the change.
    pub changed: u64,
    /// The cloud's number of the ticket.
    pub id: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a place among tickets")]
pub struct TicketCursorError;

impl std::fmt::Display for TicketCursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.changed, self.id)
    }
}

impl std::str::FromStr for TicketCursor {
    type Err = TicketCursorError;

    fn from_str(text: &str) -> Result<Self, TicketCursorError> {
        let (changed, id) = text.split_once('.').ok_or(TicketCursorError)?;
        // SQLite and JSON carry no larger numbers exactly.
        let number = |text: &str| text.parse().ok().filter(|number: &u64| *number < 1 << 53);
        Ok(TicketCursor {
            changed: number(changed).ok_or(TicketCursorError)?,
            id: number(id).ok_or(TicketCursorError)?,
        })
    }
}

impl Serialize for TicketCursor {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TicketCursor {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Where a piece of a blob belongs, and how long the whole is: names of the IETF's resumable uploads.
pub const UPLOAD_OFFSET: &str = "upload-offset";
pub const UPLOAD_LENGTH: &str = "upload-length";
/// `?1` where the whole file is here and is what its hash says.
pub const UPLOAD_COMPLETE: &str = "upload-complete";

/// The path of one blob.
pub fn blob_path(sha256: &Hash) -> String {
    format!("/v1/blobs/{sha256}")
}
