//! Purchases of credits. The card is charged first; the credits are added once, when the processor confirms the charge
//! (`domain.md` §7).

use super::{BillingDecision, Ledger, Refusal};
use crate::account::Life;
use crate::journal::{
    AutoRecharge, AutoRechargeChanged, AutoRechargeFailed, Body, Purchase, PurchaseDeclined,
};
use crate::{Account, Actor, Amount, Catalog, PaymentId, Source, Timestamp};

/// Starts a purchase with the card on file. Fails if the account is closed or has no card, or if the amount is below
/// the minimum.
pub fn start(
    account: &Account,
    catalog: &Catalog,
    amount: Amount,
    now: Timestamp,
) -> Result<BillingDecision, Refusal> {
    if account.life == Life::Closed {
        return Err(Refusal::AccountClosed);
    }
    let minimum = catalog.top_up.minimum;
    if amount < minimum {
        return Err(Refusal::BelowMinimum { minimum });
    }
    if account.card.is_none() {
        return Err(Refusal::NoCard);
    }
    // The balance must stay in range when all pending purchases are credited; otherwise the card would be charged for
    // credits that cannot be added.
    let waiting = account.purchases.values().map(|pending| pending.amount);
    let all = waiting.chain([account.balance, amount]);
    Amount::sum(all).map_err(|_| Refusal::AmountOutOfRange)?;
    let mut ledger = Ledger::new(account.clone(), catalog, now);
    ledger.start_purchase(Actor::Operator, amount, false)?;
    Ok(ledger.decided())
}

/// Credits a purchase that the processor has confirmed. If the account has closed since, the purchase is recorded as
/// declined instead. Fails with `PaymentSettled` if the payment is not pending, so that a repeated confirmation credits
/// nothing twice.
pub fn confirm(
    account: &Account,
    catalog: &Catalog,
    payment: &PaymentId,
    now: Timestamp,
) -> Result<BillingDecision, Refusal> {
    let pending = account
        .purchases
        .get(payment)
        .ok_or(Refusal::PaymentSettled)?
        .clone();
    if account.life == Life::Closed {
        return decline(account, catalog, payment, "account_closed", now);
    }
    let charge = catalog.top_up.charge(pending.amount);
    let charge = charge.map_err(|_| Refusal::AmountOutOfRange)?;
    let payment = payment.clone();
    let body = if pending.auto_recharge {
        Body::AutoRecharge(AutoRecharge { payment, charge })
    } else {
        Body::Purchase(Purchase { payment, charge })
    };
    let mut ledger = Ledger::new(account.clone(), catalog, now);
    ledger.grant(Actor::System, body, Source::Purchase, pending.amount, None)?;
    Ok(ledger.decided())
}

/// Records that the processor declined a purchase. If it was an auto-recharge, this also switches auto-recharge off.
/// Fails with `PaymentSettled` if the payment is not pending.
pub fn decline(
    account: &Account,
    catalog: &Catalog,
    payment: &PaymentId,
    code: &str,
    now: Timestamp,
) -> Result<BillingDecision, Refusal> {
    let pending = account
        .purchases
        .get(payment)
        .ok_or(Refusal::PaymentSettled)?;
    let (payment, code) = (payment.clone(), code.to_owned());
    let body = if pending.auto_recharge {
        Body::AutoRechargeFailed(AutoRechargeFailed { payment, code })
    } else {
        Body::PurchaseDeclined(PurchaseDeclined { payment, code })
    };
    let mut ledger = Ledger::new(account.clone(), catalog, now);
    ledger.post(Actor::System, body, vec![])?;
    Ok(ledger.decided())
}

/// Switches auto-recharge on or off. Switching it on starts a recharge at once if the balance is low. Appends nothing
/// if the setting already has this value. Fails with `NoAutoRecharge` if the programme has none.
pub fn set_auto_recharge(
    account: &Account,
    catalog: &Catalog,
    enabled: bool,
    now: Timestamp,
) -> Result<BillingDecision, Refusal> {
    if account.life == Life::Closed {
        return Err(Refusal::AccountClosed);
    }
    if catalog.auto_recharge.is_none() {
        return Err(Refusal::NoAutoRecharge);
    }
    let mut ledger = Ledger::new(account.clone(), catalog, now);
    if account.auto_recharge.enabled != enabled {
        let body = Body::AutoRechargeChanged(AutoRechargeChanged { enabled });
        ledger.post(Actor::Operator, body, vec![])?;
        ledger.recharge_if_low()?;
    }
    Ok(ledger.decided())
}
