//! Entries looked at once, in their order: of runs, which are by far the most, only what is told of them.

use std::collections::{BTreeMap, HashMap};

use foldhash::fast::RandomState;
use serde::Serialize;

use super::{Cause, CauseCode, cause};
use crate::journal::Body;
use crate::{Amount, Entry, Seq, Timestamp};

#[derive(Debug, Default)]
pub struct Gathered {
    causes: BTreeMap<CauseCode, Cause>,
    runs: Vec<Kept>,
    /// Services and events, numbered as they first came.
    names: HashMap<String, usize, RandomState>,
    others: Vec<Entry>,
}

/// What runs took: those of one service, at one event, or at none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Spent {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub name: Option<String>,
    pub count: u32,
    pub delta: Amount,
}

/// What is told of a run.
#[derive(Debug, Clone, Copy)]
pub struct Run<'a> {
    pub seq: Seq,
    pub at: Timestamp,
    pub delta: Amount,
    pub service: &'a str,
    pub event: Option<&'a str>,
}

/// A run with its names as numbers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kept {
    pub seq: Seq,
    pub at: Timestamp,
    pub cost: Amount,
    pub service: usize,
    pub event: Option<usize>,
}

impl Gathered {
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
        let kept = Kept {
            seq: run.seq,
            at: run.at,
            cost: run.delta.negated(),
            service: self.number(run.service),
            event: run.event.map(|event| self.number(event)),
        };
        self.runs.push(kept);
    }

    fn number(&mut self, name: &str) -> usize {
        if let Some(number) = self.names.get(name) {
            return *number;
        }
        let number = self.names.len();
        self.names.insert(name.to_owned(), number);
        number
    }

    /// What moved the balance over them, most first.
    pub fn causes(&self) -> Vec<Cause> {
        most_first(self.causes.values().cloned().collect())
    }

    /// What the runs of each service took, most first.
    pub fn by_service(&self) -> Vec<Spent> {
        self.spent(|run| Some(run.service))
    }

    /// What the runs at each event took, most first.
    pub fn by_event(&self) -> Vec<Spent> {
        self.spent(|run| run.event)
    }

    fn spent(&self, name: fn(&Kept) -> Option<usize>) -> Vec<Spent> {
        let mut sums: HashMap<_, (u32, Amount), RandomState> = HashMap::default();
        for run in &self.runs {
            let (count, cost) = sums.entry(name(run)).or_default();
            // Parts of a balance that is in range are in range.
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

    /// The runs whose failure is among them.
    pub fn failed(&self) -> impl Iterator<Item = Seq> {
        self.others.iter().filter_map(|entry| match &entry.body {
            Body::RunFailed(failed) => Some(failed.of),
            _ => None,
        })
    }

    pub(super) fn runs(&self) -> &[Kept] {
        &self.runs
    }

    /// All entries that are no runs.
    pub(super) fn others(&self) -> &[Entry] {
        &self.others
    }

    /// Whether the last of them is of a day in UTC.
    pub(super) fn reach(&self, day: Timestamp) -> bool {
        let run = self.runs.last().map(|run| (run.seq, run.at));
        let other = self.others.last().map(|entry| (entry.seq, entry.at));
        run.max(other)
            .is_some_and(|(_, at)| at.utc_day() == day.utc_day())
    }

    /// The runs of a day in UTC.
    pub(super) fn runs_on(&self, day: Timestamp) -> Vec<Seq> {
        let day = day.utc_day();
        let runs = self.runs.iter().filter(|run| run.at.utc_day() == day);
        runs.map(|run| run.seq).collect()
    }
}

impl Extend<Entry> for Gathered {
    fn extend<T: IntoIterator<Item = Entry>>(&mut self, entries: T) {
        entries.into_iter().for_each(|entry| self.add(entry));
    }
}

impl FromIterator<Entry> for Gathered {
    fn from_iter<T: IntoIterator<Item = Entry>>(entries: T) -> Self {
        let mut gathered = Gathered::default();
        gathered.extend(entries);
        gathered
    }
}

/// What moved the balance over some entries, most first.
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
    // Parts of a balance that is in range are in range.
    cause.delta = cause.delta.checked_add(delta).unwrap_or(cause.delta);
    cause.entries.push(seq);
}

fn most_first(mut causes: Vec<Cause>) -> Vec<Cause> {
    causes.sort_by_key(|cause| std::cmp::Reverse(cause.delta.minor().abs()));
    causes
}
