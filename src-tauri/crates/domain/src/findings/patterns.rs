//! Findings about groups of runs: repeated runs, and a few expensive runs that took most of the credits.

use std::collections::{BTreeSet, HashMap, VecDeque};

use foldhash::fast::RandomState;

use super::tally::StoredRun;
use super::{Finding, FindingCode, NextStep, Severity};
use crate::Amount;
use crate::time::{MINUTE, SECOND};

/// From this number on, equal runs within [`REPEATED_WITHIN`] may have been repeated by mistake. A busy event also has
/// that many, so they are a finding only if at least two on average start in the same second, which guests in a queue
/// do not do.
const REPEATED_RUNS: usize = 8;
/// Milliseconds within which [`REPEATED_RUNS`] equal runs must lie to count as repeated.
const REPEATED_WITHIN: i64 = 2 * MINUTE;

/// A run is expensive if it costs at least this many times as much as the median run.
const EXPENSIVE_FACTOR: i64 = 2;
/// Least number of expensive runs in a spike.
const SPIKE_RUNS: usize = 10;

/// Finds equal runs that follow each other too fast. Each uninterrupted series is one finding.
pub fn repeated_runs(runs: &[&StoredRun]) -> Vec<Finding> {
    let mut open: HashMap<_, RepeatTracker, RandomState> = HashMap::default();
    let mut findings = Vec::new();
    for run in runs {
        // Runs of the same service with the same cost have the same number of units.
        let request = (run.service, run.event, run.cost);
        let repeated = open.entry(request).or_default();
        let recent = |earlier: &StoredRun| run.at.since(earlier.at) <= REPEATED_WITHIN;
        while repeated.window.front().is_some_and(|first| !recent(first)) {
            repeated.window.pop_front();
        }
        if repeated.window.is_empty() {
            findings.extend(repeated.close());
        }
        repeated.window.push_back(**run);
        match (
            repeated.series.is_empty(),
            repeated.window.len() >= REPEATED_RUNS,
        ) {
            (true, true) => repeated.series.extend(&repeated.window),
            (false, true) => repeated.series.push(**run),
            (false, false) => findings.extend(repeated.close()),
            (true, false) => {}
        }
    }
    let mut last: Vec<_> = open.values_mut().filter_map(RepeatTracker::close).collect();
    last.sort_unstable_by_key(|finding| finding.entries.first().copied());
    findings.extend(last);
    findings
}

/// Runs of one service, event and cost: `window` has those of the last [`REPEATED_WITHIN`] ms, `series` those of the
/// repetition that is going on, if any.
#[derive(Debug, Clone, Default)]
struct RepeatTracker {
    window: VecDeque<StoredRun>,
    series: Vec<StoredRun>,
}

impl RepeatTracker {
    /// Ends the series of equal runs. It is a finding if at least two runs on average start in the same second.
    fn close(&mut self) -> Option<Finding> {
        let stretch = std::mem::take(&mut self.series);
        let since = stretch.first()?.at;
        let second = |run: &StoredRun| run.at.millis().div_euclid(SECOND);
        let seconds: BTreeSet<i64> = stretch.iter().map(second).collect();
        if 2 * seconds.len() > stretch.len() {
            return None;
        }
        let amount = Amount::sum(stretch.iter().map(|run| run.cost)).ok()?;
        let seqs: Vec<_> = stretch.iter().map(|run| run.seq).collect();
        let code = FindingCode::RepeatedRuns;
        let finding = Finding::new(code, Severity::Warn, NextStep::LookAtRows);
        Some(finding.of(seqs, amount, since))
    }
}

