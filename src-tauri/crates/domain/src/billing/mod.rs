//! The billing rules: pure functions that decide which entries a command or the passing of time appends to the journal,
//! or why the command is refused.
//!
//! Each function takes the account's state, the catalog, facts looked up in the journal and the current time, and
//! changes none of them. Card payments are returned as charges to attempt; [`apply_charge_outcome`] decides what
//! follows from the processor's answer.

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
mod types;

pub use ledger::Ledger;
pub use types::{BillingDecision, Charge, ChargeOutcome, PlanChange, Purpose, Refusal};

use crate::{Account, Catalog, PaymentId, Timestamp};

/// Decides what follows from the payment processor's answer to a card charge. Fails with `CardDeclined` or
/// `PaymentUnanswered` if a plan change was not paid, and with `PaymentSettled` if a purchase is no longer waiting for
/// its answer.
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

/// Decides what follows when the payment processor reports on its own, later, how a payment ended. Fails with
/// `PaymentSettled` if the payment is neither a pending purchase nor a pending fee.
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

/// Decides what follows when the payment processor answers the pending card charge for a fee. Fails with
/// `PaymentSettled` if no fee waits for this payment, for instance because the processor repeats an answer.
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
