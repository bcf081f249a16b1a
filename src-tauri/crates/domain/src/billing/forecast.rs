//! Previews: runs the billing rules on a copy of the account with a later time, to show what the next renewal will
//! charge and grant (`domain.md` §9). The cloud runs the same rules, so that a preview matches what then happens unless
//! the account changes in between.

use serde::{Deserialize, Serialize};

use super::time::{DueAction, next, run_due_action};
use super::{BillingDecision, ChargeOutcome, Purpose, Refusal, apply_charge_outcome};
use crate::account::{Life, PaymentOrder};
use crate::journal::Body;
use crate::time::DAY;
use crate::{Account, Amount, Catalog, Timestamp};

/// How a renewal ends: paid by card, paid from credits, or not paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Card,
    Credits,
    Unpaid,
}

/// The expected result of a renewal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Preview {
    pub outcome: Outcome,
    /// Charged to the card, in minor units of the fee's currency; 0 if the card does not pay.
    pub card: Amount,
    /// Paid from credits, in minor units; 0 if credits do not pay.
    pub credits: Amount,
    /// Balance before anything that is due at the instant of the renewal is done.
    pub balance_before: Amount,
    /// Balance after everything due at the instant of the renewal (expiry, fee and allowance), without an
    /// auto-recharge.
    pub balance_after: Amount,
    /// Credits that expire at the instant of the renewal, such as the rest of the old allowance; `None` if there are
    /// none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub expires: Option<Amount>,
    /// The allowance granted with the renewal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub allowance: Option<Amount>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    /// The auto-recharge that the renewal starts.
    pub auto_recharge: Option<Recharge>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    /// The result of the renewal if the card declines; `None` if the card does not pay.
    pub if_declined: Option<Box<Preview>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Recharge {
    pub amount: Amount,
    pub balance_after: Amount,
}

/// The instant and the preview of the next renewal under a payment order. `None` if no renewal is due.
pub fn renewal(
    account: &Account,
    catalog: &Catalog,
    order: PaymentOrder,
) -> Result<Option<(Timestamp, Preview)>, Refusal> {
    let mut account = account.clone();
    account.payment_order = order;
    let Some(at) = renewal_at(&account) else {
        return Ok(None);
    };
    let run = |account, until| {
        run_before(
            account,
            catalog,
            until,
            &ChargeOutcome::Approved,
            &mut |_, _| {},
        )
    };
    // First run everything that is due before the renewal, and then what precedes the renewal within the same instant.
    let eve = run(account, (at, DueAction::Void))?;
    let account = run(eve.clone(), (at, DueAction::PeriodEnd))?;
    if account.life != Life::Active || renewal_at(&account) != Some(at) {
        return Ok(None);
    }
    let attempt = |answer: &ChargeOutcome| attempt(&eve, &account, catalog, at, answer);
    let approved = attempt(&ChargeOutcome::Approved)?;
    let declined = ChargeOutcome::Declined("card_declined".into());
    let declined = match approved.outcome {
        Outcome::Card => Some(Box::new(attempt(&declined)?)),
        _ => None,
    };
    Ok(Some((
        at,
        Preview {
            if_declined: declined,
            ..approved
        },
    )))
}

/// When the next renewal is due. `None` if the plan is cancelled and ends then, a fee's charge is pending, or the
/// account is not active.
pub fn renewal_at(account: &Account) -> Option<Timestamp> {
    let end = account.period?.end;
    let goes_on = account.cancel_at.is_none_or(|at| at > end);
    (account.life == Life::Active && account.pending_fee.is_none() && goes_on).then_some(end)
}

/// When the account closes if the operator does nothing: the end of grace, also of the grace that follows a cancelled
/// plan. `None` if the account is neither in grace nor cancelled.
pub fn closes_at(account: &Account, catalog: &Catalog) -> Option<Timestamp> {
    if let Some(grace) = account.grace {
        return Some(grace.until);
    }
    let days = i64::from(catalog.policies.grace_days);
    let at = account.cancel_at.filter(|_| account.life == Life::Active)?;
    Some(at.plus(days * DAY))
}

