//! Findings about card charges: each charge, and charges for something that was already paid.

use super::{Finding, FindingCode, JournalLookup, NextStep, Severity};
use crate::calendar::Period;
use crate::journal::Body;
use crate::{Amount, Entry, Kind, Seq};

/// The kinds of entries that pay for a period.
const FEES: &[Kind] = &[Kind::Renewal, Kind::RenewedByCard, Kind::PlanChanged];

/// What an entry paid for: a period, and the new plan if it paid for a plan change.
#[derive(Debug, Clone, PartialEq, Eq)]
struct FeePayment {
    seq: Seq,
    period: Period,
    plan: Option<String>,
}

impl FeePayment {
    fn by(entry: &Entry) -> Option<Self> {
        let (period, plan) = match &entry.body {
            Body::RenewedByCard(renewed) => (renewed.period, None),
            Body::Renewal(renewal) => (renewal.period, None),
            Body::PlanChanged(changed) if changed.charge.is_some() => {
                (changed.period?, Some(changed.plan.clone()))
            }
            _ => return None,
        };
        Some(FeePayment {
            seq: entry.seq,
            period,
            plan,
        })
    }

    /// Whether the earlier payment `before` already covered this payment: both paid for the same period and plan, or
    /// the period of this payment starts within the earlier period.
    fn again(&self, before: &FeePayment) -> bool {
        let (new, old) = (self.period, before.period);
        let same = new == old && self.plan == before.plan;
        same || (new != old && old.contains(new.start) && old.start < new.start)
    }
}

/// A finding for each card charge among the entries, and for each payment of something that was already paid.
pub fn charges(entries: &[Entry], past: &(impl JournalLookup + ?Sized)) -> Vec<Finding> {
    let mut findings = Vec::new();
    let first = entries.iter().find(|entry| FeePayment::by(entry).is_some());
    let earlier = first.map_or(vec![], |entry| past.entries_before(entry.seq, FEES));
    let mut paid: Vec<FeePayment> = earlier.iter().filter_map(FeePayment::by).collect();
    for entry in entries {
        let fee = FeePayment::by(entry);
        let again = fee.as_ref().and_then(|fee| {
            let mut before = paid.iter().rev().filter(|before| before.seq < fee.seq);
            before.find(|before| fee.again(before))
        });
        let (code, severity, step, evidence) = match (again, entry.body.card_charge()) {
            (Some(before), _) => (
                FindingCode::ChargedTwice,
                Severity::Warn,
                NextStep::Dispute,
                vec![before.seq, entry.seq],
            ),
            (None, Some(_)) => (
                FindingCode::ChargedToCard,
                Severity::Info,
                NextStep::CompareStatement,
                vec![entry.seq],
            ),
            (None, None) => {
                paid.extend(fee);
                continue;
            }
        };
        let finding = Finding::new(code, severity, step);
        findings.push(Finding {
            // Charges are money, not credits.
            amount: None,
            charge: entry.body.paid_fee().or(entry.body.card_charge()).cloned(),
            ..finding.of(evidence, Amount::ZERO, entry.at)
        });
        paid.extend(fee);
    }
    findings
}
