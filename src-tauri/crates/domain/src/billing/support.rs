//! Changes to an account made by support or the vendor, and events scheduled by the operator.

use super::{BillingDecision, Ledger, Refusal, run};
use crate::account::Life;
use crate::bounds;
use crate::grant::opening;
use crate::journal::{
    Adjustment, Body, Bonus, Compensation, CouponBonus, DailyLimitChanged, EventScheduled,
    LegacyAdded, PlanChanged, Restored, Reversal,
};
use crate::user_input;
use crate::{
    Account, Actor, Amount, Catalog, DisputeId, Entry, EventId, Line, RunId, Source, Timestamp,
};

/// Adds credits, or takes them if `amount` is negative. At most the balance is taken; the entry records the shortfall.
/// Fails if `amount` is 0.
pub fn adjust(
    account: &Account,
    catalog: &Catalog,
    amount: Amount,
    reason: Option<String>,
    now: Timestamp,
) -> Result<BillingDecision, Refusal> {
    let mut ledger = ledger_unless_closed(account, catalog, now)?;
    if amount.is_zero() {
        return Err(Refusal::AmountOutOfRange);
    }
    if amount.is_positive() {
        let line = opening(ledger.account.seq.next(), Source::Bonus, amount, None);
        let body = Body::Adjustment(Adjustment {
            shortfall: Amount::ZERO,
        });
        ledger.post_because(Actor::Support, body, vec![line], reason)?;
    } else {
        let (lines, shortfall) = ledger.account.grants.draw_up_to(amount.negated());
        let body = Body::Adjustment(Adjustment { shortfall });
        ledger.post_because(Actor::Support, body, lines, reason)?;
    }
    Ok(ledger.decided())
}

/// Grants extra credits for a run or a dispute. Unlike a refund, this does not lower usage totals. Fails if `amount` is
/// not positive.
pub fn compensate(
    account: &Account,
    catalog: &Catalog,
    amount: Amount,
    for_what: (Option<RunId>, Option<DisputeId>),
    reason: Option<String>,
    now: Timestamp,
) -> Result<BillingDecision, Refusal> {
    let mut ledger = ledger_unless_closed(account, catalog, now)?;
    if !amount.is_positive() {
        return Err(Refusal::AmountOutOfRange);
    }
    let (run, dispute) = for_what;
    let line = opening(
        ledger.account.seq.next(),
        Source::Compensation,
        amount,
        None,
    );
    let body = Body::Compensation(Compensation { run, dispute });
    ledger.post_because(Actor::Support, body, vec![line], reason)?;
    Ok(ledger.decided())
}

/// Grants bonus credits that do not expire.
pub fn bonus(
    account: &Account,
    catalog: &Catalog,
    amount: Amount,
    now: Timestamp,
) -> Result<BillingDecision, Refusal> {
    let mut ledger = ledger_unless_closed(account, catalog, now)?;
    let body = Body::Bonus(Bonus {});
    ledger.grant(Actor::Support, body, Source::Bonus, amount, None)?;
    Ok(ledger.decided())
}

/// Activates the bonus of a redeemed coupon, which makes it spendable. Fails with `UnknownCoupon` if no bonus of a
/// coupon with this code waits for activation.
pub fn activate_coupon(
    account: &Account,
    catalog: &Catalog,
    code: &str,
    now: Timestamp,
) -> Result<BillingDecision, Refusal> {
    let mut ledger = ledger_unless_closed(account, catalog, now)?;
    let code = user_input::code(code);
    let waiting = account
        .bonuses
        .iter()
        .find(|(coupon, _)| coupon.eq_ignore_ascii_case(&code));
    let (coupon, bonus) = waiting.ok_or(Refusal::UnknownCoupon)?;
    let body = Body::CouponBonus(CouponBonus {
        coupon: coupon.clone(),
    });
    ledger.grant(
        Actor::Support,
        body,
        Source::CouponBonus,
        bonus.amount,
        None,
    )?;
    Ok(ledger.decided())
}

/// Adds a legacy product. Its allowance is added to the current month at once, if that month is paid.
pub fn add_legacy(
    account: &Account,
    catalog: &Catalog,
    product: &str,
    now: Timestamp,
) -> Result<BillingDecision, Refusal> {
    let mut ledger = ledger_unless_closed(account, catalog, now)?;
    let known = catalog.legacy.iter().find(|known| known.code == product);
    let known = known.ok_or(Refusal::UnknownProduct)?;
    let body = Body::LegacyAdded(LegacyAdded {
        product: known.code.clone(),
        allowance: known.allowance,
    });
    ledger.post(Actor::System, body, vec![])?;
    ledger.add_allowance()?;
    Ok(ledger.decided())
}

