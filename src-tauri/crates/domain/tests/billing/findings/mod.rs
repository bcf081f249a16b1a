//! For each finding: an example account that raises it, a similar counterexample that must not, and the entries that
//! prove the finding.

mod accounts;

use boothkeeper_domain::account::Payer;
use boothkeeper_domain::billing::{ChargeOutcome, plan};
use boothkeeper_domain::calendar::Cycle;
use boothkeeper_domain::findings::{Finding, FindingCode, NextStep, findings};
use boothkeeper_domain::{Amount, Programme};

use super::world::{DAY, World, at};
use accounts::{
    MINUTE, adjusted, basic, bought, declined, failed_run, freelancer, legacy_used_up, paid_by,
    paid_from_gift, period_end, ran, read_at, recharging, redeemed, to_annual, upgraded, with,
};

/// Number of finding codes: the discriminant of the last code plus 1.
const CODES: usize = FindingCode::Diverged as usize + 1;
const ALL: [FindingCode; CODES] = {
    use FindingCode::*;
    [
        RenewalPaidFromCredits,
        PurchaseProcessing,
        PurchaseOverdue,
        RunFailedNotRefunded,
        RunRefunded,
        CouponBonusPending,
        CouponBonusOverdue,
        PlanChangePending,
        PlanChangeOverdue,
        AllowanceNotDueYet,
        AllowanceMissing,
        AllowanceMismatch,
        DailyLimitReached,
        RepeatedRuns,
        PremiumSpike,
        AutoRechargeFired,
        AutoRechargeFailed,
        AutoRechargeExpected,
        CardDeclined,
        CardExpiring,
        ChargedToCard,
        ChargedTwice,
        CancelLeadsToClosure,
        GraceRunning,
        AccountClosed,
        LowRunway,
        Unexplained,
        Diverged,
    ]
};

struct Case {
    raised: World,
    counterexample: World,
    /// Kinds of the entries that prove the finding, in order.
    evidence: Vec<&'static str>,
    amount: Option<i32>,
    step: Option<NextStep>,
}

