//! Actions on the reference model's account, such as runs and purchases. Each is done, or refused without effect.

mod plans;

use super::calendar::DAY;
use super::{BankAnswer, Fact, From, ReferenceModel, Refused, Run};

const REFUSED: Result<(), Refused> = Err(Refused::Refused);

impl ReferenceModel {
    fn require_open(&self) -> Result<(), Refused> {
        if self.life() == "closed" {
            REFUSED
        } else {
            Ok(())
        }
    }

    pub fn set_order(&mut self, credits_first: bool, fallback: bool) -> Result<(), Refused> {
        self.require_open()?;
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
        self.require_open()?;
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
        self.require_open()?;
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
        self.require_open()?;
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
        self.require_open()?;
        if amount < self.rules.minimum {
            return REFUSED;
        }
        match self.bank {
            BankAnswer::Approved => self.credits(From::Purchase, amount, None),
            BankAnswer::Declined => {}
            BankAnswer::Nothing => self.add(Fact::Waiting {
                amount,
                recharge: false,
            }),
        }
        Ok(())
    }

    pub fn adjust(&mut self, amount: i64) -> Result<(), Refused> {
        self.require_open()?;
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
        self.require_open()?;
        self.add(Fact::Legacy(allowance));
        self.grant_difference();
        Ok(())
    }

    pub fn activate(&mut self, code: &'static str) -> Result<(), Refused> {
        self.require_open()?;
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
