//! A payment processor that behaves as the sandbox orders. A card's token says how the card behaves; a delivery says
//! when and how often an approved charge is confirmed. The records are tables of its own (`processor_*`), written in
//! transactions of its own, as another company's would be.

mod processor_charges;
pub mod schema;

use boothkeeper_domain::account::Card;
use boothkeeper_domain::billing::ChargeOutcome;
use boothkeeper_domain::time::MINUTE;
use boothkeeper_domain::{AccountId, PaymentId, Timestamp};
use boothkeeper_wire::sandbox::{CardBehaviour, Delivery};

pub use processor_charges::{ChargeState, StoredCharge};

use super::{ChargeRequest, Processor, Reply};
use crate::Error;
use crate::store::{Store, Tx};

/// Milliseconds between two confirmations of a duplicated delivery.
const REPEAT_AFTER: i64 = 30 * MINUTE;

/// Token, brand and last four digits of the cards that an operator can put on file, and how each behaves.
const CARDS: [(&str, &str, &str, CardBehaviour); 5] = [
    ("tok_visa", "Visa", "4242", CardBehaviour::Approve),
    (
        "tok_mastercard",
        "Mastercard",
        "4444",
        CardBehaviour::Approve,
    ),
    ("tok_declined", "Visa", "0002", CardBehaviour::Decline),
    ("tok_timeout", "Visa", "0119", CardBehaviour::Timeout),
    (
        "tok_requires_action",
        "Visa",
        "3155",
        CardBehaviour::RequiresAction,
    ),
];

#[derive(Clone)]
pub struct Simulated {
    store: Store,
}

impl Simulated {
    pub fn new(store: Store) -> Self {
        Simulated { store }
    }

    /// The token of a card with this behaviour.
    pub fn token(&self, behaviour: CardBehaviour) -> &'static str {
        match behaviour {
            CardBehaviour::Approve => "tok_visa",
            CardBehaviour::Decline => "tok_declined",
            CardBehaviour::Timeout => "tok_timeout",
            CardBehaviour::RequiresAction => "tok_requires_action",
        }
    }

    /// Orders how a payment that has not been charged yet will be confirmed. Written in the cloud's transaction, so
    /// that the order is there before the charge is.
    pub fn order_delivery(
        &self,
        tx: &Tx<'_>,
        payment: &PaymentId,
        delivery: Delivery,
    ) -> Result<(), Error> {
        match delivery {
            Delivery::Instant => Ok(()),
            Delivery::DelayedSeconds(_) | Delivery::Lost | Delivery::Duplicated(_) => {
                tx.put_delivery(payment, delivery)
            }
        }
    }

    /// Decides the account's pending charges at `now`, as the bank or the cardholder would for a card with this
    /// behaviour; the cloud is notified at once.
    pub async fn decide_pending(
        &self,
        account: AccountId,
        behaviour: CardBehaviour,
        now: Timestamp,
    ) -> Result<(), Error> {
        let state = match behaviour {
            CardBehaviour::Approve => ChargeState::Approved,
            CardBehaviour::Decline => ChargeState::Declined("card_declined".into()),
            CardBehaviour::Timeout | CardBehaviour::RequiresAction => return Ok(()),
        };
        let decide = move |tx: &Tx<'_>| {
            for payment in tx.pending_charges(&account)? {
                let decided = StoredCharge {
                    state: state.clone(),
                    confirmed_at: Some(now),
                };
                tx.update_charge(&payment, &decided)?;
                tx.schedule_notice(&account, &payment, now)?;
            }
            Ok(())
        };
        self.store.write(decide).await
    }
}

