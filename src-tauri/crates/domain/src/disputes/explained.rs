//! Whether the journal already explains a disputed difference of the balance.

use serde::Serialize;

use crate::findings::{Cause, CauseCode, cause};
use crate::journal::Body;
use crate::{Amount, Entry, Seq};

/// How the journal explains a difference between the expected and the actual balance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Explained {
    pub code: CauseCode,
    pub delta: Amount,
    pub entries: Vec<Seq>,
    /// True if the entries explain only a part of the difference.
    pub part: bool,
}

/// Looks for a single entry, or else a single cause, that amounts to exactly the difference: the expected minus the
/// actual balance, in minor units. Runs and their refunds never explain a difference, because the operator may dispute
/// those very runs; entries without a known cause do not either.
pub fn explained(difference: Amount, entries: &[Entry], causes: &[Cause]) -> Option<Explained> {
    let accounts_for = |code: CauseCode| {
        !matches!(
            code,
            CauseCode::Usage | CauseCode::RunRefunded | CauseCode::Unexplained
        )
    };
    if difference.is_zero() {
        return None;
    }
    let one = entries.iter().rev().find(|entry| {
        entry.delta.negated() == difference && !entry.delta.is_zero() && accounts_for(cause(entry))
    });
    if let Some(entry) = one {
        return Some(Explained {
            code: cause(entry),
            delta: entry.delta,
            entries: vec![entry.seq],
            part: false,
        });
    }
    let all = causes
        .iter()
        .find(|cause| cause.delta.negated() == difference && accounts_for(cause.code));
    all.map(|cause| Explained {
        code: cause.code,
        delta: cause.delta,
        entries: cause.entries.clone(),
        part: false,
    })
}

/// Explains a difference by refunds of the disputed runs that were made already, if they amount to at most the
/// difference. `followers` are the later entries that refer to those runs.
pub fn explain_by_refunds(difference: Amount, followers: &[Entry]) -> Option<Explained> {
    let refunds = followers
        .iter()
        .filter(|entry| matches!(entry.body, Body::UsageRefund(_)));
    let delta = Amount::sum(refunds.clone().map(|refund| refund.delta)).ok()?;
    (delta <= difference && delta.is_positive()).then(|| Explained {
        code: CauseCode::RunRefunded,
        delta,
        entries: refunds.map(|refund| refund.seq).collect(),
        part: delta < difference,
    })
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{entry, run};
    use super::*;
    use crate::journal::Expiry;

    #[test]
    fn balance_difference_is_explained_by_a_recorded_cause_but_not_by_runs() {
        let expiry = entry(3, -4_900, Body::Expiry(Expiry {}));
        let entries = vec![run(2, "a"), expiry];
        let causes = crate::findings::causes(&entries);
        let found = explained(Amount::of(4_900), &entries, &causes).unwrap();
        assert_eq!(
            (found.code, found.entries),
            (CauseCode::Expiry, vec![Seq(3)])
        );
        assert_eq!(explained(Amount::of(25), &entries, &causes), None);
        assert_eq!(explained(Amount::of(4_901), &entries, &causes), None);
        assert_eq!(explained(Amount::ZERO, &entries, &causes), None);
    }
}
