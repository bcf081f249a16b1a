//! Entries looked at once, in their order: of runs, which are by far the most, only what is told of them.

use std::collections::{BTreeMap, HashMap};

use foldhash::fast::RandomState;

use super::{Cause, CauseCode, cause};
use crate::journal::Body;
use crate::{Amount, Entry, Seq, Timestamp};

#[derive(Debug, Default)]
pub struct Gathered {
    causes: BTreeMap<CauseCode, Cause>,
    runs: Vec<Run>,
    /// Numbered as they first came.
    requests: HashMap<Request, usize, RandomState>,
    others: Vec<Entry>,
}

/// Service, event and units: what a booth asked for.
type Request = (String, Option<String>, u32);

#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    pub seq: Seq,
    pub at: Timestamp,
    pub cost: Amount,
    /// The same number for the same request.
    pub request: usize,
}

impl Gathered {
    pub fn add(&mut self, entry: Entry) {
        count(&mut self.causes, &entry);
        let (seq, at, cost) = (entry.seq, entry.at, entry.delta.negated());
        match entry.body {
            Body::Usage(usage) => {
                let request = self.number((usage.service, usage.event, usage.units));
                self.runs.push(Run {
                    seq,
                    at,
                    cost,
                    request,
                });
            }
            _ => self.others.push(entry),
        }
    }

    /// Takes in what was gathered of the entries that follow.
    pub fn append(&mut self, next: Gathered) {
        for (code, more) in next.causes {
            let cause = self.causes.entry(code).or_insert_with(|| none(code));
            cause.delta = cause.delta.checked_add(more.delta).unwrap_or(cause.delta);
            cause.entries.extend(more.entries);
        }
        // In their order, so that it is all the same whether they were gathered together or apart.
        let mut requests: Vec<_> = next.requests.into_iter().collect();
        requests.sort_unstable_by_key(|(_, number)| *number);
        let numbers: Vec<_> = requests
            .into_iter()
            .map(|(request, _)| self.number(request))
            .collect();
        let runs = next.runs.into_iter().map(|run| Run {
            request: numbers[run.request],
            ..run
        });
        self.runs.extend(runs);
        self.others.extend(next.others);
    }

    fn number(&mut self, request: Request) -> usize {
        let next = self.requests.len();
        *self.requests.entry(request).or_insert(next)
    }

    /// What moved the balance over them, most first.
    pub fn causes(&self) -> Vec<Cause> {
        most_first(self.causes.values().cloned().collect())
    }

    /// The runs whose failure is among them.
    pub fn failed(&self) -> impl Iterator<Item = Seq> {
        self.others.iter().filter_map(|entry| match &entry.body {
            Body::RunFailed(failed) => Some(failed.of),
            _ => None,
        })
    }

    pub(super) fn runs(&self) -> &[Run] {
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
    entries.iter().for_each(|entry| count(&mut causes, entry));
    most_first(causes.into_values().collect())
}

fn count(causes: &mut BTreeMap<CauseCode, Cause>, entry: &Entry) {
    if entry.delta.is_zero() {
        return;
    }
    let code = cause(entry);
    let cause = causes.entry(code).or_insert_with(|| none(code));
    // Parts of a balance that is in range are in range.
    cause.delta = cause.delta.checked_add(entry.delta).unwrap_or(cause.delta);
    cause.entries.push(entry.seq);
}

fn none(code: CauseCode) -> Cause {
    Cause {
        code,
        delta: Amount::ZERO,
        entries: vec![],
    }
}

fn most_first(mut causes: Vec<Cause>) -> Vec<Cause> {
    causes.sort_by_key(|cause| std::cmp::Reverse(cause.delta.minor().abs()));
    causes
}
