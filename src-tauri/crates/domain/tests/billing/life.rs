//! Properties of random account lives: no credits appear or disappear, no balance falls below zero, and the account's
//! state is the same whether it is computed from the whole journal or from a part and then the rest.

use boothkeeper_domain::billing::opening::{SignUp, open};
use boothkeeper_domain::billing::run::{self, ChargeFacts, Request};
use boothkeeper_domain::billing::{BillingDecision, Refusal, purchase};
use boothkeeper_domain::calendar::Cycle;
use boothkeeper_domain::{
    Account, AccountId, Amount, Body, Catalog, Entry, GrantId, Programme, RunId, Timestamp,
};
use proptest::prelude::*;

use super::world::charge_facts;

#[derive(Debug, Clone)]
enum Step {
    Run { service: usize, units: u32 },
    FailRun { which: usize },
    Refund { which: usize },
    Buy { minor: i32 },
    Confirm { which: usize },
    Decline { which: usize },
    Recharge { on: bool },
    Wait { millis: i64 },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0usize..10, 1u32..4).prop_map(|(service, units)| Step::Run { service, units }),
        2 => any::<prop::sample::Index>().prop_map(|i| Step::FailRun { which: i.index(64) }),
        2 => any::<prop::sample::Index>().prop_map(|i| Step::Refund { which: i.index(64) }),
        1 => (4_000i32..20_000).prop_map(|minor| Step::Buy { minor }),
        2 => (0usize..4).prop_map(|which| Step::Confirm { which }),
        1 => (0usize..4).prop_map(|which| Step::Decline { which }),
        1 => any::<bool>().prop_map(|on| Step::Recharge { on }),
        2 => (0i64..40 * 3_600_000).prop_map(|millis| Step::Wait { millis }),
    ]
}

struct Life {
    catalog: Catalog,
    account: Account,
    journal: Vec<Entry>,
    now: Timestamp,
}

impl Life {
    fn begin(programme: Programme, balance: i32) -> Self {
        let catalog = Catalog::shipped(programme).unwrap();
        let now: Timestamp = "2026-01-31T10:00:00Z".parse().unwrap();
        let sign_up = SignUp {
            account: AccountId::new("acc_life").unwrap(),
            email: "life@booth.example".into(),
            plan: catalog.plans[1].code.clone(),
            cycle: Some(Cycle::Monthly),
            opening_balance: Amount::of(balance),
            legacy: vec![],
            card: Some(boothkeeper_domain::account::Card {
                brand: "Visa".into(),
                last4: "4242".into(),
                exp_month: 1,
                exp_year: 2030,
            }),
            payment_order: Default::default(),
            auto_recharge: false,
            events: vec![],
        };
        let journal = open(sign_up, &catalog, now).unwrap().entries;
        let account = Account::default().extend(&journal).unwrap();
        Life {
            catalog,
            account,
            journal,
            now,
        }
    }

    fn take(&mut self, decided: Result<BillingDecision, Refusal>) {
        let before = self.account.clone();
        match decided {
            Ok(decision) => {
                for entry in decision.entries {
                    self.account.apply(&entry).unwrap();
                    self.journal.push(entry);
                }
            }
            Err(Refusal::Broken(error)) => panic!("the rules broke the journal: {error}"),
            Err(_) => assert_eq!(
                self.account, before,
                "a refused command must not change the account"
            ),
        }
    }

    fn charge_facts(&self, which: usize) -> Option<ChargeFacts> {
        let charges: Vec<_> = self
            .journal
            .iter()
            .filter(|e| matches!(e.body, Body::Usage(_)))
            .collect();
        let charge = charges.get(which % charges.len().max(1))?;
        Some(charge_facts(&self.journal, charge))
    }

    fn perform(&mut self, step: &Step) {
        let (account, catalog, now) = (&self.account, &self.catalog, self.now);
        let payment = |which: usize| {
            let waiting: Vec<_> = account.purchases.keys().cloned().collect();
            waiting.get(which % waiting.len().max(1)).cloned()
        };
        let decided = match step {
            Step::Run { service, units } => {
                let service = &catalog.services[service % catalog.services.len()];
                let request = Request {
                    run: RunId::new(format!("run_{}", account.seq)).unwrap(),
                    service: service.code.clone(),
                    event: None,
                    units: *units,
                };
                run::start(account, catalog, request, now)
            }
            Step::FailRun { which } => match self.charge_facts(*which) {
                Some(facts) => run::fail(account, catalog, &facts, "timed_out", now),
                None => return,
            },
            Step::Refund { which } => match self.charge_facts(*which) {
                Some(facts) => run::refund(account, catalog, &facts, now),
                None => return,
            },
            Step::Buy { minor } => purchase::start(account, catalog, Amount::of(*minor), now),
            Step::Confirm { which } => match payment(*which) {
                Some(payment) => purchase::confirm(account, catalog, &payment, now),
                None => return,
            },
            Step::Decline { which } => match payment(*which) {
                Some(payment) => purchase::decline(account, catalog, &payment, "declined", now),
                None => return,
            },
            Step::Recharge { on } => purchase::set_auto_recharge(account, catalog, *on, now),
            Step::Wait { millis } => {
                self.now = self.now.plus(*millis);
                return;
            }
        };
        self.take(decided);
    }
}

