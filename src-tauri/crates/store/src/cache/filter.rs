//! Conditions on entries, and the days that have matches.

use boothkeeper_domain::{Day, Seq};
use rusqlite::types::Value;

use super::names::NameId;

/// Conditions on entries. An empty list or a missing day sets no condition.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    pub kinds: Vec<NameId>,
    pub services: Vec<NameId>,
    pub events: Vec<NameId>,
    /// First and last day, both included.
    pub from: Option<Day>,
    pub to: Option<Day>,
}

/// A day with matching entries, and their number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayCount {
    pub day: Day,
    pub count: u64,
    /// Sum of the day's rollups that are positive, in minor units; `spent` is the sum of those that are negative.
    pub added: i64,
    pub spent: i64,
    pub first: Seq,
    pub last: Seq,
}

impl Filter {
    /// True if it has no conditions other than days.
    pub fn is_any(&self) -> bool {
        self.kinds.is_empty() && self.services.is_empty() && self.events.is_empty()
    }

    /// SQL `AND …` on the columns that rows and rollups share, with its parameters.
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

    /// SQL condition on rollups, days included, with its parameters.
    pub(super) fn rollups(&self) -> (String, Vec<Value>) {
        let (columns, mut values) = self.columns();
        let text = format!("day BETWEEN ? AND ?{columns}");
        let from = self.from.map_or(i32::MIN, |day| day.0);
        let to = self.to.map_or(i32::MAX, |day| day.0);
        values.splice(0..0, [Value::from(from), Value::from(to)]);
        (text, values)
    }
}
