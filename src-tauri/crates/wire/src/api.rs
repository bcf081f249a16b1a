//! Requests and responses of the operator's API (`cloud-api.md`).

use boothkeeper_domain::account::{BucketBalance, Card, Life, Payer, PaymentOrder};
use boothkeeper_domain::billing::quote::{Change, Quote};
use boothkeeper_domain::calendar::{Cycle, Period};
use boothkeeper_domain::{
    AccountId, Amount, Asset, DisputeId, Epoch, Hash, PaymentId, Programme, RunId, Seq, Timestamp,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::checkpoint::{BeatSignature, HeartbeatBody, PublicKey, SignatureError};
use crate::dispute::{Attachment, Claim, EntryRef};
use crate::documents::documents;
pub use crate::head::Head;
use crate::problem::Problem;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ClockKind {
    Real,
    Sandbox,
}

documents! {
    /// `GET /v1/meta`: what a laptop needs before it signs in. `account` and `head` are set only if the request has an
    /// access key.
    Meta {
        api: Vec<u32>,
        time: Timestamp,
        clock: ClockKind,
        epoch: Epoch,
        keys: Vec<PublicKey>,
        #[serde(default, skip_serializing_if = "Option::is_none")] account: Option<AccountId>,
        #[serde(default, skip_serializing_if = "Option::is_none")] head: Option<Head>,
        /// True at a sandbox cloud, which offers a demo account.
        #[serde(default)] demo: bool,
    }

    /// One heartbeat of `GET /v1/events`. Clouds before 2026-11-27 send neither account nor signature; a laptop takes
    /// their heartbeats only as a hint that there may be something to pull.
    Beat {
        epoch: Epoch,
        head: Head,
        time: Timestamp,
        #[serde(default, skip_serializing_if = "Option::is_none")] account: Option<AccountId>,
        #[serde(default, skip_serializing_if = "Option::is_none")] signed: Option<BeatSignature>,
    }

    PendingItem { kind: String, amount: Amount, since: Timestamp }

    /// `GET /v1/account`: the account's state at the journal's end. For scripts; a laptop computes the state from its
    /// own copy of the journal instead.
    AccountView {
        account: AccountId,
        email: String,
        programme: Programme,
        asset: Asset,
        seq: Seq,
        balance: Amount,
        buckets: Vec<BucketBalance>,
        pending: Vec<PendingItem>,
        plan: String,
        #[serde(default, skip_serializing_if = "Option::is_none")] cycle: Option<Cycle>,
        state: Life,
        #[serde(default, skip_serializing_if = "Option::is_none")] period: Option<Period>,
        payment_order: PaymentOrder,
        auto_recharge: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")] card: Option<Card>,
    }

    /// `PUT /v1/commands/{uuid}`: an action with its arguments, the quote that the operator saw (`seen`), and the time
    /// after which the cloud must reject it (`not_after`).
    #[derive(Default)]
    CommandRequest {
        kind: String,
        #[serde(default, skip_serializing_if = "Option::is_none")] amount: Option<Amount>,
        #[serde(default, skip_serializing_if = "Option::is_none")] enabled: Option<bool>,
        #[serde(default, skip_serializing_if = "Option::is_none")] first: Option<Payer>,
        #[serde(default, skip_serializing_if = "Option::is_none")] fallback: Option<bool>,
        #[serde(default, skip_serializing_if = "Option::is_none")] token: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")] code: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")] plan: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")] cycle: Option<Cycle>,
        #[serde(default, skip_serializing_if = "Option::is_none")] coupon: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")] method: Option<Payer>,
        #[serde(default, skip_serializing_if = "Option::is_none")] dispute: Option<DisputeId>,
        #[serde(default, skip_serializing_if = "Option::is_none")] message: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")] claim: Option<Claim>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")] entries: Vec<EntryRef>,
        /// SHA-256 of each file. The cloud must have all of a file before it accepts the command.
        #[serde(default, skip_serializing_if = "Vec::is_empty")] blobs: Vec<Hash>,
        /// Name, length and media type of each file in `blobs`.
        #[serde(default, skip_serializing_if = "Vec::is_empty")] attachments: Vec<Attachment>,
        #[serde(default, skip_serializing_if = "Option::is_none")] seen: Option<Quote>,
        #[serde(default, skip_serializing_if = "Option::is_none")] not_after: Option<Timestamp>,
    }

    CommandAnswer {
        state: CommandState,
        #[serde(default)] entries: Vec<Seq>,
        head: Seq,
        #[serde(default, skip_serializing_if = "Option::is_none")] problem: Option<Problem>,
        /// What the change would charge and delete now; set if that is worse for the operator than the quote that was
        /// seen.
        #[serde(default, skip_serializing_if = "Option::is_none")] quote: Option<Quote>,
        /// The dispute's ticket: a new one, or the one that was already open on the same subject.
        #[serde(default, skip_serializing_if = "Option::is_none")] dispute: Option<DisputeId>,
    }

    /// `POST /v1/quotes`
    QuoteRequest { change: Change }

    /// `POST /v1/runs`
    RunRequest {
        id: RunId,
        service: String,
        #[serde(default, skip_serializing_if = "Option::is_none")] event: Option<String>,
        #[serde(default = "one")] units: u32,
    }

    RunAnswer {
        id: RunId,
        entry: Seq,
        charged: Amount,
        balance: Amount,
        /// True if the event's label was too long and was shortened.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")] event_shortened: bool,
    }

    /// The entries that a call appended, and the journal's last seq after it.
    Appended { entries: Vec<Seq>, head: Seq }

    PurchaseAnswer { payment: PaymentId, entries: Vec<Seq>, head: Seq }
}

impl Beat {
    /// True if a pinned key has signed the heartbeat for this account; false if it is not signed. Fails if an unknown
    /// key has signed it, or the signature does not match.
    pub fn is_signed_for(
        &self,
        account: &AccountId,
        pinned: &[PublicKey],
    ) -> Result<bool, SignatureError> {
        let Some(signed) = &self.signed else {
            return Ok(false);
        };
        let body = HeartbeatBody {
            account,
            epoch: &self.epoch,
            head: &self.head,
            time: self.time,
        };
        body.verify(signed, pinned).map(|()| true)
    }
}

impl Appended {
    /// The entries after `before`, up to `head`.
    pub fn between(before: Seq, head: Seq) -> Self {
        Appended {
            entries: (before.0 + 1..=head.0).map(Seq).collect(),
            head,
        }
    }
}

fn one() -> u32 {
    1
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CommandState {
    Applied,
    Rejected,
    NeedsDecision,
}

/// The URL path of one command.
pub fn command_path(id: Uuid) -> String {
    format!("/v1/commands/{id}")
}
