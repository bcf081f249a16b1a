//! Buying credits: charged first, credited once when the processor confirms (`domain.md` §7).

use super::{Decision, Ledger, Refusal};
use crate::account::Life;
use crate::journal::{
    AutoRecharge, AutoRechargeChanged, AutoRechargeFailed, Body, Purchase, PurchaseDeclined,
};
use crate::{Account, Actor, Amount, Catalog, PaymentId, Source, Timestamp};

/// The operator buys credits with the card on file.
pub fn start(
    account: &Account,
    catalog: &Catalog,
    amount: Amount,
    now: Timestamp,
) -> Result<Decision, Refusal> {
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
    // What is charged must find room when it arrives.
    let waiting = account.purchases.values().map(|pending| pending.amount);
    let all = waiting.chain([account.balance, amount]);
    Amount::sum(all).map_err(|_| Refusal::AmountOutOfRange)?;
    let mut ledger = Ledger::new(account.clone(), catalog, now);
    ledger.start_purchase(Actor::Operator, amount, false)?;
    Ok(ledger.decided())
}

/// The processor confirms a charge. A payment that is not waiting was settled before: the processor
/// repeats itself, and nothing is credited twice.
pub fn confirm(
    account: &Account,
    catalog: &Catalog,
    payment: &PaymentId,
    now: Timestamp,
) -> Result<Decision, Refusal> {
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

/// The processor declines a charge. For an auto-recharge that also switches it off.
pub fn decline(
    account: &Account,
    catalog: &Catalog,
    payment: &PaymentId,
    code: &str,
    now: Timestamp,
) -> Result<Decision, Refusal> {
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

/// Switches auto-recharge; switching on fires at once if the balance is low. Setting what is set
/// already appends nothing.
pub fn set_auto_recharge(
    account: &Account,
    catalog: &Catalog,
    enabled: bool,
    now: Timestamp,
) -> Result<Decision, Refusal> {
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
