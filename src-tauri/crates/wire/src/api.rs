//! Requests and responses of the operator's interface (`cloud-api.md`).

use boothkeeper_domain::account::{BucketBalance, Card, Life, PaymentOrder};
use boothkeeper_domain::calendar::{Cycle, Period};
use boothkeeper_domain::{
    AccountId, Amount, Asset, Epoch, Hash, PaymentId, Programme, RunId, Seq, Timestamp,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::checkpoint::PublicKey;
use crate::problem::{Problem, ProblemCode};

macro_rules! documents {
    ($($(#[$attr:meta])* $name:ident { $($(#[$field_attr:meta])* $field:ident: $type:ty),* $(,)? })+) => {$(
        $(#[$attr])*
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub struct $name { $($(#[$field_attr])* pub $field: $type),* }
    )+};
}
pub(crate) use documents;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ClockKind {
    Real,
    Sandbox,
}

documents! {
    /// `GET /v1/meta`. Without a key: what a laptop needs before it signs in; with one, also the account.
    Meta {
        api: Vec<u32>,
        time: Timestamp,
        clock: ClockKind,
        epoch: Epoch,
        keys: Vec<PublicKey>,
        #[serde(default, skip_serializing_if = "Option::is_none")] account: Option<AccountId>,
        #[serde(default, skip_serializing_if = "Option::is_none")] head: Option<Head>,
        /// Where a sandbox cloud offers an account to look around in.
        #[serde(default)] demo: bool,
    }

    Head { seq: Seq, chain: Hash }

    /// One event of `GET /v1/events`.
    Beat { epoch: Epoch, head: Head, time: Timestamp }

    PendingItem { kind: String, amount: Amount, since: Timestamp }

    /// `GET /v1/account`: the fold at head. Shown to scripts; a laptop folds for itself.
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

    /// `PUT /v1/commands/{uuid}`: an action with its arguments, and until when it may still act.
    CommandRequest {
        kind: String,
        #[serde(default, skip_serializing_if = "Option::is_none")] amount: Option<Amount>,
        #[serde(default, skip_serializing_if = "Option::is_none")] enabled: Option<bool>,
        #[serde(default, skip_serializing_if = "Option::is_none")] not_after: Option<Timestamp>,
    }

    CommandAnswer {
        state: CommandState,
        #[serde(default)] entries: Vec<Seq>,
        head: Seq,
        #[serde(default, skip_serializing_if = "Option::is_none")] problem: Option<Problem>,
    }

    /// `POST /v1/runs`
    RunRequest {
        id: RunId,
        service: String,
        #[serde(default, skip_serializing_if = "Option::is_none")] event: Option<String>,
        #[serde(default = "one")] units: u32,
    }

    RunAnswer { id: RunId, entry: Seq, charged: Amount, balance: Amount }

    /// Entries a call appended, and the head after it.
    Appended { entries: Vec<Seq>, head: Seq }

    PurchaseAnswer { payment: PaymentId, entries: Vec<Seq>, head: Seq }
}

fn one() -> u32 {
    1
}

/// What an operator can ask for. The id is made once, by the laptop, before anything is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    BuyCredits { amount: Amount },
    SetAutoRecharge { enabled: bool },
}

impl Action {
    pub const fn kind(&self) -> &'static str {
        match self {
            Action::BuyCredits { .. } => "buy_credits",
            Action::SetAutoRecharge { .. } => "set_auto_recharge",
        }
    }

    pub fn request(&self, not_after: Option<Timestamp>) -> CommandRequest {
        let mut request = CommandRequest {
            kind: self.kind().to_owned(),
            amount: None,
            enabled: None,
            not_after,
        };
        match self {
            Action::BuyCredits { amount } => request.amount = Some(*amount),
            Action::SetAutoRecharge { enabled } => request.enabled = Some(*enabled),
        }
        request
    }
}

impl CommandRequest {
    /// The action, or why the request names none.
    pub fn action(&self) -> Result<Action, ProblemCode> {
        match self.kind.as_str() {
            "buy_credits" => {
                let amount = self.amount.ok_or(ProblemCode::Malformed)?;
                Ok(Action::BuyCredits { amount })
            }
            "set_auto_recharge" => {
                let enabled = self.enabled.ok_or(ProblemCode::Malformed)?;
                Ok(Action::SetAutoRecharge { enabled })
            }
            _ => Err(ProblemCode::UnknownCommand),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CommandState {
    Applied,
    Rejected,
    NeedsDecision,
}

/// The path of one command.
pub fn command_path(id: Uuid) -> String {
    format!("/v1/commands/{id}")
}
