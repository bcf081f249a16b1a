//! The parts of a billing decision, and the reasons why a command is refused.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::calendar::{Cycle, Period};
use crate::journal::FeeAttempt;
use crate::{Amount, Entry, FoldError, Money, PaymentId, Timestamp};

/// The result of a command or of the passing of time: entries to append to the journal and card charges to attempt.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct BillingDecision {
    pub entries: Vec<Entry>,
    /// Charges to send to the payment processor, only after the entries are durable.
    pub charges: Vec<Charge>,
}

/// A card charge to attempt. Its payment id is fixed by the decision, so that sending the charge twice charges the card
/// once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charge {
    pub payment: PaymentId,
    pub money: Money,
    pub purpose: Purpose,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// A purchase of credits whose `purchase_started` entry is in the journal.
    Purchase,
    Fee(FeeAttempt),
    /// A plan change that takes place only if the charge is approved.
    Plan(PlanChange),
}

/// The payment processor's answer to a charge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChargeOutcome {
    Approved,
    /// The text is the processor's reason code.
    Declined(String),
    /// The charge is not decided yet: the processor timed out, or waits for the cardholder to confirm.
    Pending,
}

/// Why a command was refused. A refused command appends no entries.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    #[error("the account is closed")]
    AccountClosed,
    #[error("there is no such service")]
    UnknownService,
    #[error("a run is charged for 1 to 1000 units")]
    UnitsOutOfRange,
    #[error("the run costs more than the balance")]
    InsufficientCredits { price: Amount, balance: Amount },
    #[error("the run would exceed today's limit")]
    DailyLimitReached {
        limit: Amount,
        used: Amount,
        resets_at: Timestamp,
    },
    #[error("the run costs more than the whole daily limit")]
    ExceedsDailyLimit { limit: Amount, price: Amount },
    #[error("the entry has already been refunded")]
    AlreadyRefunded,
    #[error("the amount is below the minimum of a purchase")]
    BelowMinimum { minimum: Amount },
    #[error("the amount is out of range")]
    AmountOutOfRange,
    #[error("there is no card on file")]
    NoCard,
    #[error("the payment is not waiting for an answer")]
    PaymentSettled,
    #[error("this programme has no auto-recharge")]
    NoAutoRecharge,
    #[error("credits cannot pay fees in this programme")]
    CreditsCannotPayFees,
    #[error("there is no such plan, or not in that cycle")]
    UnknownPlan,
    #[error("the account is on that plan and cycle already")]
    SamePlan,
    #[error("the current period is paid for in the other cycle")]
    OtherCyclePaid,
    #[error("the card was declined")]
    CardDeclined,
    #[error("the card's bank has not answered")]
    PaymentUnanswered,
    #[error("another payment is waiting for its answer")]
    PaymentPending,
    #[error("there is nothing to pay now")]
    NothingDue,
    #[error("this is not possible in the account's current state")]
    WrongState,
    #[error("there is no such coupon")]
    UnknownCoupon,
    #[error("the coupon is for another plan or cycle")]
    CouponNotForPlan,
    #[error("the coupon has been redeemed")]
    CouponRedeemed,
    #[error("there is no such legacy product")]
    UnknownProduct,
    #[error("new events cannot be scheduled now")]
    NoNewEvents,
    /// A reason, a name or an address is longer than [`crate::bounds`] allows.
    #[error("a text is too long")]
    TextTooLong,
    /// The rules produced an entry that breaks an invariant of the journal. This is a bug; nothing is written.
    #[error("the entry would break the journal")]
    Broken(#[from] FoldError),
}

/// A plan change that takes place only if the card pays for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanChange {
    pub plan: String,
    pub cycle: Option<Cycle>,
    pub period: Option<Period>,
    pub charge: Money,
    /// The coupon that is redeemed with the plan change.
    pub redeems: Option<String>,
    /// The coupon whose free months were taken off the charge. It may have been redeemed earlier.
    pub coupon: Option<String>,
}
