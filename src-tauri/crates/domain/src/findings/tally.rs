//! A tally of entries for causes and findings, made in one pass over the journal. Of runs, by far the most frequent
//! entries, only a few fields are kept; all other entries are kept whole.

use std::collections::{BTreeMap, HashMap};

use foldhash::fast::RandomState;
use serde::Serialize;

use super::{Cause, CauseCode, cause};
use crate::journal::Body;
use crate::{Amount, Entry, Seq, Timestamp};

/// A tally of entries, which must be added in the order of the journal.
#[derive(Debug, Default)]
pub struct Tally {
    causes: BTreeMap<CauseCode, Cause>,
    runs: Vec<StoredRun>,
    /// A number for each name of a service or of an event, in the order of first appearance.
    names: HashMap<String, usize, RandomState>,
    others: Vec<Entry>,
}

/// The credits taken by the runs of one service or at one event. `name` is `None` for runs without an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Spent {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub name: Option<String>,
    pub count: u32,
    pub delta: Amount,
}

/// The fields of a run that the tally needs.
#[derive(Debug, Clone, Copy)]
pub struct Run<'a> {
    pub seq: Seq,
    pub at: Timestamp,
    pub delta: Amount,
    pub service: &'a str,
    pub event: Option<&'a str>,
}

/// A run as it is stored, with numbers in place of names.
#[derive(Debug, Clone, Copy)]
pub(super) struct StoredRun {
    pub seq: Seq,
    pub at: Timestamp,
    pub cost: Amount,
    pub service: usize,
    pub event: Option<usize>,
}

impl Tally {
    pub fn add(&mut self, entry: Entry) {
        if let Body::Usage(usage) = &entry.body {
            return self.add_run(Run {
                seq: entry.seq,
                at: entry.at,
                delta: entry.delta,
                service: &usage.service,
                event: usage.event.as_deref(),
            });
        }
        count(&mut self.causes, cause(&entry), entry.seq, entry.delta);
        self.others.push(entry);
    }

    pub fn add_run(&mut self, run: Run<'_>) {
        count(&mut self.causes, CauseCode::Usage, run.seq, run.delta);
        let kept = StoredRun {
            seq: run.seq,
            at: run.at,
            cost: run.delta.negated(),
            service: self.number(run.service),
            event: run.event.map(|event| self.number(event)),
        };
        self.runs.push(kept);
    }

    /// The number of a name; a new name gets the next number.
    fn number(&mut self, name: &str) -> usize {
        if let Some(number) = self.names.get(name) {
            return *number;
        }
        let number = self.names.len();
        self.names.insert(name.to_owned(), number);
        number
    }

    /// The causes that moved the balance over the entries of the tally, largest first.
    pub fn causes(&self) -> Vec<Cause> {
        most_first(self.causes.values().cloned().collect())
    }

    /// The credits taken by the runs of each service, most first.
    pub fn by_service(&self) -> Vec<Spent> {
        self.spent(|run| Some(run.service))
    }

    /// The credits taken by the runs at each event, most first.
    pub fn by_event(&self) -> Vec<Spent> {
        self.spent(|run| run.event)
    }

    fn spent(&self, name: fn(&StoredRun) -> Option<usize>) -> Vec<Spent> {
        let mut sums: HashMap<_, (u32, Amount), RandomState> = HashMap::default();
        for run in &self.runs {
            let (count, cost) = sums.entry(name(run)).or_default();
            // An overflow would leave the sum unchanged. No account spends that many credits.
            (*count, *cost) = (*count + 1, cost.checked_add(run.cost).unwrap_or(*cost));
        }
        let names: HashMap<_, _> = self.names.iter().map(|(name, n)| (*n, name)).collect();
        let spent = sums.into_iter().map(|(number, (count, cost))| Spent {
            name: number.and_then(|number| names.get(&number).copied().cloned()),
            count,
            delta: cost.negated(),
        });
        let mut spent: Vec<_> = spent.collect();
        spent.sort_by(|one, other| (one.delta, &one.name).cmp(&(other.delta, &other.name)));
        spent
    }

    /// Seqs of the runs that are marked as failed by an entry in the tally.
    pub fn failed(&self) -> impl Iterator<Item = Seq> {
        self.others.iter().filter_map(|entry| match &entry.body {
            Body::RunFailed(failed) => Some(failed.of),
            _ => None,
        })
    }

    pub(super) fn runs(&self) -> &[StoredRun] {
        &self.runs
    }

    /// All entries except the charges of runs.
    pub(super) fn others(&self) -> &[Entry] {
        &self.others
    }

    /// Whether the newest entry of the tally is on the UTC day of `day`.
    pub(super) fn reach(&self, day: Timestamp) -> bool {
        let run = self.runs.last().map(|run| (run.seq, run.at));
        let other = self.others.last().map(|entry| (entry.seq, entry.at));
        run.max(other)
            .is_some_and(|(_, at)| at.utc_day() == day.utc_day())
    }

    /// Seqs of the runs on the UTC day of `day`.
    pub(super) fn runs_on(&self, day: Timestamp) -> Vec<Seq> {
        let day = day.utc_day();
        let runs = self.runs.iter().filter(|run| run.at.utc_day() == day);
        runs.map(|run| run.seq).collect()
    }
}

impl Extend<Entry> for Tally {
    fn extend<T: IntoIterator<Item = Entry>>(&mut self, entries: T) {
        entries.into_iter().for_each(|entry| self.add(entry));
    }
}

impl FromIterator<Entry> for Tally {
    fn from_iter<T: IntoIterator<Item = Entry>>(entries: T) -> Self {
        let mut gathered = Tally::default();
        gathered.extend(entries);
        gathered
    }
}

/// The causes that moved the balance over some entries, largest first.
pub fn causes(entries: &[Entry]) -> Vec<Cause> {
    let mut causes = BTreeMap::new();
    for entry in entries {
        count(&mut causes, cause(entry), entry.seq, entry.delta);
    }
    most_first(causes.into_values().collect())
}

fn count(causes: &mut BTreeMap<CauseCode, Cause>, code: CauseCode, seq: Seq, delta: Amount) {
    if delta.is_zero() {
        return;
    }
    let cause = causes.entry(code).or_insert_with(|| Cause {
        code,
        delta: Amount::ZERO,
        entries: vec![],
    });
    // An overflow would leave the sum unchanged. No account moves that many credits.
    cause.delta = cause.delta.checked_add(delta).unwrap_or(cause.delta);
    cause.entries.push(seq);
}

fn most_first(mut causes: Vec<Cause>) -> Vec<Cause> {
    causes.sort_by_key(|cause| std::cmp::Reverse(cause.delta.minor().abs()));
    causes
}
