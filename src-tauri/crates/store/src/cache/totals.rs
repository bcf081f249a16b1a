//! Sums over days, from the rollups (counts and sums per day), and the balances before and after those days.

use boothkeeper_domain::findings::{JournalLookup, LOOKED_BACK};
use boothkeeper_domain::{Amount, Entry, Kind, Seq, Timestamp};
use rusqlite::params_from_iter;

use super::filter::Filter;
use super::names::{Class, NameId};
use super::{Cache, Head};
use crate::StoreError;
use boothkeeper_domain::{Day, Zone};

/// Count and sum of the entries of one kind and service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Total {
    pub kind: NameId,
    pub service: NameId,
    pub count: u64,
    pub delta: Amount,
}

/// Count and sum of one service's entries at one event on one day, with the first and last of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventUse {
    pub day: Day,
    pub event: NameId,
    pub service: NameId,
    pub count: u64,
    pub delta: Amount,
    pub first: Seq,
    pub last: Seq,
}

/// First and last entry of a range of days, and the balance before and after those entries. Without entries `last` is
/// the seq before `first`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntryRange {
    pub first: Seq,
    pub last: Seq,
    pub opening: Amount,
    pub closing: Amount,
}

/// An entry that cannot be read is left out of explanations. The error appears when the entry itself is read.
impl JournalLookup for Cache {
    fn charged(&self, seq: Seq) -> Option<Amount> {
        let row = self.row(seq).ok()??;
        Some(row.delta.negated())
    }

    fn newest(&self, kinds: &[Kind]) -> Option<Seq> {
        self.newest_of(kinds).ok()?
    }

    fn entries_before(&self, seq: Seq, kinds: &[Kind]) -> Vec<Entry> {
        let found = || {
            let names = self.names()?;
            let kinds = kinds
                .iter()
                .filter_map(|kind| names.find(Class::Kind, kind.name()));
            let filter = Filter {
                kinds: kinds.collect(),
                ..Filter::default()
            };
            // The journal has no entry of these `kinds`. A filter without kinds would match all entries.
            if filter.kinds.is_empty() {
                return Ok::<_, StoreError>(vec![]);
            }
            let page = self.page(&filter, Some(seq), LOOKED_BACK)?;
            let mut seqs: Vec<Seq> = page.rows.iter().map(|row| row.seq).collect();
            seqs.reverse();
            let entries = self.entries(seqs)?;
            Ok(entries.into_iter().map(|(_, entry)| entry).collect())
        };
        found().unwrap_or_default()
    }
}

impl Cache {
    /// Fails with `Damaged` unless the rollups add up to the head's balance and number of entries.
    pub fn check_sums(&self, head: &Head) -> Result<(), StoreError> {
        let check = || {
            let query = "SELECT coalesce(sum(count), 0), coalesce(sum(sum), 0) FROM rollups";
            let mut statement = self.connection.prepare_cached(query)?;
            let (count, sum): (u64, i64) =
                statement.query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            if count == head.checkpoint.count && sum == head.checkpoint.balance.minor() {
                Ok(())
            } else {
                Err(StoreError::damaged(head.checkpoint.seq))
            }
        };
        self.sums.get(self.version()?, &head.checkpoint.seq, check)
    }

    /// The seq of the newest entry whose kind is in `kinds`.
    fn newest_of(&self, kinds: &[Kind]) -> Result<Option<Seq>, StoreError> {
        self.check_rollups()?;
        let names = self.names()?;
        let ids = kinds
            .iter()
            .filter_map(|kind| names.find(Class::Kind, kind.name()));
        let ids: Vec<_> = ids.map(|id| id.0.to_string()).collect();
        let query = format!(
            "SELECT max(last) FROM rollups WHERE kind IN ({})",
            ids.join(",")
        );
        let mut statement = self.connection.prepare_cached(&query)?;
        let last: Option<u64> = statement.query_row([], |row| row.get(0))?;
        Ok(last.map(Seq))
    }

