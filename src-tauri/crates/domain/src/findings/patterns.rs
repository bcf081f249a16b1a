//! What runs say only together.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::{Finding, FindingCode, NextStep, Severity};
use crate::journal::Body;
use crate::time::MINUTE;
use crate::{Amount, Entry, Seq, Timestamp};

/// So many runs of one service at one event within so long are more than a queue of guests.
const REPEATED: usize = 8;
const WITHIN: i64 = 2 * MINUTE;

/// A run is dear from so many times the usual run's cost, and a spike from so many of them that take most.
const DEAR: i64 = 2;
const SPIKE: usize = 10;

/// The same request again and again: each stretch of it is one finding. What came back is not counted.
pub fn repeated_runs(entries: &[Entry], refunded: &BTreeSet<Seq>) -> Vec<Finding> {
    type Stretch = (VecDeque<(Seq, Timestamp)>, Vec<Seq>, Timestamp);
    let mut open: BTreeMap<(&str, Option<&str>, u32), Stretch> = BTreeMap::new();
    let mut findings = Vec::new();
    let spent: BTreeMap<Seq, Amount> = runs(entries, refunded)
        .map(|(entry, _)| (entry.seq, entry.delta.negated()))
        .collect();
    let total = |seqs: &[Seq]| Amount::sum(seqs.iter().filter_map(|seq| spent.get(seq).copied()));
    let mut close = |stretch: Vec<Seq>, since: Timestamp| {
        if let (false, Ok(amount)) = (stretch.is_empty(), total(&stretch)) {
            let code = FindingCode::RepeatedRuns;
            let finding = Finding::new(code, Severity::Warn, NextStep::LookAtRows);
            findings.push(finding.of(stretch, amount, since));
        }
    };
    for (entry, usage) in runs(entries, refunded) {
        let key = (usage.service.as_str(), usage.event.as_deref(), usage.units);
        let start = || (VecDeque::new(), vec![], entry.at);
        let (window, stretch, since) = open.entry(key).or_insert_with(start);
        while window
            .front()
            .is_some_and(|(_, at)| entry.at.since(*at) > WITHIN)
        {
            window.pop_front();
        }
        if window.is_empty() {
            close(std::mem::take(stretch), *since);
        }
        window.push_back((entry.seq, entry.at));
        match (stretch.is_empty(), window.len() >= REPEATED) {
            (true, true) => {
                *stretch = window.iter().map(|(seq, _)| *seq).collect();
                *since = window.front().map_or(entry.at, |(_, at)| *at);
            }
            (false, true) => stretch.push(entry.seq),
            (false, false) => close(std::mem::take(stretch), *since),
            (true, false) => {}
        }
    }
    for (_, stretch, since) in open.into_values() {
        close(stretch, since);
    }
    findings
}

/// Few runs that cost most of it: they explain the drop.
pub fn premium_spike(entries: &[Entry], refunded: &BTreeSet<Seq>) -> Option<Finding> {
    let mut costs: Vec<_> = runs(entries, refunded)
        .map(|(entry, _)| (entry.delta.negated().minor(), entry.seq, entry.at))
        .collect();
    let all: i64 = costs.iter().map(|(cost, ..)| cost).sum();
    let count = costs.len();
    costs.sort_unstable();
    let (usual, ..) = *costs.get(count / 2)?;
    let dear: Vec<_> = costs
        .iter()
        .filter(|(cost, ..)| *cost >= DEAR * usual.max(1))
        .collect();
    let taken: i64 = dear.iter().map(|(cost, ..)| cost).sum();
    let spike = dear.len() >= SPIKE && 2 * taken > all && 2 * dear.len() < count;
    let since = dear.iter().map(|(.., at)| *at).min().filter(|_| spike)?;
    let mut seqs: Vec<_> = dear.iter().map(|(_, seq, _)| *seq).collect();
    seqs.sort_unstable();
    let code = FindingCode::PremiumSpike;
    let finding = Finding::new(code, Severity::Info, NextStep::LookAtRows);
    Some(finding.of(seqs, Amount::new(taken).ok()?, since))
}

