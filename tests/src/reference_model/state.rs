//! The account's state, computed anew from the list of facts at each call.

use super::calendar::{DAY, months_after};
use super::{BankAnswer, CardRequest, Fact, From, Instant, ReferenceModel, Rules, Terms};

/// Everything that the engine and this model must agree on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    pub balance: i64,
    pub grants: Vec<(From, i64, Option<Instant>)>,
    pub plan: String,
    pub annual: Option<bool>,
    pub life: &'static str,
    pub paid: Option<(Instant, Instant)>,
    pub closes: Option<Instant>,
    pub cancel_at: Option<Instant>,
    pub credits_first: bool,
    pub fallback: bool,
    pub recharge: bool,
    pub asked: bool,
    pub waiting: Vec<i64>,
    pub bonuses: i64,
    pub discounts: i64,
    pub used_today: i64,
    pub card_paid: i64,
    pub next_refresh: Option<Instant>,
}

impl ReferenceModel {
    pub fn open(
        rules: Rules,
        (plan, annual): (&'static str, Option<bool>),
        balance: i64,
        legacy: i64,
        now: Instant,
    ) -> Self {
        let mut naive = ReferenceModel {
            rules,
            facts: vec![
                Fact::Plan { plan, annual },
                Fact::Anchor(now),
                Fact::Order {
                    credits_first: false,
                    fallback: true,
                },
            ],
            now,
            bank: BankAnswer::Approved,
            runs: vec![],
        };
        let to = annual.map(|annual| months_after(now, if annual { 12 } else { 1 }));
        naive.add(Fact::Paid { from: now, to });
        if legacy > 0 {
            naive.add(Fact::Legacy(legacy));
        }
        naive.grant_month();
        if balance > 0 {
            naive.credits(From::Purchase, balance, None);
        }
        naive
    }

    pub fn view(&self) -> View {
        let mut grants: Vec<_> = self
            .left()
            .into_iter()
            .map(|(_, from, left, until)| (from, left, until))
            .collect();
        grants.sort_unstable();
        let (credits_first, fallback) = self.order();
        let mut waiting = self.waiting();
        waiting.sort_unstable();
        View {
            balance: self.balance(),
            grants,
            plan: self.plan().name.to_owned(),
            annual: self.annual(),
            life: self.life(),
            paid: self.paid(),
            closes: self.grace().map(|(until, _)| until),
            cancel_at: self.cancel_at(),
            credits_first,
            fallback,
            recharge: self.recharges(),
            asked: self.asked().is_some(),
            waiting,
            bonuses: self
                .waits(|fact| match fact {
                    Fact::Bonus { code, waits } => Some((code, *waits)),
                    _ => None,
                })
                .iter()
                .map(|code| self.coupon(code).3)
                .sum(),
            discounts: self.discounts().len() as i64,
            used_today: self.used_today(),
            card_paid: self
                .facts
                .iter()
                .map(|fact| match fact {
                    Fact::CardPaid(cents) => *cents,
                    _ => 0,
                })
                .sum(),
            next_refresh: self.next_refresh(),
        }
    }

    pub(super) fn add(&mut self, fact: Fact) {
        self.facts.push(fact);
    }

    pub(super) fn last<T>(&self, of: impl Fn(&Fact) -> Option<T>) -> Option<T> {
        self.facts.iter().rev().find_map(of)
    }

    pub(super) fn plan(&self) -> &Terms {
        let named = self.last(|fact| match fact {
            Fact::Plan { plan, .. } => Some(*plan),
            _ => None,
        });
        named
            .and_then(|name| self.rules.plan(name))
            .expect("no plan")
    }

    pub(super) fn annual(&self) -> Option<bool> {
        self.last(|fact| match fact {
            Fact::Plan { annual, .. } => Some(*annual),
            _ => None,
        })?
    }

    pub(super) fn anchor(&self) -> Instant {
        self.last(|fact| match fact {
            Fact::Anchor(at) => Some(*at),
            _ => None,
        })
        .expect("no anchor")
    }

    pub(super) fn paid(&self) -> Option<(Instant, Instant)> {
        self.last(|fact| match fact {
            Fact::Paid { from, to } => Some(to.map(|to| (*from, to))),
            Fact::Closed(_) => Some(None),
            _ => None,
        })?
    }

    /// The running paid span and whether it is annual; also after a pause or a closure has ended its plan.
    pub(super) fn span(&self) -> Option<(Instant, Instant, bool)> {
        let mut annual = None;
        let mut span = None;
        for fact in &self.facts {
            match fact {
                Fact::Plan { annual: of, .. } => annual = *of,
                Fact::Paid { from, to: Some(to) } => span = Some((*from, *to, annual?)),
                _ => {}
            }
        }
        span.filter(|(_, to, _)| self.paid().is_some() || self.now < *to)
    }

    /// All plans with a fee that were active in the span that began at `start`.
    pub(super) fn on_since(&self, start: Instant) -> Vec<&'static str> {
        let mut on = Vec::new();
        let (mut plan, mut begun) = ("", false);
        for fact in &self.facts {
            match fact {
                Fact::Plan {
                    plan: name,
                    annual: Some(_),
                } => plan = *name,
                Fact::Paid { from, to: Some(_) } => begun = *from == start,
                _ => continue,
            }
            if begun {
                on.push(plan);
            }
        }
        on
    }

