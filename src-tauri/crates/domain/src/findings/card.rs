//! What the card paid: each charge with what it bought, and whether one thing was charged twice.

use std::collections::BTreeMap;

use super::{Finding, FindingCode, NextStep, Severity};
use crate::journal::Body;
use crate::{Amount, Entry, Money, Seq};

/// Charges among some entries, and those that charged for what an earlier one of them had paid.
pub fn charges(entries: &[Entry]) -> Vec<Finding> {
    let mut findings = Vec::new();
    // Of each span and plan, what paid it: credits may have, too.
    let mut paid: BTreeMap<_, Seq> = BTreeMap::new();
    for entry in entries {
        let (fee, bought, by_card) = match &entry.body {
            Body::RenewedByCard(renewed) => (&renewed.charge, Some((renewed.period, None)), true),
            Body::Renewal(renewal) => (&renewal.fee, Some((renewal.period, None)), false),
            Body::PlanChanged(changed) => match &changed.charge {
                Some(charge) => {
                    let plan = Some(changed.plan.as_str());
                    (charge, changed.period.map(|period| (period, plan)), true)
                }
                None => continue,
            },
            Body::Purchase(purchase) => (&purchase.charge, None, true),
            _ => continue,
        };
        let before = bought
            .and_then(|(period, plan)| paid.insert((period.start, period.end, plan), entry.seq));
        match before {
            Some(before) => {
                let (code, step) = (FindingCode::ChargedTwice, NextStep::Dispute);
                let finding = Finding::new(code, Severity::Warn, step);
                findings.push(charged(finding, fee, [before, entry.seq].into(), entry));
            }
            None if by_card => {
                let (code, step) = (FindingCode::ChargedToCard, NextStep::CompareStatement);
                let finding = Finding::new(code, Severity::Info, step);
                findings.push(charged(finding, fee, [entry.seq].into(), entry));
            }
            None => {}
        }
    }
    findings
}

/// Charges are money, not credits.
fn charged(finding: Finding, charge: &Money, entries: Vec<Seq>, entry: &Entry) -> Finding {
    Finding {
        amount: None,
        charge: Some(charge.clone()),
        ..finding.of(entries, Amount::ZERO, entry.at)
    }
}
