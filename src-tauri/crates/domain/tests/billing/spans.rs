//! What a span has been charged, over changes of plan and of mind (`domain.md` §5).

use boothkeeper_domain::account::Life;
use boothkeeper_domain::billing::quote::{Change, quote};
use boothkeeper_domain::billing::{Answer, Refusal, plan};
use boothkeeper_domain::calendar::Cycle;
use boothkeeper_domain::catalog::Downgrade;
use boothkeeper_domain::findings::{FindingCode, Gathered, findings};
use boothkeeper_domain::{Body, Programme};

use super::world::{World, at, basic};

fn asked(world: &mut World, plan: &str, cycle: Cycle) -> Result<(), Refusal> {
    let target = plan::Target::plan(plan, Some(cycle));
    world.act(|a, c, now| plan::change(a, c, &target, now))
}

fn monthly(world: &mut World, plan: &str) {
    asked(world, plan, Cycle::Monthly).unwrap();
}

/// What the card has paid for changes of plan and renewals.
fn paid(world: &World) -> i64 {
    let charge = |body: &Body| match body {
        Body::RenewedByCard(renewed) => Some(renewed.charge.amount.minor()),
        Body::PlanChanged(changed) => Some(changed.charge.as_ref()?.amount.minor()),
        _ => None,
    };
    let charges = world.journal.iter().filter_map(|entry| charge(&entry.body));
    charges.sum()
}

/// Scenario 23.
#[test]
fn up_down_and_up_again_in_one_month_is_paid_once() {
    let mut world = basic(0, "2026-05-01T00:00:00Z");
    monthly(&mut world, "pro");
    assert_eq!(paid(&world), 5_000);
    monthly(&mut world, "basic");
    let requested = world.account.requested.clone().unwrap();
    assert_eq!((&*requested.plan, &*world.account.plan), ("basic", "pro"));
    monthly(&mut world, "pro");
    assert_eq!(world.account.requested, None);
    monthly(&mut world, "basic");
    world.until(at("2026-05-20T00:00:00Z"));
    monthly(&mut world, "pro");
    assert_eq!(paid(&world), 5_000);
    monthly(&mut world, "basic");
    world.until(at("2026-06-01T00:00:00Z"));
    assert_eq!((&*world.account.plan, paid(&world)), ("basic", 9_900));
}

#[test]
fn a_cloud_that_goes_down_at_once_does_not_charge_again_either() {
    let mut world = basic(0, "2026-05-01T00:00:00Z");
    world.catalog.policies.downgrade = Some(Downgrade::AtOnce);
    for _ in 0..3 {
        monthly(&mut world, "pro");
        monthly(&mut world, "basic");
        assert_eq!(world.account.plan, "basic");
    }
    assert_eq!(paid(&world), 5_000);
}

#[test]
fn who_comes_back_in_a_paid_month_pays_what_it_has_not() {
    let mut world = basic(0, "2026-05-01T00:00:00Z");
    world.until(at("2026-05-11T00:00:00Z"));
    monthly(&mut world, "payg");
    world.until(at("2026-05-16T12:00:00Z"));
    assert_eq!(
        asked(&mut world, "basic", Cycle::Annual),
        Err(Refusal::OtherCyclePaid)
    );
    monthly(&mut world, "basic");
    assert_eq!(paid(&world), 0);
    monthly(&mut world, "payg");
    // Half of the month is left: half of the difference.
    let target = plan::Target::plan("pro", None);
    let told = quote(
        &world.account,
        &world.catalog,
        &Change::Plan(target),
        world.now,
    );
    let told = told.unwrap().charge.unwrap().amount.minor();
    monthly(&mut world, "pro");
    assert_eq!((told, paid(&world)), (2_500, 2_500));
    let account = &world.account;
    assert_eq!(account.period.unwrap().end, at("2026-06-01T00:00:00Z"));
    assert_eq!(account.anchor, Some(at("2026-05-01T00:00:00Z")));
    // A month that is over was paid for nothing else.
    monthly(&mut world, "payg");
    world.until(at("2026-06-03T00:00:00Z"));
    monthly(&mut world, "basic");
    assert_eq!(paid(&world), 2_500 + 4_900);
    assert_eq!(world.account.anchor, Some(at("2026-06-03T00:00:00Z")));
}

#[test]
fn a_cancel_drops_what_was_asked_for_the_periods_end() {
    let mut world = basic(0, "2026-05-01T00:00:00Z");
    asked(&mut world, "basic", Cycle::Annual).unwrap();
    let from = world.journal.len();
    world.act(plan::cancel).unwrap();
    assert_eq!(world.kinds(from), ["plan_changed", "cancelled"]);
    assert_eq!(world.account.requested, None);
    // Where the period's end is the end, nothing takes effect there.
    let later = asked(&mut world, "basic", Cycle::Annual);
    assert_eq!(later, Err(Refusal::WrongState));
    world.act(plan::resume).unwrap();
    world.until(at("2026-06-01T00:00:00Z"));
    assert_eq!(
        (world.account.cycle, paid(&world)),
        (Some(Cycle::Monthly), 4_900)
    );
}

