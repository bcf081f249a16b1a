//! Compares the billing engine with a naive second model of the account: random steps in random order give the same
//! state in both.

mod engine;
mod steps;

use std::cell::Cell;

use boothkeeper_domain::account::{Card, PaymentOrder};
use boothkeeper_domain::billing::opening::SignUp;
use boothkeeper_domain::calendar::Cycle;
use boothkeeper_domain::{AccountId, Amount, Catalog, Programme, Timestamp};
use boothkeeper_tests::reference_model::{DAY, HOUR, ReferenceModel, Rules};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use engine::Engine;
use steps::{apply_to_both, step};

const LEGACY: [(&str, i64); 6] = [
    ("branding_app", 208),
    ("appsumo_tier_3", 167),
    ("appsumo_tier_2", 100),
    ("appsumo_tier_1", 50),
    ("zsuite", 42),
    ("other", 21),
];

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

fn begin(
    (studio, plan, annual, balance, legacy, day, hour): Beginning,
) -> (Engine, ReferenceModel) {
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
        ReferenceModel::open(rules, (plans[plan], cycle), balance, legacy, since),
    )
}

#[test]
fn billing_engine_and_simple_model_agree_over_ten_thousand_years() {
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
