//! The payment processor: a narrow port, and the simulated one that stands in for it. It is another
//! company's: its book is written in transactions of its own, before ours, and a charge asked for twice
//! under one id is made once. Whoever crashed in between asks again, and gets the same answer.

use boothkeeper_domain::account::Card;
use boothkeeper_domain::billing::Answer;
use boothkeeper_domain::billing::time::VOID_AFTER;
use boothkeeper_domain::time::MINUTE;
use boothkeeper_domain::{Amount, PaymentId, Timestamp};
use boothkeeper_wire::sandbox::{CardBehaviour, Delivery};

use crate::Error;
use crate::store::{PaymentState, Store};

/// Minutes between two confirmations of a processor that repeats itself.
const REPEAT_AFTER: i64 = 30 * MINUTE;

/// What the cloud asks of a processor. Each call may be made again after a crash.
pub trait Processor {
    /// Charges a card, once for a payment id, however often it is asked.
    fn charge(&self, request: ChargeRequest) -> impl Future<Output = Result<Answer, Error>> + Send;
    /// Gives up a charge that has no answer. What was captured meanwhile stays captured.
    fn void(&self, payment: PaymentId) -> impl Future<Output = Result<Answer, Error>> + Send;
    /// Sends a captured charge back to the card.
    fn refund(&self, payment: PaymentId) -> impl Future<Output = Result<(), Error>> + Send;
}

#[derive(Debug, Clone)]
pub struct ChargeRequest {
    pub payment: PaymentId,
    pub account: i64,
    pub amount: Amount,
    /// The card on file, if it is good at `at`.
    pub card: Option<Card>,
    pub behaviour: CardBehaviour,
    /// When and how often the processor confirms what it has approved.
    pub delivery: Delivery,
    pub at: Timestamp,
}

/// Plays the processor as each sandbox account's card is told to behave.
pub struct Simulated {
    store: Store,
}

impl Simulated {
    pub fn new(store: Store) -> Self {
        Simulated { store }
    }

    /// The bank or the cardholder has made up its mind about the account's charges that hang: their
    /// answers are on their way.
    pub async fn decide_pending(
        &self,
        account: i64,
        behaviour: CardBehaviour,
        now: Timestamp,
    ) -> Result<(), Error> {
        let state = match behaviour {
            CardBehaviour::Approve => PaymentState::Approved,
            CardBehaviour::Decline => PaymentState::Declined("card_declined".into()),
            CardBehaviour::Timeout | CardBehaviour::RequiresAction => return Ok(()),
        };
        let decide = move |tx: &crate::store::Tx<'_>| {
            for payment in tx.pending_payments(account)? {
                tx.set_payment(&payment, &state)?;
                tx.notify_at(account, &payment, now)?;
            }
            Ok(())
        };
        self.store.write(decide).await
    }
}

impl Processor for Simulated {
    async fn charge(&self, request: ChargeRequest) -> Result<Answer, Error> {
        let charge = move |tx: &crate::store::Tx<'_>| {
            let payment = &request.payment;
            if let Some(known) = tx.payment(payment)? {
                // A confirmation that was lost is lost for whoever asks again, too.
                return Ok(told(&known, request.delivery));
            }
            let state = decide(&request);
            tx.insert_payment(payment, request.account, request.amount, &state)?;
            if state == PaymentState::Pending {
                // A day without an answer is one.
                let given_up = request.at.plus(VOID_AFTER);
                tx.notify_at(request.account, payment, given_up)?;
            }
            if state == PaymentState::Approved {
                for after in confirmations(request.delivery) {
                    tx.notify_at(request.account, payment, request.at.plus(after))?;
                }
            }
            Ok(told(&state, request.delivery))
        };
        self.store.write(charge).await
    }

    async fn void(&self, payment: PaymentId) -> Result<Answer, Error> {
        let void = move |tx: &crate::store::Tx<'_>| {
            let known = tx.payment(&payment)?;
            if matches!(known, Some(PaymentState::Approved | PaymentState::Refunded)) {
                return Ok(Answer::Approved);
            }
            tx.set_payment(&payment, &PaymentState::Declined("voided".into()))?;
            Ok(Answer::Declined("voided".into()))
        };
        self.store.write(void).await
    }

    async fn refund(&self, payment: PaymentId) -> Result<(), Error> {
        let refund =
            move |tx: &crate::store::Tx<'_>| tx.set_payment(&payment, &PaymentState::Refunded);
        self.store.write(refund).await
    }
}

fn decide(request: &ChargeRequest) -> PaymentState {
    let declined = |code: &str| PaymentState::Declined(code.to_owned());
    match (&request.card, request.behaviour) {
        (None, _) => declined("no_card"),
        (Some(card), _) if card.expires_at() <= request.at => declined("expired_card"),
        (_, CardBehaviour::Approve) => PaymentState::Approved,
        (_, CardBehaviour::Decline) => declined("card_declined"),
        (_, CardBehaviour::Timeout | CardBehaviour::RequiresAction) => PaymentState::Pending,
    }
}

/// What the caller of a charge hears at once.
fn told(state: &PaymentState, delivery: Delivery) -> Answer {
    match (state, delivery) {
        (PaymentState::Declined(code), _) => Answer::Declined(code.clone()),
        (PaymentState::Pending, _) => Answer::Pending,
        (_, Delivery::DelayedSeconds(_) | Delivery::Lost) => Answer::Pending,
        (_, Delivery::Instant | Delivery::Duplicated(_)) => Answer::Approved,
    }
}

/// When an approved charge is confirmed beside the answer itself.
fn confirmations(delivery: Delivery) -> Vec<i64> {
    match delivery {
        Delivery::Instant | Delivery::Lost => vec![],
        Delivery::DelayedSeconds(seconds) => vec![i64::from(seconds) * 1000],
        Delivery::Duplicated(times) => {
            let again = 1..i64::from(times.clamp(1, 100));
            again.map(|n| n * REPEAT_AFTER).collect()
        }
    }
}

/// The cards that the simulated processor's tokens stand for.
pub fn card_of(token: &str) -> Option<(Card, CardBehaviour)> {
    let (brand, last4, behaviour) = match token {
        "tok_visa" => ("Visa", "4242", CardBehaviour::Approve),
        "tok_mastercard" => ("Mastercard", "4444", CardBehaviour::Approve),
        "tok_declined" => ("Visa", "0002", CardBehaviour::Decline),
        "tok_timeout" => ("Visa", "0119", CardBehaviour::Timeout),
        "tok_requires_action" => ("Visa", "3155", CardBehaviour::RequiresAction),
        _ => return None,
    };
    let card = Card {
        brand: brand.to_owned(),
        last4: last4.to_owned(),
        exp_month: 12,
        exp_year: 2049,
    };
    Some((card, behaviour))
}