/// Schedules an event of the operator. Fails with `NoNewEvents` in grace, or if the account has [`bounds::MAX_EVENTS`]
/// already.
pub fn schedule_event(
    account: &Account,
    catalog: &Catalog,
    name: String,
    (starts_at, ends_at): (Timestamp, Timestamp),
    now: Timestamp,
) -> Result<BillingDecision, Refusal> {
    let mut ledger = ledger_unless_closed(account, catalog, now)?;
    if account.life != Life::Active || account.events.len() >= bounds::MAX_EVENTS {
        return Err(Refusal::NoNewEvents);
    }
    let name = event_name(&name)?;
    let event = EventId::new(format!("evt_{}_0", ledger.account.seq.next()))
        .map_err(|_| Refusal::AmountOutOfRange)?;
    let body = Body::EventScheduled(EventScheduled {
        event,
        name,
        starts_at,
        ends_at,
    });
    ledger.post(Actor::Operator, body, vec![])?;
    Ok(ledger.decided())
}

/// An event's name as it is stored, on one line. Fails if the name has more than [`bounds::MAX_LABEL_CHARS`]
/// characters.
pub(super) fn event_name(name: &str) -> Result<String, Refusal> {
    match bounds::fits(name, bounds::MAX_LABEL_CHARS) {
        true => Ok(bounds::one_line(name).into_owned()),
        false => Err(Refusal::TextTooLong),
    }
}

/// Sets the daily limit for the current plan. Fails with `WrongState` if the plan has no daily limit.
pub fn set_daily_limit(
    account: &Account,
    catalog: &Catalog,
    limit: Amount,
    now: Timestamp,
) -> Result<BillingDecision, Refusal> {
    let mut ledger = ledger_unless_closed(account, catalog, now)?;
    if run::daily_limit(account, catalog).is_none() {
        return Err(Refusal::WrongState);
    }
    if !limit.is_positive() {
        return Err(Refusal::AmountOutOfRange);
    }
    let body = Body::DailyLimitChanged(DailyLimitChanged { limit });
    ledger.post(Actor::Support, body, vec![])?;
    Ok(ledger.decided())
}

/// An entry that took credits, and the lines that opened the grants it drew from.
#[derive(Debug, Clone, PartialEq)]
pub struct UndoableEntry {
    pub entry: Entry,
    pub origins: Vec<Line>,
}

/// Reopens a closed account on a plan without a fee and returns the credits that the closure took to the grants they
/// came from; credits of grants that have expired since become compensation. Deleted events are not restored.
/// `closures` are the entries that closed the account, oldest first. Fails with `WrongState` if the account is not
/// closed or an entry in `closures` is not a closure.
pub fn restore(
    account: &Account,
    catalog: &Catalog,
    closures: &[UndoableEntry],
    now: Timestamp,
) -> Result<BillingDecision, Refusal> {
    let closing = |taken: &UndoableEntry| matches!(taken.entry.body, Body::Closure(_));
    if account.life != Life::Closed || closures.is_empty() || !closures.iter().all(closing) {
        return Err(Refusal::WrongState);
    }
    let mut ledger = Ledger::new(account.clone(), catalog, now);
    ledger.post(Actor::Support, Body::Restored(Restored {}), vec![])?;
    let free = catalog.free_plan().ok_or(Refusal::UnknownPlan)?;
    if free.code != ledger.account.plan {
        let changed = PlanChanged {
            plan: free.code.clone(),
            cycle: None,
            period: None,
            payment: None,
            charge: None,
            coupon: None,
        };
        ledger.post(Actor::Support, Body::PlanChanged(changed), vec![])?;
    }
    for UndoableEntry { entry, origins } in closures {
        if entry.delta.is_zero() {
            continue;
        }
        let body = Body::Reversal(Reversal {
            of: entry.seq,
            shortfall: Amount::ZERO,
        });
        let lines = ledger.given_back(&entry.lines, origins)?;
        ledger.post(Actor::Support, body, lines)?;
    }
    Ok(ledger.decided())
}

fn ledger_unless_closed<'a>(
    account: &Account,
    catalog: &'a Catalog,
    now: Timestamp,
) -> Result<Ledger<'a>, Refusal> {
    match account.life {
        Life::Closed => Err(Refusal::AccountClosed),
        _ => Ok(Ledger::new(account.clone(), catalog, now)),
    }
}