/// The account after a decision if its charges are approved, except that purchases stay pending. Includes what becomes
/// due at once, such as the allowance that was not granted in grace.
pub fn after(
    account: &Account,
    catalog: &Catalog,
    decision: BillingDecision,
    now: Timestamp,
) -> Result<Account, Refusal> {
    let now = now.max(account.at);
    let (approved, watch) = (&ChargeOutcome::Approved, &mut |_: &Account, _: &Body| {});
    let then = apply_with_outcome(account.clone(), catalog, decision, now, approved, watch)?;
    run_before(
        then,
        catalog,
        (now.plus(1), DueAction::Void),
        approved,
        watch,
    )
}

/// Previews the renewal due at `at` with the given answer to its charge. `eve` is the account before anything due at
/// that instant, `account` the account just before the renewal.
fn attempt(
    eve: &Account,
    account: &Account,
    catalog: &Catalog,
    at: Timestamp,
    answer: &ChargeOutcome,
) -> Result<Preview, Refusal> {
    let mut preview = Preview {
        outcome: Outcome::Unpaid,
        card: Amount::ZERO,
        credits: Amount::ZERO,
        balance_before: eve.balance,
        balance_after: account.balance,
        expires: None,
        allowance: None,
        auto_recharge: None,
        if_declined: None,
    };
    let expires = eve.balance.checked_sub(account.balance).ok();
    preview.expires = expires.filter(|amount| amount.is_positive());
    let decision = run_due_action(account, catalog, DueAction::PeriodEnd, at)?;
    // A card that declines or has expired cannot pay an auto-recharge either.
    let card = account.card.as_ref();
    let pays =
        *answer == ChargeOutcome::Approved && card.is_some_and(|card| card.expires_at() > at);
    let mut recharge = None;
    let renewed = apply_with_outcome(
        account.clone(),
        catalog,
        decision,
        at,
        answer,
        &mut |_, body| match body {
            Body::RenewedByCard(renewed) => {
                (preview.outcome, preview.card) = (Outcome::Card, renewed.charge.amount);
            }
            Body::Renewal(renewal) => {
                (preview.outcome, preview.credits) = (Outcome::Credits, renewal.fee.amount);
            }
            Body::PurchaseStarted(started) if started.auto_recharge && pays => {
                recharge = Some(started.amount);
            }
            _ => {}
        },
    )?;
    preview.balance_after = renewed.balance;
    // Run what is due after the renewal within the same instant: the allowance.
    if preview.outcome != Outcome::Unpaid {
        let until = (at.plus(1), DueAction::Void);
        let mut granted = false;
        let mut look = |_: &Account, body: &Body| granted |= matches!(body, Body::Allowance(_));
        let then = run_before(renewed.clone(), catalog, until, answer, &mut look)?;
        preview.balance_after = then.balance;
        let gained = then.balance.checked_sub(renewed.balance).ok();
        preview.allowance = gained.filter(|_| granted);
    }
    preview.auto_recharge = recharge.and_then(|amount| {
        let balance_after = preview.balance_after.checked_add(amount).ok()?;
        Some(Recharge {
            amount,
            balance_after,
        })
    });
    Ok(preview)
}

/// Runs everything that is due before `until`; the processor gives `answer` to every charge.
fn run_before(
    mut account: Account,
    catalog: &Catalog,
    until: (Timestamp, DueAction),
    answer: &ChargeOutcome,
    watch: &mut dyn FnMut(&Account, &Body),
) -> Result<Account, Refusal> {
    while let Some((at, due)) = next(&account, catalog).filter(|due| *due < until) {
        let at = at.max(account.at);
        let decision = run_due_action(&account, catalog, due, at)?;
        account = apply_with_outcome(account, catalog, decision, at, answer, watch)?;
    }
    Ok(account)
}

/// Applies a decision and what follows from `answer` to its charges. `watch` is called for each entry, with the account
/// after it.
fn apply_with_outcome(
    mut account: Account,
    catalog: &Catalog,
    decision: BillingDecision,
    at: Timestamp,
    answer: &ChargeOutcome,
    watch: &mut dyn FnMut(&Account, &Body),
) -> Result<Account, Refusal> {
    for entry in &decision.entries {
        account.apply(entry)?;
        watch(&account, &entry.body);
    }
    for charge in &decision.charges {
        let purpose = &charge.purpose;
        // A purchase stays pending: when the processor will confirm it is not known.
        if *purpose == Purpose::Purchase {
            continue;
        }
        let then = apply_charge_outcome(&account, catalog, charge, answer, at)?;
        account = apply_with_outcome(account, catalog, then, at, answer, watch)?;
    }
    Ok(account)
}
