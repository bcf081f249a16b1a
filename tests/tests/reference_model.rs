//! Compares the billing engine with a naive second model of the account: random steps in random order give the same
//! state in both.

use std::cell::Cell;

use boothkeeper_domain::account::{Card, Life, Payer, PaymentOrder};
use boothkeeper_domain::billing::opening::{SignUp, open};
use boothkeeper_domain::billing::run::{self, ChargeFacts, Request};
use boothkeeper_domain::billing::support::Taken;
use boothkeeper_domain::billing::{
    Answer, Decision, Purpose, Refusal, allowance, answered, fee_settled, plan, purchase, support,
    time,
};
use boothkeeper_domain::calendar::Cycle;
use boothkeeper_domain::journal::Body;
use boothkeeper_domain::{
    Account, AccountId, Amount, Catalog, Entry, GrantId, Line, Programme, RunId, Seq, Source,
    Timestamp,
};
use boothkeeper_tests::naive::{DAY, From, HOUR, Naive, Rules, Says, View};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

const LEGACY: [(&str, i64); 6] = [
    ("branding_app", 208),
    ("appsumo_tier_3", 167),
    ("appsumo_tier_2", 100),
    ("appsumo_tier_1", 50),
    ("zsuite", 42),
    ("other", 21),
];
const COUPONS: [&str; 3] = ["Basic2Credits", "Basic2Free", "Pro4Free"];

/// The engine with its journal, and the answer that the bank gives to charges.
struct Engine {
    account: Account,
    catalog: Catalog,
    now: Timestamp,
    bank: Says,
    journal: Vec<Entry>,
    runs: Vec<Seq>,
}

impl Engine {
    fn open(catalog: Catalog, sign_up: SignUp, now: Timestamp) -> Self {
        let opened = open(sign_up, &catalog, now).unwrap();
        let mut engine = Engine {
            account: Account::default(),
            catalog,
            now,
            bank: Says::Approved,
            journal: vec![],
            runs: vec![],
        };
        engine.take(Ok(opened)).unwrap();
        engine
    }

    fn take(&mut self, decision: Result<Decision, Refusal>) -> Result<(), Refusal> {
        let decision = decision?;
        for entry in decision.entries {
            self.account.apply(&entry)?;
            self.journal.push(entry);
        }
        for charge in decision.charges {
            let answer = match self.bank {
                Says::Approved => Answer::Approved,
                Says::Declined => Answer::Declined("card_declined".into()),
                Says::Nothing if charge.purpose == Purpose::Purchase => continue,
                Says::Nothing => Answer::Pending,
            };
            let then = answered(&self.account, &self.catalog, &charge, &answer, self.now);
            self.take(then)?;
        }
        Ok(())
    }

    fn until(&mut self, to: Timestamp) {
        while let Some((at, due)) =
            time::next(&self.account, &self.catalog).filter(|(at, _)| *at <= to)
        {
            self.now = at.max(self.account.at);
            let decision = time::happen(&self.account, &self.catalog, due, self.now);
            self.take(decision).unwrap();
        }
        self.now = self.now.max(to);
    }

    fn act(
        &mut self,
        rule: impl FnOnce(&Account, &Catalog, Timestamp) -> Result<Decision, Refusal>,
    ) -> Result<(), Refusal> {
        let decision = rule(&self.account, &self.catalog, self.now);
        let done = self.take(decision);
        assert!(!matches!(done, Err(Refusal::Broken(_))), "{done:?}");
        self.until(self.now);
        done
    }

    fn entry(&self, seq: Seq) -> &Entry {
        &self.journal[usize::try_from(seq.0).unwrap() - 1]
    }

    /// The lines that opened the grants that an entry drew from.
    fn origins(&self, taken: &Entry) -> Vec<Line> {
        let origin = |grant: GrantId| {
            let mut lines = self.entry(grant.0).lines.iter();
            lines.find(|line| line.grant == grant).unwrap().clone()
        };
        run::paying_grants(taken).map(origin).collect()
    }

