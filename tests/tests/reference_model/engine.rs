//! The billing engine with its journal, as the comparison drives and views it.

use boothkeeper_domain::account::{Life, Payer};
use boothkeeper_domain::billing::opening::{SignUp, open};
use boothkeeper_domain::billing::run::{self, ChargeFacts};
use boothkeeper_domain::billing::{
    BillingDecision, ChargeOutcome, Purpose, Refusal, allowance, apply_charge_outcome, time,
};
use boothkeeper_domain::calendar::Cycle;
use boothkeeper_domain::journal::Body;
use boothkeeper_domain::{Account, Amount, Catalog, Entry, GrantId, Line, Seq, Source, Timestamp};
use boothkeeper_tests::reference_model::{BankAnswer, From, View};

/// The engine with its journal, and the answer that the bank gives to charges.
pub struct Engine {
    pub account: Account,
    pub catalog: Catalog,
    pub now: Timestamp,
    pub bank: BankAnswer,
    pub journal: Vec<Entry>,
    pub runs: Vec<Seq>,
}

impl Engine {
    pub fn open(catalog: Catalog, sign_up: SignUp, now: Timestamp) -> Self {
        let opened = open(sign_up, &catalog, now).unwrap();
        let mut engine = Engine {
            account: Account::default(),
            catalog,
            now,
            bank: BankAnswer::Approved,
            journal: vec![],
            runs: vec![],
        };
        engine.take(Ok(opened)).unwrap();
        engine
    }

    fn take(&mut self, decision: Result<BillingDecision, Refusal>) -> Result<(), Refusal> {
        let decision = decision?;
        for entry in decision.entries {
            self.account.apply(&entry)?;
            self.journal.push(entry);
        }
        for charge in decision.charges {
            let answer = match self.bank {
                BankAnswer::Approved => ChargeOutcome::Approved,
                BankAnswer::Declined => ChargeOutcome::Declined("card_declined".into()),
                BankAnswer::Nothing if charge.purpose == Purpose::Purchase => continue,
                BankAnswer::Nothing => ChargeOutcome::Pending,
            };
            let then =
                apply_charge_outcome(&self.account, &self.catalog, &charge, &answer, self.now);
            self.take(then)?;
        }
        Ok(())
    }

    pub fn until(&mut self, to: Timestamp) {
        while let Some((at, due)) =
            time::next(&self.account, &self.catalog).filter(|(at, _)| *at <= to)
        {
            self.now = at.max(self.account.at);
            let decision = time::run_due_action(&self.account, &self.catalog, due, self.now);
            self.take(decision).unwrap();
        }
        self.now = self.now.max(to);
    }

    pub fn act(
        &mut self,
        rule: impl FnOnce(&Account, &Catalog, Timestamp) -> Result<BillingDecision, Refusal>,
    ) -> Result<(), Refusal> {
        let decision = rule(&self.account, &self.catalog, self.now);
        let done = self.take(decision);
        assert!(!matches!(done, Err(Refusal::Broken(_))), "{done:?}");
        self.until(self.now);
        done
    }

    pub fn entry(&self, seq: Seq) -> &Entry {
        &self.journal[usize::try_from(seq.0).unwrap() - 1]
    }

    /// For each grant (credits that arrived together) that `taken` drew from, the line of the entry that created it.
    pub fn origins(&self, taken: &Entry) -> Vec<Line> {
        let origin = |grant: GrantId| {
            let mut lines = self.entry(grant.0).lines.iter();
            lines.find(|line| line.grant == grant).unwrap().clone()
        };
        run::paying_grants(taken).map(origin).collect()
    }

    pub fn facts(&self, run: usize) -> ChargeFacts {
        let charge = self.entry(self.runs[run]).clone();
        let about = |entry: &&Entry| entry.body.refers_to() == Some(charge.seq);
        let back = |entry: &Entry| matches!(entry.body, Body::UsageRefund(_));
        let mut followers = self.journal.iter().filter(about);
        let given_back = match followers.any(back) {
            true => charge.delta.negated(),
            false => Amount::ZERO,
        };
        ChargeFacts {
            origins: self.origins(&charge),
            given_back,
            failed: false,
            charge,
        }
    }

    pub fn view(&self) -> View {
        let account = &self.account;
        let from = |source| match source {
            Source::Purchase => From::Purchase,
            Source::Allowance => From::Allowance,
            Source::Bonus => From::Bonus,
            Source::CouponBonus => From::CouponBonus,
            Source::Compensation => From::Compensation,
        };
        let millis = |at: Timestamp| at.millis();
        let grants = account.grants.iter().map(|grant| {
            (
                from(grant.source),
                grant.remaining.minor(),
                grant.expires_at.map(millis),
            )
        });
        let mut grants: Vec<_> = grants.collect();
        grants.sort_unstable();
        let mut waiting: Vec<_> = account
            .purchases
            .values()
            .map(|p| p.amount.minor())
            .collect();
        waiting.sort_unstable();
        let fees = self.journal.iter().map(|entry| match &entry.body {
            Body::RenewedByCard(renewed) => renewed.charge.amount.minor(),
            Body::PlanChanged(changed) => changed.charge.as_ref().map_or(0, |c| c.amount.minor()),
            _ => 0,
        });
        View {
            balance: account.balance.minor(),
            grants,
            plan: account.plan.clone(),
            annual: account.cycle.map(|cycle| cycle == Cycle::Annual),
            life: match account.life {
                Life::Active => "active",
                Life::Grace => "grace",
                Life::Closed => "closed",
            },
            paid: account
                .period
                .map(|period| (period.start.millis(), period.end.millis())),
            closes: account.grace.map(|grace| grace.until.millis()),
            cancel_at: account.cancel_at.map(millis),
            credits_first: account.payment_order.first == Payer::Credits,
            fallback: account.payment_order.fallback,
            recharge: account.auto_recharge.enabled,
            asked: account.pending_fee.is_some(),
            waiting,
            bonuses: account
                .bonuses
                .values()
                .map(|bonus| bonus.amount.minor())
                .sum(),
            discounts: account.discounts.len() as i64,
            used_today: account.used_on(self.now).minor(),
            card_paid: fees.sum(),
            next_refresh: allowance::next(account, &self.catalog).map(millis),
        }
    }
}
