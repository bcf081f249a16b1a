//! What the card is charged for one period over repeated plan changes, cancellations and pauses (`domain.md` §5).

use boothkeeper_domain::account::Life;
use boothkeeper_domain::billing::quote::{Change, quote};
use boothkeeper_domain::billing::{ChargeOutcome, Refusal, plan};
use boothkeeper_domain::calendar::Cycle;
use boothkeeper_domain::catalog::Downgrade;
use boothkeeper_domain::findings::{FindingCode, Tally, findings};
use boothkeeper_domain::{Body, Programme};

use super::world::{World, at, basic};

fn change_plan(world: &mut World, plan: &str, cycle: Cycle) -> Result<(), Refusal> {
    let target = plan::Target::plan(plan, Some(cycle));
    world.act(|a, c, now| plan::change(a, c, &target, now))
}

/// Changes to a plan in the monthly cycle, which must be accepted.
fn monthly(world: &mut World, plan: &str) {
    change_plan(world, plan, Cycle::Monthly).unwrap();
}

/// The sum that the card has paid for plan changes and renewals, in cents.
fn paid(world: &World) -> i64 {
    let charge = |body: &Body| match body {
        Body::RenewedByCard(renewed) => Some(renewed.charge.amount.minor()),
        Body::PlanChanged(changed) => Some(changed.charge.as_ref()?.amount.minor()),
        _ => None,
    };
    let charges = world.journal.iter().filter_map(|entry| charge(&entry.body));
    charges.sum()
}

