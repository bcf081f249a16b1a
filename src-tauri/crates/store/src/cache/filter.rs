//! Filters, which are conditions on entries, and the days that have matching entries.

use boothkeeper_domain::{Day, Seq};
use rusqlite::types::Value;

use super::names::NameId;

/// Conditions on entries. An empty list or a missing day sets no condition.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    pub kinds: Vec<NameId>,
    pub services: Vec<NameId>,
    pub events: Vec<NameId>,
    /// First day; `to` is the last day. Both are included.
    pub from: Option<Day>,
    pub to: Option<Day>,
}

/// A day with entries that match a filter, and their number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayCount {
    pub day: Day,
    pub count: u64,
    /// The day's rollups (sums by kind, service and event) added up where they are positive, in minor units; `spent`
    /// adds up the negative ones.
    pub added: i64,
    pub spent: i64,
    pub first: Seq,
    pub last: Seq,
}

impl Filter {
    /// True if the filter has no conditions other than days.
    pub fn is_any(&self) -> bool {
        self.kinds.is_empty() && self.services.is_empty() && self.events.is_empty()
    }

    /// SQL `AND …` with its parameters, on the columns that the tables `entries` and `rollups` share.
    pub(super) fn columns(&self) -> (String, Vec<Value>) {
        let mut text = String::new();
        let mut values = Vec::new();
        for (column, ids) in [
            ("kind", &self.kinds),
            ("service", &self.services),
            ("event", &self.events),
        ] {
            if !ids.is_empty() {
                let marks = vec!["?"; ids.len()].join(", ");
                text.push_str(&format!(" AND {column} IN ({marks})"));
                values.extend(ids.iter().map(|id| Value::from(id.0)));
            }
        }
        (text, values)
    }

    /// SQL condition on the table `rollups` (sums per day), with its parameters. The days are included.
    pub(super) fn rollups(&self) -> (String, Vec<Value>) {
        let (columns, mut values) = self.columns();
        let text = format!("day BETWEEN ? AND ?{columns}");
        let from = self.from.map_or(i32::MIN, |day| day.0);
        let to = self.to.map_or(i32::MAX, |day| day.0);
        values.splice(0..0, [Value::from(from), Value::from(to)]);
        (text, values)
    }
}
