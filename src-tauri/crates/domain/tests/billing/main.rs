//! Tests of the billing rules: named scenarios of an account's life, and random lives.

mod findings;
mod life;
mod spans;
mod world;
mod years;

use boothkeeper_domain::account::{Life, Payer, PaymentOrder};
use boothkeeper_domain::billing::forecast::{self, Outcome};
use boothkeeper_domain::billing::support::UndoableEntry;
use boothkeeper_domain::billing::{ChargeOutcome, Refusal, plan, purchase, quote, support, time};
use boothkeeper_domain::calendar::Cycle;
use boothkeeper_domain::{Account, Amount, Bucket, Catalog, Programme};

use world::{DAY, World, at, basic, origins};

/// A renewal's card charge has no entry until the processor answers, so a purchase can start at the same seq in the
/// meantime.
#[test]
fn fee_and_purchase_started_at_the_same_journal_position_have_different_payment_ids() {
    let world = World::new(
        Programme::Booth,
        "basic",
        Cycle::Monthly,
        9_000,
        "2026-01-10T08:00:00Z",
    );
    let due = at("2026-02-10T08:00:00Z");
    let (account, catalog) = (&world.account, &world.catalog);
    let fee = time::run_due_action(account, catalog, time::DueAction::PeriodEnd, due).unwrap();
    let bought = purchase::start(account, catalog, Amount::of(5_000), due).unwrap();
    assert!(fee.entries.is_empty(), "{fee:?}");
    assert_ne!(fee.charges[0].payment, bought.charges[0].payment);
}

