//! Properties of random lives of several years: previews come true, no period is paid twice, and every change of the
//! balance is explained.

use std::cell::Cell;

use boothkeeper_domain::account::{Payer, PaymentOrder};
use boothkeeper_domain::billing::forecast::{self, Outcome};
use boothkeeper_domain::billing::{ChargeOutcome, Refusal, plan, purchase, support, time};
use boothkeeper_domain::calendar::{Cycle, Period};
use boothkeeper_domain::catalog::Downgrade;
use boothkeeper_domain::findings::{CauseCode, Finding, FindingCode, Tally, causes, findings};
use boothkeeper_domain::{Account, Amount, Body, Programme, Seq, Timestamp};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::world::{DAY, World, at};

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
    Adjust(i16, bool),
    Fail,
    Refund,
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
        1 => (-9_000..9_000_i16, any::<bool>()).prop_map(|(by, reason)| Step::Adjust(by, reason)),
        1 => Just(Step::Fail),
        1 => Just(Step::Refund),
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
                0 => ChargeOutcome::Approved,
                1 => ChargeOutcome::Declined("card_declined".into()),
                _ => ChargeOutcome::Pending,
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
        Step::Adjust(minor, reason) => {
            let (by, reason) = (
                Amount::of(i32::from(minor)),
                reason.then(|| "agreed".into()),
            );
            world.act(|a, c, now| support::adjust(a, c, by, reason, now))
        }
        Step::Fail => world.fail(),
        Step::Refund => world.refund(),
        Step::Coupon(n) => {
            let code = world
                .catalog
                .coupons
                .get(usize::from(n))
                .map(|c| c.code.clone());
            world.act(|a, c, now| plan::redeem(a, c, &code.unwrap_or_default(), now))
        }
    };
    // A command may be refused, but the rules must never break the journal.
    assert!(
        !matches!(done, Err(Refusal::Broken(_))),
        "{step:?}: {done:?}"
    );
}

/// Moves time to `to`. If a renewal is due before, checks that it happens as its preview said.
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
        (ChargeOutcome::Declined(_), Some(declined)) => &**declined,
        (ChargeOutcome::Pending, Some(_)) => return world.until(to),
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
    let recharged = world.journal[from..]
        .iter()
        .filter(|e| e.body.name() == "auto_recharge");
    let recharged = Amount::sum(recharged.map(|e| e.delta)).unwrap();
    let after = world.account.balance.checked_sub(recharged).unwrap();
    assert_eq!(after, expected.balance_after, "{kinds:?}");
    let moved = world.journal[from..].iter().map(|e| e.delta);
    let moved = Amount::sum(moved).unwrap();
    let before = world.account.balance.checked_sub(moved).unwrap();
    assert_eq!(before, expected.balance_before, "{kinds:?}");
    world.until(to);
}

/// For each period in the journal: the period, the sum charged for it, and the fee of the most expensive plan that was
/// active in it, both in minor units.
fn charged_for_spans(world: &World) -> Vec<(Period, i64, i64)> {
    let mut spans: Vec<(Period, i64, i64)> = vec![];
    let mut account = Account::default();
    for entry in &world.journal {
        account.apply(entry).unwrap();
        let charged = match &entry.body {
            Body::Renewal(renewal) => renewal.fee.amount.minor(),
            Body::RenewedByCard(renewed) => renewed.charge.amount.minor(),
            Body::PlanChanged(changed) => {
                let charge = changed.charge.as_ref();
                charge.map_or(0, |charge| charge.amount.minor())
            }
            _ => 0,
        };
        let (Some(period), Some(cycle)) = (account.period, account.cycle) else {
            assert_eq!(charged, 0, "{entry:?}");
            continue;
        };
        let fee = world.catalog.plan(&account.plan).unwrap().fee(cycle);
        let fee = fee.unwrap().amount.minor();
        // The account's first period counts as paid.
        let first = spans.is_empty() && charged == 0;
        match spans.iter_mut().find(|(known, ..)| *known == period) {
            Some((_, sum, dearest)) => {
                (*sum, *dearest) = (*sum + charged, fee.max(*dearest));
            }
            None => spans.push((period, if first { fee } else { charged }, fee)),
        }
    }
    spans
}

/// The account's cycle just before an entry.
fn cycle_of(world: &World, seq: Seq) -> Option<Option<Cycle>> {
    let before = world.journal.iter().take_while(|entry| entry.seq < seq);
    Some(Account::default().extend(before).ok()?.cycle)
}