/// Finds a spike: less than half of the runs are expensive, and they took more than half of the credits.
pub fn premium_spike(runs: &[&StoredRun]) -> Option<Finding> {
    let cost = |run: &StoredRun| run.cost.minor();
    let all: i64 = runs.iter().map(|run| cost(run)).sum();
    let count = runs.len();
    let mut costs: Vec<_> = runs.iter().map(|run| cost(run)).collect();
    let middle = (count > 0).then_some(count / 2)?;
    let (_, usual, _) = costs.select_nth_unstable(middle);
    let from = EXPENSIVE_FACTOR * (*usual).max(1);
    let expensive = runs.iter().filter(|run| cost(run) >= from);
    let taken: i64 = expensive.clone().map(|run| cost(run)).sum();
    let seqs: Vec<_> = expensive.clone().map(|run| run.seq).collect();
    let spike = seqs.len() >= SPIKE_RUNS && 2 * taken > all && 2 * seqs.len() < count;
    let since = expensive.map(|run| run.at).min().filter(|_| spike)?;
    let code = FindingCode::PremiumSpike;
    let finding = Finding::new(code, Severity::Info, NextStep::LookAtRows);
    Some(finding.of(seqs, Amount::new(taken).ok()?, since))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::findings::Tally;
    use crate::journal::{Actor, Body, Usage};
    use crate::{Entry, RunId, Seq, Timestamp};

    /// A tally of runs given as (second, service, cost).
    fn journal(runs: &[(i64, &str, i32)]) -> Tally {
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

    fn repeated(runs: &[(i64, &str, i32)]) -> Vec<Finding> {
        repeated_runs(&journal(runs).runs().iter().collect::<Vec<_>>())
    }

    fn spike(runs: &[(i64, &str, i32)]) -> Option<Finding> {
        premium_spike(&journal(runs).runs().iter().collect::<Vec<_>>())
    }

    #[test]
    fn eight_equal_runs_in_shared_seconds_are_reported_as_one_finding() {
        let mut runs: Vec<_> = (0..8).map(|n| (n / 2 * 10, "draw_me", 20)).collect();
        let found = repeated(&runs);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].amount, Some(Amount::of(160)));
        assert_eq!(found[0].entries, (1..=8).map(Seq).collect::<Vec<_>>());
        // Equal runs an hour later are a second finding.
        runs.extend((0..9).map(|n| (3_600 + n / 3, "draw_me", 20)));
        let found = repeated(&runs);
        let counts: Vec<_> = found.iter().map(|f| f.entries.len()).collect();
        assert_eq!(counts, [8, 9]);
        assert_eq!(found[1].at, Some(Timestamp::from_millis(3_600 * SECOND)));
    }

    #[test]
    fn evenly_spaced_or_mixed_runs_are_not_reported_as_repeated() {
        let seven: Vec<_> = (0..7).map(|n| (n / 2, "draw_me", 20)).collect();
        assert_eq!(repeated(&seven), []);
        // A busy event: one run every three seconds.
        let busy: Vec<_> = (0..400).map(|n| (n * 3, "draw_me", 20)).collect();
        assert_eq!(repeated(&busy), []);
        let slow: Vec<_> = (0..60).map(|n| (n * 20, "draw_me", 20)).collect();
        assert_eq!(repeated(&slow), []);
        let services = ["draw_me", "combine", "editorial", "headshot_speed"];
        let mixed: Vec<_> = (0..20)
            .map(|n| (n as i64 * 5, services[n % 4], 20))
            .collect();
        assert_eq!(repeated(&mixed), []);
    }

    #[test]
    fn few_expensive_runs_that_took_most_credits_are_reported_as_a_spike() {
        let mut runs: Vec<_> = (0..30).map(|n| (n * 60, "background_removal", 4)).collect();
        runs.extend((0..12).map(|n| (5_000 + n * 60, "headshot_elite", 64)));
        let found = spike(&runs).unwrap();
        assert_eq!(found.amount, Some(Amount::of(768)));
        assert_eq!(found.entries, (31..=42).map(Seq).collect::<Vec<_>>());
        // There is no spike if all runs are expensive, or if only a few expensive runs were made.
        let dear: Vec<_> = (0..40).map(|n| (n * 60, "headshot_elite", 64)).collect();
        assert_eq!(spike(&dear), None);
        runs.truncate(33);
        assert_eq!(spike(&runs), None);
        assert_eq!(spike(&[]), None);
    }
}