fn life(programme: Programme, balance: i32, steps: &[Step]) -> Life {
    let mut life = Life::begin(programme, balance);
    for step in steps {
        life.perform(step);
    }
    life
}

proptest! {
    #[test]
    fn random_account_life_keeps_balance_grants_and_recomputed_state_consistent(
        studio in any::<bool>(), balance in 0i32..30_000,
        steps in prop::collection::vec(step(), 1..120), cut in any::<prop::sample::Index>()
    ) {
        let programme = if studio { Programme::Studio } else { Programme::Booth };
        let life = life(programme, balance, &steps);

        // The balance is the sum of all deltas, of all grants, and of all buckets.
        let sum = Amount::sum(life.journal.iter().map(|e| e.delta)).unwrap();
        prop_assert_eq!(life.account.balance, sum);
        prop_assert_eq!(life.account.grants.total().unwrap(), sum);
        let buckets = Amount::sum(life.account.buckets().iter().map(|b| b.amount)).unwrap();
        prop_assert_eq!(buckets, sum);

        // No balance is negative, and seqs have no gaps.
        for (n, entry) in life.journal.iter().enumerate() {
            prop_assert!(!entry.balance_after.is_negative());
            prop_assert_eq!(entry.seq.0, n as u64 + 1);
        }

        // The state computed from the first entries, stored, and continued with the rest is the same as from all
        // entries at once.
        let cut = cut.index(life.journal.len());
        let prefix = Account::default().extend(&life.journal[..cut]).unwrap();
        let stored: Account = serde_json::from_str(&serde_json::to_string(&prefix).unwrap()).unwrap();
        prop_assert_eq!(&stored, &prefix);
        prop_assert_eq!(&stored.extend(&life.journal[cut..]).unwrap(), &life.account);
    }

    #[test]
    fn run_refund_returns_credits_once_to_the_grants_that_paid(
        steps in prop::collection::vec(step(), 10..120)
    ) {
        let life = life(Programme::Studio, 200, &steps);
        for refund in life.journal.iter().filter(|e| matches!(e.body, Body::UsageRefund(_))) {
            let of = refund.body.refers_to().unwrap();
            let charge = life.journal.iter().find(|e| e.seq == of).unwrap();
            prop_assert_eq!(refund.delta, charge.delta.negated());
            for line in &refund.lines {
                let paid = charge.lines.iter().find(|l| l.grant == line.grant);
                let compensation = line.grant == GrantId(refund.seq);
                prop_assert!(compensation || paid.is_some_and(|p| p.delta == line.delta.negated()));
            }
            let back = life.journal.iter().filter(|e| {
                matches!(e.body, Body::UsageRefund(_)) && e.body.refers_to() == Some(of)
            });
            prop_assert_eq!(back.count(), 1, "a charge must be refunded once");
        }
    }

    #[test]
    fn credits_used_on_one_day_never_exceed_the_daily_limit(steps in prop::collection::vec(step(), 1..120)) {
        let life = life(Programme::Studio, 20_000, &steps);
        let limit = life.catalog.plans[1].daily_limit.unwrap();
        let mut used = std::collections::BTreeMap::<i64, i64>::new();
        for entry in &life.journal {
            let day = entry.at.utc_day();
            match &entry.body {
                Body::Usage(_) => *used.entry(day).or_default() -= entry.delta.minor(),
                Body::UsageRefund(refund) if refund.started_at.utc_day() == day => {
                    *used.entry(day).or_default() -= entry.delta.minor();
                }
                _ => {}
            }
            let today = used.get(&day).copied().unwrap_or(0);
            prop_assert!((0..=limit.minor()).contains(&today), "{today} on day {day}");
        }
    }

    #[test]
    fn journal_with_an_altered_balance_is_rejected(
        steps in prop::collection::vec(step(), 20..60), which in any::<prop::sample::Index>(), by in 1i32..500
    ) {
        let mut journal = life(Programme::Booth, 20_000, &steps).journal;
        let at = which.index(journal.len());
        journal[at].balance_after = journal[at].balance_after.checked_add(Amount::of(by)).unwrap();
        prop_assert!(Account::default().extend(&journal).is_err());
    }
}