impl Processor for Simulated {
    fn charge(&self, request: ChargeRequest) -> Reply<'_, ChargeOutcome> {
        let charge = move |tx: &Tx<'_>| {
            let payment = &request.payment;
            if let Some(known) = tx.stored_charge(payment)? {
                return Ok(known.answer(request.at));
            }
            let delivery = tx.take_delivery(payment)?;
            let charge = StoredCharge {
                state: decide(&request),
                confirmed_at: confirmed_at(delivery, request.at),
            };
            tx.insert_charge(payment, &request.account, request.money.amount, &charge)?;
            if charge.state == ChargeState::Approved {
                for at in notices(delivery, request.at) {
                    tx.schedule_notice(&request.account, payment, at)?;
                }
            }
            Ok(charge.answer(request.at))
        };
        Box::pin(self.store.write(charge))
    }

    fn look_up(&self, payment: PaymentId, at: Timestamp) -> Reply<'_, ChargeOutcome> {
        let look_up = move |tx: &Tx<'_>| {
            let known = tx.stored_charge(&payment)?;
            let unknown = || ChargeOutcome::Declined("unknown_payment".into());
            Ok(known.map_or_else(unknown, |known| known.answer(at)))
        };
        Box::pin(self.store.read(look_up))
    }

    fn void(&self, payment: PaymentId, at: Timestamp) -> Reply<'_, ChargeOutcome> {
        let void = move |tx: &Tx<'_>| {
            let known = tx.stored_charge(&payment)?;
            let taken = |known: &StoredCharge| {
                matches!(known.state, ChargeState::Approved | ChargeState::Refunded)
            };
            if let Some(known) = known.filter(taken) {
                return Ok(known.answer(at));
            }
            let voided = StoredCharge {
                state: ChargeState::Declined("voided".into()),
                confirmed_at: Some(at),
            };
            tx.update_charge(&payment, &voided)?;
            Ok(voided.answer(at))
        };
        Box::pin(self.store.write(void))
    }

    fn refund(&self, payment: PaymentId) -> Reply<'_, ()> {
        let refund = move |tx: &Tx<'_>| tx.refund_charge(&payment);
        Box::pin(self.store.write(refund))
    }

    fn card(&self, token: String) -> Reply<'_, Option<Card>> {
        let known = CARDS.iter().find(|(known, ..)| *known == token);
        let card = known.map(|(_, brand, last4, _)| Card {
            brand: (*brand).to_owned(),
            last4: (*last4).to_owned(),
            exp_month: 12,
            exp_year: 2049,
        });
        Box::pin(std::future::ready(Ok(card)))
    }
}

fn decide(request: &ChargeRequest) -> ChargeState {
    let declined = |code: &str| ChargeState::Declined(code.to_owned());
    let token = request.token.as_deref();
    let known = CARDS.iter().find(|(known, ..)| Some(*known) == token);
    match (&request.card, known) {
        (None, _) | (_, None) => declined("no_card"),
        (Some(card), _) if card.expires_at() <= request.at => declined("expired_card"),
        (_, Some((.., CardBehaviour::Approve))) => ChargeState::Approved,
        (_, Some((.., CardBehaviour::Decline))) => declined("card_declined"),
        (_, Some((.., CardBehaviour::Timeout | CardBehaviour::RequiresAction))) => {
            ChargeState::Pending
        }
    }
}

/// When the processor first reports an approved charge as approved; `None` if it never does.
fn confirmed_at(delivery: Delivery, at: Timestamp) -> Option<Timestamp> {
    match delivery {
        Delivery::Instant | Delivery::Duplicated(_) => Some(at),
        Delivery::DelayedSeconds(seconds) => Some(at.plus(i64::from(seconds) * 1000)),
        Delivery::Lost => None,
    }
}

/// When the processor notifies the cloud of an approved charge, in addition to its reply to the charge.
fn notices(delivery: Delivery, at: Timestamp) -> Vec<Timestamp> {
    match delivery {
        Delivery::Instant | Delivery::Lost => vec![],
        Delivery::DelayedSeconds(_) => confirmed_at(delivery, at).into_iter().collect(),
        Delivery::Duplicated(times) => {
            let again = 1..i64::from(times.clamp(1, 100));
            again.map(|n| at.plus(n * REPEAT_AFTER)).collect()
        }
    }
}
