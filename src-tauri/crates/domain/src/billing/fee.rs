//! Fees: what is due, and whether card or credits pay it (`domain.md` §5). The payer and the price of an attempt are
//! fixed when the attempt is made; later changes of settings do not affect it.

use super::{Charge, ChargeOutcome, Ledger, Purpose, Refusal};
use crate::account::{Life, Payer};
use crate::calendar::{Cycle, Period, following, following_at};
use crate::grant::Grants;
use crate::journal::{
    Body, FeeAttempt, GraceCause, GraceStarted, PaymentFailed, PaymentPending, PlanChanged,
    Reactivated, Renewal, RenewedByCard,
};
use crate::time::DAY;
use crate::{Account, Actor, Amount, Catalog, Money, Timestamp};

/// Reason code of a fee that was to be paid from credits only and exceeded the balance.
pub const INSUFFICIENT_CREDITS: &str = "insufficient_credits";

/// A fee that is due, and the period it pays for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueFee {
    pub period: Period,
    pub fee: Money,
    /// The coupon whose free months have been taken off `fee`.
    pub coupon: Option<String>,
}

/// The fee of a plan and cycle, less the free months of a matching coupon that the account has redeemed or will redeem
/// with its requested plan change. `None` if the catalog has no such fee.
pub fn fee(
    account: &Account,
    catalog: &Catalog,
    plan: &str,
    cycle: Cycle,
) -> Option<(Money, Option<String>)> {
    let requested = account.requested.as_ref();
    let redeemed = requested.and_then(|requested| requested.coupon.as_ref());
    let waiting = account.discounts.iter().chain(redeemed);
    discounted(waiting, catalog, plan, cycle)
}

/// The fee of a plan and cycle less the free months of the first matching coupon among `waiting`, and the code of that
/// coupon. `None` if the catalog has no such fee.
pub fn discounted<'a>(
    waiting: impl IntoIterator<Item = &'a String>,
    catalog: &Catalog,
    plan: &str,
    cycle: Cycle,
) -> Option<(Money, Option<String>)> {
    let full = catalog.plan(plan)?.fee(cycle)?.clone();
    let coupon = waiting
        .into_iter()
        .filter_map(|code| catalog.coupons.iter().find(|coupon| coupon.code == *code))
        .find(|coupon| coupon.plan == plan && coupon.cycle == cycle && coupon.free_months > 0);
    let Some(coupon) = coupon else {
        return Some((full, None));
    };
    let off = full.amount.minor() * i64::from(coupon.free_months) / 12;
    let left = Amount::new(full.amount.minor() - off).ok()?;
    let money = Money {
        amount: left,
        ..full
    };
    Some((money, Some(coupon.code.clone())))
}

/// The plan and billing cycle of the next period: those of a requested plan change, or else the current plan and cycle.
pub fn next_plan(account: &Account) -> (&str, Option<Cycle>) {
    match &account.requested {
        Some(requested) => (&requested.plan, requested.cycle),
        None => (&account.plan, account.cycle),
    }
}

/// The fee of the renewal at the period's end, or in grace the fee that ends grace if paid at `now`. `None` if the plan
/// has no fee, the account is closed, or the catalog no longer has the plan.
pub fn due(account: &Account, catalog: &Catalog, now: Timestamp) -> Option<DueFee> {
    let (anchor, period) = (account.anchor?, account.period?);
    let (plan, cycle) = next_plan(account);
    let cycle = cycle?;
    let period = match account.life {
        Life::Active => following(anchor, cycle, period.end)?,
        Life::Grace => following_at(anchor, cycle, period.end, now)?,
        Life::Closed => return None,
    };
    let (fee, coupon) = fee(account, catalog, plan, cycle)?;
    Some(DueFee {
        period,
        fee,
        coupon,
    })
}

/// Whether the programme lets credits pay fees and the grants cover `fee`.
pub fn covered(grants: &Grants, catalog: &Catalog, fee: &Money) -> bool {
    catalog.policies.credits_pay_fees && grants.total().is_ok_and(|total| total >= fee.amount)
}

