//! The operator's decisions about the plan: payment order, plan change, cancellation, resumption, payment in grace,
//! coupon and card (`domain.md` §5). Invariant: one period is paid for once; a plan change costs only what is not paid
//! yet.

mod cancel;
mod coupon;
mod settings;

pub(super) use cancel::cancelled_at;
pub use cancel::{cancel, resume};
pub use coupon::redeem;
use coupon::{coupon, redeemable};
pub use settings::{replace_card, set_payment_order};

use serde::{Deserialize, Serialize};

use super::ledger::{ContinuedPeriod, open};
use super::{BillingDecision, Charge, Ledger, PlanChange, Purpose, Refusal, fee};
use crate::account::{Life, PaidSpan, Payer};
use crate::calendar::{Cycle, Period, period};
use crate::catalog::Downgrade;
use crate::journal::{Body, PlanChangeRequested, PlanChanged};
use crate::{Account, Actor, Amount, Catalog, Money, PaymentId, Timestamp};

/// The plan and cycle that the operator asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Target {
    pub plan: String,
    /// Monthly if `None`. Ignored if the plan has no fee.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub cycle: Option<Cycle>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub coupon: Option<String>,
}

impl Target {
    pub fn plan(plan: &str, cycle: Option<Cycle>) -> Self {
        Target {
            plan: plan.to_owned(),
            cycle,
            coupon: None,
        }
    }
}

/// How a plan change is carried out.
pub(super) enum Next {
    /// The plan changes at once, to a plan without a fee.
    Pause,
    /// The plan changes at once, to a plan for which the current period is already paid.
    AtOnce(ContinuedPeriod),
    /// The plan changes as soon as the card has paid.
    Paid(PlanChange),
    /// The plan or its cycle changes at the period's end: to another cycle, or to a cheaper plan.
    Later(Cycle),
}

impl Next {
    pub(super) fn of(
        account: &Account,
        catalog: &Catalog,
        target: &Target,
        now: Timestamp,
    ) -> Result<Self, Refusal> {
        let plan = catalog.plan(&target.plan).ok_or(Refusal::UnknownPlan)?;
        let cycle = plan
            .monthly
            .as_ref()
            .map(|_| target.cycle.unwrap_or(Cycle::Monthly));
        let same = account.plan == plan.code && account.cycle == cycle;
        if same && account.requested.is_none() {
            return Err(Refusal::SamePlan);
        }
        if account.pending_fee.is_some() {
            return Err(Refusal::PaymentPending);
        }
        let redeems = match &target.coupon {
            Some(code) => Some(redeemable(account, catalog, code, &plan.code, cycle)?),
            None => None,
        };
        let redeems = redeems.map(|coupon| coupon.code.clone());
        let Some(cycle) = cycle else {
            return Ok(Next::Pause);
        };
        // Grace ends only by paying or by pausing.
        if account.life == Life::Grace {
            return Err(Refusal::WrongState);
        }
        let paid = |cycle, period, charge, coupon| {
            Next::Paid(PlanChange {
                plan: plan.code.clone(),
                cycle: Some(cycle),
                period,
                charge,
                redeems: redeems.clone(),
                coupon,
            })
        };
        let known = |span: &PaidSpan| catalog.plan(&span.plan)?.fee(span.cycle).map(|_| ());
        let span = paid_span(account, catalog, now);
        let Some(span) = span.filter(|span| known(span).is_some()) else {
            let waiting = account.discounts.iter().chain(&redeems);
            let first_fee = fee::discounted(waiting, catalog, &plan.code, cycle);
            let (charge, coupon) = first_fee.ok_or(Refusal::UnknownPlan)?;
            return Ok(paid(cycle, period(now, cycle, 0), charge, coupon));
        };
        let comes_back = account.period.is_none();
        if span.cycle != cycle && comes_back {
            // The period is paid for in another billing cycle. The operator must return to that cycle first; the cycle
            // of `target` can then be requested for the period's end.
            return Err(Refusal::OtherCyclePaid);
        }
        let fees = |code: &str| Some(catalog.plan(code)?.fee(cycle)?.amount);
        let lower = |new, old| !comes_back && new < old;
        let later = match (fees(&plan.code), fees(&account.plan)) {
            _ if span.cycle != cycle => true,
            (Some(new), Some(old)) if lower(new, old) => {
                catalog.policies.downgrade == Some(Downgrade::PeriodEnd)
            }
            _ => false,
        };
        if later {
            // A cancelled plan ends at the period's end, so no other plan can start there. A plan that was cancelled
            // too late for this period ends one period later, and another cycle would move that end.
            return match account.cancel_at.is_some() {
                true => Err(Refusal::WrongState),
                false => Ok(Next::Later(cycle)),
            };
        }
        let (Some(has), Some(new)) = (fees(&span.plan), fees(&plan.code)) else {
            return Err(Refusal::UnknownPlan);
        };
        let more = new
            .checked_sub(has)
            .map_err(|_| Refusal::AmountOutOfRange)?;
        let charge = prorated(more, span.period, now)?;
        if !charge.is_positive() {
            return Ok(Next::AtOnce(ContinuedPeriod {
                cycle,
                period: span.period,
            }));
        }
        Ok(paid(cycle, Some(span.period), Money::usd(charge), None))
    }

    pub(super) fn charge(&self) -> Option<&Money> {
        match self {
            Next::Paid(change) => Some(&change.charge),
            _ => None,
        }
    }
}

