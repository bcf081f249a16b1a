//! What the operator decides about the plan: who pays, another plan, an end, a payment now
//! (`domain.md` §5).

use serde::{Deserialize, Serialize};

use super::{Charge, Decision, Ledger, Purpose, Refusal, fee};
use crate::account::{Life, PaidSpan, Payer, PaymentOrder};
use crate::calendar::{Cycle, Period, following, period};
use crate::catalog::{Coupon, Downgrade};
use crate::journal::{
    Body, Cancelled, CardChanged, CouponRedeemed, PaymentOrderChanged, PlanChangeRequested,
    PlanChanged, Resumed,
};
use crate::time::DAY;
use crate::typed;
use crate::{Account, Actor, Amount, Catalog, Money, PaymentId, Timestamp};

/// Another plan or cycle, as asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Target {
    pub plan: String,
    /// Monthly if not said; nothing where the plan has no fee.
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

/// A change that happens only if the card pays for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanChange {
    pub plan: String,
    pub cycle: Option<Cycle>,
    pub period: Option<Period>,
    pub charge: Money,
    /// Redeemed with it.
    pub redeems: Option<String>,
    /// Whose free months were taken off the charge.
    pub coupon: Option<String>,
}

/// What a change of plan comes to.
pub(super) enum Next {
    /// To Pay-As-You-Go, at once.
    Pause,
    /// To a plan that the running span needs nothing more for.
    AtOnce(Step),
    /// Paid by the card first.
    Paid(PlanChange),
    /// Another cycle, or a lower plan, from the period's end.
    Later(Cycle),
}