    pub(super) fn life(&self) -> &'static str {
        self.last(|fact| match fact {
            Fact::Closed(_) => Some("closed"),
            Fact::Grace { .. } => Some("grace"),
            Fact::GraceOver | Fact::Reopened => Some("active"),
            _ => None,
        })
        .unwrap_or("active")
    }

    pub(super) fn grace(&self) -> Option<(Instant, bool)> {
        self.last(|fact| match fact {
            Fact::Grace { until, cancelled } => Some(Some((*until, *cancelled))),
            Fact::GraceOver | Fact::Closed(_) => Some(None),
            _ => None,
        })?
    }

    pub(super) fn order(&self) -> (bool, bool) {
        self.last(|fact| match fact {
            Fact::Order {
                credits_first,
                fallback,
            } => Some((*credits_first, *fallback)),
            _ => None,
        })
        .unwrap_or((false, true))
    }

    pub(super) fn recharges(&self) -> bool {
        self.last(|fact| match fact {
            Fact::Recharge(on) => Some(*on),
            _ => None,
        })
        .unwrap_or(false)
    }

    pub(super) fn cancel_at(&self) -> Option<Instant> {
        self.last(|fact| match fact {
            Fact::Cancel(at) => Some(*at),
            _ => None,
        })?
    }

    pub(super) fn request(&self) -> Option<(&'static str, bool, Option<&'static str>)> {
        self.last(|fact| match fact {
            Fact::Request(request) => Some(*request),
            _ => None,
        })?
    }

    pub(super) fn asked(&self) -> Option<CardRequest> {
        self.last(|fact| match fact {
            Fact::Asked(asked) => Some(Some(*asked)),
            Fact::Answered | Fact::Closed(_) => Some(None),
            _ => None,
        })?
    }

    pub(super) fn waiting(&self) -> Vec<i64> {
        let mut waiting = Vec::new();
        for fact in &self.facts {
            match fact {
                Fact::Waiting { amount, .. } => waiting.push(*amount),
                Fact::Arrived => waiting.clear(),
                _ => {}
            }
        }
        waiting
    }

    pub(super) fn recharge_waits(&self) -> bool {
        let mut waiting = Vec::new();
        for fact in &self.facts {
            match fact {
                Fact::Waiting { recharge, .. } => waiting.push(*recharge),
                Fact::Arrived => waiting.clear(),
                _ => {}
            }
        }
        waiting.contains(&true)
    }

    /// Coupon codes whose newest fact, among those that `of` picks, says that the code still waits.
    pub(super) fn waits<'a>(
        &'a self,
        of: impl Fn(&'a Fact) -> Option<(&'a &'static str, bool)>,
    ) -> Vec<&'static str> {
        let mut codes: Vec<&'static str> = Vec::new();
        for (code, waits) in self.facts.iter().filter_map(of) {
            codes.retain(|known| known != code);
            if waits {
                codes.push(code);
            }
        }
        codes
    }

    pub(super) fn discounts(&self) -> Vec<&'static str> {
        self.waits(|fact| match fact {
            Fact::Discount { code, waits } => Some((code, *waits)),
            _ => None,
        })
    }

    pub(super) fn coupon(&self, code: &str) -> (&'static str, &'static str, bool, i64, i64) {
        let mut coupons = self.rules.coupons.iter();
        *coupons.find(|coupon| coupon.0 == code).expect("no coupon")
    }

    /// Credits that are not used up: index in the list of facts, origin, amount left, expiry; in spending order.
    pub(super) fn left(&self) -> Vec<(usize, From, i64, Option<Instant>)> {
        let mut left = Vec::new();
        for (place, fact) in self.facts.iter().enumerate() {
            if let Fact::Credits {
                from,
                amount,
                until,
            } = fact
            {
                let moved: i64 = self
                    .facts
                    .iter()
                    .map(|fact| match fact {
                        Fact::Took { credits, amount } if *credits == place => -amount,
                        Fact::Gave { credits, amount } if *credits == place => *amount,
                        _ => 0,
                    })
                    .sum();
                if amount + moved > 0 {
                    left.push((place, *from, amount + moved, *until));
                }
            }
        }
        left.sort_by_key(|(place, from, _, until)| {
            (until.unwrap_or(i64::MAX), *from == From::Purchase, *place)
        });
        left
    }

    pub(super) fn balance(&self) -> i64 {
        self.left().iter().map(|(_, _, left, _)| left).sum()
    }

    pub(super) fn used_today(&self) -> i64 {
        let today = self.now.div_euclid(DAY);
        let counted = |fact: &Fact| match fact {
            Fact::Used { at, amount } if at.div_euclid(DAY) == today => *amount,
            Fact::Unused { at, amount } if at.div_euclid(DAY) == today => -amount,
            _ => 0,
        };
        self.facts.iter().map(counted).sum()
    }

    pub(super) fn monthly(&self) -> i64 {
        let legacy = |fact: &Fact| match fact {
            Fact::Legacy(amount) => *amount,
            _ => 0,
        };
        self.plan().allowance + self.facts.iter().map(legacy).sum::<i64>()
    }

    pub(super) fn granted_until(&self) -> Option<Instant> {
        self.last(|fact| match fact {
            Fact::MonthGranted { until, .. } => Some(*until),
            _ => None,
        })
    }

    /// The allowance granted so far for the month that ends at `month`.
    pub(super) fn granted_for(&self, month: Instant) -> i64 {
        let granted = |fact: &Fact| match fact {
            Fact::MonthGranted { until, amount } if *until == month => *amount,
            _ => 0,
        };
        self.facts.iter().map(granted).sum()
    }

    /// When the next allowance is granted; `None` if none is due within the paid span.
    pub(super) fn next_refresh(&self) -> Option<Instant> {
        if self.life() != "active" || self.monthly() == 0 {
            return None;
        }
        let due = self.granted_until()?;
        match self.paid() {
            None => Some(due),
            Some((from, to)) => Some(due.max(from)).filter(|at| *at < to),
        }
    }
}
