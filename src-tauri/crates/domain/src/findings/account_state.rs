//! Findings about the account's current state.

use super::{Finding, FindingCode, NextStep, Severity};
use crate::account::Life;
use crate::billing::run::daily_limit;
use crate::billing::{allowance, forecast};
use crate::time::{DAY, MINUTE};
use crate::{Account, Amount, Catalog, Timestamp};

/// Findings that follow from the account's state alone. `entries` is filled only for pending purchases and coupon
/// bonuses; the caller looks up the entries that prove the other findings.
pub fn account_state_findings(
    account: &Account,
    catalog: &Catalog,
    now: Timestamp,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let overdue_after = i64::from(catalog.policies.purchase_overdue_minutes) * MINUTE;
    let mut waiting = |codes: [FindingCode; 2], since: Timestamp, seq, amount| {
        let due = since.plus(overdue_after);
        let late = now >= due;
        let (severity, action) = match late {
            true => (Severity::Warn, NextStep::Dispute),
            false => (Severity::Info, NextStep::Wait),
        };
        let finding = Finding::new(codes[usize::from(late)], severity, action);
        findings.push(finding.of([seq], amount, since).until(due));
    };
    for purchase in account.purchases.values() {
        let codes = [
            FindingCode::PurchaseProcessing,
            FindingCode::PurchaseOverdue,
        ];
        waiting(codes, purchase.at, purchase.started, purchase.amount);
    }
    for bonus in account.bonuses.values() {
        let codes = [
            FindingCode::CouponBonusPending,
            FindingCode::CouponBonusOverdue,
        ];
        waiting(codes, bonus.at, bonus.redeemed, bonus.amount);
    }
    let mut say = |code, severity, action, amount: Option<Amount>, deadline| {
        findings.push(Finding {
            amount,
            deadline,
            ..Finding::new(code, severity, action)
        });
    };
    let ends = account.period.map(|period| period.end);
    // In grace a requested change waits for the payment that ends grace, so it cannot be late.
    if account.requested.is_some() && account.life == Life::Active {
        let due = ends.map(|ends| ends.plus(DAY));
        let (code, severity, action) = match due.is_some_and(|due| now >= due) {
            true => (
                FindingCode::PlanChangeOverdue,
                Severity::Warn,
                NextStep::Dispute,
            ),
            false => (
                FindingCode::PlanChangePending,
                Severity::Info,
                NextStep::Wait,
            ),
        };
        say(code, severity, action, None, ends);
    }
    let monthly = allowance::monthly(account, catalog).ok();
    let monthly = monthly.filter(|amount| amount.is_positive());
    if let (Some(amount), Some(at), Life::Active) = (monthly, account.refresh_at, account.life) {
        let (code, severity, action) = match at > now {
            true => (
                FindingCode::AllowanceNotDueYet,
                Severity::Info,
                NextStep::Wait,
            ),
            false => (
                FindingCode::AllowanceMissing,
                Severity::Warn,
                NextStep::Dispute,
            ),
        };
        say(code, severity, action, Some(amount), Some(at));
    }
    // The allowance granted for this month is less than the catalog says. More is not a mistake: the account may have
    // left a plan with a larger allowance within the month.
    if let (Some(amount), Some(at), Life::Active) = (monthly, account.refresh_at, account.life)
        && at > now
        && account.granted < amount
        && let Ok(differs) = account.granted.checked_sub(amount)
    {
        let code = FindingCode::AllowanceMismatch;
        let due = Some(differs);
        say(code, Severity::Warn, NextStep::Dispute, due, Some(at));
    }
    if let Some(limit) = daily_limit(account, catalog)
        && account.used_on(now) >= limit
    {
        let resets = Timestamp::from_millis((now.utc_day() + 1) * DAY);
        let code = FindingCode::DailyLimitReached;
        say(
            code,
            Severity::Warn,
            NextStep::Wait,
            Some(limit),
            Some(resets),
        );
    }
    let all = Some(account.balance);
    match (account.life, account.grace, account.cancel_at) {
        (Life::Grace, Some(grace), _) => {
            let code = FindingCode::GraceRunning;
            say(
                code,
                Severity::Alarm,
                NextStep::PayNow,
                all,
                Some(grace.until),
            );
        }
        (Life::Active, _, Some(_)) => {
            let closes = forecast::closes_at(account, catalog);
            let code = FindingCode::CancelLeadsToClosure;
            say(code, Severity::Alarm, NextStep::Pause, all, closes);
        }
        (Life::Closed, ..) => {
            say(
                FindingCode::AccountClosed,
                Severity::Alarm,
                NextStep::Dispute,
                None,
                None,
            );
        }
        _ => {}
    }
    let pays = account.life != Life::Closed && (ends.is_some() || account.auto_recharge.enabled);
    let expires = account.card.as_ref().map(|card| card.expires_at());
    if let Some(at) = expires.filter(|at| pays && at.since(now) < 30 * DAY) {
        let code = FindingCode::CardExpiring;
        say(code, Severity::Warn, NextStep::ReplaceCard, None, Some(at));
    }
    let renewal = forecast::renewal(account, catalog, account.payment_order);
    if let Ok(Some((at, preview))) = renewal
        && let Some(recharge) = preview.auto_recharge
    {
        let code = FindingCode::AutoRechargeExpected;
        say(
            code,
            Severity::Info,
            NextStep::Wait,
            Some(recharge.amount),
            Some(at),
        );
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Programme;
    use crate::account::PlanRequest;
    use crate::calendar::{Cycle, Period};

    const END: Timestamp = Timestamp::from_millis(100 * DAY);

    fn freelancer(granted: i32) -> Account {
        Account {
            plan: "freelancer".into(),
            cycle: Some(Cycle::Monthly),
            anchor: Some(END.plus(-30 * DAY)),
            period: Some(Period {
                start: END.plus(-30 * DAY),
                end: END,
            }),
            refresh_at: Some(END),
            granted: Amount::of(granted),
            ..Account::default()
        }
    }

    fn found(account: &Account, code: FindingCode, now: Timestamp) -> Option<Finding> {
        let catalog = Catalog::shipped(Programme::Studio).unwrap();
        let all = account_state_findings(account, &catalog, now);
        all.into_iter().find(|finding| finding.code == code)
    }

    #[test]
    fn allowance_smaller_than_in_the_catalog_is_reported_with_the_difference() {
        let code = FindingCode::AllowanceMismatch;
        let short = found(&freelancer(450), code, END.plus(-DAY)).unwrap();
        assert_eq!(
            (short.amount, short.action),
            (Some(Amount::of(-50)), Some(NextStep::Dispute))
        );
        assert_eq!(found(&freelancer(500), code, END.plus(-DAY)), None);
        // An allowance that is due and was not granted is missing, not mismatched.
        assert_eq!(found(&freelancer(450), code, END), None);
        assert!(found(&freelancer(450), FindingCode::AllowanceMissing, END).is_some());
    }

    #[test]
    fn requested_plan_change_is_overdue_one_day_after_the_period_end() {
        let mut account = freelancer(500);
        account.requested = Some(PlanRequest {
            plan: "freelancer".into(),
            cycle: Some(Cycle::Annual),
            coupon: None,
        });
        let late = END.plus(DAY);
        let on_time = late.plus(-1);
        let (pending, overdue) = (
            FindingCode::PlanChangePending,
            FindingCode::PlanChangeOverdue,
        );
        assert!(found(&account, pending, on_time).is_some());
        assert_eq!(found(&account, overdue, on_time), None);
        assert_eq!(found(&account, pending, late), None);
        let action = found(&account, overdue, late).unwrap().action;
        assert_eq!(action, Some(NextStep::Dispute));
    }
}
