//! The rules of an account's life, played: scenarios as they are told, and random years.

use boothkeeper_domain::account::{Card, Life, Payer, PaymentOrder};
use boothkeeper_domain::billing::forecast::{self, Outcome};
use boothkeeper_domain::billing::opening::{SignUp, open};
use boothkeeper_domain::billing::run::Request;
use boothkeeper_domain::billing::{
    Answer, Decision, Purpose, Refusal, answered, plan, purchase, quote, run, support, time,
};
use boothkeeper_domain::calendar::Cycle;
use boothkeeper_domain::findings;
use boothkeeper_domain::{Account, AccountId, Amount, Catalog, Entry, Programme, RunId, Timestamp};
use proptest::prelude::*;

const DAY: i64 = 86_400_000;

/// An account with a processor that always says the same, until told otherwise.
struct World {
    account: Account,
    catalog: Catalog,
    now: Timestamp,
    card: Answer,
    journal: Vec<Entry>,
    runs: u32,
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

impl World {
    fn new(programme: Programme, plan: &str, cycle: Cycle, balance: i32, since: &str) -> Self {
        Self::with_legacy(programme, plan, Some(cycle), balance, since, &[])
    }

    fn with_legacy(
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
            card: Answer::Approved,
            journal: vec![],
            runs: 0,
        };
        world.take(Ok(opened)).unwrap();
        world
    }

    /// Appends a decision and has its charges answered.
    fn take(&mut self, decision: Result<Decision, Refusal>) -> Result<(), Refusal> {
        let decision = decision?;
        for entry in decision.entries {
            self.account.apply(&entry)?;
            self.journal.push(entry);
        }
        for charge in decision.charges {
            let answer = match (&charge.purpose, &self.card) {
                (Purpose::Purchase, Answer::Pending) => continue,
                (_, answer) => answer.clone(),
            };
            let then = answered(&self.account, &self.catalog, &charge, &answer, self.now);
            self.take(then)?;
        }
        Ok(())
    }

    fn until(&mut self, to: Timestamp) {
        while let Some((due_at, due)) =
            time::next(&self.account, &self.catalog).filter(|(due_at, _)| *due_at <= to)
        {
            self.now = due_at.max(self.account.at);
            let before = self.journal.len();
            let decision = time::happen(&self.account, &self.catalog, due, self.now);
            self.take(decision).unwrap();
            assert!(
                self.journal.len() > before,
                "{due:?} at {due_at} did nothing"
            );
        }
        self.now = to.max(self.account.at);
    }

    fn act(
        &mut self,
        decide: impl FnOnce(&Account, &Catalog, Timestamp) -> Result<Decision, Refusal>,
    ) -> Result<(), Refusal> {
        let decision = decide(&self.account, &self.catalog, self.now);
        self.take(decision)?;
        // What an action made due is due now: the allowance that grace held back, say.
        self.until(self.now);
        Ok(())
    }

    fn order(&mut self, first: Payer, fallback: bool) {
        let order = PaymentOrder { first, fallback };
        self.act(|a, c, now| plan::set_payment_order(a, c, order, now))
            .unwrap();
    }

    fn run(&mut self, service: &str) -> Result<(), Refusal> {
        self.runs += 1;
        let request = Request {
            run: RunId::new(format!("run_{}", self.runs)).unwrap(),
            service: service.into(),
            event: None,
            units: 1,
        };
        self.act(|a, c, now| run::start(a, c, request, now))
    }

    fn kinds(&self, from: usize) -> Vec<&str> {
        self.journal[from..].iter().map(|e| e.body.name()).collect()
    }

    fn balance(&self) -> i64 {
        self.account.balance.minor()
    }
}

fn basic(balance: i32, since: &str) -> World {
    World::new(Programme::Booth, "basic", Cycle::Monthly, balance, since)
}