#[test]
fn a_studios_smaller_plan_grants_less_from_the_period_it_begins_in() {
    let mut world = World::new(
        Programme::Studio,
        "agency",
        Cycle::Monthly,
        0,
        "2026-05-01T00:00:00Z",
    );
    asked(&mut world, "freelancer", Cycle::Monthly).unwrap();
    assert_eq!(world.balance(), 1_500);
    world.until(at("2026-06-01T00:00:00Z"));
    assert_eq!((world.balance(), paid(&world)), (500, 2_900));
    // Left and come back to: the month's allowance is granted once.
    asked(&mut world, "legacy", Cycle::Monthly).unwrap();
    asked(&mut world, "freelancer", Cycle::Monthly).unwrap();
    assert_eq!((world.balance(), paid(&world)), (500, 2_900));
}

/// An end that is set is not moved: neither a year is charged after it, nor is it told within one.
#[test]
fn after_a_late_cancel_no_other_cycle_is_asked_for() {
    let mut world = basic(0, "2026-05-01T00:00:00Z");
    world.until(at("2026-05-31T12:00:00Z"));
    world.act(plan::cancel).unwrap();
    assert_eq!(world.account.cancel_at, Some(at("2026-07-01T00:00:00Z")));
    let annual = asked(&mut world, "basic", Cycle::Annual);
    assert_eq!(annual, Err(Refusal::WrongState));
}

/// What a cloud of before charged, and what a laptop foresees of it.
#[test]
fn catalog_that_does_not_say_goes_by_the_plan_that_is_on() {
    let mut world = basic(0, "2026-05-01T00:00:00Z");
    world.catalog.policies.downgrade = None;
    for _ in 0..2 {
        monthly(&mut world, "pro");
        monthly(&mut world, "basic");
    }
    assert_eq!(paid(&world), 10_000);
    // And it is found: also where only the second charge is looked at.
    let last = world.journal.iter().rposition(
        |entry| matches!(&entry.body, Body::PlanChanged(changed) if changed.charge.is_some()),
    );
    let gathered: Gathered = world.journal[last.unwrap()..].iter().cloned().collect();
    let (account, catalog) = (&world.account, &world.catalog);
    let found = findings(&gathered, account, catalog, &world.journal[..], world.now);
    let twice = found.iter().find(|f| f.code == FindingCode::ChargedTwice);
    assert_eq!(twice.unwrap().entries.len(), 2);
    // A pause began anew: a month within a month.
    monthly(&mut world, "payg");
    world.until(at("2026-05-11T00:00:00Z"));
    monthly(&mut world, "basic");
    assert_eq!(paid(&world), 10_000 + 4_900);
    let gathered: Gathered = world.journal.iter().cloned().collect();
    let (account, catalog) = (&world.account, &world.catalog);
    let found = findings(&gathered, account, catalog, &world.journal[..], world.now);
    let twice = found.iter().filter(|f| f.code == FindingCode::ChargedTwice);
    assert_eq!(twice.count(), 2);
}

/// Whatever a catalog has dropped, one can come back.
#[test]
fn plan_that_the_catalog_has_dropped_locks_nobody_out() {
    let mut world = basic(0, "2026-05-01T00:00:00Z");
    monthly(&mut world, "payg");
    world.catalog.plans.retain(|plan| plan.code != "basic");
    monthly(&mut world, "pro");
    assert_eq!((&*world.account.plan, paid(&world)), ("pro", 9_900));
}

#[test]
fn request_does_not_outlive_the_account() {
    let mut world = basic(0, "2026-05-01T00:00:00Z");
    asked(&mut world, "basic", Cycle::Annual).unwrap();
    world.card = Answer::Declined("card_declined".into());
    world.until(at("2026-07-15T00:00:00Z"));
    assert_eq!(world.account.life, Life::Closed);
    assert_eq!(world.account.requested, None);
}

/// A studio's annual plan left in the middle: the months that follow are granted less, and nothing is missing.
#[test]
fn month_after_a_pause_within_a_year_is_as_the_table_says() {
    let since = "2026-01-10T08:00:00Z";
    let legacy = ["branding_app"];
    let cycle = Some(Cycle::Annual);
    let mut world = World::with_legacy(Programme::Studio, "freelancer", cycle, 40, since, &legacy);
    world.until(at("2026-03-20T00:00:00Z"));
    asked(&mut world, "legacy", Cycle::Monthly).unwrap();
    for day in ["2026-03-25T00:00:00Z", "2026-05-20T00:00:00Z"] {
        world.until(at(day));
        let gathered = Gathered::default();
        let (account, catalog) = (&world.account, &world.catalog);
        let found = findings(&gathered, account, catalog, &world.journal[..], world.now);
        let wrong = found
            .iter()
            .find(|f| f.code == FindingCode::AllowanceMismatch);
        assert_eq!(wrong, None, "{day}");
    }
    assert_eq!(world.balance(), 40 + 208);
}
