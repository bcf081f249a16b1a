//! The account's life as a decider: what a command or an instant appends, or why it is refused.
//!
//! Every function takes the account as folded, the catalog, the facts looked up for it and the
//! instant; none changes anything. What a card pays is a charge to attempt: [`answered`] says what
//! follows from the processor's word on it.

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

/// What follows from a command or an instant.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Decision {
    pub entries: Vec<Entry>,
    /// To be asked of the payment processor once the entries are durable.
    pub charges: Vec<Charge>,
}

/// A card charge to attempt. Its id is made with its entry, so that asking twice charges once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charge {
    pub payment: PaymentId,
    pub money: Money,
    pub purpose: Purpose,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Its answer credits a purchase that is in the journal.
    Purchase,
    Fee(FeeAttempt),
    /// A change of plan that happens only if it is paid.
    Plan(PlanChange),
}

/// What the payment processor said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Approved,
    /// With the processor's code.
    Declined(String),
    /// It timed out, or the cardholder is asked.
    Pending,
}

/// What follows from the processor's word on a charge.
pub fn answered(
    account: &Account,
    catalog: &Catalog,
    charge: &Charge,
    answer: &Answer,
    now: Timestamp,
) -> Result<Decision, Refusal> {
    match (&charge.purpose, answer) {
        (Purpose::Purchase, Answer::Approved) => {
            purchase::confirm(account, catalog, &charge.payment, now)
        }
        (Purpose::Purchase, Answer::Declined(code)) => {
            purchase::decline(account, catalog, &charge.payment, code, now)
        }
        // It is in the journal as started, which says as much.
        (Purpose::Purchase, Answer::Pending) => Ok(Decision::default()),
        (Purpose::Fee(attempt), answer) => {
            let mut ledger = Ledger::new(account.clone(), catalog, now);
            ledger.fee_answered(attempt.clone(), answer)?;
            Ok(ledger.decided())
        }
        (Purpose::Plan(change), Answer::Approved) => {
            plan::paid(account, catalog, change, &charge.payment, now)
        }
        (Purpose::Plan(_), Answer::Declined(_)) => Err(Refusal::CardDeclined),
        (Purpose::Plan(_), Answer::Pending) => Err(Refusal::PaymentUnanswered),
    }
}

/// The processor speaks of a payment by itself: of a purchase that waits, else of a fee.
pub fn settled(
    account: &Account,
    catalog: &Catalog,
    payment: &PaymentId,
    answer: &Answer,
    now: Timestamp,
) -> Result<Decision, Refusal> {
    match answer {
        Answer::Pending => Ok(Decision::default()),
        Answer::Approved if account.purchases.contains_key(payment) => {
            purchase::confirm(account, catalog, payment, now)
        }
        Answer::Declined(code) if account.purchases.contains_key(payment) => {
            purchase::decline(account, catalog, payment, code, now)
        }
        _ => fee_settled(account, catalog, payment, answer, now),
    }
}

/// A fee's pending charge is confirmed or declined after all. One that is not waited for was settled
/// before: the processor repeats itself.
pub fn fee_settled(
    account: &Account,
    catalog: &Catalog,
    payment: &PaymentId,
    answer: &Answer,
    now: Timestamp,
) -> Result<Decision, Refusal> {
    let pending = account
        .pending_fee
        .as_ref()
        .filter(|pending| pending.attempt.payment == *payment)
        .ok_or(Refusal::PaymentSettled)?;
    let mut ledger = Ledger::new(account.clone(), catalog, now);
    ledger.fee_answered(pending.attempt.clone(), answer)?;
    Ok(ledger.decided())
}

/// Why nothing happens.
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
    #[error("today's limit would be crossed")]
    DailyLimitReached {
        limit: Amount,
        used: Amount,
        resets_at: Timestamp,
    },
    #[error("the run costs more than a whole day's limit")]
    ExceedsDailyLimit { limit: Amount, price: Amount },
    #[error("the entry has been given back already")]
    AlreadyRefunded,
    #[error("purchases start at a minimum")]
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
    #[error("the span that is paid for is of the other cycle")]
    OtherCyclePaid,
    #[error("the card was declined")]
    CardDeclined,
    #[error("the card's bank has not answered")]
    PaymentUnanswered,
    #[error("another payment is waiting for its answer")]
    PaymentPending,
    #[error("there is nothing to pay now")]
    NothingDue,
    #[error("the account is not in a state that this applies to")]
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
    #[error("a text is longer than it may be")]
    TextTooLong,
    /// The rules contradicted the journal's invariants: nothing is written.
    #[error("the entry would break the journal")]
    Broken(#[from] FoldError),
}
