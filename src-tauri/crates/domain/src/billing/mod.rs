//! The account's life as a decider: what a command or an instant appends, or why it is refused.
//!
//! Every function takes the account as folded, the catalog, the facts looked up for it and the
//! instant; none changes anything. Runs and purchases are here; renewals and plans follow.

mod ledger;
pub mod opening;
pub mod purchase;
pub mod run;

use thiserror::Error;

pub use ledger::Ledger;

use crate::{Amount, Entry, FoldError, Money, PaymentId, Timestamp};

/// What follows from a command or an instant.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    pub entries: Vec<Entry>,
    /// To be asked of the payment processor once the entries are durable.
    pub charges: Vec<Charge>,
}

/// A card charge to attempt. Its id is made with its entry, so that asking twice charges once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charge {
    pub payment: PaymentId,
    pub money: Money,
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
    /// The rules contradicted the journal's invariants: nothing is written.
    #[error("the entry would break the journal")]
    Broken(#[from] FoldError),
}
