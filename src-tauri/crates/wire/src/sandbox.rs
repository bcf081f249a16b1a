//! The sandbox's controls (`cloud-api.md`): what makes every scenario playable. Never served but with
//! `--sandbox`, on loopback.

use boothkeeper_domain::account::PaymentOrder;
use boothkeeper_domain::calendar::Cycle;
use boothkeeper_domain::disputes::Resolution;
use boothkeeper_domain::{AccountId, Amount, Programme, RunId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::api::documents;

documents! {
    AccountRequest {
        email: String,
        catalog: Programme,
        plan: String,
        #[serde(default)] cycle: Option<Cycle>,
        #[serde(default)] signed_up_at: Option<Timestamp>,
        #[serde(default)] opening_balance: Amount,
        #[serde(default)] legacy: Vec<String>,
        #[serde(default)] card: Option<CardRequest>,
        #[serde(default)] events: Vec<EventRequest>,
        #[serde(default)] payment_order: Option<PaymentOrder>,
        #[serde(default)] auto_recharge: bool,
    }

    CardRequest {
        #[serde(default = "visa")] brand: String,
        #[serde(default = "last4")] last4: String,
        exp_month: u8,
        exp_year: u16,
        #[serde(default)] behaviour: CardBehaviour,
    }

    EventRequest { name: String, starts_at: Timestamp, ends_at: Timestamp }

    AccountAnswer { account: AccountId, access_key: String, entries: Vec<boothkeeper_domain::Seq>, head: boothkeeper_domain::Seq }

    ClockAnswer { time: Timestamp }

    ClockRequest {
        #[serde(default)] advance_to: Option<Timestamp>,
        #[serde(default)] advance_seconds: Option<u32>,
    }

    PurchaseRequest { amount: Amount, #[serde(default)] delivery: Delivery }

    RunsRequest {
        service: String,
        #[serde(default)] event: Option<String>,
        #[serde(default = "one")] count: u32,
        #[serde(default)] outcome: Outcome,
    }

    /// What support gives, or takes where it is negative.
    AdjustRequest {
        amount: Amount,
        #[serde(default)] reason: Option<String>,
    }

    CompensateRequest {
        amount: Amount,
        #[serde(default)] reason: Option<String>,
        #[serde(default)] run: Option<RunId>,
    }

    RefundRequest { run: RunId }

    LegacyRequest { product: String }

    DailyLimitRequest { limit: Amount }

    SupportMessage { text: String }

    /// `refund` goes back along the disputed entries, what is left of it as an adjustment; `bonus` on top.
    ResolveRequest {
        outcome: Resolution,
        #[serde(default)] refund: Amount,
        #[serde(default)] bonus: Amount,
        #[serde(default, skip_serializing_if = "Option::is_none")] note: Option<String>,
    }

    RejectRequest { #[serde(default, skip_serializing_if = "Option::is_none")] note: Option<String> }

    /// Faults are taken in order, each for its count of matching requests.
    FaultsRequest {
        #[serde(default)] faults: Vec<FaultRequest>,
        /// Where the cloud's process ends at once, the next time it gets there.
        #[serde(default, skip_serializing_if = "Option::is_none")] crash: Option<CrashPoint>,
    }

    FaultRequest {
        /// A prefix of the path, `/v1/journal` say.
        route: String,
        #[serde(default = "one")] count: u32,
        fault: Fault,
    }
}

fn one() -> u32 {
    1
}

fn visa() -> String {
    "Visa".into()
}

fn last4() -> String {
    "4242".into()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CardBehaviour {
    #[default]
    Approve,
    Decline,
    /// The processor does not answer; the cardholder may still be charged.
    Timeout,
    /// The cardholder is asked to confirm.
    RequiresAction,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    #[default]
    Instant,
    DelayedSeconds(u32),
    Lost,
    /// The processor confirms the same payment this many times: at once, then every half hour.
    Duplicated(u32),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    #[default]
    Succeeded,
    Failed,
    FailedAndRefunded,
}

/// What may go wrong between the cloud and a laptop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The request is lost before the cloud sees it.
    Drop,
    /// The cloud acts; its answer is lost.
    DropAnswer,
    DelayMillis(u32),
    /// The cloud sees the request twice.
    Duplicate,
    /// The answer ends early, as if complete.
    Truncate,
    /// The connection breaks within the answer.
    Cut,
    /// The connection breaks when this many bytes of the request have been sent.
    CutRequest(u32),
    /// Two parts of the answer change places.
    Reorder,
    #[serde(rename = "5xx")]
    Status5xx,
    #[serde(rename = "429")]
    Status429,
    /// A venue's Wi-Fi answers in the cloud's place: 200, HTML.
    Portal,
    /// An entry of the stream arrives with another amount.
    RewrittenEntry,
    /// The stream speaks of another account.
    OtherAccount,
}

/// Places between two writes at which a crash would do the most harm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CrashPoint {
    /// All bytes of a file have arrived; the last piece is not written.
    BeforeLastPiece,
    /// The last piece is written; the laptop does not know.
    AfterLastPiece,
    /// A command is decided and written; its answer is not sent.
    AfterCommand,
    /// The processor has charged; the journal does not say so.
    AfterCharge,
}

impl AccountRequest {
    /// Whether such an account could be somebody's.
    pub fn is_sound(&self) -> bool {
        let address = self.email.split_once('@');
        let address = address.is_some_and(|(name, host)| !name.is_empty() && !host.is_empty());
        address
            && !self.email.contains(char::is_control)
            && self.card.as_ref().is_none_or(CardRequest::is_sound)
            && self.events.iter().all(EventRequest::is_sound)
    }
}

impl CardRequest {
    pub fn is_sound(&self) -> bool {
        (1..=12).contains(&self.exp_month)
            && (2000..=2999).contains(&self.exp_year)
            && self.last4.len() == 4
            && self.last4.bytes().all(|byte| byte.is_ascii_digit())
    }
}

impl EventRequest {
    pub fn is_sound(&self) -> bool {
        let name = self.name.trim();
        !name.is_empty() && self.starts_at < self.ends_at
    }
}
