//! Every change explained (`domain.md` §8): what moved a balance, by cause and with nothing left over; and
//! what an operator should know or do, each with the entries that prove it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::account::Life;
use crate::billing::run::daily_limit;
use crate::billing::{allowance, forecast};
use crate::journal::Body;
use crate::time::{DAY, MINUTE};
use crate::{Account, Amount, Catalog, Entry, Seq, Timestamp};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum CauseCode {
    Purchase,
    AutoRecharge,
    Allowance,
    Bonus,
    CouponBonus,
    Compensation,
    Usage,
    RunRefunded,
    RenewalPaidFromCredits,
    Expiry,
    AccountClosed,
    Reversal,
    Adjustment,
    /// No cause is on record: an adjustment without a reason, a kind of a later version.
    Unexplained,
}

/// What one cause came to, and the entries that prove it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Cause {
    pub code: CauseCode,
    pub delta: Amount,
    pub entries: Vec<Seq>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum FindingCode {
    RenewalPaidFromCredits,
    PurchaseProcessing,
    PurchaseOverdue,
    RunFailedNotRefunded,
    RunRefunded,
    CouponBonusPending,
    CouponBonusOverdue,
    PlanChangePending,
    AllowanceNotDueYet,
    AllowanceMissing,
    DailyLimitReached,
    AutoRechargeFired,
    AutoRechargeFailed,
    AutoRechargeExpected,
    CardDeclined,
    CardExpiring,
    CancelLeadsToClosure,
    GraceRunning,
    AccountClosed,
    Unexplained,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    Info,
    Warn,
    /// Credits are at stake.
    Alarm,
}

/// The one next step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum NextStep {
    ChangePaymentOrder,
    ReplaceCard,
    Dispute,
    PayNow,
    Pause,
    Wait,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Finding {
    pub code: FindingCode,
    pub severity: Severity,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub amount: Option<Amount>,
    pub entries: Vec<Seq>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub at: Option<Timestamp>,
    /// When it changes by itself, or must have.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub deadline: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub action: Option<NextStep>,
}

impl Finding {
    fn new(code: FindingCode, severity: Severity, action: NextStep) -> Self {
        Finding {
            code,
            severity,
            amount: None,
            entries: vec![],
            at: None,
            deadline: None,
            action: Some(action),
        }
    }

    fn of(mut self, entries: impl Into<Vec<Seq>>, amount: Amount, at: Timestamp) -> Self {
        (self.entries, self.amount, self.at) = (entries.into(), Some(amount), Some(at));
        self
    }

    fn until(mut self, deadline: Timestamp) -> Self {
        self.deadline = Some(deadline);
        self
    }
}

/// What moved the balance over some entries, most first.
pub fn causes(entries: &[Entry]) -> Vec<Cause> {
    let mut causes: BTreeMap<CauseCode, Cause> = BTreeMap::new();
    for entry in entries.iter().filter(|entry| !entry.delta.is_zero()) {
        let code = cause(entry);
        let cause = causes.entry(code).or_insert_with(|| Cause {
            code,
            delta: Amount::ZERO,
            entries: vec![],
        });
        // Parts of a balance that is in range are in range.
        cause.delta = cause.delta.checked_add(entry.delta).unwrap_or(cause.delta);
        cause.entries.push(entry.seq);
    }
    let mut causes: Vec<_> = causes.into_values().collect();
    causes.sort_by_key(|cause| std::cmp::Reverse(cause.delta.minor().abs()));
    causes
}

