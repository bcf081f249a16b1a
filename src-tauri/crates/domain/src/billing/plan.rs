//! What the operator decides about the plan: who pays, another plan, an end, a payment now
//! (`domain.md` §5), and the quote that says beforehand what it charges, keeps and destroys.

use serde::{Deserialize, Serialize};

use super::{Charge, Decision, Ledger, Purpose, Refusal, allowance, fee};
use crate::account::{Life, Payer, PaymentOrder};
use crate::calendar::{Cycle, Period, following, period};
use crate::journal::{
    Body, Cancelled, CardChanged, CouponRedeemed, PaymentOrderChanged, PlanChangeRequested,
    PlanChanged, Resumed,
};
use crate::time::DAY;
use crate::{Account, Actor, Amount, Catalog, Kind, Money, PaymentId, Seq, Timestamp};

/// A change that happens only if the card pays for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanChange {
    pub plan: String,
    pub cycle: Option<Cycle>,
    pub period: Option<Period>,
    pub charge: Money,
    pub coupon: Option<String>,
}

/// What an operator may ask a quote for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Change {
    Plan { plan: String, cycle: Option<Cycle> },
    PayNow,
    Cancel,
    Resume,
}

/// What a change does, computed by the same rules on the laptop and at the cloud.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Quote {
    /// The journal's place that it was computed at.
    pub version: Seq,
    pub plan: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub cycle: Option<Cycle>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub period_end: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub charge: Option<Money>,
    /// When it takes effect.
    pub effective_at: Timestamp,
    /// Credits that stay.
    pub kept: Amount,
    /// Events, by name, that go with their galleries.
    pub destroyed: Vec<String>,
}

/// What became of the account since a quote was shown, as far as a fold does not say it.
#[derive(Debug, Clone, Default)]
pub struct Since {
    /// Kinds of entries that took credits.
    pub taken: Vec<Kind>,
}

impl Quote {
    /// Whether the truth became worse than what was shown (`domain.md` §5).
    pub fn is_worse_than(&self, seen: &Quote, since: &Since) -> bool {
        let charge = |quote: &Quote| quote.charge.as_ref().map_or(Amount::ZERO, |c| c.amount);
        let harmless = |kind: &Kind| matches!(kind, Kind::Usage | Kind::Expiry);
        self.destroyed
            .iter()
            .any(|event| !seen.destroyed.contains(event))
            || charge(self) > charge(seen)
            || (&self.plan, self.cycle, self.period_end)
                != (&seen.plan, seen.cycle, seen.period_end)
            || !since.taken.iter().all(harmless)
    }

    /// Whether acting on it without having shown it would be a surprise.
    pub fn needs_seeing(&self) -> bool {
        self.charge.is_some() || !self.destroyed.is_empty()
    }
}

pub fn quote(
    account: &Account,
    catalog: &Catalog,
    change: &Change,
    now: Timestamp,
) -> Result<Quote, Refusal> {
    let now = now.max(account.at);
    open(account)?;
    let mut quote = Quote {
        version: account.seq,
        plan: account.plan.clone(),
        cycle: account.cycle,
        period_end: account.period.map(|period| period.end),
        charge: None,
        effective_at: now,
        kept: account.balance,
        destroyed: vec![],
    };
    match change {
        Change::Plan { plan, cycle } => {
            let next = Next::of(account, catalog, plan, *cycle, now)?;
            quote.charge = next.charge().cloned();
            if let Next::Later = next {
                quote.effective_at = quote.period_end.unwrap_or(now);
            }
            if let Next::Pause = next {
                let names = account.events.values().map(|event| event.name.clone());
                quote.destroyed = names.collect();
            }
        }
        Change::PayNow => {
            quote.charge = Some(owed(account, catalog, now)?.fee);
        }
        Change::Cancel => quote.effective_at = cancelled_at(account, now)?,
        Change::Resume => {}
    }
    Ok(quote)
}

/// What a change of plan comes to.
enum Next {
    /// To Pay-As-You-Go, at once.
    Pause,
    /// To a plan that costs no more, at once and for the rest of the period.
    AtOnce,
    /// Paid by the card first.
    Paid(PlanChange),
    /// Another cycle, from the period's end.
    Later,
}

