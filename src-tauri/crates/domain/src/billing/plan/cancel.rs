//! Cancelling a plan at the end of its period, and taking a cancellation back.

use crate::account::Life;
use crate::billing::ledger::{ContinuedPeriod, open, post_if};
use crate::billing::{BillingDecision, Ledger, Refusal, fee};
use crate::calendar::following;
use crate::journal::{Body, Cancelled, Resumed};
use crate::time::DAY;
use crate::{Account, Actor, Catalog, Timestamp};

/// Cancels the plan at the period's end, and drops a plan change requested for that end. Less than a day before the end
/// it is too late to avoid the coming renewal: it still takes place, with a requested change, and the plan ends one
/// period later. Appends nothing if the plan is already cancelled. Fails with `WrongState` if there is no renewal to
/// cancel.
pub fn cancel(
    account: &Account,
    catalog: &Catalog,
    now: Timestamp,
) -> Result<BillingDecision, Refusal> {
    open(account)?;
    let mut ledger = Ledger::new(account.clone(), catalog, now);
    let effective_at = cancelled_at(account, ledger.now)?;
    if account.cancel_at.is_some() {
        return Ok(ledger.decided());
    }
    if let (Some(_), Some(cycle), Some(period)) =
        (&account.requested, account.cycle, account.period)
        && effective_at == period.end
    {
        ledger.change_plan(&account.plan, Some(ContinuedPeriod { cycle, period }))?;
    }
    let cancelled = Body::Cancelled(Cancelled { effective_at });
    ledger.post(Actor::Operator, cancelled, vec![])?;
    Ok(ledger.decided())
}

/// The period end at which a cancellation made at `now` takes effect.
pub(in crate::billing) fn cancelled_at(
    account: &Account,
    now: Timestamp,
) -> Result<Timestamp, Refusal> {
    let (_, cycle) = fee::next_plan(account);
    let state = (account.life, account.period, account.anchor, cycle);
    let (Life::Active, Some(period), Some(anchor), Some(cycle)) = state else {
        return Err(Refusal::WrongState);
    };
    if period.end.since(now) >= DAY {
        return Ok(period.end);
    }
    let next = following(anchor, cycle, period.end).ok_or(Refusal::WrongState)?;
    Ok(next.end)
}

/// Takes back a cancellation whose period has not ended. Appends nothing if the plan is not cancelled. Fails with
/// `WrongState` in grace.
pub fn resume(
    account: &Account,
    catalog: &Catalog,
    now: Timestamp,
) -> Result<BillingDecision, Refusal> {
    open(account)?;
    if account.life != Life::Active {
        return Err(Refusal::WrongState);
    }
    let resumed = Body::Resumed(Resumed {});
    post_if(account, catalog, account.cancel_at.is_some(), resumed, now)
}
