//! What is asked of the naive account, and what happens to it by itself.

use super::calendar::{month_of, months_after, next_span};
use super::{Asked, DAY, Fact, From, Instant, Naive, Refused, Rules, Run, Says, Terms};

const REFUSED: Result<(), Refused> = Err(Refused::Refused);

/// All that two models of one account must agree on.
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

impl Naive {
    pub fn open(
        rules: Rules,
        (plan, annual): (&'static str, Option<bool>),
        balance: i64,
        legacy: i64,
        now: Instant,
    ) -> Self {
        let mut naive = Naive {
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
            bank: Says::Approved,
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

    // What the list says.

    fn add(&mut self, fact: Fact) {
        self.facts.push(fact);
    }

    fn last<T>(&self, of: impl Fn(&Fact) -> Option<T>) -> Option<T> {
        self.facts.iter().rev().find_map(of)
    }

    fn plan(&self) -> &Terms {
        let named = self.last(|fact| match fact {
            Fact::Plan { plan, .. } => Some(*plan),
            _ => None,
        });
        named
            .and_then(|name| self.rules.plan(name))
            .expect("a plan")
    }

    fn annual(&self) -> Option<bool> {
        self.last(|fact| match fact {
            Fact::Plan { annual, .. } => Some(*annual),
            _ => None,
        })?
    }

    fn anchor(&self) -> Instant {
        self.last(|fact| match fact {
            Fact::Anchor(at) => Some(*at),
            _ => None,
        })
        .expect("an anchor")
    }

    fn paid(&self) -> Option<(Instant, Instant)> {
        self.last(|fact| match fact {
            Fact::Paid { from, to } => Some(to.map(|to| (*from, to))),
            Fact::Closed { .. } => Some(None),
            _ => None,
        })?
    }

    fn life(&self) -> &'static str {
        self.last(|fact| match fact {
            Fact::Closed { .. } => Some("closed"),
            Fact::Grace { .. } => Some("grace"),
            Fact::GraceOver | Fact::Reopened => Some("active"),
            _ => None,
        })
        .unwrap_or("active")
    }

    fn grace(&self) -> Option<(Instant, bool)> {
        self.last(|fact| match fact {
            Fact::Grace { until, cancelled } => Some(Some((*until, *cancelled))),
            Fact::GraceOver | Fact::Closed { .. } => Some(None),
            _ => None,
        })?
    }

    fn order(&self) -> (bool, bool) {
        self.last(|fact| match fact {
            Fact::Order {
                credits_first,
                fallback,
            } => Some((*credits_first, *fallback)),
            _ => None,
        })
        .unwrap_or((false, true))
    }

    fn recharges(&self) -> bool {
        self.last(|fact| match fact {
            Fact::Recharge(on) => Some(*on),
            _ => None,
        })
        .unwrap_or(false)
    }

    fn cancel_at(&self) -> Option<Instant> {
        self.last(|fact| match fact {
            Fact::Cancel(at) => Some(*at),
            _ => None,
        })?
    }

    fn request(&self) -> Option<(&'static str, bool, Option<&'static str>)> {
        self.last(|fact| match fact {
            Fact::Request(request) => Some(*request),
            _ => None,
        })?
    }

    fn asked(&self) -> Option<Asked> {
        self.last(|fact| match fact {
            Fact::Asked(asked) => Some(Some(*asked)),
            Fact::Answered | Fact::Closed { .. } => Some(None),
            _ => None,
        })?
    }

    fn waiting(&self) -> Vec<i64> {
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

    fn recharge_waits(&self) -> bool {
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

    /// Codes whose newest word is that they wait.
    fn waits<'a>(
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

    fn discounts(&self) -> Vec<&'static str> {
        self.waits(|fact| match fact {
            Fact::Discount { code, waits } => Some((code, *waits)),
            _ => None,
        })
    }

    fn coupon(&self, code: &str) -> (&'static str, &'static str, bool, i64, i64) {
        let mut coupons = self.rules.coupons.iter();
        *coupons.find(|coupon| coupon.0 == code).expect("a coupon")
    }

    /// Credits with something left: place, origin, what is left, until when; in spending order.
    fn left(&self) -> Vec<(usize, From, i64, Option<Instant>)> {
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

    fn balance(&self) -> i64 {
        self.left().iter().map(|(_, _, left, _)| left).sum()
    }

    fn used_today(&self) -> i64 {
        let today = self.now.div_euclid(DAY);
        let counted = |fact: &Fact| match fact {
            Fact::Used { at, amount } if at.div_euclid(DAY) == today => *amount,
            Fact::Unused { at, amount } if at.div_euclid(DAY) == today => -amount,
            _ => 0,
        };
        self.facts.iter().map(counted).sum()
    }

    fn monthly(&self) -> i64 {
        let legacy = |fact: &Fact| match fact {
            Fact::Legacy(amount) => *amount,
            _ => 0,
        };
        self.plan().allowance + self.facts.iter().map(legacy).sum::<i64>()
    }

    fn granted_until(&self) -> Option<Instant> {
        self.last(|fact| match fact {
            Fact::MonthGranted { until, .. } => Some(*until),
            _ => None,
        })
    }

    /// All that was granted for the month that ends then.
    fn granted_for(&self, month: Instant) -> i64 {
        let granted = |fact: &Fact| match fact {
            Fact::MonthGranted { until, amount } if *until == month => *amount,
            _ => 0,
        };
        self.facts.iter().map(granted).sum()
    }

    /// When the next allowance comes: never where nothing is paid for it.
    fn next_refresh(&self) -> Option<Instant> {
        if self.life() != "active" || self.monthly() == 0 {
            return None;
        }
        let due = self.granted_until()?;
        match self.paid() {
            None => Some(due),
            Some((from, to)) => Some(due.max(from)).filter(|at| *at < to),
        }
    }

    // Credits in and out.

    fn credits(&mut self, from: From, amount: i64, until: Option<Instant>) {
        self.add(Fact::Credits {
            from,
            amount,
            until,
        });
    }

    /// Takes up to so much in spending order: what was taken from where.
    fn take(&mut self, mut amount: i64) -> Vec<(usize, i64)> {
        let mut parts = Vec::new();
        for (place, _, left, _) in self.left() {
            let part = left.min(amount);
            if part > 0 {
                parts.push((place, part));
                amount -= part;
            }
        }
        for (credits, amount) in &parts {
            self.add(Fact::Took {
                credits: *credits,
                amount: *amount,
            });
        }
        parts
    }

    /// After whatever lowers the balance.
    fn recharge_if_low(&mut self) {
        let Some((at, amount)) = self.rules.recharge else {
            return;
        };
        let due = self.recharges()
            && self.life() == "active"
            && self.balance() <= at
            && !self.recharge_waits();
        if !due {
            return;
        }
        match self.bank {
            Says::Approved => self.credits(From::Purchase, amount, None),
            Says::Declined => self.add(Fact::Recharge(false)),
            Says::Nothing => self.add(Fact::Waiting {
                amount,
                recharge: true,
            }),
        }
    }

    fn grant_month(&mut self) {
        let amount = self.monthly();
        if amount > 0 {
            let (_, until) = month_of(self.anchor(), self.now);
            self.credits(From::Allowance, amount, Some(until));
            self.add(Fact::MonthGranted { until, amount });
        }
    }

    // What happens by itself.

    /// Lives on to `to`: whatever comes first, first.
    pub fn until(&mut self, to: Instant) {
        while let Some((at, what)) = self.next().filter(|(at, _)| *at <= to) {
            self.now = self.now.max(at);
            match what {
                0 => {
                    let asked = self.asked().expect("asked");
                    self.card_declined(asked);
                }
                1 => self.expire(),
                2 => self.close(),
                3 => self.end_period(),
                4 => self.collect(),
                _ => self.grant_month(),
            }
        }
        self.now = self.now.max(to);
    }

    /// The next instant and, within it, what comes first.
    fn next(&self) -> Option<(Instant, u8)> {
        let quiet = self.asked().is_none();
        let mut all = Vec::new();
        if let Some(asked) = self.asked() {
            all.push((asked.at + DAY, 0));
        }
        all.extend(
            self.left()
                .iter()
                .filter_map(|(_, _, _, until)| Some(((*until)?, 1))),
        );
        let paid_to = self.paid().map(|(_, to)| to);
        if let (Some((until, cancelled)), Some(ended), true) = (self.grace(), paid_to, quiet) {
            all.push((until, 2));
            let failed = self.last(|fact| match fact {
                Fact::Failed(at) => Some(Some(*at)),
                Fact::Grace { .. } => Some(None),
                _ => None,
            });
            let failed = failed.flatten().unwrap_or(ended);
            let days = [1, 3, 7, 14, 21].map(|day| ended + day * DAY);
            let retry = days.into_iter().find(|at| *at > failed && *at < until);
            if let (Some(at), false) = (retry, cancelled) {
                all.push((at, 4));
            }
        }
        if let (Some(to), "active", true) = (paid_to, self.life(), quiet) {
            all.push((to, 3));
        }
        all.extend(self.next_refresh().map(|at| (at, 5)));
        all.into_iter().min()
    }

    fn expire(&mut self) {
        let gone: Vec<_> = self
            .left()
            .into_iter()
            .filter(|(_, _, _, until)| until.is_some_and(|at| at <= self.now))
            .collect();
        for (credits, _, amount, _) in gone {
            self.add(Fact::Took { credits, amount });
        }
        self.recharge_if_low();
    }

    fn close(&mut self) {
        let taken = self.balance();
        for (credits, _, amount, _) in self.left() {
            self.add(Fact::Took { credits, amount });
        }
        let bonuses = self.waits(|fact| match fact {
            Fact::Bonus { code, waits } => Some((code, *waits)),
            _ => None,
        });
        for code in bonuses {
            self.add(Fact::Bonus { code, waits: false });
        }
        self.add(Fact::Closed { taken });
    }

    fn end_period(&mut self) {
        let (_, ended) = self.paid().expect("a period");
        if self.cancel_at().is_some_and(|at| at <= ended) {
            self.fall_into_grace(true);
        } else {
            self.collect();
        }
    }

    fn fall_into_grace(&mut self, cancelled: bool) {
        if self.life() == "active" {
            let (_, ended) = self.paid().expect("a period");
            self.add(Fact::Grace {
                until: ended + 30 * DAY,
                cancelled,
            });
            if cancelled {
                self.add(Fact::Request(None));
            }
        }
    }

    /// The fee that is due now: how much, for which span, and whose coupon is in it.
    fn due(&self) -> (i64, (Instant, Instant), Option<&'static str>) {
        let same = (self.plan().name, self.annual() == Some(true), None);
        let (plan, annual, coupon) = self.request().unwrap_or(same);
        let (_, ended) = self.paid().expect("a period");
        let mut span = next_span(self.anchor(), ended, annual);
        while self.life() == "grace" && span.1 <= self.now {
            span = next_span(self.anchor(), span.1, annual);
        }
        let discounts: Vec<_> = self.discounts().into_iter().chain(coupon).collect();
        let (fee, discount) = self.fee(plan, annual, &discounts);
        (fee, span, discount)
    }

    fn fee(
        &self,
        plan: &str,
        annual: bool,
        discounts: &[&'static str],
    ) -> (i64, Option<&'static str>) {
        let terms = self.rules.plan(plan).expect("a plan");
        let full = if annual { terms.annual } else { terms.monthly }.expect("a fee");
        for code in discounts {
            let (_, of, for_annual, _, months) = self.coupon(code);
            if of == plan && for_annual == annual && months > 0 {
                return (full - full * months / 12, Some(*code));
            }
        }
        (full, None)
    }

    fn covers(&self, fee: i64) -> bool {
        self.rules.credits_pay_fees && self.balance() >= fee
    }

    fn collect(&mut self) {
        let (fee, (from, to), discount) = self.due();
        let (credits_first, fallback) = self.order();
        let mut asked = Asked {
            at: self.now,
            fee,
            from,
            to,
            credits_next: fallback,
            discount,
        };
        if credits_first {
            asked.credits_next = false;
            if self.covers(fee) {
                return self.credits_pay(asked);
            }
            if !fallback {
                self.add(Fact::Failed(self.now));
                return self.fall_into_grace(false);
            }
        }
        self.ask_card(asked);
    }

    fn ask_card(&mut self, asked: Asked) {
        match self.bank {
            Says::Approved => {
                self.add(Fact::CardPaid(asked.fee));
                self.renewed(asked);
            }
            Says::Declined => self.card_declined(asked),
            Says::Nothing => self.add(Fact::Asked(asked)),
        }
    }

    fn card_declined(&mut self, asked: Asked) {
        self.add(Fact::Answered);
        let was_grace = self.life() == "grace";
        if asked.credits_next && self.covers(asked.fee) {
            if was_grace {
                self.add(Fact::Failed(self.now));
            }
            return self.credits_pay(asked);
        }
        self.fall_into_grace(false);
        if was_grace {
            self.add(Fact::Failed(self.now));
        }
    }

    fn credits_pay(&mut self, asked: Asked) {
        self.take(asked.fee);
        self.renewed(asked);
        self.recharge_if_low();
    }

    fn renewed(&mut self, asked: Asked) {
        if let Some((plan, annual, coupon)) = self.request() {
            if let Some(code) = coupon {
                self.redeemed(code);
            }
            self.switch(plan, annual);
        }
        if self.cancel_at().is_some_and(|at| at <= asked.from) {
            self.add(Fact::Cancel(None));
        }
        self.add(Fact::Paid {
            from: asked.from,
            to: Some(asked.to),
        });
        self.add(Fact::Answered);
        self.add(Fact::GraceOver);
        if let Some(code) = asked.discount {
            self.add(Fact::Discount { code, waits: false });
        }
    }

    // What is asked of it.

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
        let (mut lost, mut whole) = (0, 0);
        for (credits, amount) in parts {
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
        if at.div_euclid(DAY) == self.now.div_euclid(DAY) {
            self.add(Fact::Unused {
                at: self.now,
                amount: whole,
            });
        }
        Ok(())
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

    fn redeemed(&mut self, code: &'static str) {
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
        let terms = self.rules.plan(plan).expect("a plan").clone();
        let annual = terms.monthly.map(|_| annual);
        let same = self.plan().name == plan && self.annual() == annual;
        let fits = coupon.is_none_or(|code| self.fits(code, plan, annual));
        if (same && self.request().is_none()) || self.asked().is_some() || !fits {
            return REFUSED;
        }
        let Some(annual) = annual else {
            // Paused: no fee any more, and whatever was running out is not.
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
        let Some((from, to)) = self.paid() else {
            return self.begin(plan, annual, coupon);
        };
        if self.annual() != Some(annual) {
            if self.cancel_at().is_some_and(|at| at <= to) {
                return REFUSED;
            }
            self.add(Fact::Request(Some((plan, annual, coupon))));
            return Ok(());
        }
        let fee = |plan: &str| self.fee(plan, annual, &[]).0;
        let more = fee(plan) - fee(self.plan().name);
        // Half up to the cent.
        let (left, whole) = (i128::from(to - self.now), i128::from(to - from));
        let twice = (i128::from(more) * left * 2).div_euclid(whole);
        let charge = i64::try_from((twice + 1).div_euclid(2)).expect("cents");
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
        if charge > 0 {
            self.grant_difference();
        }
        Ok(())
    }

    fn switch(&mut self, plan: &'static str, annual: bool) {
        let annual = Some(annual);
        self.add(Fact::Plan { plan, annual });
        self.add(Fact::Request(None));
    }

    /// From a plan without a fee: the whole fee now, and billing days from now.
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

    /// What the month that runs, and is paid, has too little.
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

    /// The bank has made up its mind about all that hangs.
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

    /// Support brings a closed account back, with what closing took.
    pub fn restore(&mut self) -> Result<(), Refused> {
        if self.life() != "closed" {
            return REFUSED;
        }
        let taken = self.last(|fact| match fact {
            Fact::Closed { taken } => Some(*taken),
            _ => None,
        });
        let taken = taken.expect("closed");
        self.add(Fact::Reopened);
        self.add(Fact::Plan {
            plan: self.rules.plans[0].name,
            annual: None,
        });
        self.add(Fact::Cancel(None));
        if taken > 0 {
            self.credits(From::Compensation, taken, None);
        }
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
