//! The payment processor as the cloud sees it: an interface with five calls. The cloud depends on [`Processor`] alone;
//! which processor is behind it is decided in `main`.
//!
//! A processor is another company. It keeps its own records, written before the cloud's, and every call may be
//! repeated after a crash: the same payment id is the same charge. A processor that learns a charge's outcome later
//! calls [`Tx::schedule_notice`](crate::store::Tx::schedule_notice); the cloud then looks the charge up. Without a
//! notice the cloud looks it up after a day, and voids it if it is still pending.

pub mod simulated;

use std::pin::Pin;
use std::sync::Arc;

use boothkeeper_domain::account::Card;
use boothkeeper_domain::billing::ChargeOutcome;
use boothkeeper_domain::{AccountId, Money, PaymentId, Timestamp};

pub use simulated::Simulated;

use crate::Error;
use crate::store::Store;

/// A processor's reply. An error is an outage: the cloud repeats the call later, and nothing is decided.
pub type Reply<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

/// The calls that the cloud makes to a payment processor.
pub trait Processor: Send + Sync {
    /// Charges the card on file. The same payment id is charged once, however often this is called.
    fn charge(&self, request: ChargeRequest) -> Reply<'_, ChargeOutcome>;

    /// The outcome of a charge as the processor states it at `at`. A charge it does not know is declined.
    fn look_up(&self, payment: PaymentId, at: Timestamp) -> Reply<'_, ChargeOutcome>;

    /// Gives up a charge without an outcome. Replies with the outcome: `Declined` confirms the void, `Approved` says
    /// that the money had been taken already, `Pending` that the void is not confirmed and must be repeated.
    fn void(&self, payment: PaymentId, at: Timestamp) -> Reply<'_, ChargeOutcome>;

    /// Returns a charge's money to the card.
    fn refund(&self, payment: PaymentId) -> Reply<'_, ()>;

    /// The card that a token stands for; `None` if the processor does not know the token.
    fn card(&self, token: String) -> Reply<'_, Option<Card>>;
}

#[derive(Debug, Clone)]
pub struct ChargeRequest {
    pub payment: PaymentId,
    pub account: AccountId,
    pub money: Money,
    /// The card on file, which may have expired.
    pub card: Option<Card>,
    /// The processor's token for that card; `None` if the card was put on file without one.
    pub token: Option<String>,
    pub at: Timestamp,
}

/// The processor that a cloud charges cards with, and the simulator's controls if it is the simulated one.
#[derive(Clone)]
pub struct Payments {
    pub processor: Arc<dyn Processor>,
    /// `None` with a real processor: the sandbox then refuses to order card behaviours and deliveries.
    pub simulator: Option<Simulated>,
}

impl Payments {
    pub fn new(processor: impl Processor + 'static) -> Self {
        Payments {
            processor: Arc::new(processor),
            simulator: None,
        }
    }

    /// The simulated processor, with its records in the cloud's own database.
    pub fn simulated(store: Store) -> Self {
        let simulator = Simulated::new(store);
        Payments {
            processor: Arc::new(simulator.clone()),
            simulator: Some(simulator),
        }
    }
}