/// Scenario 1: month ends do not drift, over renewals.
/// A renewal's charge leaves no entry until it is answered: what is bought meanwhile is paid by another
/// payment.
#[test]
fn a_fee_and_a_purchase_started_at_one_place_are_two_payments() {
    let world = World::new(
        Programme::Booth,
        "basic",
        Cycle::Monthly,
        9_000,
        "2026-01-10T08:00:00Z",
    );
    let due = at("2026-02-10T08:00:00Z");
    let (account, catalog) = (&world.account, &world.catalog);
    let fee = time::happen(account, catalog, time::Due::PeriodEnd, due).unwrap();
    let bought = purchase::start(account, catalog, Amount::of(5_000), due).unwrap();
    assert!(fee.entries.is_empty(), "{fee:?}");
    assert_ne!(fee.charges[0].payment, bought.charges[0].payment);
}

#[test]
fn renewals_keep_to_the_anchors_day() {
    let mut world = basic(0, "2025-01-31T10:00:00Z");
    let mut ends = vec![];
    for _ in 0..4 {
        let end = world.account.period.unwrap().end;
        ends.push(end.to_string());
        world.until(end);
    }
    let expected = ["2025-02-28", "2025-03-31", "2025-04-30", "2025-05-31"];
    assert_eq!(ends, expected.map(|day| format!("{day}T10:00:00.000Z")));
}

/// Scenario 5: credits that do not cover the fee.
#[test]
fn a_fee_is_never_split_and_never_takes_more_than_there_is() {
    for (fallback, life, kind) in [
        (true, Life::Active, "renewed_by_card"),
        (false, Life::Grace, "grace_started"),
    ] {
        let mut world = basic(3_000, "2026-01-01T00:00:00Z");
        world.order(Payer::Credits, fallback);
        world.until(at("2026-02-01T00:00:00Z"));
        assert_eq!((world.account.life, world.balance()), (life, 3_000));
        assert_eq!(world.journal.last().unwrap().body.name(), kind);
    }
}

/// Scenario 6: the card declines, credits are asked.
#[test]
fn a_declined_card_falls_back_to_credits_and_both_are_on_record() {
    let mut world = basic(16_000, "2026-01-01T00:00:00Z");
    world.card = Answer::Declined("card_declined".into());
    let from = world.journal.len();
    world.until(at("2026-02-01T00:00:00Z"));
    assert_eq!(world.kinds(from), ["payment_failed", "renewal"]);
    assert_eq!(world.balance(), 11_100);
}

/// Scenario 7: credits first, as set; and the preview said so.
#[test]
fn credits_first_pays_from_credits_and_the_preview_said_so() {
    let mut world = basic(19_135, "2026-01-01T00:00:00Z");
    world.order(Payer::Credits, true);
    let order = world.account.payment_order;
    let (_, preview) = forecast::renewal(&world.account, &world.catalog, order)
        .unwrap()
        .unwrap();
    world.until(at("2026-02-01T00:00:00Z"));
    assert_eq!(world.balance(), 14_235);
    assert_eq!(preview.outcome, Outcome::Credits);
    assert_eq!(preview.balance_after.minor(), 14_235);
}

/// Scenarios 2 and 13: nobody acts, and grace ends to the hour.
#[test]
fn a_lapsed_account_closes_at_the_end_of_grace_and_loses_everything() {
    let mut world = basic(5_000, "2026-02-01T00:00:00Z");
    world.card = Answer::Declined("card_declined".into());
    world.order(Payer::Card, false);
    let from = world.journal.len();
    world.until(at("2026-03-30T23:59:59Z"));
    assert_eq!(world.account.life, Life::Grace);
    let failures = world
        .kinds(from)
        .iter()
        .filter(|k| **k == "payment_failed")
        .count();
    assert_eq!(failures, 6, "the renewal and five retries");
    world.until(at("2026-03-31T00:00:00Z"));
    assert_eq!((world.account.life, world.balance()), (Life::Closed, 0));
    assert_eq!(world.journal.last().unwrap().at, at("2026-03-31T00:00:00Z"));
    assert_eq!(world.run("sms"), Err(Refusal::AccountClosed));

    let closure = world.journal.last().unwrap().clone();
    world
        .act(|a, c, now| support::restore(a, c, &closure, now))
        .unwrap();
    assert_eq!((world.account.life, world.balance()), (Life::Active, 5_000));
    assert_eq!(world.account.plan, "payg");
}

