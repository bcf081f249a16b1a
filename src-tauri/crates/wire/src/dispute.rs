//! Disputes on the wire: the operator's claim, the cloud's ticket for it, and the upload of its files.

use boothkeeper_domain::disputes::{DisputeKind, Resolution};
use boothkeeper_domain::{Actor, Amount, DisputeId, Hash, PaymentId, Seq, Timestamp};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::documents::documents;

documents! {
    /// An entry, named by its seq and the chain value after it. The chain value is different in every journal, so the
    /// reference cannot mean another journal's entry.
    #[derive(Eq)]
    EntryRef { seq: Seq, hash: Hash }

    /// What the operator claims, without the entries and files that the claim refers to.
    #[derive(Eq)]
    Claim {
        dispute_kind: DisputeKind,
        #[serde(default, skip_serializing_if = "Option::is_none")] expected: Option<Amount>,
        #[serde(default, skip_serializing_if = "Option::is_none")] actual: Option<Amount>,
        #[cfg_attr(feature = "openapi", schema(value_type = String, format = Date))]
        noticed_on: NaiveDate,
        message: String,
        /// For a purchase that did not arrive: the payment's number at the processor or on the receipt; `paid` is the
        /// amount and `paid_on` the day of the payment.
        #[serde(default, skip_serializing_if = "Option::is_none")] payment: Option<PaymentId>,
        #[serde(default, skip_serializing_if = "Option::is_none")] paid: Option<Amount>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = Date))]
        paid_on: Option<NaiveDate>,
        #[serde(default, skip_serializing_if = "Option::is_none")] coupon: Option<String>,
        /// The plan that the claim is about; `legacy` has the legacy products that it is about.
        #[serde(default, skip_serializing_if = "Option::is_none")] plan: Option<String>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")] legacy: Vec<String>,
    }

    /// A file of a dispute. `bytes` is its length; its content is uploaded separately, under its SHA-256.
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
        /// The account's e-mail address.
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
        /// Oldest first; the first is the message that the dispute was opened with.
        messages: Vec<Message>,
        /// The entries that the resolution appended to the journal.
        #[serde(default, skip_serializing_if = "Vec::is_empty")] settled_by: Vec<Seq>,
        /// By how much the resolution changed the balance.
        #[serde(default)] returned: Amount,
    }

    /// `GET /v1/disputes`: tickets, newest first, and the journal's seq when they were read. With `limit` it is one
    /// page, in the order in which the tickets changed; a request with `after` gets the next page.
    Tickets {
        seq: Seq,
        disputes: Vec<Ticket>,
        /// The cursor of this page's last ticket. Absent without `limit`, and if the page has no ticket.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
        after: Option<TicketCursor>,
        #[serde(default)] has_more: bool,
    }

    /// `PUT` and `HEAD /v1/blobs/{sha256}`: how many bytes of the file the cloud holds, and whether that is all of it.
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
    /// True until support closes the ticket or the operator withdraws it.
    pub const fn is_open(self) -> bool {
        matches!(self, TicketState::Submitted | TicketState::InReview)
    }
}

/// Greatest length of a ticket's JSON document with all its messages, in bytes.
pub const MAX_TICKET: usize = 1024 * 1024;
/// Greatest number of tickets in a page.
pub const TICKETS_A_PAGE: usize = 50;
/// Bytes of tickets after which a page takes no further ticket. A page has at most this many bytes and one more ticket.
pub const PAGE_BYTES: usize = 1024 * 1024;

/// A cursor into the account's tickets in the order in which they changed; the text `changed.id` on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct TicketCursor {
    /// The journal's seq at which the ticket last changed.
    pub changed: u64,
    /// The ticket's row number at the cloud.
    pub id: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a ticket cursor")]
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
        // Reject numbers from 2^53 on: JSON readers may not keep them exactly, and SQLite takes none from 2^63 on.
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

/// Header with the offset in bytes at which a piece of a blob begins; the name is from the IETF's resumable uploads.
pub const UPLOAD_OFFSET: &str = "upload-offset";
/// Header with the length of the whole blob in bytes.
pub const UPLOAD_LENGTH: &str = "upload-length";
/// Header that is `?1` if the cloud has the whole file and its hash is right, else `?0`.
pub const UPLOAD_COMPLETE: &str = "upload-complete";

/// The URL path of one blob.
pub fn blob_path(sha256: &Hash) -> String {
    format!("/v1/blobs/{sha256}")
}