impl Next {
    fn of(
        account: &Account,
        catalog: &Catalog,
        plan: &str,
        cycle: Option<Cycle>,
        now: Timestamp,
    ) -> Result<Self, Refusal> {
        let target = catalog.plan(plan).ok_or(Refusal::UnknownPlan)?;
        let cycle = target
            .monthly
            .as_ref()
            .map(|_| cycle.unwrap_or(Cycle::Monthly));
        let same = account.plan == plan && account.cycle == cycle;
        if same && account.requested.is_none() {
            return Err(Refusal::SamePlan);
        }
        if account.pending_fee.is_some() {
            return Err(Refusal::PaymentPending);
        }
        let Some(cycle) = cycle else {
            return Ok(Next::Pause);
        };
        // Grace ends by paying or by pausing, not by another plan.
        if account.life == Life::Grace {
            return Err(Refusal::WrongState);
        }
        let (Some(running), Some(current)) = (account.period, account.cycle) else {
            let (charge, coupon) =
                fee::fee(account, catalog, plan, cycle).ok_or(Refusal::UnknownPlan)?;
            return Ok(Next::Paid(PlanChange {
                plan: plan.to_owned(),
                cycle: Some(cycle),
                period: period(now, cycle, 0),
                charge,
                coupon,
            }));
        };
        if current != cycle {
            return Ok(Next::Later);
        }
        let fees = |code: &str| Some(catalog.plan(code)?.fee(cycle)?.amount);
        let (Some(old), Some(new)) = (fees(&account.plan), fees(plan)) else {
            return Err(Refusal::UnknownPlan);
        };
        let more = new
            .checked_sub(old)
            .map_err(|_| Refusal::AmountOutOfRange)?;
        let charge = prorated(more, running, now)?;
        if !charge.is_positive() {
            return Ok(Next::AtOnce);
        }
        Ok(Next::Paid(PlanChange {
            plan: plan.to_owned(),
            cycle: Some(cycle),
            period: Some(running),
            charge: Money::usd(charge),
            coupon: None,
        }))
    }

    fn charge(&self) -> Option<&Money> {
        match self {
            Next::Paid(change) => Some(&change.charge),
            _ => None,
        }
    }
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
    plan: &str,
    cycle: Option<Cycle>,
    now: Timestamp,
) -> Result<Decision, Refusal> {
    open(account)?;
    let mut ledger = Ledger::new(account.clone(), catalog, now);
    match Next::of(account, catalog, plan, cycle, ledger.now)? {
        Next::Pause => ledger.change_plan(plan, None, None)?,
        Next::AtOnce => ledger.change_plan(plan, account.cycle, account.period)?,
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
        Next::Later => {
            let cycle = Some(cycle.unwrap_or(Cycle::Monthly));
            let body = Body::PlanChangeRequested(PlanChangeRequested {
                plan: plan.to_owned(),
                cycle,
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
    let before = allowance::monthly(account, catalog)?;
    let changed = PlanChanged {
        plan: change.plan.clone(),
        cycle: change.cycle,
        period: change.period,
        payment: Some(payment.clone()),
        charge: Some(change.charge.clone()),
        coupon: change.coupon.clone(),
    };
    ledger.post(Actor::Operator, Body::PlanChanged(changed), vec![])?;
    ledger.add_allowance(before)?;
    Ok(ledger.decided())
}

impl Ledger<'_> {
    fn change_plan(
        &mut self,
        plan: &str,
        cycle: Option<Cycle>,
        period: Option<Period>,
    ) -> Result<(), Refusal> {
        let changed = PlanChanged {
            plan: plan.to_owned(),
            cycle,
            period,
            payment: None,
            charge: None,
            coupon: None,
        };
        self.post(Actor::Operator, Body::PlanChanged(changed), vec![])
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

/// No further renewal. Less than a day before the period's end it is too late for that end: the renewal
/// still happens, and the following one does not.
pub fn cancel(account: &Account, catalog: &Catalog, now: Timestamp) -> Result<Decision, Refusal> {
    open(account)?;
    let effective_at = cancelled_at(account, now.max(account.at))?;
    let cancelled = Body::Cancelled(Cancelled { effective_at });
    once(
        account,
        catalog,
        account.cancel_at.is_none(),
        cancelled,
        now,
    )
}

fn cancelled_at(account: &Account, now: Timestamp) -> Result<Timestamp, Refusal> {
    let state = (account.life, account.period, account.anchor, account.cycle);
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

fn owed(account: &Account, catalog: &Catalog, now: Timestamp) -> Result<fee::Due, Refusal> {
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
    let code = code.trim();
    let coupon = catalog
        .coupons
        .iter()
        .find(|coupon| coupon.code.eq_ignore_ascii_case(code))
        .ok_or(Refusal::UnknownCoupon)?;
    if account.coupons.contains(&coupon.code) {
        return Err(Refusal::CouponRedeemed);
    }
    if coupon.plan != account.plan || Some(coupon.cycle) != account.cycle {
        return Err(Refusal::CouponNotForPlan);
    }
    let redeemed = Body::CouponRedeemed(CouponRedeemed {
        coupon: coupon.code.clone(),
        bonus: coupon.bonus,
    });
    once(account, catalog, true, redeemed, now)
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

fn open(account: &Account) -> Result<(), Refusal> {
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
