//! Accounts for the tests of findings: in each, something was bought, run, redeemed or changed.

use boothkeeper_domain::account::Payer;
use boothkeeper_domain::billing::{ChargeOutcome, Refusal, plan, purchase, support};
use boothkeeper_domain::calendar::Cycle;
use boothkeeper_domain::{Amount, Programme, Timestamp};

use crate::world::{DAY, World};

const SINCE: &str = "2026-01-10T08:00:00Z";
pub const MINUTE: i64 = 60_000;

pub fn basic(balance: i32) -> World {
    World::new(Programme::Booth, "basic", Cycle::Monthly, balance, SINCE)
}

pub fn freelancer() -> World {
    World::new(Programme::Studio, "freelancer", Cycle::Monthly, 40, SINCE)
}

pub fn with(mut world: World, does: impl FnOnce(&mut World)) -> World {
    does(&mut world);
    world
}

/// The same journal, read at another time. This is what a laptop's copy shows if the cloud has added nothing.
pub fn read_at(world: World, at: Timestamp) -> World {
    World { now: at, ..world }
}

pub fn period_end(world: &World) -> Timestamp {
    world.account.period.unwrap().end
}

pub fn paid_by(first: Payer, fallback: bool, card: ChargeOutcome) -> World {
    with(basic(16_000), |world| {
        world.order(first, fallback);
        world.card = card;
        world.until(period_end(world).plus(DAY));
    })
}

pub fn declined() -> ChargeOutcome {
    ChargeOutcome::Declined("card_declined".into())
}

pub fn bought(minutes: i64, earlier: i64) -> World {
    with(basic(0), |world| {
        world.card = ChargeOutcome::Pending;
        world
            .act(|a, c, now| purchase::start(a, c, Amount::of(10_000), now))
            .unwrap();
        world.pass(minutes * MINUTE - earlier);
    })
}

pub fn redeemed(minutes: i64, earlier: i64) -> World {
    let annual = World::new(Programme::Booth, "basic", Cycle::Annual, 0, SINCE);
    with(annual, |world| {
        let redeem = |a: &_, c: &_, now| plan::redeem(a, c, "Basic2Free", now);
        world.act(redeem).unwrap();
        world.pass(minutes * MINUTE - earlier);
    })
}

pub fn to_annual() -> World {
    with(freelancer(), |world| {
        let annual = plan::Target::plan("freelancer", Some(Cycle::Annual));
        world
            .act(|a, c, now| plan::change(a, c, &annual, now))
            .unwrap();
    })
}

pub fn ran(world: World, service: &str, count: usize, apart: i64) -> World {
    with(world, |world| {
        for _ in 0..count {
            world.run(service).unwrap();
            world.pass(apart);
        }
    })
}

pub fn upgraded() -> World {
    with(basic(0), |world| {
        let pro = plan::Target::plan("pro", Some(Cycle::Monthly));
        world
            .act(|a, c, now| plan::change(a, c, &pro, now))
            .unwrap();
    })
}

/// An account whose renewal was paid from bonus credits.
pub fn paid_from_gift() -> World {
    with(basic(0), |world| {
        let gift = Amount::of(9_000);
        world
            .act(|a, c, now| support::bonus(a, c, gift, now))
            .unwrap();
        world.order(Payer::Credits, true);
        world.until(period_end(world).plus(DAY));
    })
}

pub fn failed_run() -> World {
    with(ran(basic(1_000), "draw_me", 1, 0), |world| {
        world.fail().unwrap();
    })
}

pub fn legacy_used_up() -> World {
    let legacy = ["branding_app"];
    let programme = Programme::Studio;
    let world = World::with_legacy(programme, "legacy", None, 200, SINCE, &legacy);
    with(world, |world| {
        let refused = loop {
            if let Err(refused) = world.run("basic_image_hd") {
                break refused;
            }
        };
        assert!(matches!(refused, Refusal::DailyLimitReached { .. }));
    })
}

pub fn recharging(balance: i32, card: ChargeOutcome) -> World {
    with(basic(balance), |world| {
        world.card = card;
        world
            .act(|a, c, now| purchase::set_auto_recharge(a, c, true, now))
            .unwrap();
    })
}

pub fn adjusted(reason: Option<&str>) -> World {
    with(basic(1_000), |world| {
        let reason = reason.map(str::to_owned);
        world
            .act(|a, c, now| support::adjust(a, c, Amount::of(-300), reason, now))
            .unwrap();
    })
}