/// Scenario 19: paid late in grace, one fee, and the billing day where it was.
#[test]
fn reactivation_is_for_the_period_of_the_grid_that_contains_it() {
    let mut world = basic(0, "2026-01-15T00:00:00Z");
    world.card = Answer::Declined("card_declined".into());
    world.until(at("2026-03-16T00:00:00Z"));
    assert_eq!(world.account.life, Life::Grace);
    world.card = Answer::Approved;
    let from = world.journal.len();
    world
        .act(|a, c, now| plan::pay_now(a, c, Payer::Card, now))
        .unwrap();
    assert_eq!(world.kinds(from), ["renewed_by_card", "reactivated"]);
    let period = world.account.period.unwrap();
    assert_eq!(period.start, at("2026-03-15T00:00:00Z"));
    assert_eq!(period.end, at("2026-04-15T00:00:00Z"));
}

/// Scenario 22: a time-out blocks every other leg until it is definite.
#[test]
fn a_pending_charge_blocks_until_it_is_confirmed_or_void() {
    let mut world = basic(16_000, "2026-01-01T00:00:00Z");
    world.card = Answer::Pending;
    world.until(at("2026-02-01T12:00:00Z"));
    assert_eq!(
        (world.account.life, world.balance()),
        (Life::Active, 16_000)
    );
    let pending = world.account.pending_fee.clone().unwrap();
    let mut confirmed = World {
        account: world.account.clone(),
        catalog: world.catalog.clone(),
        journal: vec![],
        card: Answer::Approved,
        now: at("2026-02-01T03:00:00Z"),
        runs: 0,
    };
    let payment = pending.attempt.payment.clone();
    let confirm = |a: &Account, c: &Catalog, now| {
        boothkeeper_domain::billing::fee_settled(a, c, &payment, &Answer::Approved, now)
    };
    confirmed.act(confirm).unwrap();
    assert_eq!(confirmed.kinds(0), ["renewed_by_card"]);
    assert_eq!(
        confirmed.act(confirm),
        Err(Refusal::PaymentSettled),
        "said twice"
    );

    let from = world.journal.len();
    world.until(at("2026-02-02T00:00:00Z"));
    assert_eq!(world.kinds(from), ["payment_failed", "renewal"]);
    assert_eq!(world.balance(), 11_100);
}

/// Scenario 12: paused for years, nothing is lost but the events, which were named.
#[test]
fn pausing_keeps_every_credit_and_names_what_it_destroys() {
    let mut world = basic(16_000, "2026-01-01T00:00:00Z");
    for n in 0..3 {
        let hours = (world.now.plus(n * DAY), world.now.plus(n * DAY + 1));
        let name = format!("Wedding {n}");
        world
            .act(|a, c, now| support::schedule_event(a, c, name, hours, now))
            .unwrap();
    }
    let pause = quote::Change::Plan(plan::Target::plan("payg", None));
    let quote = quote::quote(&world.account, &world.catalog, &pause, world.now).unwrap();
    assert_eq!(quote.destroyed.len(), 3);
    assert_eq!((quote.kept.minor(), &quote.charge), (16_000, &None));
    world
        .act(|a, c, now| plan::change(a, c, &plan::Target::plan("payg", None), now))
        .unwrap();
    world.until(at("2027-06-01T00:00:00Z"));
    assert_eq!(
        (world.account.life, world.balance()),
        (Life::Active, 16_000)
    );
    assert!(world.account.events.is_empty());
}