/// Scenario 1: renewals at month ends do not drift.
#[test]
fn renewals_of_an_account_opened_on_day_31_fall_on_the_ends_of_short_months() {
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

/// Scenario 5: the credits do not cover the fee.
#[test]
fn fee_above_the_balance_takes_no_credits_and_is_not_split() {
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

/// Scenario 6: the card declines and credits pay.
#[test]
fn renewal_with_declined_card_is_paid_from_credits_and_the_decline_is_recorded() {
    let mut world = basic(16_000, "2026-01-01T00:00:00Z");
    world.card = ChargeOutcome::Declined("card_declined".into());
    let from = world.journal.len();
    world.until(at("2026-02-01T00:00:00Z"));
    assert_eq!(world.kinds(from), ["payment_failed", "renewal"]);
    assert_eq!(world.balance(), 11_100);
}

/// Scenario 7: the payment order is credits first.
#[test]
fn renewal_with_credits_first_is_paid_from_credits_as_previewed() {
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

/// Scenarios 2 and 13: the operator does nothing, and grace ends at the exact hour.
#[test]
fn lapsed_account_closes_at_the_end_of_grace_and_loses_all_credits() {
    let mut world = basic(5_000, "2026-02-01T00:00:00Z");
    world.card = ChargeOutcome::Declined("card_declined".into());
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

    let entry = world.journal.last().unwrap().clone();
    let origins = origins(&world.journal, &entry);
    let closures = [UndoableEntry { entry, origins }];
    world
        .act(|a, c, now| support::restore(a, c, &closures, now))
        .unwrap();
    // Credits that the closure took, and that restoring the account gives back, keep their source.
    let buckets = world.account.buckets();
    assert_eq!(buckets[0].kind, Bucket::Purchased);
    assert_eq!((world.account.life, world.balance()), (Life::Active, 5_000));
    assert_eq!(world.account.plan, "payg");
}

#[test]
fn closed_account_restored_by_support_is_on_the_plan_without_a_fee_of_the_catalog() {
    for (code, kinds) in [
        ("payg", vec!["restored", "reversal"]),
        ("free", vec!["restored", "plan_changed", "reversal"]),
    ] {
        let mut world = basic(5_000, "2026-02-01T00:00:00Z");
        for plan in &mut world.catalog.plans {
            if plan.monthly.is_none() && plan.annual.is_none() {
                plan.code = code.to_owned();
            }
        }
        world.act(plan::cancel).unwrap();
        world.until(at("2026-04-30T00:00:00Z"));
        assert_eq!(world.account.life, Life::Closed);
        let entry = world.journal.last().unwrap().clone();
        let origins = origins(&world.journal, &entry);
        let closures = [UndoableEntry { entry, origins }];
        let from = world.journal.len();
        world
            .act(|a, c, now| support::restore(a, c, &closures, now))
            .unwrap();
        assert_eq!(world.kinds(from), kinds);
        let account = &world.account;
        assert_eq!((account.plan.as_str(), account.cycle), (code, None));
        assert_eq!((account.life, world.balance()), (Life::Active, 5_000));
    }
}

/// Scenario 19: a fee paid late in grace is one fee and keeps the billing day.
#[test]
fn payment_in_grace_pays_for_the_billing_period_that_contains_the_payment() {
    let mut world = basic(0, "2026-01-15T00:00:00Z");
    world.card = ChargeOutcome::Declined("card_declined".into());
    world.until(at("2026-03-16T00:00:00Z"));
    assert_eq!(world.account.life, Life::Grace);
    world.card = ChargeOutcome::Approved;
    let from = world.journal.len();
    world
        .act(|a, c, now| plan::pay_now(a, c, Payer::Card, now))
        .unwrap();
    assert_eq!(world.kinds(from), ["renewed_by_card", "reactivated"]);
    let period = world.account.period.unwrap();
    assert_eq!(period.start, at("2026-03-15T00:00:00Z"));
    assert_eq!(period.end, at("2026-04-15T00:00:00Z"));
}

/// Scenario 22: while a charge has no answer, no other payer is tried.
#[test]
fn pending_card_charge_blocks_payment_from_credits_until_confirmed_or_void() {
    let mut world = basic(16_000, "2026-01-01T00:00:00Z");
    world.card = ChargeOutcome::Pending;
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
        card: ChargeOutcome::Approved,
        now: at("2026-02-01T03:00:00Z"),
        runs: 0,
    };
    let payment = pending.attempt.payment.clone();
    let confirm = |a: &Account, c: &Catalog, now| {
        boothkeeper_domain::billing::apply_fee_outcome(
            a,
            c,
            &payment,
            &ChargeOutcome::Approved,
            now,
        )
    };
    confirmed.act(confirm).unwrap();
    assert_eq!(confirmed.kinds(0), ["renewed_by_card"]);
    assert_eq!(
        confirmed.act(confirm),
        Err(Refusal::PaymentSettled),
        "a repeated confirmation must be refused"
    );

    let from = world.journal.len();
    world.until(at("2026-02-02T00:00:00Z"));
    assert_eq!(world.kinds(from), ["payment_failed", "renewal"]);
    assert_eq!(world.balance(), 11_100);
}

/// Scenario 12: a pause of more than a year loses only the events that the quote listed.
#[test]
fn pause_keeps_all_credits_and_its_quote_lists_the_deleted_events() {
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

/// Scenario 4: the old allowance expires, a new one is granted, and bought credits stay.
#[test]
fn rest_of_an_allowance_expires_when_the_next_is_granted_on_the_billing_day() {
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
fn allowances_of_legacy_products_add_up_and_a_new_product_counts_at_once() {
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

#[test]
fn cancellation_less_than_a_day_before_the_period_end_takes_effect_one_period_later() {
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
        "grace after a cancellation must not charge anything"
    );
}

/// An upgrade costs the price difference for the rest of the period.
#[test]
fn upgrade_is_prorated_and_a_declined_upgrade_changes_nothing() {
    let mut world = basic(1_000, "2026-04-01T00:00:00Z");
    world.until(at("2026-04-16T00:00:00Z"));
    world.card = ChargeOutcome::Declined("card_declined".into());
    let upgrade = |a: &Account, c: &Catalog, now| {
        plan::change(a, c, &plan::Target::plan("pro", Some(Cycle::Monthly)), now)
    };
    let before = world.account.clone();
    assert_eq!(world.act(upgrade), Err(Refusal::CardDeclined));
    assert_eq!(world.account, before);
    world.card = ChargeOutcome::Approved;
    world.act(upgrade).unwrap();
    let boothkeeper_domain::Body::PlanChanged(changed) = &world.journal.last().unwrap().body else {
        panic!("the last entry is not a plan change");
    };
    assert_eq!(changed.charge.as_ref().unwrap().amount.minor(), 2_500);
    assert_eq!(world.account.plan, "pro");
    assert_eq!(world.account.period, before.period);
}

/// Scenario 11: a coupon's free months lower the first fee, and its bonus is spendable only after activation.
#[test]
fn coupon_is_redeemable_once_and_only_on_its_plan_and_its_bonus_waits_until_support_activates_it() {
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
        panic!("the last entry is not a renewal");
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
