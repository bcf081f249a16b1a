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

    /// `GET /v1/disputes`, newest first, and the journal's place that it is of.
    Tickets { seq: Seq, disputes: Vec<Ticket> }

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

/// Where a piece of a blob belongs, and how long the whole is: names of the IETF's resumable uploads.
pub const UPLOAD_OFFSET: &str = "upload-offset";
pub const UPLOAD_LENGTH: &str = "upload-length";

/// The path of one blob.
pub fn blob_path(sha256: &Hash) -> String {
    format!("/v1/blobs/{sha256}")
}
