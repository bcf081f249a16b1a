//! Requests of the sandbox, which set up accounts, move time and inject faults (`cloud-api.md`). The cloud serves them
//! only with `--sandbox`, on loopback.

use boothkeeper_domain::account::PaymentOrder;
use boothkeeper_domain::calendar::Cycle;
use boothkeeper_domain::disputes::Resolution;
use boothkeeper_domain::user_input::is_blank;
use boothkeeper_domain::{AccountId, Amount, Programme, RunId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::documents::documents;

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

    /// An adjustment by support; a negative amount takes credits away.
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

    /// `refund` is first used to give back the disputed entries; the rest of it becomes an adjustment. `bonus` is added
    /// as a compensation.
    ResolveRequest {
        outcome: Resolution,
        #[serde(default)] refund: Amount,
        #[serde(default)] bonus: Amount,
        #[serde(default, skip_serializing_if = "Option::is_none")] note: Option<String>,
    }

    RejectRequest { #[serde(default, skip_serializing_if = "Option::is_none")] note: Option<String> }

    /// Faults are used in order, each for as many matching requests as its `count` says.
    FaultsRequest {
        #[serde(default)] faults: Vec<FaultRequest>,
        /// The cloud's process exits when it next reaches this point.
        #[serde(default, skip_serializing_if = "Option::is_none")] crash: Option<CrashPoint>,
    }

    FaultRequest {
        /// A prefix of the URL path, such as `/v1/journal`.
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
    /// The processor does not answer yet; the card may still be charged later.
    Timeout,
    /// The cardholder must confirm the charge first.
    RequiresAction,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    #[default]
    Instant,
    /// The processor confirms the payment after this many seconds.
    DelayedSeconds(u32),
    /// The processor approves the payment but never confirms it.
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

/// A network fault between the cloud and a laptop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The request is lost before it reaches the cloud.
    Drop,
    /// The cloud handles the request, but its answer is lost.
    DropAnswer,
    /// The request reaches the cloud this many milliseconds later.
    DelayMillis(u32),
    /// The request reaches the cloud twice.
    Duplicate,
    /// The answer is cut short but looks complete.
    Truncate,
    /// The connection breaks in the middle of the answer.
    Cut,
    /// The connection breaks when this many bytes of the request have been sent.
    CutRequest(u32),
    /// Two parts of the answer are swapped.
    Reorder,
    #[serde(rename = "5xx")]
    Status5xx,
    #[serde(rename = "429")]
    Status429,
    /// A venue's Wi-Fi answers instead of the cloud: status 200 and a page of HTML.
    Portal,
    /// One entry of the journal stream arrives with a changed amount.
    RewrittenEntry,
    /// The journal stream names another account.
    OtherAccount,
}

/// Points between two writes at which a crash is most likely to lose or repeat something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CrashPoint {
    /// All bytes of a file have arrived, but the last piece is not stored.
    BeforeLastPiece,
    /// The last piece is stored, but the answer is not sent.
    AfterLastPiece,
    /// A command is decided and stored, but its answer is not sent.
    AfterCommand,
    /// The processor has charged the card, but the journal has no entry of it.
    AfterCharge,
}

impl AccountRequest {
    /// True if the e-mail address, the card and the events are plausible: a name and a host in the address, no control
    /// characters.
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
    /// True if the brand can be seen, and month, year and the last four digits are in range.
    pub fn is_sound(&self) -> bool {
        !is_blank(&self.brand)
            && (1..=12).contains(&self.exp_month)
            && (2000..=2999).contains(&self.exp_year)
            && self.last4.len() == 4
            && self.last4.bytes().all(|byte| byte.is_ascii_digit())
    }
}

impl EventRequest {
    /// True if the event has a name and ends after it starts.
    pub fn is_sound(&self) -> bool {
        !is_blank(&self.name) && self.starts_at < self.ends_at
    }
}