impl Case {
    fn new(raised: World, counterexample: World, evidence: &[&'static str]) -> Self {
        let evidence = evidence.to_vec();
        let (amount, step) = (None, None);
        Case {
            raised,
            counterexample,
            evidence,
            amount,
            step,
        }
    }

    fn amount(mut self, minor: i32) -> Self {
        self.amount = Some(minor);
        self
    }

    fn step(mut self, step: NextStep) -> Self {
        self.step = Some(step);
        self
    }
}

fn findings_of(world: &World) -> Vec<Finding> {
    let World {
        journal,
        account,
        catalog,
        now,
        ..
    } = world;
    let gathered = journal.iter().cloned().collect();
    findings(&gathered, account, catalog, &journal[..], *now)
}

fn case(code: FindingCode) -> Option<Case> {
    use FindingCode::*;
    Some(match code {
        RenewalPaidFromCredits => Case::new(
            paid_by(Payer::Credits, true, ChargeOutcome::Approved),
            paid_by(Payer::Card, true, ChargeOutcome::Approved),
            &["renewal"],
        )
        .amount(4_900)
        .step(NextStep::ChangePaymentOrder),
        CardDeclined => Case::new(
            paid_by(Payer::Card, true, declined()),
            paid_by(Payer::Credits, true, declined()),
            &["payment_failed"],
        )
        .step(NextStep::ReplaceCard),
        PurchaseProcessing => Case::new(bought(10, 1), bought(10, 0), &["purchase_started"])
            .amount(10_000)
            .step(NextStep::Wait),
        PurchaseOverdue => Case::new(bought(10, 0), bought(10, 1), &["purchase_started"])
            .amount(10_000)
            .step(NextStep::Dispute),
        RunFailedNotRefunded => {
            let refunded = with(failed_run(), |world| world.refund().unwrap());
            Case::new(failed_run(), refunded, &["usage", "run_failed"])
                .amount(20)
                .step(NextStep::Dispute)
        }
        RunRefunded => {
            let refunded = with(failed_run(), |world| world.refund().unwrap());
            Case::new(refunded, failed_run(), &["usage", "usage_refund"]).amount(20)
        }
        CouponBonusPending => Case::new(redeemed(10, 1), redeemed(10, 0), &["coupon_redeemed"])
            .amount(10_000)
            .step(NextStep::Wait),
        CouponBonusOverdue => Case::new(redeemed(10, 0), redeemed(10, 1), &["coupon_redeemed"])
            .amount(10_000)
            .step(NextStep::Dispute),
        PlanChangePending => {
            Case::new(to_annual(), freelancer(), &["plan_change_requested"]).step(NextStep::Wait)
        }
        PlanChangeOverdue => {
            let due = period_end(&to_annual()).plus(DAY);
            let (late, in_time) = (
                read_at(to_annual(), due),
                read_at(to_annual(), due.plus(-1)),
            );
            Case::new(late, in_time, &["plan_change_requested"]).step(NextStep::Dispute)
        }
        AllowanceNotDueYet => {
            let due = freelancer().account.refresh_at.unwrap();
            let late = read_at(freelancer(), due);
            Case::new(read_at(freelancer(), due.plus(-1)), late, &["allowance"])
                .amount(500)
                .step(NextStep::Wait)
        }
        AllowanceMissing => {
            let due = freelancer().account.refresh_at.unwrap();
            let early = read_at(freelancer(), due.plus(-1));
            Case::new(read_at(freelancer(), due), early, &["allowance"])
                .amount(500)
                .step(NextStep::Dispute)
        }
        AllowanceMismatch => {
            // The rules never grant less than the catalog says, so the state is altered here.
            let short = with(freelancer(), |world| {
                world.account.granted = Amount::of(450)
            });
            Case::new(short, freelancer(), &["allowance"])
                .amount(-50)
                .step(NextStep::Dispute)
        }
        DailyLimitReached => {
            let tomorrow = read_at(legacy_used_up(), at("2026-01-11T00:00:00Z"));
            Case::new(legacy_used_up(), tomorrow, &["usage"; 15])
                .amount(75)
                .step(NextStep::Wait)
        }
        RepeatedRuns => Case::new(
            ran(basic(1_000), "draw_me", 8, 250),
            ran(basic(1_000), "draw_me", 8, 10_000),
            &["usage"; 8],
        )
        .amount(160)
        .step(NextStep::LookAtRows),
        PremiumSpike => {
            let evening = || ran(basic(9_000), "background_removal", 30, 10 * MINUTE);
            let spike = ran(evening(), "headshot_elite", 12, 10 * MINUTE);
            let few = ran(evening(), "headshot_elite", 9, 10 * MINUTE);
            Case::new(spike, few, &["usage"; 12])
                .amount(768)
                .step(NextStep::LookAtRows)
        }
        AutoRechargeFired => Case::new(
            ran(recharging(1_010, ChargeOutcome::Approved), "draw_me", 1, 0),
            ran(recharging(1_030, ChargeOutcome::Approved), "draw_me", 1, 0),
            &["auto_recharge"],
        )
        .amount(10_000),
        AutoRechargeFailed => Case::new(
            ran(recharging(1_010, declined()), "draw_me", 1, 0),
            ran(recharging(1_030, declined()), "draw_me", 1, 0),
            &["auto_recharge_failed"],
        )
        .step(NextStep::ReplaceCard),
        AutoRechargeExpected => {
            let credits_first = |balance| {
                with(recharging(balance, ChargeOutcome::Approved), |world| {
                    world.order(Payer::Credits, true);
                })
            };
            let (low, enough) = (credits_first(5_500), credits_first(6_000));
            Case::new(low, enough, &["auto_recharge_changed"]).amount(10_000)
        }
        CardExpiring => {
            let since = |day| World::new(Programme::Booth, "basic", Cycle::Monthly, 0, day);
            let soon = since("2060-12-10T08:00:00Z");
            Case::new(soon, since("2060-11-10T08:00:00Z"), &["opened"]).step(NextStep::ReplaceCard)
        }
        ChargedToCard => {
            let renewed = |first| {
                with(basic(0), |world| {
                    world.order(first, true);
                    world.until(period_end(world).plus(DAY));
                })
            };
            let from_credits = paid_from_gift();
            Case::new(renewed(Payer::Card), from_credits, &["renewed_by_card"])
                .step(NextStep::CompareStatement)
        }
        ChargedTwice => {
            // The rules never charge twice, but an older cloud did, so the entry of the charge is copied here.
            let twice = with(upgraded(), |world| {
                let mut again = world.journal.last().unwrap().clone();
                again.seq = again.seq.next();
                world.journal.push(again);
            });
            Case::new(twice, upgraded(), &["plan_changed", "plan_changed"]).step(NextStep::Dispute)
        }
        CancelLeadsToClosure => {
            let cancelled = || with(basic(8_000), |world| world.act(plan::cancel).unwrap());
            let resumed = with(cancelled(), |world| world.act(plan::resume).unwrap());
            Case::new(cancelled(), resumed, &["cancelled"])
                .amount(8_000)
                .step(NextStep::Pause)
        }
        GraceRunning => Case::new(
            paid_by(Payer::Card, false, declined()),
            paid_by(Payer::Card, true, declined()),
            &["grace_started"],
        )
        .amount(16_000)
        .step(NextStep::PayNow),
        AccountClosed => {
            let lapsed = |days, earlier: i64| {
                let world = paid_by(Payer::Card, false, declined());
                let ended = period_end(&world).plus(days * DAY - earlier);
                with(world, |world| world.until(ended))
            };
            Case::new(lapsed(30, 0), lapsed(30, 1), &["closure"]).step(NextStep::Dispute)
        }
        Unexplained => Case::new(
            adjusted(None),
            adjusted(Some("double booking")),
            &["adjustment"],
        )
        .amount(-300)
        .step(NextStep::Dispute),
        // The app raises these two findings, because they need event names and the cloud's newest entry.
        LowRunway | Diverged => return None,
    })
}

#[test]
fn each_finding_is_raised_by_its_example_account_and_not_by_its_counterexample() {
    for code in ALL {
        let Some(case) = case(code) else { continue };
        let found = findings_of(&case.raised);
        let of_code: Vec<_> = found.iter().filter(|f| f.code == code).collect();
        let [finding] = of_code[..] else {
            panic!("{code:?}: {found:#?}");
        };
        let kind = |seq: &boothkeeper_domain::Seq| {
            let mut journal = case.raised.journal.iter();
            journal.find(|e| e.seq == *seq).unwrap().body.name()
        };
        let evidence: Vec<_> = finding.entries.iter().map(kind).collect();
        assert_eq!(evidence, case.evidence, "{code:?}");
        if let Some(amount) = case.amount {
            assert_eq!(finding.amount, Some(Amount::of(amount)), "{code:?}");
        }
        if let Some(step) = case.step {
            assert_eq!(finding.action, Some(step), "{code:?}");
        }
        let in_counterexample = findings_of(&case.counterexample);
        let wrong = in_counterexample.iter().find(|f| f.code == code);
        assert_eq!(wrong, None, "{code:?} in its counterexample");
    }
}

/// Scenario 6: the decline that led to a renewal from credits is part of its evidence.
#[test]
fn finding_on_a_renewal_from_credits_cites_the_card_decline_and_the_renewal() {
    let world = paid_by(Payer::Card, true, declined());
    let renewal = { findings_of(&world).into_iter() }
        .find(|f| f.code == FindingCode::RenewalPaidFromCredits)
        .unwrap();
    let kinds = world.kinds(renewal.entries[0].0 as usize - 1);
    assert_eq!(kinds[..2], ["payment_failed", "renewal"]);
    assert_eq!(renewal.entries.len(), 2);
}