impl Ledger<'_> {
    /// Collects a fee in the account's payment order. If the card is to pay, a charge is added to the decision, and the
    /// processor's answer decides the rest. Otherwise the payment from credits, or the failure, is posted at once.
    pub(super) fn collect(&mut self, due: DueFee) -> Result<(), Refusal> {
        let order = self.account.payment_order;
        match order.first {
            Payer::Card => self.ask_card(due, order.fallback),
            Payer::Credits if covered(&self.account.grants, self.catalog, &due.fee) => {
                self.pay_from_credits(due)
            }
            Payer::Credits if order.fallback => self.ask_card(due, false),
            Payer::Credits => self.unpaid(&due, INSUFFICIENT_CREDITS),
        }
    }

    /// Collects a fee from the given payer only, whatever the account's payment order is. Fails if that payer cannot
    /// pay.
    pub(super) fn collect_from(&mut self, due: DueFee, payer: Payer) -> Result<(), Refusal> {
        match payer {
            Payer::Card => match &self.account.card {
                None => Err(Refusal::NoCard),
                Some(card) if card.expires_at() <= self.now => Err(Refusal::CardDeclined),
                Some(_) => self.ask_card(due, false),
            },
            Payer::Credits if !self.catalog.policies.credits_pay_fees => {
                Err(Refusal::CreditsCannotPayFees)
            }
            Payer::Credits if covered(&self.account.grants, self.catalog, &due.fee) => {
                self.pay_from_credits(due)
            }
            Payer::Credits => Err(Refusal::InsufficientCredits {
                price: due.fee.amount,
                balance: self.account.balance,
            }),
        }
    }

    fn ask_card(&mut self, due: DueFee, credits_next: bool) -> Result<(), Refusal> {
        let attempt = FeeAttempt {
            payment: self.next_fee_payment()?,
            charge: due.fee,
            period: due.period,
            credits_next,
            coupon: due.coupon,
        };
        match &self.account.card {
            None => self.declined(attempt, "no_card"),
            // The processor would decline an expired card, so no charge is attempted.
            Some(card) if card.expires_at() <= self.now => self.declined(attempt, "expired_card"),
            Some(_) => {
                self.charge(Charge {
                    payment: attempt.payment.clone(),
                    money: attempt.charge.clone(),
                    purpose: Purpose::Fee(attempt),
                });
                Ok(())
            }
        }
    }

    /// Posts the entries that follow from the processor's answer to the card charge for a fee.
    pub(super) fn fee_answered(
        &mut self,
        attempt: FeeAttempt,
        answer: &ChargeOutcome,
    ) -> Result<(), Refusal> {
        match answer {
            ChargeOutcome::Approved => {
                let body = Body::RenewedByCard(RenewedByCard {
                    payment: attempt.payment,
                    charge: attempt.charge,
                    period: attempt.period,
                    invoice: self.invoice(),
                    coupon: attempt.coupon,
                });
                self.renewed(attempt.period, body, None)
            }
            ChargeOutcome::Declined(code) => self.declined(attempt, code),
            ChargeOutcome::Pending => {
                let pending = PaymentPending { attempt };
                self.post(Actor::System, Body::PaymentPending(pending), vec![])
            }
        }
    }

    fn declined(&mut self, attempt: FeeAttempt, code: &str) -> Result<(), Refusal> {
        let failed = PaymentFailed {
            payment: attempt.payment,
            charge: attempt.charge.clone(),
            code: code.to_owned(),
        };
        self.post(Actor::System, Body::PaymentFailed(failed), vec![])?;
        let covered = covered(&self.account.grants, self.catalog, &attempt.charge);
        if attempt.credits_next && covered {
            return self.pay_from_credits(DueFee {
                period: attempt.period,
                fee: attempt.charge,
                coupon: attempt.coupon,
            });
        }
        self.enter_grace(GraceCause::Unpaid)
    }

    /// Posts a failed payment for which no charge was attempted, and starts grace.
    fn unpaid(&mut self, due: &DueFee, code: &str) -> Result<(), Refusal> {
        let failed = PaymentFailed {
            payment: self.next_fee_payment()?,
            charge: due.fee.clone(),
            code: code.to_owned(),
        };
        self.post(Actor::System, Body::PaymentFailed(failed), vec![])?;
        self.enter_grace(GraceCause::Unpaid)
    }

    fn pay_from_credits(&mut self, due: DueFee) -> Result<(), Refusal> {
        let lines = self.account.grants.draw(due.fee.amount);
        let lines = lines.ok_or(Refusal::InsufficientCredits {
            price: due.fee.amount,
            balance: self.account.balance,
        })?;
        let body = Body::Renewal(Renewal {
            fee: due.fee,
            period: due.period,
            invoice: self.invoice(),
            coupon: due.coupon,
        });
        self.renewed(due.period, body, Some(lines))
    }

    /// Posts the entry `body` of a paid fee. A requested plan change is posted before it, and the end of grace after
    /// it.
    fn renewed(
        &mut self,
        period: Period,
        body: Body,
        lines: Option<Vec<crate::Line>>,
    ) -> Result<(), Refusal> {
        let was = self.account.life;
        if let Some(requested) = self.account.requested.clone() {
            if let Some(coupon) = &requested.coupon {
                self.redeem(coupon)?;
            }
            let changed = PlanChanged {
                plan: requested.plan,
                cycle: requested.cycle,
                period: self.account.period,
                payment: None,
                charge: None,
                coupon: None,
            };
            self.post(Actor::System, Body::PlanChanged(changed), vec![])?;
        }
        self.post(Actor::System, body, lines.unwrap_or_default())?;
        if was == Life::Grace {
            let back = Body::Reactivated(Reactivated { period });
            self.post(Actor::System, back, vec![])?;
        }
        Ok(())
    }

    /// Starts grace if the account is active. Grace is counted from the period's end, even if the entry is posted
    /// later.
    pub(super) fn enter_grace(&mut self, cause: GraceCause) -> Result<(), Refusal> {
        let (Life::Active, Some(period)) = (self.account.life, self.account.period) else {
            return Ok(());
        };
        let days = i64::from(self.catalog.policies.grace_days);
        let started = GraceStarted {
            cause,
            until: period.end.plus(days * DAY),
        };
        self.post(Actor::System, Body::GraceStarted(started), vec![])
    }

    fn invoice(&self) -> String {
        let payment = self.next_payment();
        payment.map_or(String::new(), |id| id.as_str().replacen("pay_", "inv_", 1))
    }
}