/// However often plan and cycle are changed, a period costs at most the fee of the most expensive plan active in it.
#[test]
fn no_billing_period_is_paid_twice_however_often_plan_and_cycle_change() {
    let (changes, pauses, lower) = (Cell::new(0), Cell::new(0), Cell::new(0));
    let often = prop_oneof![
        2 => step(),
        3 => (0..4_u8, prop::bool::weighted(0.2)).prop_map(|(p, a)| Step::Plan(p, a)),
        1 => (0..9_u8).prop_map(Step::Days),
    ];
    let lives = (
        any::<(bool, bool)>(),
        any::<bool>(),
        0..30_000_i32,
        prop::collection::vec(often, 1..60),
    );
    let config = ProptestConfig {
        source_file: Some(file!()),
        ..ProptestConfig::with_cases(3_000)
    };
    let held =
        TestRunner::new(config).run(&lives, |((studio, at_once), annual, balance, steps)| {
            let (programme, code) = match studio {
                true => (Programme::Studio, "freelancer"),
                false => (Programme::Booth, "basic"),
            };
            let cycle = if annual {
                Cycle::Annual
            } else {
                Cycle::Monthly
            };
            let mut world = World::new(programme, code, cycle, balance, "2025-01-31T10:00:00Z");
            if at_once {
                world.catalog.policies.downgrade = Some(Downgrade::AtOnce);
            }
            for step in &steps {
                play(&mut world, step);
            }
            let mut spans = charged_for_spans(&world);
            for (period, charged, dearest) in &spans {
                prop_assert!(
                    charged <= dearest,
                    "{:?}: {} for {}",
                    period,
                    charged,
                    dearest
                );
            }
            spans.sort_by_key(|(period, ..)| period.start);
            for pair in spans.windows(2) {
                prop_assert!(pair[0].0.end <= pair[1].0.start, "{:?}", pair);
            }
            let gathered: Tally = world.journal.iter().cloned().collect();
            let (account, catalog) = (&world.account, &world.catalog);
            let found = findings(&gathered, account, catalog, &world.journal[..], world.now);
            let twice = found.iter().find(|f| f.code == FindingCode::ChargedTwice);
            prop_assert_eq!(twice, None);
            for entry in &world.journal {
                match &entry.body {
                    Body::PlanChanged(changed) if changed.period.is_none() => {
                        pauses.set(pauses.get() + 1);
                    }
                    Body::PlanChanged(changed) if changed.charge.is_some() => {
                        changes.set(changes.get() + 1);
                    }
                    Body::PlanChangeRequested(requested)
                        if Some(requested.cycle) == cycle_of(&world, entry.seq) =>
                    {
                        lower.set(lower.get() + 1);
                    }
                    _ => {}
                }
            }
            Ok(())
        });
    if let Err(paid_twice) = held {
        panic!("{paid_twice}");
    }
    // The random lives must contain enough upgrades, pauses and downgrades for this test to mean something.
    let counts = (changes.get(), pauses.get(), lower.get());
    assert!(
        counts.0 > 2_000 && counts.1 > 2_000 && counts.2 > 300,
        "upgrades, pauses, lower plans: {counts:?}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    /// After any commands in any order: no balance was negative, the journal gives the account's state, everything due
    /// was done, and every renewal happened as previewed.
    #[test]
    fn renewals_in_random_years_match_their_previews_and_the_recomputed_state(
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
        let due = time::next(&world.account, &world.catalog);
        prop_assert!(due.is_none_or(|(at, _)| at > world.now), "{:?} at {}", due, world.now);
    }

    /// For any part of a journal: the causes add up to the change of the balance, each entry that moves credits belongs
    /// to one cause, and only adjustments without a reason are unexplained.
    #[test]
    fn causes_found_in_random_years_explain_every_balance_change(
        studio in any::<bool>(), balance in 0..30_000_i32, ends in any::<[prop::sample::Index; 2]>(),
        steps in prop::collection::vec(step(), 1..60),
    ) {
        let (programme, code) = match studio {
            true => (Programme::Studio, "freelancer"),
            false => (Programme::Booth, "basic"),
        };
        let mut world = World::new(programme, code, Cycle::Monthly, balance, "2025-01-01T10:00:00Z");
        for step in &steps {
            play(&mut world, step);
        }
        let journal = &world.journal;
        let mut ends = ends.map(|end| end.index(journal.len() + 1));
        ends.sort_unstable();
        let stretch = &journal[ends[0]..ends[1]];
        let balance = |end: usize| end.checked_sub(1).map_or(0, |last| journal[last].balance_after.minor());
        let told = causes(stretch);
        let sum: i64 = told.iter().map(|cause| cause.delta.minor()).sum();
        prop_assert_eq!(balance(ends[0]) + sum, balance(ends[1]));
        let mut claimed: Vec<_> = told.iter().flat_map(|cause| &cause.entries).copied().collect();
        claimed.sort_unstable();
        let moved: Vec<_> = stretch.iter().filter(|e| !e.delta.is_zero()).map(|e| e.seq).collect();
        prop_assert_eq!(claimed, moved);
        let reasonless = stretch.iter().filter(|e| matches!(e.body, Body::Adjustment(_)) && e.reason.is_none());
        let unexplained: i64 = reasonless.map(|e| e.delta.minor()).sum();
        let said = told.iter().find(|cause| cause.code == CauseCode::Unexplained);
        prop_assert_eq!(said.map_or(0, |cause| cause.delta.minor()), unexplained);

        // Every finding names entries of the journal, and no two findings have the same code and entries.
        let found_in = |gathered: &Tally| {
            findings(gathered, &world.account, &world.catalog, &journal[..], world.now)
        };
        let gathered: Tally = journal.iter().cloned().collect();
        let runs = gathered.causes().into_iter().find(|cause| cause.code == CauseCode::Usage);
        let runs = runs.map_or((0, 0), |cause| (cause.entries.len(), cause.delta.minor()));
        for spent in [gathered.by_service(), gathered.by_event()] {
            let count: u32 = spent.iter().map(|part| part.count).sum();
            let delta: i64 = spent.iter().map(|part| part.delta.minor()).sum();
            prop_assert_eq!((count as usize >= runs.0, delta), (true, runs.1));
        }
        let found = found_in(&gathered);
        for (n, finding) in found.iter().enumerate() {
            let head = world.account.seq;
            prop_assert!(!finding.entries.is_empty(), "{:?}", finding);
            prop_assert!(finding.entries.iter().all(|seq| seq.0 > 0 && *seq <= head), "{:?}", finding);
            let same = |other: &&Finding| other.code == finding.code && other.entries == finding.entries;
            prop_assert_eq!(found[n + 1..].iter().find(same), None);
        }
    }
}
