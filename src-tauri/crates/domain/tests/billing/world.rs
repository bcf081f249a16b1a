//! An account, its journal, and a card processor that gives the same answer to every charge until the answer is
//! changed.

use boothkeeper_domain::account::{Card, Payer, PaymentOrder};
use boothkeeper_domain::billing::forecast;
use boothkeeper_domain::billing::opening::{SignUp, open};
use boothkeeper_domain::billing::run::{ChargeFacts, Request};
use boothkeeper_domain::billing::{
    BillingDecision, ChargeOutcome, Purpose, Refusal, apply_charge_outcome, plan, run, time,
};
use boothkeeper_domain::calendar::Cycle;
use boothkeeper_domain::{
    Account, AccountId, Amount, Body, Catalog, Entry, GrantId, Line, Programme, RunId, Timestamp,
};

pub const DAY: i64 = 86_400_000;

pub struct World {
    pub account: Account,
    pub catalog: Catalog,
    pub now: Timestamp,
    /// The processor's answer to every charge.
    pub card: ChargeOutcome,
    pub journal: Vec<Entry>,
    pub runs: u32,
}

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

impl World {
    pub fn new(programme: Programme, plan: &str, cycle: Cycle, balance: i32, since: &str) -> Self {
        Self::with_legacy(programme, plan, Some(cycle), balance, since, &[])
    }

    pub fn with_legacy(
        programme: Programme,
        plan: &str,
        cycle: Option<Cycle>,
        balance: i32,
        since: &str,
        legacy: &[&str],
    ) -> Self {
        let catalog = Catalog::shipped(programme).unwrap();
        let sign_up = SignUp {
            account: AccountId::new("acc_1").unwrap(),
            email: "operator@booth.example".into(),
            plan: plan.into(),
            cycle,
            opening_balance: Amount::of(balance),
            legacy: legacy.iter().map(|l| (*l).to_owned()).collect(),
            card: Some(Card {
                brand: "Visa".into(),
                last4: "4242".into(),
                exp_month: 12,
                exp_year: 2060,
            }),
            payment_order: PaymentOrder::default(),
            auto_recharge: false,
            events: vec![],
        };
        let now = at(since);
        let opened = open(sign_up, &catalog, now).unwrap();
        let mut world = World {
            account: Account::default(),
            catalog,
            now,
            card: ChargeOutcome::Approved,
            journal: vec![],
            runs: 0,
        };
        world.take(Ok(opened)).unwrap();
        world
    }

    /// Appends the entries of a billing decision and lets the processor answer its charges.
    pub fn take(&mut self, decision: Result<BillingDecision, Refusal>) -> Result<(), Refusal> {
        let decision = decision?;
        for entry in decision.entries {
            self.account.apply(&entry)?;
            self.journal.push(entry);
        }
        for charge in decision.charges {
            let answer = match (&charge.purpose, &self.card) {
                (Purpose::Purchase, ChargeOutcome::Pending) => continue,
                (_, answer) => answer.clone(),
            };
            let then =
                apply_charge_outcome(&self.account, &self.catalog, &charge, &answer, self.now);
            self.take(then)?;
        }
        Ok(())
    }

    /// Moves to a later instant and does everything that is due until then.
    pub fn until(&mut self, to: Timestamp) {
        while let Some((due_at, due)) =
            time::next(&self.account, &self.catalog).filter(|(due_at, _)| *due_at <= to)
        {
            self.now = due_at.max(self.account.at);
            let before = self.journal.len();
            let decision = time::run_due_action(&self.account, &self.catalog, due, self.now);
            self.take(decision).unwrap();
            assert!(
                self.journal.len() > before,
                "{due:?} at {due_at} did nothing"
            );
        }
        self.now = to.max(self.account.at);
    }