/// Scenario 4: the old allowance goes, the new one comes, what was bought stays.
#[test]
fn an_allowance_is_refreshed_on_the_billing_day_and_never_rolls_over() {
    let since = "2026-03-07T09:00:00Z";
    let mut world = World::new(Programme::Studio, "freelancer", Cycle::Monthly, 40, since);
    assert_eq!(world.balance(), 540);
    for _ in 0..3 {
        world.until(world.now.plus(DAY));
        for _ in 0..12 {
            world.run("premium_image").unwrap();
        }
    }
    assert_eq!(world.balance(), 180);
    let from = world.journal.len();
    world.until(at("2026-04-07T09:00:00Z"));
    assert_eq!(
        world.kinds(from),
        ["expiry", "renewed_by_card", "allowance"]
    );
    assert_eq!(world.balance(), 540);
}

#[test]
fn legacy_purchases_stack_and_a_new_one_counts_at_once() {
    let since = "2026-01-10T00:00:00Z";
    let legacy = ["appsumo_tier_1", "zsuite"];
    let mut world = World::with_legacy(Programme::Studio, "legacy", None, 0, since, &legacy);
    assert_eq!(world.balance(), 92);
    world.until(at("2026-01-20T00:00:00Z"));
    world
        .act(|a, c, now| support::add_legacy(a, c, "branding_app", now))
        .unwrap();
    assert_eq!(world.balance(), 300);
    world.until(at("2026-02-10T00:00:00Z"));
    assert_eq!(world.balance(), 300);
    assert_eq!(
        world.act(|a, c, now| plan::set_payment_order(
            a,
            c,
            PaymentOrder {
                first: Payer::Credits,
                fallback: true
            },
            now
        )),
        Err(Refusal::CreditsCannotPayFees)
    );
}

/// A cancel on the last day holds for the period after.
#[test]
fn a_cancel_in_the_last_day_is_too_late_for_that_period() {
    let mut world = basic(0, "2026-01-01T00:00:00Z");
    world.until(at("2026-01-31T12:00:00Z"));
    world.act(plan::cancel).unwrap();
    assert_eq!(world.account.cancel_at, Some(at("2026-03-01T00:00:00Z")));
    world.until(at("2026-02-15T00:00:00Z"));
    assert_eq!(world.account.life, Life::Active);
    world.until(at("2026-03-01T00:00:00Z"));
    assert_eq!(world.account.life, Life::Grace);
    let from = world.journal.len();
    world.until(at("2026-03-30T00:00:00Z"));
    assert_eq!(
        world.kinds(from),
        [""; 0],
        "a cancelled grace charges nothing by itself"
    );
}

/// An upgrade costs the difference for what is left; a decline changes nothing.
#[test]
fn an_upgrade_is_prorated_and_a_declined_one_did_not_happen() {
    let mut world = basic(1_000, "2026-04-01T00:00:00Z");
    world.until(at("2026-04-16T00:00:00Z"));
    world.card = Answer::Declined("card_declined".into());
    let upgrade = |a: &Account, c: &Catalog, now| {
        plan::change(a, c, &plan::Target::plan("pro", Some(Cycle::Monthly)), now)
    };
    let before = world.account.clone();
    assert_eq!(world.act(upgrade), Err(Refusal::CardDeclined));
    assert_eq!(world.account, before);
    world.card = Answer::Approved;
    world.act(upgrade).unwrap();
    let boothkeeper_domain::Body::PlanChanged(changed) = &world.journal.last().unwrap().body else {
        panic!("no change");
    };
    assert_eq!(changed.charge.as_ref().unwrap().amount.minor(), 2_500);
    assert_eq!(world.account.plan, "pro");
    assert_eq!(world.account.period, before.period);
}

