//! Explains a balance (`domain.md` §8). Causes say what moved the balance: every entry that moves credits has exactly
//! one cause, and the causes add up to the whole change of the balance. Findings say what the operator should know or
//! do, each with the entries that prove it.

use std::collections::BTreeSet;

use crate::journal::Body;
use crate::{Account, Amount, Catalog, Kind, Seq, Timestamp};

mod account_state;
mod card;
mod cause;
mod lookup;
mod patterns;
mod tally;
mod types;

pub use crate::codes::{CauseCode, FindingCode};
pub use account_state::account_state_findings;
pub use cause::cause;
pub use lookup::{JournalLookup, LOOKED_BACK};
pub use tally::{Run, Spent, Tally, causes};
pub use types::{Cause, Finding, NextStep, Severity};

/// Findings about the entries in `gathered` and about the account's current state. `gathered` must also contain later
/// entries that refer to one of its entries, such as refunds: a refunded run would otherwise be reported as not
/// refunded. Findings that claim the absence of something hold as of `now`.
pub fn findings(
    gathered: &Tally,
    account: &Account,
    catalog: &Catalog,
    past: &(impl JournalLookup + ?Sized),
    now: Timestamp,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut declined: Option<Seq> = None;
    let refunded: BTreeSet<Seq> = gathered
        .others()
        .iter()
        .filter_map(|entry| match &entry.body {
            Body::UsageRefund(refund) => Some(refund.of),
            _ => None,
        })
        .collect();
    for entry in gathered.others() {
        let (seq, at) = (entry.seq, entry.at);
        let found = |code, severity, action| Finding::new(code, severity, action);
        let taken = entry.delta.negated();
        match &entry.body {
            Body::Renewal(_) => {
                // A declined card charge directly before this renewal led to it and is part of the evidence.
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
                let finding = finding.of([seq], Amount::ZERO, at);
                findings.push(Finding {
                    amount: None,
                    charge: Some(failed.charge.clone()),
                    ..finding
                });
            }
            Body::RunFailed(failed) if !refunded.contains(&failed.of) => {
                let code = FindingCode::RunFailedNotRefunded;
                let amount = past.charged(failed.of).unwrap_or(Amount::ZERO);
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
    findings.extend(card::charges(gathered.others(), past));
    let kept = gathered.runs().iter();
    let kept: Vec<_> = kept.filter(|run| !refunded.contains(&run.seq)).collect();
    findings.extend(patterns::repeated_runs(&kept));
    findings.extend(patterns::premium_spike(&kept));
    let mut standing = account_state_findings(account, catalog, now);
    for finding in standing.iter_mut().filter(|f| f.entries.is_empty()) {
        finding.entries = match finding.code {
            FindingCode::DailyLimitReached if gathered.reach(now) => gathered.runs_on(now),
            code => past.newest(evidence_kinds(code)).into_iter().collect(),
        };
    }
    findings.extend(standing);
    findings
}

/// The kinds whose newest entry is the evidence for a finding about the account's state.
const fn evidence_kinds(code: FindingCode) -> &'static [Kind] {
    match code {
        FindingCode::PlanChangePending | FindingCode::PlanChangeOverdue => {
            &[Kind::PlanChangeRequested]
        }
        FindingCode::AllowanceNotDueYet
        | FindingCode::AllowanceMissing
        | FindingCode::AllowanceMismatch => &[Kind::Allowance, Kind::Opened],
        FindingCode::DailyLimitReached => &[Kind::Usage],
        FindingCode::GraceRunning => &[Kind::GraceStarted],
        FindingCode::CancelLeadsToClosure => &[Kind::Cancelled],
        FindingCode::AccountClosed => &[Kind::Closure],
        FindingCode::CardExpiring => &[Kind::CardChanged, Kind::Opened],
        FindingCode::AutoRechargeExpected => &[Kind::AutoRechargeChanged, Kind::Opened],
        // These findings already name the entries that prove them.
        FindingCode::RenewalPaidFromCredits
        | FindingCode::PurchaseProcessing
        | FindingCode::PurchaseOverdue
        | FindingCode::RunFailedNotRefunded
        | FindingCode::RunRefunded
        | FindingCode::CouponBonusPending
        | FindingCode::CouponBonusOverdue
        | FindingCode::RepeatedRuns
        | FindingCode::PremiumSpike
        | FindingCode::AutoRechargeFired
        | FindingCode::AutoRechargeFailed
        | FindingCode::CardDeclined
        | FindingCode::ChargedToCard
        | FindingCode::ChargedTwice
        | FindingCode::LowRunway
        | FindingCode::Unexplained
        | FindingCode::Diverged => &[],
    }
}
