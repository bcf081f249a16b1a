//! Credits that come and go, and events that happen as time passes.

use super::calendar::{DAY, month_of, next_span};
use super::{BankAnswer, CardRequest, Fact, From, Instant, ReferenceModel};

impl ReferenceModel {
    pub(super) fn credits(&mut self, from: From, amount: i64, until: Option<Instant>) {
        self.add(Fact::Credits {
            from,
            amount,
            until,
        });
    }

    /// Takes up to `amount` of credits in spending order; returns their indices and how many of each were taken.
    pub(super) fn take(&mut self, mut amount: i64) -> Vec<(usize, i64)> {
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

    /// Buys credits if auto-recharge is due. Called after everything that lowers the balance.
    pub(super) fn recharge_if_low(&mut self) {
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
            BankAnswer::Approved => self.credits(From::Purchase, amount, None),
            BankAnswer::Declined => self.add(Fact::Recharge(false)),
            BankAnswer::Nothing => self.add(Fact::Waiting {
                amount,
                recharge: true,
            }),
        }
    }

    pub(super) fn grant_month(&mut self) {
        let amount = self.monthly();
        if amount > 0 {
            let (_, until) = month_of(self.anchor(), self.now);
            self.credits(From::Allowance, amount, Some(until));
            self.add(Fact::MonthGranted { until, amount });
        }
    }

    /// Moves time forward to `to` and handles the events due until then, in order.
    pub fn until(&mut self, to: Instant) {
        while let Some((at, what)) = self.next().filter(|(at, _)| *at <= to) {
            self.now = self.now.max(at);
            match what {
                0 => {
                    let asked = self.asked().expect("no pending charge");
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

    /// The next due event. At one instant the lowest number comes first: 0 a pending charge lapses, 1 credits expire,
    /// 2 closure, 3 the period ends, 4 an unpaid fee is tried again, 5 allowance.
    pub(super) fn next(&self) -> Option<(Instant, u8)> {
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

    pub(super) fn expire(&mut self) {
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

    pub(super) fn close(&mut self) {
        let bonuses = self.waits(|fact| match fact {
            Fact::Bonus { code, waits } => Some((code, *waits)),
            _ => None,
        });
        for code in bonuses {
            self.add(Fact::Bonus { code, waits: false });
        }
        let left = self.left().into_iter();
        let left: Vec<_> = left
            .map(|(credits, _, amount, _)| (credits, amount))
            .collect();
        for (credits, amount) in left.iter().copied() {
            self.add(Fact::Took { credits, amount });
        }
        self.add(Fact::Request(None));
        self.add(Fact::Closed(left));
    }

    pub(super) fn end_period(&mut self) {
        let (_, ended) = self.paid().expect("no paid span");
        if self.cancel_at().is_some_and(|at| at <= ended) {
            self.fall_into_grace(true);
        } else {
            self.collect();
        }
    }

    pub(super) fn fall_into_grace(&mut self, cancelled: bool) {
        if self.life() == "active" {
            let (_, ended) = self.paid().expect("no paid span");
            self.add(Fact::Grace {
                until: ended + 30 * DAY,
                cancelled,
            });
            if cancelled {
                self.add(Fact::Request(None));
            }
        }
    }

    /// The fee that is due now, the span that it pays, and the coupon that lowers it.
    pub(super) fn due(&self) -> (i64, (Instant, Instant), Option<&'static str>) {
        let same = (self.plan().name, self.annual() == Some(true), None);
        let (plan, annual, coupon) = self.request().unwrap_or(same);
        let (_, ended) = self.paid().expect("no paid span");
        let mut span = next_span(self.anchor(), ended, annual);
        while self.life() == "grace" && span.1 <= self.now {
            span = next_span(self.anchor(), span.1, annual);
        }
        let discounts: Vec<_> = self.discounts().into_iter().chain(coupon).collect();
        let (fee, discount) = self.fee(plan, annual, &discounts);
        (fee, span, discount)
    }

    pub(super) fn fee(
        &self,
        plan: &str,
        annual: bool,
        discounts: &[&'static str],
    ) -> (i64, Option<&'static str>) {
        let terms = self.rules.plan(plan).expect("no plan");
        let full = if annual { terms.annual } else { terms.monthly }.expect("no fee");
        for code in discounts {
            let (_, of, for_annual, _, months) = self.coupon(code);
            if of == plan && for_annual == annual && months > 0 {
                return (full - full * months / 12, Some(*code));
            }
        }
        (full, None)
    }

    pub(super) fn covers(&self, fee: i64) -> bool {
        self.rules.credits_pay_fees && self.balance() >= fee
    }

    pub(super) fn collect(&mut self) {
        let (fee, (from, to), discount) = self.due();
        let (credits_first, fallback) = self.order();
        let mut asked = CardRequest {
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

    pub(super) fn ask_card(&mut self, asked: CardRequest) {
        match self.bank {
            BankAnswer::Approved => {
                self.add(Fact::CardPaid(asked.fee));
                self.renewed(asked);
            }
            BankAnswer::Declined => self.card_declined(asked),
            BankAnswer::Nothing => self.add(Fact::Asked(asked)),
        }
    }

    pub(super) fn card_declined(&mut self, asked: CardRequest) {
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

    pub(super) fn credits_pay(&mut self, asked: CardRequest) {
        self.take(asked.fee);
        self.renewed(asked);
        self.recharge_if_low();
    }

    pub(super) fn renewed(&mut self, asked: CardRequest) {
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
}
