//! Actions on the naive account. Each is done, or refused without effect.

use super::calendar::{DAY, month_of, months_after, next_span};
use super::{Asked, Fact, From, Naive, Refused, Run, Says};

const REFUSED: Result<(), Refused> = Err(Refused::Refused);

impl Naive {
    fn alive(&self) -> Result<(), Refused> {
        if self.life() == "closed" {
            REFUSED
        } else {
            Ok(())
        }
    }

    pub fn set_order(&mut self, credits_first: bool, fallback: bool) -> Result<(), Refused> {
        self.alive()?;
        if credits_first && !self.rules.credits_pay_fees {
            return REFUSED;
        }
        self.add(Fact::Order {
            credits_first,
            fallback,
        });
        Ok(())
    }

    pub fn set_recharge(&mut self, on: bool) -> Result<(), Refused> {
        self.alive()?;
        if self.rules.recharge.is_none() {
            return REFUSED;
        }
        if self.recharges() != on {
            self.add(Fact::Recharge(on));
            self.recharge_if_low();
        }
        Ok(())
    }

    pub fn run(&mut self, price: i64) -> Result<(), Refused> {
        self.alive()?;
        let limit = self.plan().daily_limit;
        if limit.is_some_and(|limit| self.used_today() + price > limit) || self.balance() < price {
            return REFUSED;
        }
        let parts = self.take(price);
        self.add(Fact::Used {
            at: self.now,
            amount: price,
        });
        self.runs.push(Run {
            at: self.now,
            parts,
            failed: false,
            refunded: false,
        });
        self.recharge_if_low();
        Ok(())
    }

    pub fn fail(&mut self, run: usize) {
        if !self.runs[run].failed {
            self.runs[run].failed = true;
            if self.rules.refunds_failures && self.life() != "closed" {
                let _ = self.refund(run);
            }
        }
    }

    pub fn refund(&mut self, run: usize) -> Result<(), Refused> {
        self.alive()?;
        if self.runs[run].refunded {
            return REFUSED;
        }
        self.runs[run].refunded = true;
        let Run { at, parts, .. } = self.runs[run].clone();
        let whole = self.give_back(&parts);
        if at.div_euclid(DAY) == self.now.div_euclid(DAY) {
            self.add(Fact::Unused {
                at: self.now,
                amount: whole,
            });
        }
        Ok(())
    }

    /// Gives credits back to where they were taken from; credits that have expired since are replaced by a
    /// compensation. Returns the total.
    fn give_back(&mut self, parts: &[(usize, i64)]) -> i64 {
        let (mut lost, mut whole) = (0, 0);
        for (credits, amount) in parts.iter().copied() {
            whole += amount;
            let until = match &self.facts[credits] {
                Fact::Credits { until, .. } => *until,
                _ => None,
            };
            if until.is_some_and(|until| until <= self.now) {
                lost += amount;
            } else {
                self.add(Fact::Gave { credits, amount });
            }
        }
        if lost > 0 {
            self.credits(From::Compensation, lost, None);
        }
        whole
    }

    pub fn buy(&mut self, amount: i64) -> Result<(), Refused> {
        self.alive()?;
        if amount < self.rules.minimum {
            return REFUSED;
        }
        match self.bank {
            Says::Approved => self.credits(From::Purchase, amount, None),
            Says::Declined => {}
            Says::Nothing => self.add(Fact::Waiting {
                amount,
                recharge: false,
            }),
        }
        Ok(())
    }

    pub fn adjust(&mut self, amount: i64) -> Result<(), Refused> {
        self.alive()?;
        if amount == 0 {
            return REFUSED;
        }
        if amount > 0 {
            self.credits(From::Bonus, amount, None);
        } else if !self.take(-amount).is_empty() {
            self.recharge_if_low();
        }
        Ok(())
    }

    pub fn cancel(&mut self) -> Result<(), Refused> {
        self.alive()?;
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
        self.alive()?;
        if self.life() != "active" {
            return REFUSED;
        }
        self.add(Fact::Cancel(None));
        Ok(())
    }

    pub fn pay_now(&mut self, with_credits: bool) -> Result<(), Refused> {
        self.alive()?;
        if self.asked().is_some() || self.life() != "grace" {
            return REFUSED;
        }
        let (fee, (from, to), discount) = self.due();
        let asked = Asked {
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

    pub(super) fn redeemed(&mut self, code: &'static str) {
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
        self.alive()?;
        let terms = self.rules.plan(plan).expect("no plan").clone();
        let annual = terms.monthly.map(|_| annual);
        let same = self.plan().name == plan && self.annual() == annual;
        let fits = coupon.is_none_or(|code| self.fits(code, plan, annual));
        if (same && self.request().is_none()) || self.asked().is_some() || !fits {
            return REFUSED;
        }
        let Some(annual) = annual else {
            // A pause ends fees, and drops a request, a cancellation and grace.
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
        // Rounded half up to a minor unit.
        let (left, whole) = (i128::from(to - self.now), i128::from(to - from));
        let twice = (i128::from(more) * left * 2).div_euclid(whole);
        let charge = i64::try_from((twice + 1).div_euclid(2)).expect("too large");
        if charge > 0 {
            if self.bank != Says::Approved {
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

    pub(super) fn switch(&mut self, plan: &'static str, annual: bool) {
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
        if self.bank != Says::Approved {
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

    /// Grants what the running, paid month still lacks of its allowance.
    fn grant_difference(&mut self) {
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

    /// The bank approves or declines everything that is pending.
    pub fn answer(&mut self, approved: bool) {
        if let Some(asked) = self.asked() {
            if approved {
                self.add(Fact::CardPaid(asked.fee));
                self.renewed(asked);
            } else {
                self.card_declined(asked);
            }
        }
        let (waiting, recharge) = (self.waiting(), self.recharge_waits());
        self.add(Fact::Arrived);
        if approved && self.life() != "closed" {
            for amount in waiting {
                self.credits(From::Purchase, amount, None);
            }
        } else if recharge {
            self.add(Fact::Recharge(false));
        }
    }

    /// Support restores a closed account with the credits that the closure took.
    pub fn restore(&mut self) -> Result<(), Refused> {
        if self.life() != "closed" {
            return REFUSED;
        }
        let took = self.last(|fact| match fact {
            Fact::Closed(took) => Some(took.clone()),
            _ => None,
        });
        let took = took.expect("no closure");
        self.add(Fact::Reopened);
        self.add(Fact::Plan {
            plan: self.rules.plans[0].name,
            annual: None,
        });
        self.add(Fact::Cancel(None));
        self.give_back(&took);
        Ok(())
    }

    pub fn legacy(&mut self, allowance: i64) -> Result<(), Refused> {
        self.alive()?;
        self.add(Fact::Legacy(allowance));
        self.grant_difference();
        Ok(())
    }

    pub fn redeem(&mut self, code: &'static str) -> Result<(), Refused> {
        self.alive()?;
        if !self.fits(code, self.plan().name, self.annual()) {
            return REFUSED;
        }
        self.redeemed(code);
        Ok(())
    }

    pub fn activate(&mut self, code: &'static str) -> Result<(), Refused> {
        self.alive()?;
        let waiting = self.waits(|fact| match fact {
            Fact::Bonus { code, waits } => Some((code, *waits)),
            _ => None,
        });
        if !waiting.contains(&code) {
            return REFUSED;
        }
        let bonus = self.coupon(code).3;
        self.credits(From::CouponBonus, bonus, None);
        self.add(Fact::Bonus { code, waits: false });
        Ok(())
    }
}