/// A plan for what is left of a span.
pub(super) struct Step {
    cycle: Cycle,
    period: Period,
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
        // Grace ends by paying or by pausing, not by another plan.
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
        let span = running(account, catalog, now);
        let Some(span) = span.filter(|span| known(span).is_some()) else {
            let waiting = account.discounts.iter().chain(&redeems);
            let first_fee = fee::discounted(waiting, catalog, &plan.code, cycle);
            let (charge, coupon) = first_fee.ok_or(Refusal::UnknownPlan)?;
            return Ok(paid(cycle, period(now, cycle, 0), charge, coupon));
        };
        let comes_back = account.period.is_none();
        if span.cycle != cycle && comes_back {
            // What is paid for is of the other cycle: first back to it, then the change from its end.
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
            // Where it is the end, nothing begins; and an end that is set is not moved by another cycle.
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
            return Ok(Next::AtOnce(Step {
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

/// The span that runs and has been paid for, also where its plan has been left. A cloud whose catalog does not say how
/// plans go down is of before: it goes by the plan that is on, and begins anew after a pause.
fn running(account: &Account, catalog: &Catalog, now: Timestamp) -> Option<PaidSpan> {
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

/// The part of a difference that falls on what is left of a period, half up to the cent.
pub fn prorated(more: Amount, period: Period, now: Timestamp) -> Result<Amount, Refusal> {
    let whole = i128::from(period.end.since(period.start)).max(1);
    let left = i128::from(period.end.since(now).max(0)).min(whole);
    let exact = i128::from(more.minor()) * left;
    let rounded = (2 * exact + whole).div_euclid(2 * whole);
    let minor = i64::try_from(rounded).map_err(|_| Refusal::AmountOutOfRange)?;
    Amount::new(minor).map_err(|_| Refusal::AmountOutOfRange)
}

/// Another plan or cycle. What is to be paid for is a charge; the change follows its answer.
pub fn change(
    account: &Account,
    catalog: &Catalog,
    target: &Target,
    now: Timestamp,
) -> Result<Decision, Refusal> {
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

/// The card has paid for a change.
pub fn paid(
    account: &Account,
    catalog: &Catalog,
    change: &PlanChange,
    payment: &PaymentId,
    now: Timestamp,
) -> Result<Decision, Refusal> {
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
    let goes_on = account.paid.as_ref().map(|paid| paid.period) == change.period;
    match goes_on {
        true => ledger.add_allowance()?,
        false => ledger.restart_allowance()?,
    }
    Ok(ledger.decided())
}

impl Ledger<'_> {
    fn change_plan(&mut self, plan: &str, step: Option<Step>) -> Result<(), Refusal> {
        let changed = PlanChanged {
            plan: plan.to_owned(),
            cycle: step.as_ref().map(|step| step.cycle),
            period: step.as_ref().map(|step| step.period),
            payment: None,
            charge: None,
            coupon: None,
        };
        self.post(Actor::Operator, Body::PlanChanged(changed), vec![])
    }

    pub(super) fn redeem(&mut self, code: &str) -> Result<(), Refusal> {
        let coupon = coupon(self.catalog, code)?;
        let redeemed = Body::CouponRedeemed(CouponRedeemed {
            coupon: coupon.code.clone(),
            bonus: coupon.bonus,
        });
        self.post(Actor::Operator, redeemed, vec![])
    }
}

/// Who pays renewals. Setting what is set appends nothing.
pub fn set_payment_order(
    account: &Account,
    catalog: &Catalog,
    order: PaymentOrder,
    now: Timestamp,
) -> Result<Decision, Refusal> {
    open(account)?;
    if order.first == Payer::Credits && !catalog.policies.credits_pay_fees {
        return Err(Refusal::CreditsCannotPayFees);
    }
    let changed = Body::PaymentOrderChanged(PaymentOrderChanged { order });
    once(
        account,
        catalog,
        account.payment_order != order,
        changed,
        now,
    )
}

/// No further renewal, and so no other plan from the period's end. Less than a day before it, it is too late for that
/// end: the renewal still happens, of the plan that was asked for, and the following one does not.
pub fn cancel(account: &Account, catalog: &Catalog, now: Timestamp) -> Result<Decision, Refusal> {
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
        ledger.change_plan(&account.plan, Some(Step { cycle, period }))?;
    }
    let cancelled = Body::Cancelled(Cancelled { effective_at });
    ledger.post(Actor::Operator, cancelled, vec![])?;
    Ok(ledger.decided())
}

pub(super) fn cancelled_at(account: &Account, now: Timestamp) -> Result<Timestamp, Refusal> {
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

pub fn resume(account: &Account, catalog: &Catalog, now: Timestamp) -> Result<Decision, Refusal> {
    open(account)?;
    if account.life != Life::Active {
        return Err(Refusal::WrongState);
    }
    let resumed = Body::Resumed(Resumed {});
    once(account, catalog, account.cancel_at.is_some(), resumed, now)
}

/// Pays the fee that grace waits for.
pub fn pay_now(
    account: &Account,
    catalog: &Catalog,
    payer: Payer,
    now: Timestamp,
) -> Result<Decision, Refusal> {
    let mut ledger = Ledger::new(account.clone(), catalog, now);
    let due = owed(account, catalog, ledger.now)?;
    ledger.collect_from(due, payer)?;
    Ok(ledger.decided())
}

/// Who pays the fee that grace waits for: by the account's own order, as far as they can.
pub fn payer(account: &Account, catalog: &Catalog, now: Timestamp) -> Result<Payer, Refusal> {
    let due = owed(account, catalog, now)?;
    let now = now.max(account.at);
    let card = account
        .card
        .as_ref()
        .is_some_and(|card| card.expires_at() > now);
    let credits = fee::covered(&account.grants, catalog, &due.fee);
    // The same card has said no to the same fee.
    let refused = account
        .failed
        .as_ref()
        .is_some_and(|failed| failed.code != fee::INSUFFICIENT_CREDITS && !failed.card_replaced);
    // Whoever surely cannot pay, or has just refused, is not asked where the other can.
    Ok(match account.payment_order.first {
        Payer::Credits if !credits && card => Payer::Card,
        Payer::Card if credits && (!card || refused) => Payer::Credits,
        first => first,
    })
}

pub(super) fn owed(
    account: &Account,
    catalog: &Catalog,
    now: Timestamp,
) -> Result<fee::Due, Refusal> {
    open(account)?;
    if account.pending_fee.is_some() {
        return Err(Refusal::PaymentPending);
    }
    if account.life != Life::Grace {
        return Err(Refusal::NothingDue);
    }
    fee::due(account, catalog, now).ok_or(Refusal::NothingDue)
}

pub fn redeem(
    account: &Account,
    catalog: &Catalog,
    code: &str,
    now: Timestamp,
) -> Result<Decision, Refusal> {
    open(account)?;
    redeemable(account, catalog, code, &account.plan, account.cycle)?;
    let mut ledger = Ledger::new(account.clone(), catalog, now);
    ledger.redeem(code)?;
    Ok(ledger.decided())
}

fn coupon<'a>(catalog: &'a Catalog, code: &str) -> Result<&'a Coupon, Refusal> {
    let code = typed::code(code);
    let mut coupons = catalog.coupons.iter();
    coupons
        .find(|coupon| coupon.code.eq_ignore_ascii_case(&code))
        .ok_or(Refusal::UnknownCoupon)
}

/// Bound to a plan and cycle, once per account.
fn redeemable<'a>(
    account: &Account,
    catalog: &'a Catalog,
    code: &str,
    plan: &str,
    cycle: Option<Cycle>,
) -> Result<&'a Coupon, Refusal> {
    let coupon = coupon(catalog, code)?;
    if account.coupons.contains(&coupon.code) {
        return Err(Refusal::CouponRedeemed);
    }
    if coupon.plan != plan || Some(coupon.cycle) != cycle {
        return Err(Refusal::CouponNotForPlan);
    }
    Ok(coupon)
}

/// The card on file.
pub fn replace_card(
    account: &Account,
    catalog: &Catalog,
    card: Option<crate::account::Card>,
    now: Timestamp,
) -> Result<Decision, Refusal> {
    open(account)?;
    let changed = Body::CardChanged(CardChanged { card });
    once(account, catalog, true, changed, now)
}

pub(super) fn open(account: &Account) -> Result<(), Refusal> {
    match account.life {
        Life::Closed => Err(Refusal::AccountClosed),
        _ => Ok(()),
    }
}

fn once(
    account: &Account,
    catalog: &Catalog,
    changes: bool,
    body: Body,
    now: Timestamp,
) -> Result<Decision, Refusal> {
    let mut ledger = Ledger::new(account.clone(), catalog, now);
    if changes {
        ledger.post(Actor::Operator, body, vec![])?;
    }
    Ok(ledger.decided())
}
