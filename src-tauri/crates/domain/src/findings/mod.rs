//! Explains a balance (`domain.md` §8). Causes say what moved it: every entry that moves credits has exactly one cause,
//! and the causes add up to the whole change. Findings say what the operator should know or do, each with the entries
//! that prove it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::imported::BROUGHT_FORWARD;
use crate::journal::Body;
use crate::{Account, Amount, Catalog, Entry, Kind, Money, Seq, Timestamp};

mod account_state;
mod card;
mod patterns;
mod tally;

pub use crate::codes::{CauseCode, FindingCode};
pub use account_state::account_state_findings;
pub use tally::{Run, Spent, Tally, causes};

/// The total change of the balance by one cause, and the entries that add up to it.
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
pub enum Severity {
    Info,
    Warn,
    /// Credits are at stake.
    Alarm,
}

/// The next step that the operator is advised to take. A finding has at most one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum NextStep {
    ChangePaymentOrder,
    ReplaceCard,
    Dispute,
    PayNow,
    Pause,
    BuyCredits,
    /// Look at the rows. Only the operator can tell whether the runs were wanted.
    LookAtRows,
    /// Compare with the bank's card statement.
    CompareStatement,
    Wait,
}

/// A fact that the operator should know, with its evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Finding {
    pub code: FindingCode,
    pub severity: Severity,
    /// The credits it is about, in minor units.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub amount: Option<Amount>,
    /// The money that was charged or was to be charged.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub charge: Option<Money>,
    /// Seqs of the entries that prove it.
    pub entries: Vec<Seq>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub at: Option<Timestamp>,
    /// When the state is expected to change, or should have changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub deadline: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub action: Option<NextStep>,
    /// Absence is known only up to this time. The missing event may have happened since.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub known_until: Option<Timestamp>,
    /// The id of a dispute about it that was already sent to support.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub dispute: Option<String>,
    /// The id of a draft about it that was not sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub draft: Option<String>,
}

impl Finding {
    pub fn new(code: FindingCode, severity: Severity, action: NextStep) -> Self {
        Finding {
            code,
            severity,
            amount: None,
            charge: None,
            entries: vec![],
            at: None,
            deadline: None,
            action: Some(action),
            known_until: None,
            dispute: None,
            draft: None,
        }
    }

    /// Sets the evidence, the amount in minor units, and the time.
    pub fn of(mut self, entries: impl Into<Vec<Seq>>, amount: Amount, at: Timestamp) -> Self {
        (self.entries, self.amount, self.at) = (entries.into(), Some(amount), Some(at));
        self
    }

    pub fn until(mut self, deadline: Timestamp) -> Self {
        self.deadline = Some(deadline);
        self
    }
}

/// The cause of an entry that moves credits.
pub fn cause(entry: &Entry) -> CauseCode {
    let given = |reason: &Option<String>| {
        let reason = reason.as_deref().map(str::trim);
        reason.is_some_and(|reason| !reason.is_empty())
    };
    match (&entry.body, entry.body.kind().and_then(Kind::cause)) {
        (Body::Reversal(_), _) if entry.delta.is_positive() => CauseCode::GivenBack,
        (Body::Adjustment(_), _) if entry.reason.as_deref() == Some(BROUGHT_FORWARD) => {
            CauseCode::BroughtForward
        }
        (Body::Adjustment(_), _) if !given(&entry.reason) => CauseCode::Unexplained,
        (_, cause) => cause.unwrap_or(CauseCode::Unexplained),
    }
}

/// Look-ups in the whole journal, for findings that need entries beyond the ones they are made for.
pub trait JournalLookup {
    /// The credits that an entry took, in minor units; `None` if there is no such entry.
    fn charged(&self, seq: Seq) -> Option<Amount>;
    /// Seq of the newest entry of any of these kinds.
    fn newest(&self, kinds: &[Kind]) -> Option<Seq>;
    /// The newest entries of these kinds before `seq`, at most [`LOOKED_BACK`], in the order of the journal.
    fn entries_before(&self, seq: Seq, kinds: &[Kind]) -> Vec<Entry>;
}

/// Most entries that [`JournalLookup::entries_before`] returns. This covers several years of fees.
pub const LOOKED_BACK: usize = 100;

/// For a whole journal in memory.
impl JournalLookup for [Entry] {
    fn charged(&self, seq: Seq) -> Option<Amount> {
        let entry = self.iter().find(|entry| entry.seq == seq)?;
        Some(entry.delta.negated())
    }

    fn newest(&self, kinds: &[Kind]) -> Option<Seq> {
        let names: Vec<_> = kinds.iter().map(|kind| kind.name()).collect();
        let mut back = self.iter().rev();
        let found = back.find(|entry| names.contains(&entry.body.name()))?;
        Some(found.seq)
    }

    fn entries_before(&self, seq: Seq, kinds: &[Kind]) -> Vec<Entry> {
        let names: Vec<_> = kinds.iter().map(|kind| kind.name()).collect();
        let before = |entry: &&Entry| entry.seq < seq && names.contains(&entry.body.name());
        let mut found: Vec<Entry> = self.iter().filter(before).cloned().collect();
        found.drain(..found.len().saturating_sub(LOOKED_BACK));
        found
    }
}

/// Findings about the entries in `gathered` and about the account's current state. `gathered` must also contain later
/// entries that refer to one of its entries, such as refunds; a refunded run would otherwise be reported as not
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
                // A decline directly before it led to this renewal and is part of the evidence.
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
        // These name their entries themselves.
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