fn runs<'a>(
    entries: &'a [Entry],
    refunded: &'a BTreeSet<Seq>,
) -> impl Iterator<Item = (&'a Entry, &'a crate::journal::Usage)> {
    entries.iter().filter_map(|entry| match &entry.body {
        Body::Usage(usage) if !refunded.contains(&entry.seq) => Some((entry, usage)),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RunId;
    use crate::journal::{Actor, Usage};
    use crate::time::SECOND;

    /// Runs as (second, service, cost).
    fn journal(runs: &[(i64, &str, i32)]) -> Vec<Entry> {
        let entry = |(n, (second, service, cost)): (usize, &(i64, &str, i32))| Entry {
            seq: Seq(n as u64 + 1),
            at: Timestamp::from_millis(second * SECOND),
            delta: Amount::of(-cost),
            balance_after: Amount::ZERO,
            actor: Actor::Booth,
            reason: None,
            lines: vec![],
            body: Body::Usage(Usage {
                run: RunId::new(format!("run_{n}")).unwrap(),
                service: (*service).into(),
                event: Some("Gala".into()),
                units: 1,
            }),
        };
        runs.iter().enumerate().map(entry).collect()
    }

    #[test]
    fn eight_of_one_kind_in_two_minutes_are_one_finding() {
        let none = BTreeSet::new();
        let mut runs: Vec<_> = (0..8).map(|n| (n * 10, "draw_me", 20)).collect();
        let found = repeated_runs(&journal(&runs), &none);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].amount, Some(Amount::of(160)));
        assert_eq!(found[0].entries, (1..=8).map(Seq).collect::<Vec<_>>());
        // An hour later again: another.
        runs.extend((0..9).map(|n| (3_600 + n, "draw_me", 20)));
        let found = repeated_runs(&journal(&runs), &none);
        let counts: Vec<_> = found.iter().map(|f| f.entries.len()).collect();
        assert_eq!(counts, [8, 9]);
        assert_eq!(found[1].at, Some(Timestamp::from_millis(3_600 * SECOND)));
    }

    #[test]
    fn a_queue_of_guests_is_no_repetition() {
        let none = BTreeSet::new();
        let seven: Vec<_> = (0..7).map(|n| (n, "draw_me", 20)).collect();
        assert_eq!(repeated_runs(&journal(&seven), &none), []);
        let slow: Vec<_> = (0..60).map(|n| (n * 20, "draw_me", 20)).collect();
        assert_eq!(repeated_runs(&journal(&slow), &none), []);
        let services = ["draw_me", "combine", "editorial", "headshot_speed"];
        let mixed: Vec<_> = (0..20)
            .map(|n| (n as i64 * 5, services[n % 4], 20))
            .collect();
        assert_eq!(repeated_runs(&journal(&mixed), &none), []);
        // What came back cost nothing.
        let eight: Vec<_> = (0..8).map(|n| (n, "draw_me", 20)).collect();
        assert_eq!(
            repeated_runs(&journal(&eight), &BTreeSet::from([Seq(3)])),
            []
        );
    }

    #[test]
    fn few_dear_runs_that_took_most_are_a_spike() {
        let none = BTreeSet::new();
        let mut runs: Vec<_> = (0..30).map(|n| (n * 60, "background_removal", 4)).collect();
        runs.extend((0..12).map(|n| (5_000 + n * 60, "headshot_elite", 64)));
        let found = premium_spike(&journal(&runs), &none).unwrap();
        assert_eq!(found.amount, Some(Amount::of(768)));
        assert_eq!(found.entries, (31..=42).map(Seq).collect::<Vec<_>>());
        // An evening that is dear throughout has no spike, nor has one with a few dear runs.
        let dear: Vec<_> = (0..40).map(|n| (n * 60, "headshot_elite", 64)).collect();
        assert_eq!(premium_spike(&journal(&dear), &none), None);
        runs.truncate(33);
        assert_eq!(premium_spike(&journal(&runs), &none), None);
        assert_eq!(premium_spike(&[], &none), None);
    }
}
