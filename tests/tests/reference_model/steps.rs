//! The random steps, and how each is applied to the engine and to the model.

use boothkeeper_domain::account::{Payer, PaymentOrder};
use boothkeeper_domain::billing::run::{self, Request};
use boothkeeper_domain::billing::support::UndoableEntry;
use boothkeeper_domain::billing::{ChargeOutcome, apply_fee_outcome, plan, purchase, support};
use boothkeeper_domain::calendar::Cycle;
use boothkeeper_domain::{Amount, Entry, RunId};
use boothkeeper_tests::reference_model::{BankAnswer, HOUR, ReferenceModel};
use proptest::prelude::*;

use super::LEGACY;
use super::engine::Engine;

const COUPONS: [&str; 3] = ["Basic2Credits", "Basic2Free", "Pro4Free"];

#[derive(Debug, Clone)]
pub enum Step {
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

pub fn step() -> impl Strategy<Value = Step> {
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

/// Applies a step to the engine and to the model. Returns whether each of them accepted it.
pub fn apply_to_both(
    engine: &mut Engine,
    naive: &mut ReferenceModel,
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
                0 | 1 => BankAnswer::Approved,
                2 => BankAnswer::Declined,
                _ => BankAnswer::Nothing,
            };
            (engine.bank, naive.bank) = (says, says);
            (Ok(()), Ok(()))
        }
        Step::Answer(approved) => {
            let answer = match approved {
                true => ChargeOutcome::Approved,
                false => ChargeOutcome::Declined("card_declined".into()),
            };
            if let Some(pending) = engine.account.pending_fee.clone() {
                let payment = pending.attempt.payment;
                engine
                    .act(|a, c, now| apply_fee_outcome(a, c, &payment, &answer, now))
                    .unwrap();
            }
            // Purchases in the order they were started, which differs from the text order of payment ids.
            let mut waiting: Vec<_> = engine.account.purchases.clone().into_iter().collect();
            waiting.sort_by_key(|(_, pending)| pending.started);
            for (payment, _) in waiting {
                let answered = engine.act(|a, c, now| match &answer {
                    ChargeOutcome::Approved => purchase::confirm(a, c, &payment, now),
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
            // Engine and model both take the price from the catalog; the model does not compute prices.
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
            let closure = closure.map(|entry| UndoableEntry {
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