fn cause(entry: &Entry) -> CauseCode {
    match &entry.body {
        Body::Purchase(_) => CauseCode::Purchase,
        Body::AutoRecharge(_) => CauseCode::AutoRecharge,
        Body::Allowance(_) => CauseCode::Allowance,
        Body::Bonus(_) => CauseCode::Bonus,
        Body::CouponBonus(_) => CauseCode::CouponBonus,
        Body::Compensation(_) => CauseCode::Compensation,
        Body::Usage(_) => CauseCode::Usage,
        Body::UsageRefund(_) => CauseCode::RunRefunded,
        Body::Renewal(_) => CauseCode::RenewalPaidFromCredits,
        Body::Expiry(_) => CauseCode::Expiry,
        Body::Closure(_) => CauseCode::AccountClosed,
        Body::Reversal(_) => CauseCode::Reversal,
        Body::Adjustment(_) if entry.reason.is_some() => CauseCode::Adjustment,
        _ => CauseCode::Unexplained,
    }
}

/// What is to be known of some entries and of the account as it is now. `entries` reach up to the account's
/// head; `charged` tells what an earlier entry took. What rests on something *not* having happened holds as
/// of `now`.
pub fn findings(
    entries: &[Entry],
    account: &Account,
    catalog: &Catalog,
    charged: &dyn Fn(Seq) -> Option<Amount>,
    now: Timestamp,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut declined: Option<Seq> = None;
    let refunded = |of: Seq| {
        entries.iter().find(|entry| match &entry.body {
            Body::UsageRefund(refund) => refund.of == of,
            _ => false,
        })
    };
    for entry in entries {
        let (seq, at) = (entry.seq, entry.at);
        let found = |code, severity, action| Finding::new(code, severity, action);
        let taken = entry.delta.negated();
        match &entry.body {
            Body::Renewal(_) => {
                // The decline that led to it is part of the evidence.
                let before = declined.filter(|before| before.next() == seq);
                let evidence: Vec<_> = before.into_iter().chain([seq]).collect();
                let code = FindingCode::RenewalPaidFromCredits;
                let finding = found(code, Severity::Info, NextStep::ChangePaymentOrder);
                findings.push(finding.of(evidence, taken, at));
            }
            Body::PaymentFailed(failed) => {
                declined = Some(seq);
                let finding = found(
                    FindingCode::CardDeclined,
                    Severity::Warn,
                    NextStep::ReplaceCard,
                );
                let finding = finding.of([seq], failed.charge.amount, at);
                // Fees are money, not credits.
                findings.push(Finding {
                    amount: None,
                    ..finding
                });
            }
            Body::RunFailed(failed) if refunded(failed.of).is_none() => {
                let code = FindingCode::RunFailedNotRefunded;
                let amount = charged(failed.of).unwrap_or(Amount::ZERO);
                let finding = found(code, Severity::Warn, NextStep::Dispute);
                findings.push(finding.of([failed.of, seq], amount, at));
            }
            Body::UsageRefund(refund) => {
                let finding = found(FindingCode::RunRefunded, Severity::Info, NextStep::Wait);
                let finding = finding.of([refund.of, seq], entry.delta, at);
                findings.push(Finding {
                    action: None,
                    ..finding
                });
            }
            Body::AutoRecharge(_) => {
                let code = FindingCode::AutoRechargeFired;
                let finding = found(code, Severity::Info, NextStep::Wait);
                let finding = finding.of([seq], entry.delta, at);
                findings.push(Finding {
                    action: None,
                    ..finding
                });
            }
            Body::AutoRechargeFailed(_) => {
                let code = FindingCode::AutoRechargeFailed;
                let finding = found(code, Severity::Warn, NextStep::ReplaceCard);
                findings.push(finding.of([seq], Amount::ZERO, at));
            }
            _ if !entry.delta.is_zero() && cause(entry) == CauseCode::Unexplained => {
                let finding = found(FindingCode::Unexplained, Severity::Warn, NextStep::Dispute);
                findings.push(finding.of([seq], entry.delta, at));
            }
            _ => {}
        }
    }
    findings.extend(standing(account, catalog, now));
    findings
}

/// What the account's state says by itself.
fn standing(account: &Account, catalog: &Catalog, now: Timestamp) -> Vec<Finding> {
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
    if account.requested.is_some() {
        say(
            FindingCode::PlanChangePending,
            Severity::Info,
            NextStep::Wait,
            None,
            ends,
        );
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