    /// Carries out a command, and checks that the balance is as `forecast::after` predicted if the card approves.
    pub fn act(
        &mut self,
        decide: impl FnOnce(&Account, &Catalog, Timestamp) -> Result<BillingDecision, Refusal>,
    ) -> Result<(), Refusal> {
        let decision = decide(&self.account, &self.catalog, self.now);
        let foreseen = decision.clone().ok().and_then(|decision| {
            forecast::after(&self.account, &self.catalog, decision, self.now).ok()
        });
        let from = self.journal.len();
        self.take(decision)?;
        // Do what has become due at once by the command, such as an allowance that was not granted in grace.
        self.until(self.now);
        // The forecast leaves purchases pending, so credits bought here are subtracted before comparing.
        if let (Some(foreseen), ChargeOutcome::Approved) = (foreseen, &self.card) {
            let landed = self.journal[from..]
                .iter()
                .filter(|entry| matches!(entry.body, Body::Purchase(_) | Body::AutoRecharge(_)));
            let landed = Amount::sum(landed.map(|entry| entry.delta)).unwrap();
            let without = self.account.balance.checked_sub(landed).unwrap();
            assert_eq!(foreseen.balance, without, "{:?}", &self.journal[from..]);
        }
        Ok(())
    }

    pub fn order(&mut self, first: Payer, fallback: bool) {
        let order = PaymentOrder { first, fallback };
        self.act(|a, c, now| plan::set_payment_order(a, c, order, now))
            .unwrap();
    }

    pub fn run(&mut self, service: &str) -> Result<(), Refusal> {
        self.runs += 1;
        let request = Request {
            run: RunId::new(format!("run_{}", self.runs)).unwrap(),
            service: service.into(),
            event: None,
            units: 1,
        };
        self.act(|a, c, now| run::start(a, c, request, now))
    }

    /// Marks the newest run as failed, if there is a run.
    pub fn fail(&mut self) -> Result<(), Refusal> {
        let Some(facts) = self.newest_charge() else {
            return Ok(());
        };
        self.act(|a, c, now| run::fail(a, c, &facts, "timed_out", now))
    }

    /// Refunds the newest run, if there is a run.
    pub fn refund(&mut self) -> Result<(), Refusal> {
        let Some(facts) = self.newest_charge() else {
            return Ok(());
        };
        self.act(|a, c, now| run::refund(a, c, &facts, now))
    }

    fn newest_charge(&self) -> Option<ChargeFacts> {
        let mut back = self.journal.iter().rev();
        let charge = back.find(|e| matches!(e.body, Body::Usage(_)))?;
        Some(charge_facts(&self.journal, charge))
    }

    /// Moves `millis` milliseconds ahead and does everything that is due until then.
    pub fn pass(&mut self, millis: i64) {
        self.until(self.now.plus(millis));
    }

    /// Kinds of the journal entries from index `from` on.
    pub fn kinds(&self, from: usize) -> Vec<&str> {
        self.journal[from..].iter().map(|e| e.body.name()).collect()
    }

    pub fn balance(&self) -> i64 {
        self.account.balance.minor()
    }
}

pub fn basic(balance: i32, since: &str) -> World {
    World::new(Programme::Booth, "basic", Cycle::Monthly, balance, since)
}

/// The lines that opened the grants that an entry drew from.
pub fn origins(journal: &[Entry], taken: &Entry) -> Vec<Line> {
    let origin = |grant: GrantId| -> Option<Line> {
        let opening = journal.iter().find(|e| e.seq == grant.0)?;
        opening.lines.iter().find(|l| l.grant == grant).cloned()
    };
    run::paying_grants(taken).filter_map(origin).collect()
}

/// The facts that a refund of `charge` needs from the journal.
pub fn charge_facts(journal: &[Entry], charge: &Entry) -> ChargeFacts {
    let about = |entry: &&Entry| entry.body.refers_to() == Some(charge.seq);
    ChargeFacts {
        charge: charge.clone(),
        origins: origins(journal, charge),
        given_back: Amount::sum(journal.iter().filter(about).map(|e| e.delta)).unwrap(),
        failed: { journal.iter().filter(about) }.any(|e| matches!(e.body, Body::RunFailed(_))),
    }
}