/// Scenario 11: a coupon's months off the first fee, its bonus only when activated.
#[test]
fn a_coupon_is_for_one_plan_once_and_its_bonus_waits() {
    let since = "2026-01-01T00:00:00Z";
    let mut world = World::new(Programme::Booth, "basic", Cycle::Annual, 1_200, since);
    world
        .act(|a, c, now| plan::redeem(a, c, " basic2free ", now))
        .unwrap();
    assert_eq!(world.balance(), 1_200);
    assert_eq!(
        world.act(|a, c, now| plan::redeem(a, c, "Basic2Free", now)),
        Err(Refusal::CouponRedeemed)
    );
    world
        .act(|a, c, now| support::activate_coupon(a, c, "Basic2Free", now))
        .unwrap();
    assert_eq!(world.balance(), 11_200);
    world.until(at("2027-01-01T00:00:00Z"));
    let boothkeeper_domain::Body::RenewedByCard(renewed) = &world.journal.last().unwrap().body
    else {
        panic!("no renewal");
    };
    assert_eq!(renewed.charge.amount.minor(), 39_000);
    world.until(at("2028-01-01T00:00:00Z"));
    assert!(world.account.discounts.is_empty());

    let mut monthly = basic(0, since);
    assert_eq!(
        monthly.act(|a, c, now| plan::redeem(a, c, "Basic2Free", now)),
        Err(Refusal::CouponNotForPlan)
    );
}

#[derive(Debug, Clone)]
enum Step {
    Days(u8),
    Card(u8),
    Order(bool, bool),
    Run(u8),
    Buy,
    Recharge(bool),
    Cancel,
    Resume,
    PayNow(bool),
    Plan(u8, bool),
    Adjust(i16),
    Coupon(u8),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..40_u8).prop_map(Step::Days),
        1 => (0..3_u8).prop_map(Step::Card),
        1 => any::<(bool, bool)>().prop_map(|(a, b)| Step::Order(a, b)),
        4 => (0..10_u8).prop_map(Step::Run),
        1 => Just(Step::Buy),
        1 => any::<bool>().prop_map(Step::Recharge),
        1 => Just(Step::Cancel),
        1 => Just(Step::Resume),
        1 => any::<bool>().prop_map(Step::PayNow),
        1 => (0..4_u8, any::<bool>()).prop_map(|(p, a)| Step::Plan(p, a)),
        1 => (-9_000..9_000_i16).prop_map(Step::Adjust),
        1 => (0..3_u8).prop_map(Step::Coupon),
    ]
}

fn play(world: &mut World, step: &Step) {
    let done = match step.clone() {
        Step::Days(days) => {
            let to = world.now.plus(i64::from(days) * DAY + 3_600_000);
            preview_holds(world, to);
            Ok(())
        }
        Step::Card(n) => {
            world.card = match n {
                0 => Answer::Approved,
                1 => Answer::Declined("card_declined".into()),
                _ => Answer::Pending,
            };
            Ok(())
        }
        Step::Order(credits, fallback) => {
            let first = if credits { Payer::Credits } else { Payer::Card };
            world.act(|a, c, now| {
                plan::set_payment_order(a, c, PaymentOrder { first, fallback }, now)
            })
        }
        Step::Run(n) => {
            let services = &world.catalog.services;
            let service = services[usize::from(n) % services.len()].code.clone();
            world.run(&service)
        }
        Step::Buy => {
            let amount = world.catalog.top_up.minimum;
            world.act(|a, c, now| purchase::start(a, c, amount, now))
        }
        Step::Recharge(on) => world.act(|a, c, now| purchase::set_auto_recharge(a, c, on, now)),
        Step::Cancel => world.act(plan::cancel),
        Step::Resume => world.act(plan::resume),
        Step::PayNow(credits) => {
            let payer = if credits { Payer::Credits } else { Payer::Card };
            world.act(|a, c, now| plan::pay_now(a, c, payer, now))
        }
        Step::Plan(n, annual) => {
            let plans = &world.catalog.plans;
            let code = plans[usize::from(n) % plans.len()].code.clone();
            let cycle = Some(if annual {
                Cycle::Annual
            } else {
                Cycle::Monthly
            });
            world.act(|a, c, now| plan::change(a, c, &plan::Target::plan(&code, cycle), now))
        }
        Step::Adjust(minor) => {
            world.act(|a, c, now| support::adjust(a, c, Amount::of(i32::from(minor)), None, now))
        }
        Step::Coupon(n) => {
            let code = world
                .catalog
                .coupons
                .get(usize::from(n))
                .map(|c| c.code.clone());
            world.act(|a, c, now| plan::redeem(a, c, &code.unwrap_or_default(), now))
        }
    };
    // A refusal is an answer; a contradiction of the journal is not.
    assert!(
        !matches!(done, Err(Refusal::Broken(_))),
        "{step:?}: {done:?}"
    );
}