    fn facts(&self, run: usize) -> ChargeFacts {
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

    fn view(&self) -> View {
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

#[derive(Debug, Clone)]
enum Step {
    Wait { hours: i64, minutes: i64 },
    Bank(u8),
    Answer(bool),
    Order(bool, bool),
    Recharge(bool),
    Run(prop::sample::Index),
    Fail(prop::sample::Index),
    Refund(prop::sample::Index),
    Buy(i64),
    Adjust(i64),
    Cancel,
    Resume,
    PayNow(bool),
    Plan(usize, bool, Option<usize>),
    Redeem(usize),
    Activate(usize),
    Legacy(usize),
    Restore,
}

fn step() -> impl Strategy<Value = Step> {
    use Step::*;
    prop_oneof![
        6 => (0..24 * 120_i64, 0..60_i64).prop_map(|(hours, minutes)| Wait { hours, minutes }),
        3 => (0..72_i64, 0..2_i64).prop_map(|(hours, minutes)| Wait { hours, minutes }),
        2 => (0..4_u8).prop_map(Bank),
        1 => any::<bool>().prop_map(Answer),
        1 => any::<(bool, bool)>().prop_map(|(a, b)| Order(a, b)),
        1 => any::<bool>().prop_map(Recharge),
        4 => any::<prop::sample::Index>().prop_map(Run),
        1 => any::<prop::sample::Index>().prop_map(Fail),
        1 => any::<prop::sample::Index>().prop_map(Refund),
        1 => (0..20_000_i64).prop_map(Buy),
        1 => (-12_000..12_000_i64).prop_map(Adjust),
        1 => Just(Cancel),
        1 => Just(Resume),
        1 => any::<bool>().prop_map(PayNow),
        2 => (0..3_usize, any::<bool>(), prop::option::weighted(0.3, 0..3_usize)).prop_map(|(p, a, c)| Plan(p, a, c)),
        1 => (0..3_usize).prop_map(Redeem),
        1 => (0..3_usize).prop_map(Activate),
        1 => (0..6_usize).prop_map(Legacy),
        1 => Just(Restore),
    ]
}

/// Applies a step to both. Returns whether the engine and the model accepted it.
fn apply_to_both(
    engine: &mut Engine,
    naive: &mut Naive,
    studio: bool,
    step: &Step,
) -> (bool, bool) {
    let plans = match studio {
        true => ["legacy", "freelancer", "agency"],
        false => ["payg", "basic", "pro"],
    };
    let amount = |minor: i64| Amount::new(minor).unwrap();
    let (ours, theirs) = match step {
        Step::Wait { hours, minutes } => {
            let to = engine.now.plus(hours * HOUR + minutes * 60_000);
            engine.until(to);
            naive.until(to.millis());
            (Ok(()), Ok(()))
        }
        Step::Bank(n) => {
            let says = match n {
                0 | 1 => Says::Approved,
                2 => Says::Declined,
                _ => Says::Nothing,
            };
            (engine.bank, naive.bank) = (says, says);
            (Ok(()), Ok(()))
        }
        Step::Answer(approved) => {
            let answer = match approved {
                true => Answer::Approved,
                false => Answer::Declined("card_declined".into()),
            };
            if let Some(pending) = engine.account.pending_fee.clone() {
                let payment = pending.attempt.payment;
                engine
                    .act(|a, c, now| fee_settled(a, c, &payment, &answer, now))
                    .unwrap();
            }
            // In the order they were started, which differs from the text order of payment ids.
            let mut waiting: Vec<_> = engine.account.purchases.clone().into_iter().collect();
            waiting.sort_by_key(|(_, pending)| pending.started);
            for (payment, _) in waiting {
                let answered = engine.act(|a, c, now| match &answer {
                    Answer::Approved => purchase::confirm(a, c, &payment, now),
                    _ => purchase::decline(a, c, &payment, "card_declined", now),
                });
                answered.unwrap();
            }
            naive.answer(*approved);
            (Ok(()), Ok(()))
        }
        Step::Order(credits, fallback) => {
            let first = if *credits {
                Payer::Credits
            } else {
                Payer::Card
            };
            let order = PaymentOrder {
                first,
                fallback: *fallback,
            };
            (
                engine.act(|a, c, now| plan::set_payment_order(a, c, order, now)),
                naive.set_order(*credits, *fallback),
            )
        }
        Step::Recharge(on) => (
            engine.act(|a, c, now| purchase::set_auto_recharge(a, c, *on, now)),
            naive.set_recharge(*on),
        ),
        Step::Run(which) => {
            let service = which.get(&engine.catalog.services).clone();
            // Both take the price from the catalog; the model does not compute prices.
            let price = service.price(&engine.account.plan).unwrap().minor();
            let run = RunId::new(format!("run_{}", engine.runs.len())).unwrap();
            let request = Request {
                run,
                service: service.code,
                event: None,
                units: 1,
            };
            let before = engine.account.seq;
            let done = engine.act(|a, c, now| run::start(a, c, request, now));
            if done.is_ok() {
                engine.runs.push(before.next());
            }
            (done, naive.run(price))
        }
        Step::Fail(which) | Step::Refund(which) if !engine.runs.is_empty() => {
            let run = which.index(engine.runs.len());
            let facts = engine.facts(run);
            if matches!(step, Step::Refund(_)) {
                (
                    engine.act(|a, c, now| run::refund(a, c, &facts, now)),
                    naive.refund(run),
                )
            } else {
                // A run fails once. The cloud checks that, not the engine, so it is checked here.
                let about = |e: &Entry| e.body.refers_to() == Some(facts.charge.seq);
                if !engine.journal.iter().any(about) {
                    engine
                        .act(|a, c, now| run::fail(a, c, &facts, "timed_out", now))
                        .unwrap();
                    naive.fail(run);
                }
                (Ok(()), Ok(()))
            }
        }
        Step::Fail(_) | Step::Refund(_) => (Ok(()), Ok(())),
        Step::Buy(minor) => (
            engine.act(|a, c, now| purchase::start(a, c, amount(*minor), now)),
            naive.buy(*minor),
        ),
        Step::Adjust(minor) => (
            engine.act(|a, c, now| support::adjust(a, c, amount(*minor), None, now)),
            naive.adjust(*minor),
        ),
        Step::Cancel => (engine.act(plan::cancel), naive.cancel()),
        Step::Resume => (engine.act(plan::resume), naive.resume()),
        Step::PayNow(credits) => {
            let payer = if *credits {
                Payer::Credits
            } else {
                Payer::Card
            };
            (
                engine.act(|a, c, now| plan::pay_now(a, c, payer, now)),
                naive.pay_now(*credits),
            )
        }
        Step::Plan(n, annual, coupon) => {
            let cycle = if *annual {
                Cycle::Annual
            } else {
                Cycle::Monthly
            };
            let coupon = coupon.filter(|_| !studio).map(|n| COUPONS[n]);
            let mut target = plan::Target::plan(plans[*n], Some(cycle));
            target.coupon = coupon.map(str::to_owned);
            (
                engine.act(|a, c, now| plan::change(a, c, &target, now)),
                naive.change_plan(plans[*n], *annual, coupon),
            )
        }
        Step::Redeem(n) if !studio => (
            engine.act(|a, c, now| plan::redeem(a, c, COUPONS[*n], now)),
            naive.redeem(COUPONS[*n]),
        ),
        Step::Activate(n) if !studio => (
            engine.act(|a, c, now| support::activate_coupon(a, c, COUPONS[*n], now)),
            naive.activate(COUPONS[*n]),
        ),
        Step::Legacy(n) if studio => {
            let (product, allowance) = LEGACY[*n];
            (
                engine.act(|a, c, now| support::add_legacy(a, c, product, now)),
                naive.legacy(allowance),
            )
        }
        Step::Restore => {
            let closure = engine
                .account
                .closed_by
                .map(|seq| engine.entry(seq).clone());
            let closure = closure.map(|entry| Taken {
                origins: engine.origins(&entry),
                entry,
            });
            let Some(closure) = closure else {
                return (false, naive.restore().is_ok());
            };
            (
                engine.act(|a, c, now| support::restore(a, c, &[closure], now)),
                naive.restore(),
            )
        }
        Step::Redeem(_) | Step::Activate(_) | Step::Legacy(_) => (Ok(()), Ok(())),
    };
    // Steps that the action made due happen at once.
    naive.until(naive.now);
    (ours.is_ok(), theirs.is_ok())
}

/// How many random accounts are compared, over some years each, unless PROPTEST_CASES says otherwise.
const CASES: u32 = 5_000;

/// A new account: whether a studio, plan, whether annual, credits in minor units, legacy product, day and hour of
/// sign-up.
type Beginning = (bool, usize, bool, i64, usize, i64, i64);

fn beginning() -> impl Strategy<Value = Beginning> {
    (
        any::<bool>(),
        0..3_usize,
        any::<bool>(),
        0..30_000_i64,
        0..6_usize,
        0..1_500_i64,
        0..24_i64,
    )
}

fn begin((studio, plan, annual, balance, legacy, day, hour): Beginning) -> (Engine, Naive) {
    let since = 1_700_000_000_000 / DAY * DAY + day * DAY + hour * HOUR;
    let (programme, rules, plans) = match studio {
        true => (
            Programme::Studio,
            Rules::studio(),
            ["legacy", "freelancer", "agency"],
        ),
        false => (Programme::Booth, Rules::booth(), ["payg", "basic", "pro"]),
    };
    let (product, allowance) = LEGACY[legacy];
    let sign_up = SignUp {
        account: AccountId::new("acc_1").unwrap(),
        email: "operator@booth.example".into(),
        plan: plans[plan].into(),
        cycle: Some(if annual {
            Cycle::Annual
        } else {
            Cycle::Monthly
        }),
        opening_balance: Amount::new(balance).unwrap(),
        legacy: if studio { vec![product.into()] } else { vec![] },
        card: Some(Card {
            brand: "Visa".into(),
            last4: "4242".into(),
            exp_month: 12,
            exp_year: 2199,
        }),
        payment_order: PaymentOrder::default(),
        auto_recharge: false,
        events: vec![],
    };
    let catalog = Catalog::shipped(programme).unwrap();
    let engine = Engine::open(catalog, sign_up, Timestamp::from_millis(since));
    let cycle = (plan > 0).then_some(annual);
    let legacy = if studio { allowance } else { 0 };
    (
        engine,
        Naive::open(rules, (plans[plan], cycle), balance, legacy, since),
    )
}

#[test]
fn engine_and_naive_model_agree_over_ten_thousand_years() {
    let lived = Cell::new(0);
    let asked = std::env::var("PROPTEST_CASES").ok();
    let config = ProptestConfig {
        cases: asked.map_or(CASES, |cases| cases.parse().unwrap()),
        source_file: Some(file!()),
        ..ProptestConfig::default()
    };
    let lives = (beginning(), prop::collection::vec(step(), 1..200));
    let agreed = TestRunner::new(config).run(&lives, |(beginning, steps)| {
        let (mut engine, mut naive) = begin(beginning);
        let since = engine.now;
        prop_assert_eq!(engine.view(), naive.view());
        for (n, step) in steps.iter().enumerate() {
            let (ours, theirs) = apply_to_both(&mut engine, &mut naive, beginning.0, step);
            prop_assert_eq!(ours, theirs, "step {}, {:?}: one of them refused", n, step);
            prop_assert_eq!(engine.view(), naive.view(), "after step {}, {:?}", n, step);
        }
        lived.set(lived.get() + engine.now.since(since));
        Ok(())
    });
    if let Err(disagreed) = agreed {
        panic!("{disagreed}");
    }
    let years = lived.get() / (365 * DAY);
    println!("{years} account years");
    assert!(years >= 10_000, "only {years} years were played");
}