/// The period, cycle and plan that are paid for, if that period has not ended, also if the account has changed its plan
/// since. A catalog without a downgrade policy comes from an older cloud, which prices a change by the current plan
/// only: the result is then the current plan and period.
fn paid_span(account: &Account, catalog: &Catalog, now: Timestamp) -> Option<PaidSpan> {
    if catalog.policies.downgrade.is_none() {
        return Some(PaidSpan {
            period: account.period?,
            cycle: account.cycle?,
            plan: account.plan.clone(),
        });
    }
    let paid = account.paid.as_ref()?;
    let runs = match account.period {
        Some(period) => period == paid.period,
        None => paid.period.contains(now),
    };
    runs.then(|| paid.clone())
}

/// The part of a price difference that belongs to the rest of a period, in minor units, rounded half up.
pub fn prorated(more: Amount, period: Period, now: Timestamp) -> Result<Amount, Refusal> {
    let whole = i128::from(period.end.since(period.start)).max(1);
    let left = i128::from(period.end.since(now).max(0)).min(whole);
    let exact = i128::from(more.minor()) * left;
    let rounded = (2 * exact + whole).div_euclid(2 * whole);
    let minor = i64::try_from(rounded).map_err(|_| Refusal::AmountOutOfRange)?;
    Amount::new(minor).map_err(|_| Refusal::AmountOutOfRange)
}

/// Changes the plan or the cycle. A change that must be paid first returns only a charge; [`paid`] appends the change
/// once the charge is approved. Fails with `NoCard` or `CardDeclined` if there is no valid card to charge.
pub fn change(
    account: &Account,
    catalog: &Catalog,
    target: &Target,
    now: Timestamp,
) -> Result<BillingDecision, Refusal> {
    open(account)?;
    let mut ledger = Ledger::new(account.clone(), catalog, now);
    let next = Next::of(account, catalog, target, ledger.now)?;
    match next {
        Next::Pause => ledger.change_plan(&target.plan, None)?,
        Next::AtOnce(step) => {
            if let Some(code) = &target.coupon {
                ledger.redeem(code)?;
            }
            ledger.change_plan(&target.plan, Some(step))?;
            ledger.add_allowance()?;
        }
        Next::Paid(change) => {
            let card = account.card.as_ref().ok_or(Refusal::NoCard)?;
            if card.expires_at() <= ledger.now {
                return Err(Refusal::CardDeclined);
            }
            let payment = ledger.next_payment()?;
            ledger.charge(Charge {
                payment,
                money: change.charge.clone(),
                purpose: Purpose::Plan(change),
            });
        }
        Next::Later(cycle) => {
            let body = Body::PlanChangeRequested(PlanChangeRequested {
                plan: target.plan.clone(),
                cycle: Some(cycle),
                coupon: match &target.coupon {
                    Some(code) => Some(coupon(catalog, code)?.code.clone()),
                    None => None,
                },
            });
            ledger.post(Actor::Operator, body, vec![])?;
        }
    }
    Ok(ledger.decided())
}

/// Appends a plan change whose charge was approved.
pub fn paid(
    account: &Account,
    catalog: &Catalog,
    change: &PlanChange,
    payment: &PaymentId,
    now: Timestamp,
) -> Result<BillingDecision, Refusal> {
    let mut ledger = Ledger::new(account.clone(), catalog, now);
    if let Some(code) = &change.redeems {
        ledger.redeem(code)?;
    }
    let changed = PlanChanged {
        plan: change.plan.clone(),
        cycle: change.cycle,
        period: change.period,
        payment: Some(payment.clone()),
        charge: Some(change.charge.clone()),
        coupon: change.coupon.clone(),
    };
    ledger.post(Actor::Operator, Body::PlanChanged(changed), vec![])?;
    let same_period = account.paid.as_ref().map(|paid| paid.period) == change.period;
    match same_period {
        true => ledger.add_allowance()?,
        false => ledger.restart_allowance()?,
    }
    Ok(ledger.decided())
}

/// Pays the fee that ends grace. Fails with `NothingDue` outside grace, or if the given payer cannot pay.
pub fn pay_now(
    account: &Account,
    catalog: &Catalog,
    payer: Payer,
    now: Timestamp,
) -> Result<BillingDecision, Refusal> {
    let mut ledger = Ledger::new(account.clone(), catalog, now);
    let due = owed(account, catalog, ledger.now)?;
    ledger.collect_from(due, payer)?;
    Ok(ledger.decided())
}

/// Who pays the fee that ends grace (card or credits), if the operator does not choose one: the first of the account's
/// payment order, or the other payer if only that one can pay or the card has just declined.
pub fn payer(account: &Account, catalog: &Catalog, now: Timestamp) -> Result<Payer, Refusal> {
    let due = owed(account, catalog, now)?;
    let now = now.max(account.at);
    let card = account
        .card
        .as_ref()
        .is_some_and(|card| card.expires_at() > now);
    let credits = fee::covered(&account.grants, catalog, &due.fee);
    // True if the card on file declined the last attempt to pay the fee.
    let refused = account
        .failed
        .as_ref()
        .is_some_and(|failed| failed.code != fee::INSUFFICIENT_CREDITS && !failed.card_replaced);
    // Skip a payer that cannot pay, or a card that was just declined, if the other payer can pay.
    Ok(match account.payment_order.first {
        Payer::Credits if !credits && card => Payer::Card,
        Payer::Card if credits && (!card || refused) => Payer::Credits,
        first => first,
    })
}

/// The fee that ends grace if paid at `now`. Fails with `NothingDue` outside grace.
pub(super) fn owed(
    account: &Account,
    catalog: &Catalog,
    now: Timestamp,
) -> Result<fee::DueFee, Refusal> {
    open(account)?;
    if account.pending_fee.is_some() {
        return Err(Refusal::PaymentPending);
    }
    if account.life != Life::Grace {
        return Err(Refusal::NothingDue);
    }
    fee::due(account, catalog, now).ok_or(Refusal::NothingDue)
}