    /// Count and sum of the matching entries, by kind and service.
    pub fn totals(&self, filter: &Filter) -> Result<Vec<Total>, StoreError> {
        self.check_rollups()?;
        let (condition, values) = filter.rollups();
        let query = format!(
            "SELECT kind, service, sum(count), sum(sum) FROM rollups WHERE {condition}
             GROUP BY kind, service ORDER BY kind, service"
        );
        let mut statement = self.connection.prepare_cached(&query)?;
        let mut rows = statement.query(params_from_iter(values))?;
        let mut totals = Vec::new();
        while let Some(row) = rows.next()? {
            totals.push(Total {
                kind: NameId(row.get(0)?),
                service: NameId(row.get(1)?),
                count: row.get(2)?,
                delta: Amount::new(row.get(3)?).map_err(StoreError::damaged_by)?,
            });
        }
        Ok(totals)
    }

    /// Count and sum by day, event and service of the matching entries that have an event; in the order of days.
    pub fn by_event(&self, filter: &Filter) -> Result<Vec<EventUse>, StoreError> {
        self.check_rollups()?;
        let (condition, values) = filter.rollups();
        let query = format!(
            "SELECT day, event, service, sum(count), sum(sum), min(first), max(last) FROM rollups
             WHERE {condition} AND event > 0 GROUP BY day, event, service ORDER BY day"
        );
        let mut statement = self.connection.prepare_cached(&query)?;
        let mut rows = statement.query(params_from_iter(values))?;
        let mut uses = Vec::new();
        while let Some(row) = rows.next()? {
            uses.push(EventUse {
                day: Day(row.get(0)?),
                event: NameId(row.get(1)?),
                service: NameId(row.get(2)?),
                count: row.get(3)?,
                delta: Amount::new(row.get(4)?).map_err(StoreError::damaged_by)?,
                first: Seq(row.get(5)?),
                last: Seq(row.get(6)?),
            });
        }
        Ok(uses)
    }

    /// First and last entry of the filter's days, found by binary search in the rows. Fails with `Damaged` if the
    /// rollups of these days do not have the same number of entries and the same sum.
    pub fn entry_range(&self, filter: &Filter) -> Result<EntryRange, StoreError> {
        let mut zone = self.zone()?.unwrap_or_else(Zone::utc);
        let first = match filter.from {
            Some(from) => self.first_where(|at| zone.day(at) >= from)?,
            None => Seq(1),
        };
        let after = match filter.to {
            Some(to) => self.first_where(|at| zone.day(at) > to)?,
            None => self.end()?.next(),
        };
        let last = Seq(after.0.max(first.0).saturating_sub(1));
        let balance = |seq: Seq| match self.row(seq)? {
            _ if seq == Seq::ZERO => Ok(Amount::ZERO),
            Some(row) => Ok(row.balance_after),
            None => Err(StoreError::damaged(seq)),
        };
        let stretch = EntryRange {
            first,
            last,
            opening: balance(Seq(first.0.saturating_sub(1)))?,
            closing: balance(last)?,
        };
        let days = Filter {
            from: filter.from,
            to: filter.to,
            ..Filter::default()
        };
        let (condition, values) = days.rollups();
        let query = format!(
            "SELECT coalesce(sum(count), 0), coalesce(sum(sum), 0) FROM rollups WHERE {condition}"
        );
        let mut statement = self.connection.prepare_cached(&query)?;
        let (count, sum): (u64, i64) = statement.query_row(params_from_iter(values), |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
        let moved = stretch.closing.checked_sub(stretch.opening);
        let matches =
            count == last.0 + 1 - first.0 && moved.is_ok_and(|moved| moved.minor() == sum);
        match matches {
            true => Ok(stretch),
            false => Err(StoreError::damaged(first)),
        }
    }

    /// The first entry for whose time `late` is true; the seq after the last entry if there is none.
    fn first_where(&self, mut late: impl FnMut(Timestamp) -> bool) -> Result<Seq, StoreError> {
        let (mut first, mut end) = (1, self.end()?.0 + 1);
        while first < end {
            let middle = Seq(u64::midpoint(first, end));
            let row = self.row(middle)?;
            match late(row.ok_or_else(|| StoreError::damaged(middle))?.at) {
                true => end = middle.0,
                false => first = middle.0 + 1,
            }
        }
        Ok(Seq(first))
    }
}
