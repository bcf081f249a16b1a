//! Actions on the plan: cancelling, paying in grace, changing the plan, and coupons for it.

use super::REFUSED;
use crate::reference_model::calendar::{DAY, month_of, months_after, next_span};
use crate::reference_model::{BankAnswer, CardRequest, Fact, From, ReferenceModel, Refused};

impl ReferenceModel {
    pub fn cancel(&mut self) -> Result<(), Refused> {
        self.require_open()?;
        let (Some((_, ends)), Some(annual), "active") = (self.paid(), self.annual(), self.life())
        else {
            return REFUSED;
        };
        if self.cancel_at().is_none() {
            let late = ends - self.now < DAY;
            let annual = self.request().map_or(annual, |(_, annual, _)| annual);
            if !late {
                self.add(Fact::Request(None));
            }
            let at = if late {
                next_span(self.anchor(), ends, annual).1
            } else {
                ends
            };
            self.add(Fact::Cancel(Some(at)));
        }
        Ok(())
    }

    pub fn resume(&mut self) -> Result<(), Refused> {
        self.require_open()?;
        if self.life() != "active" {
            return REFUSED;
        }
        self.add(Fact::Cancel(None));
        Ok(())
    }

    pub fn pay_now(&mut self, with_credits: bool) -> Result<(), Refused> {
        self.require_open()?;
        if self.asked().is_some() || self.life() != "grace" {
            return REFUSED;
        }
        let (fee, (from, to), discount) = self.due();
        let asked = CardRequest {
            at: self.now,
            fee,
            from,
            to,
            credits_next: false,
            discount,
        };
        if with_credits {
            if !self.covers(fee) {
                return REFUSED;
            }
            self.credits_pay(asked);
        } else {
            self.ask_card(asked);
        }
        Ok(())
    }

    /// Whether a coupon may be redeemed for a plan.
    fn fits(&self, code: &str, to: &str, annual: Option<bool>) -> bool {
        let (_, plan, for_annual, ..) = self.coupon(code);
        let redeemed = |fact: &Fact| matches!(fact, Fact::Coupon(known) if *known == code);
        plan == to && annual == Some(for_annual) && !self.facts.iter().any(redeemed)
    }

    pub(in crate::reference_model) fn redeemed(&mut self, code: &'static str) {
        let waits = self.coupon(code).3 > 0;
        self.add(Fact::Coupon(code));
        self.add(Fact::Discount { code, waits: true });
        self.add(Fact::Bonus { code, waits });
    }

    pub fn change_plan(
        &mut self,
        plan: &'static str,
        annual: bool,
        coupon: Option<&'static str>,
    ) -> Result<(), Refused> {
        self.require_open()?;
        let terms = self.rules.plan(plan).expect("no plan").clone();
        let annual = terms.monthly.map(|_| annual);
        let same = self.plan().name == plan && self.annual() == annual;
        let fits = coupon.is_none_or(|code| self.fits(code, plan, annual));
        if (same && self.request().is_none()) || self.asked().is_some() || !fits {
            return REFUSED;
        }
        let Some(annual) = annual else {
            // A change to a plan without a fee is a pause: fees, a requested change, a cancellation and grace all end.
            self.add(Fact::Plan { plan, annual: None });
            let from = self.now;
            self.add(Fact::Paid { from, to: None });
            self.add(Fact::Request(None));
            self.add(Fact::Cancel(None));
            self.add(Fact::GraceOver);
            return Ok(());
        };
        if self.life() == "grace" {
            return REFUSED;
        }
        let on = self.paid().is_some();
        let Some((from, to, of)) = self.span() else {
            return self.begin(plan, annual, coupon);
        };
        if !on && of != annual {
            return REFUSED;
        }
        let fee = |plan: &str| self.fee(plan, annual, &[]).0;
        // Another cycle or a lower plan takes effect at the end of the paid span.
        if on && (of != annual || fee(plan) < fee(self.plan().name)) {
            if self.cancel_at().is_some() {
                return REFUSED;
            }
            self.add(Fact::Request(Some((plan, annual, coupon))));
            return Ok(());
        }
        // The rest of the span is already paid at the price of the dearest plan that was active in it.
        let dearest = self.on_since(from).into_iter().map(fee).max();
        let more = fee(plan) - dearest.unwrap_or(0);
        // The price for the time left, rounded half up to a minor unit.
        let (left, whole) = (i128::from(to - self.now), i128::from(to - from));
        let twice = (i128::from(more) * left * 2).div_euclid(whole);
        let charge = i64::try_from((twice + 1).div_euclid(2)).expect("too large");
        if charge > 0 {
            if self.bank != BankAnswer::Approved {
                return REFUSED;
            }
            self.add(Fact::CardPaid(charge));
        }
        if let Some(code) = coupon {
            self.redeemed(code);
        }
        self.switch(plan, annual);
        if !on {
            self.add(Fact::Paid { from, to: Some(to) });
        }
        self.grant_difference();
        Ok(())
    }

    pub(in crate::reference_model) fn switch(&mut self, plan: &'static str, annual: bool) {
        let annual = Some(annual);
        self.add(Fact::Plan { plan, annual });
        self.add(Fact::Request(None));
    }

    /// Starts a plan from one without a fee: the whole fee is charged now, and billing days count from now.
    fn begin(
        &mut self,
        plan: &'static str,
        annual: bool,
        coupon: Option<&'static str>,
    ) -> Result<(), Refused> {
        let discounts: Vec<_> = self.discounts().into_iter().chain(coupon).collect();
        let (fee, discount) = self.fee(plan, annual, &discounts);
        if self.bank != BankAnswer::Approved {
            return REFUSED;
        }
        self.add(Fact::CardPaid(fee));
        if let Some(code) = coupon {
            self.redeemed(code);
        }
        self.switch(plan, annual);
        let now = self.now;
        self.add(Fact::Anchor(now));
        let to = Some(months_after(now, if annual { 12 } else { 1 }));
        self.add(Fact::Paid { from: now, to });
        if let Some(code) = discount {
            self.add(Fact::Discount { code, waits: false });
        }
        let old = self.left().into_iter();
        let old: Vec<_> = old
            .filter(|(_, from, ..)| *from == From::Allowance)
            .collect();
        for (credits, _, amount, _) in old {
            self.add(Fact::Took { credits, amount });
        }
        self.grant_month();
        Ok(())
    }

    /// Grants the part of the allowance that the running, paid month has not received yet.
    pub(super) fn grant_difference(&mut self) {
        let paid = self.paid().is_none_or(|(_, to)| self.now < to);
        let until = match self.granted_until() {
            Some(until) if until <= self.now => return,
            Some(until) => until,
            None => month_of(self.anchor(), self.now).1,
        };
        let amount = self.monthly() - self.granted_for(until);
        if paid && self.life() == "active" && amount > 0 {
            self.credits(From::Allowance, amount, Some(until));
            self.add(Fact::MonthGranted { until, amount });
        }
    }

    pub fn redeem(&mut self, code: &'static str) -> Result<(), Refused> {
        self.require_open()?;
        if !self.fits(code, self.plan().name, self.annual()) {
            return REFUSED;
        }
        self.redeemed(code);
        Ok(())
    }
}
