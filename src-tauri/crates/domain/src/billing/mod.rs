//! The billing rules: pure functions that decide which entries a command or an instant appends, or why it is refused.
//!
//! Each function takes the folded account, the catalog, the facts looked up in the journal and the instant, and changes
//! none of them. Card payments are returned as charges to attempt; [`answered`] decides what follows from the
//! processor's answer.

pub mod allowance;
pub mod dispute;
pub mod fee;
pub mod forecast;
mod ledger;
pub mod opening;
pub mod plan;
pub mod purchase;
pub mod quote;
pub mod run;
pub mod support;
pub mod time;

use thiserror::Error;

pub use ledger::Ledger;
pub use plan::PlanChange;
use serde::{Deserialize, Serialize};

use crate::journal::FeeAttempt;
use crate::{Account, Amount, Catalog, Entry, FoldError, Money, PaymentId, Timestamp};

/// The result of a command or an instant: entries to append and charges to attempt.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct BillingDecision {
    pub entries: Vec<Entry>,
    /// Charges to send to the payment processor, only after the entries are durable.
    pub charges: Vec<Charge>,
}

/// A card charge to attempt. Its payment id is fixed by the decision, so that sending it twice charges the card once.
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
    /// With the processor's reason code.
    Declined(String),
    /// Not decided yet: the processor timed out, or waits for the cardholder to confirm.
    Pending,
}

/// What follows from the processor's answer to a charge. Fails with `CardDeclined` or `PaymentUnanswered` if a plan
/// change was not paid, and with `PaymentSettled` if a purchase is no longer waiting for its answer.
pub fn apply_charge_outcome(
    account: &Account,
    catalog: &Catalog,
    charge: &Charge,
    answer: &ChargeOutcome,
    now: Timestamp,
) -> Result<BillingDecision, Refusal> {
    match (&charge.purpose, answer) {
        (Purpose::Purchase, ChargeOutcome::Approved) => {
            purchase::confirm(account, catalog, &charge.payment, now)
        }
        (Purpose::Purchase, ChargeOutcome::Declined(code)) => {
            purchase::decline(account, catalog, &charge.payment, code, now)
        }
        // Nothing to append: the journal already shows the purchase as started.
        (Purpose::Purchase, ChargeOutcome::Pending) => Ok(BillingDecision::default()),
        (Purpose::Fee(attempt), answer) => {
            let mut ledger = Ledger::new(account.clone(), catalog, now);
            ledger.fee_answered(attempt.clone(), answer)?;
            Ok(ledger.decided())
        }
        (Purpose::Plan(change), ChargeOutcome::Approved) => {
            plan::paid(account, catalog, change, &charge.payment, now)
        }
        (Purpose::Plan(_), ChargeOutcome::Declined(_)) => Err(Refusal::CardDeclined),
        (Purpose::Plan(_), ChargeOutcome::Pending) => Err(Refusal::PaymentUnanswered),
    }
}

/// What follows when the processor reports a payment later on its own. The payment is a pending purchase, or else a
/// pending fee; fails with `PaymentSettled` if it is neither.
pub fn apply_late_outcome(
    account: &Account,
    catalog: &Catalog,
    payment: &PaymentId,
    answer: &ChargeOutcome,
    now: Timestamp,
) -> Result<BillingDecision, Refusal> {
    match answer {
        ChargeOutcome::Pending => Ok(BillingDecision::default()),
        ChargeOutcome::Approved if account.purchases.contains_key(payment) => {
            purchase::confirm(account, catalog, payment, now)
        }
        ChargeOutcome::Declined(code) if account.purchases.contains_key(payment) => {
            purchase::decline(account, catalog, payment, code, now)
        }
        _ => apply_fee_outcome(account, catalog, payment, answer, now),
    }
}

/// What follows when the processor answers a fee's pending charge. Fails with `PaymentSettled` if no fee waits for this
/// payment, for instance because the processor repeats an answer.
pub fn apply_fee_outcome(
    account: &Account,
    catalog: &Catalog,
    payment: &PaymentId,
    answer: &ChargeOutcome,
    now: Timestamp,
) -> Result<BillingDecision, Refusal> {
    let pending = account
        .pending_fee
        .as_ref()
        .filter(|pending| pending.attempt.payment == *payment)
        .ok_or(Refusal::PaymentSettled)?;
    let mut ledger = Ledger::new(account.clone(), catalog, now);
    ledger.fee_answered(pending.attempt.clone(), answer)?;
    Ok(ledger.decided())
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