/// Moves on; and where a renewal lies on the way that nothing else disturbs, it is as foreseen.
fn preview_holds(world: &mut World, to: Timestamp) {
    let order = world.account.payment_order;
    let foreseen = forecast::renewal(&world.account, &world.catalog, order).unwrap();
    let Some((at, preview)) = foreseen.filter(|(at, _)| *at <= to && *at > world.now) else {
        world.until(to);
        return;
    };
    world.until(at.plus(-1));
    let from = world.journal.len();
    world.until(at);
    let expected = match (&world.card, &preview.if_declined) {
        (Answer::Declined(_), Some(declined)) => &**declined,
        (Answer::Pending, Some(_)) => return world.until(to),
        _ => &preview,
    };
    let kinds = world.kinds(from);
    let happened = if kinds.contains(&"renewed_by_card") {
        Outcome::Card
    } else if kinds.contains(&"renewal") {
        Outcome::Credits
    } else {
        Outcome::Unpaid
    };
    assert_eq!(happened, expected.outcome, "{kinds:?}");
    let fee = world.journal[from..]
        .iter()
        .find(|e| e.body.name() == "renewal");
    let after = fee.map_or(expected.balance_before, |entry| entry.balance_after);
    assert_eq!(after, expected.balance_after);
    world.until(to);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    /// Whatever is done in whatever order: never below zero, the journal folds to the state, what is due
    /// is done, and every renewal was foreseen.
    #[test]
    fn random_years_keep_every_promise(
        studio in any::<bool>(), annual in any::<bool>(), balance in 0..30_000_i32,
        day in 0..400_i64, steps in prop::collection::vec(step(), 1..60),
    ) {
        let (programme, code) = match studio {
            true => (Programme::Studio, "freelancer"),
            false => (Programme::Booth, "basic"),
        };
        let cycle = if annual { Cycle::Annual } else { Cycle::Monthly };
        let since = at("2025-01-01T10:00:00Z").plus(day * DAY).to_string();
        let mut world = World::new(programme, code, cycle, balance, &since);
        for step in &steps {
            play(&mut world, step);
            prop_assert!(world.account.balance >= Amount::ZERO);
        }
        let folded = Account::default().extend(&world.journal).unwrap();
        prop_assert_eq!(&folded, &world.account);
        let causes = findings::causes(&world.journal);
        let explained: i64 = causes.iter().map(|cause| cause.delta.minor()).sum();
        prop_assert_eq!(explained, world.account.balance.minor());
        let claimed: usize = causes.iter().map(|cause| cause.entries.len()).sum();
        let moved = world.journal.iter().filter(|entry| !entry.delta.is_zero()).count();
        prop_assert_eq!(claimed, moved, "each entry has one cause");
        let due = time::next(&world.account, &world.catalog);
        prop_assert!(due.is_none_or(|(at, _)| at > world.now), "{:?} at {}", due, world.now);
    }
}
