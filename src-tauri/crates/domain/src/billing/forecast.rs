//! The rules run ahead: what a renewal will do, on the copy, with a later clock (`domain.md` §9).

use serde::{Deserialize, Serialize};

use super::time::{Due, happen, next};
use super::{Answer, Decision, Purpose, Refusal, answered};
use crate::account::{Life, PaymentOrder};
use crate::journal::Body;
use crate::time::DAY;
use crate::{Account, Amount, Catalog, Timestamp};

/// Who paid in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Card,
    Credits,
    Unpaid,
}

/// A renewal as it will happen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Preview {
    pub outcome: Outcome,
    /// What the card pays.
    pub card: Amount,
    /// What credits pay.
    pub credits: Amount,
    /// Before anything of that instant.
    pub balance_before: Amount,
    /// After all of that instant: what expires, the fee and the allowance; before any auto-recharge.
    pub balance_after: Amount,
    /// What is left of the old allowance, and goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub expires: Option<Amount>,
    /// The month's allowance that comes with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub allowance: Option<Amount>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub auto_recharge: Option<Recharge>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub if_declined: Option<Box<Preview>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Recharge {
    pub amount: Amount,
    pub balance_after: Amount,
}

/// The next renewal under a payment order; nothing if there is none to come.
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
    let run =
        |account, until| run_before(account, catalog, until, &Answer::Approved, &mut |_, _| {});
    // What is due before it happens first; within the same instant, too.
    let eve = run(account, (at, Due::Void))?;
    let account = run(eve.clone(), (at, Due::PeriodEnd))?;
    if account.life != Life::Active || renewal_at(&account) != Some(at) {
        return Ok(None);
    }
    let attempt = |answer: &Answer| attempt(&eve, &account, catalog, at, answer);
    let approved = attempt(&Answer::Approved)?;
    let declined = Answer::Declined("card_declined".into());
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

/// When a renewal is due: not where the period's end is the end.
pub fn renewal_at(account: &Account) -> Option<Timestamp> {
    let end = account.period?.end;
    let goes_on = account.cancel_at.is_none_or(|at| at > end);
    (account.life == Life::Active && account.pending_fee.is_none() && goes_on).then_some(end)
}

/// When the account closes, if nobody does anything: in grace, or after a cancelled period.
pub fn closes_at(account: &Account, catalog: &Catalog) -> Option<Timestamp> {
    if let Some(grace) = account.grace {
        return Some(grace.until);
    }
    let days = i64::from(catalog.policies.grace_days);
    let at = account.cancel_at.filter(|_| account.life == Life::Active)?;
    Some(at.plus(days * DAY))
}

/// The account as a decision leaves it, its charges approved, with what it makes due at once: the allowance that grace
/// held back, say.
pub fn after(
    account: &Account,
    catalog: &Catalog,
    decision: Decision,
    now: Timestamp,
) -> Result<Account, Refusal> {
    let now = now.max(account.at);
    let (approved, watch) = (&Answer::Approved, &mut |_: &Account, _: &Body| {});
    let then = play(account.clone(), catalog, decision, now, approved, watch)?;
    run_before(then, catalog, (now.plus(1), Due::Void), approved, watch)
}

/// The renewal of an account that has come to the instant at which it is due, from what it was before it.
fn attempt(
    eve: &Account,
    account: &Account,
    catalog: &Catalog,
    at: Timestamp,
    answer: &Answer,
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
    let decision = happen(account, catalog, Due::PeriodEnd, at)?;
    // What the card cannot pay it does not recharge either.
    let card = account.card.as_ref();
    let pays = *answer == Answer::Approved && card.is_some_and(|card| card.expires_at() > at);
    let mut recharge = None;
    let renewed = play(
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
    // What is due at the same instant comes after it.
    if preview.outcome != Outcome::Unpaid {
        let until = (at.plus(1), Due::Void);
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

/// Runs everything due before that, the processor always saying `answer`.
fn run_before(
    mut account: Account,
    catalog: &Catalog,
    until: (Timestamp, Due),
    answer: &Answer,
    watch: &mut dyn FnMut(&Account, &Body),
) -> Result<Account, Refusal> {
    while let Some((at, due)) = next(&account, catalog).filter(|due| *due < until) {
        let at = at.max(account.at);
        let decision = happen(&account, catalog, due, at)?;
        account = play(account, catalog, decision, at, answer, watch)?;
    }
    Ok(account)
}

/// Follows a decision through the answers to its charges; `watch` sees each entry with the state after
/// it.
fn play(
    mut account: Account,
    catalog: &Catalog,
    decision: Decision,
    at: Timestamp,
    answer: &Answer,
    watch: &mut dyn FnMut(&Account, &Body),
) -> Result<Account, Refusal> {
    for entry in &decision.entries {
        account.apply(entry)?;
        watch(&account, &entry.body);
    }
    for charge in &decision.charges {
        let purpose = &charge.purpose;
        // A purchase is on its way; when it lands is not foreseen.
        if *purpose == Purpose::Purchase {
            continue;
        }
        let then = answered(&account, catalog, charge, answer, at)?;
        account = play(account, catalog, then, at, answer, watch)?;
    }
    Ok(account)
}