/// Scenario 23: plan up, down and up again within one month; the upgrade is paid only the first time.
#[test]
fn repeated_upgrade_within_one_month_is_paid_once() {
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
fn repeated_upgrade_is_paid_once_if_downgrades_are_immediate() {
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
fn return_to_a_plan_within_a_paid_month_costs_only_the_unpaid_part() {
    let mut world = basic(0, "2026-05-01T00:00:00Z");
    world.until(at("2026-05-11T00:00:00Z"));
    monthly(&mut world, "payg");
    world.until(at("2026-05-16T12:00:00Z"));
    assert_eq!(
        change_plan(&mut world, "basic", Cycle::Annual),
        Err(Refusal::OtherCyclePaid)
    );
    monthly(&mut world, "basic");
    assert_eq!(paid(&world), 0);
    monthly(&mut world, "payg");
    // Half of the month is left, so half of the difference is charged.
    let target = plan::Target::plan("pro", None);
    let quoted = quote(
        &world.account,
        &world.catalog,
        &Change::Plan(target),
        world.now,
    );
    let quoted = quoted.unwrap().charge.unwrap().amount.minor();
    monthly(&mut world, "pro");
    assert_eq!((quoted, paid(&world)), (2_500, 2_500));
    let account = &world.account;
    assert_eq!(account.period.unwrap().end, at("2026-06-01T00:00:00Z"));
    assert_eq!(account.anchor, Some(at("2026-05-01T00:00:00Z")));
    // After the end of the paid month a whole fee is charged.
    monthly(&mut world, "payg");
    world.until(at("2026-06-03T00:00:00Z"));
    monthly(&mut world, "basic");
    assert_eq!(paid(&world), 2_500 + 4_900);
    assert_eq!(world.account.anchor, Some(at("2026-06-03T00:00:00Z")));
}

#[test]
fn cancel_drops_the_plan_change_requested_for_the_period_end() {
    let mut world = basic(0, "2026-05-01T00:00:00Z");
    change_plan(&mut world, "basic", Cycle::Annual).unwrap();
    let from = world.journal.len();
    world.act(plan::cancel).unwrap();
    assert_eq!(world.kinds(from), ["plan_changed", "cancelled"]);
    assert_eq!(world.account.requested, None);
    // A cancelled plan ends at the period's end, so no other plan can start there.
    let later = change_plan(&mut world, "basic", Cycle::Annual);
    assert_eq!(later, Err(Refusal::WrongState));
    world.act(plan::resume).unwrap();
    world.until(at("2026-06-01T00:00:00Z"));
    assert_eq!(
        (world.account.cycle, paid(&world)),
        (Some(Cycle::Monthly), 4_900)
    );
}

#[test]
fn studio_downgrade_grants_less_from_the_period_in_which_it_starts() {
    let mut world = World::new(
        Programme::Studio,
        "agency",
        Cycle::Monthly,
        0,
        "2026-05-01T00:00:00Z",
    );
    change_plan(&mut world, "freelancer", Cycle::Monthly).unwrap();
    assert_eq!(world.balance(), 1_500);
    world.until(at("2026-06-01T00:00:00Z"));
    assert_eq!((world.balance(), paid(&world)), (500, 2_900));
    // Leaving the plan and returning to it does not grant the month's allowance again.
    change_plan(&mut world, "legacy", Cycle::Monthly).unwrap();
    change_plan(&mut world, "freelancer", Cycle::Monthly).unwrap();
    assert_eq!((world.balance(), paid(&world)), (500, 2_900));
}

/// A change to the annual cycle would move the period end at which the cancelled plan ends.
#[test]
fn billing_cycle_change_after_a_late_cancellation_is_refused() {
    let mut world = basic(0, "2026-05-01T00:00:00Z");
    world.until(at("2026-05-31T12:00:00Z"));
    world.act(plan::cancel).unwrap();
    assert_eq!(world.account.cancel_at, Some(at("2026-07-01T00:00:00Z")));
    let annual = change_plan(&mut world, "basic", Cycle::Annual);
    assert_eq!(annual, Err(Refusal::WrongState));
}

/// An older cloud has no downgrade policy. The laptop must predict its charges, and report charges for what was already
/// paid.
#[test]
fn upgrade_under_a_catalog_without_downgrade_policy_is_charged_by_the_current_plan() {
    let mut world = basic(0, "2026-05-01T00:00:00Z");
    world.catalog.policies.downgrade = None;
    for _ in 0..2 {
        monthly(&mut world, "pro");
        monthly(&mut world, "basic");
    }
    assert_eq!(paid(&world), 10_000);
    // The double charge is found even if only the second charge is in the tally.
    let last = world.journal.iter().rposition(
        |entry| matches!(&entry.body, Body::PlanChanged(changed) if changed.charge.is_some()),
    );
    let gathered: Tally = world.journal[last.unwrap()..].iter().cloned().collect();
    let (account, catalog) = (&world.account, &world.catalog);
    let found = findings(&gathered, account, catalog, &world.journal[..], world.now);
    let twice = found.iter().find(|f| f.code == FindingCode::ChargedTwice);
    assert_eq!(twice.unwrap().entries.len(), 2);
    // After a pause the older cloud starts a new month within the paid one.
    monthly(&mut world, "payg");
    world.until(at("2026-05-11T00:00:00Z"));
    monthly(&mut world, "basic");
    assert_eq!(paid(&world), 10_000 + 4_900);
    let gathered: Tally = world.journal.iter().cloned().collect();
    let (account, catalog) = (&world.account, &world.catalog);
    let found = findings(&gathered, account, catalog, &world.journal[..], world.now);
    let twice = found.iter().filter(|f| f.code == FindingCode::ChargedTwice);
    assert_eq!(twice.count(), 2);
}

#[test]
fn account_that_paid_for_a_plan_removed_from_the_catalog_can_change_plan() {
    let mut world = basic(0, "2026-05-01T00:00:00Z");
    monthly(&mut world, "payg");
    world.catalog.plans.retain(|plan| plan.code != "basic");
    monthly(&mut world, "pro");
    assert_eq!((&*world.account.plan, paid(&world)), ("pro", 9_900));
}

#[test]
fn plan_request_is_dropped_when_the_account_closes() {
    let mut world = basic(0, "2026-05-01T00:00:00Z");
    change_plan(&mut world, "basic", Cycle::Annual).unwrap();
    world.card = ChargeOutcome::Declined("card_declined".into());
    world.until(at("2026-07-15T00:00:00Z"));
    assert_eq!(world.account.life, Life::Closed);
    assert_eq!(world.account.requested, None);
}

/// A studio leaves its annual plan within the year. The later months are granted less, which must not be reported as a
/// wrong allowance.
#[test]
fn allowance_after_a_pause_within_a_paid_year_matches_the_catalog() {
    let since = "2026-01-10T08:00:00Z";
    let legacy = ["branding_app"];
    let cycle = Some(Cycle::Annual);
    let mut world = World::with_legacy(Programme::Studio, "freelancer", cycle, 40, since, &legacy);
    world.until(at("2026-03-20T00:00:00Z"));
    change_plan(&mut world, "legacy", Cycle::Monthly).unwrap();
    for day in ["2026-03-25T00:00:00Z", "2026-05-20T00:00:00Z"] {
        world.until(at(day));
        let gathered = Tally::default();
        let (account, catalog) = (&world.account, &world.catalog);
        let found = findings(&gathered, account, catalog, &world.journal[..], world.now);
        let wrong = found
            .iter()
            .find(|f| f.code == FindingCode::AllowanceMismatch);
        assert_eq!(wrong, None, "{day}");
    }
    assert_eq!(world.balance(), 40 + 208);
}
