//! Sums over ranges, from rollups; and what the balance was before them.

use boothkeeper_domain::findings::{LOOKED_BACK, Past};
use boothkeeper_domain::{Amount, Entry, Kind, Seq, Timestamp};
use rusqlite::params_from_iter;

use super::history::Filter;
use super::names::{Class, NameId};
use super::{Cache, Head};
use crate::{Day, StoreError, Zone};

/// What one kind (of one service) came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Total {
    pub kind: NameId,
    pub service: NameId,
    pub count: u64,
    pub delta: Amount,
}

/// What one service came to at one event on one day, and between which entries.
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

/// The entries of some days, the last before the first where there is none; and the balance on both sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    pub first: Seq,
    pub last: Seq,
    pub opening: Amount,
    pub closing: Amount,
}

/// What cannot be read has no part in an explanation; reading it for itself says why.
impl Past for Cache {
    fn charged(&self, seq: Seq) -> Option<Amount> {
        let row = self.row(seq).ok()??;
        Some(row.delta.negated())
    }

    fn newest(&self, kinds: &[Kind]) -> Option<Seq> {
        self.newest_of(kinds).ok()?
    }

    fn before(&self, seq: Seq, kinds: &[Kind]) -> Vec<Entry> {
        let found = || {
            let names = self.names()?;
            let kinds = kinds
                .iter()
                .filter_map(|kind| names.find(Class::Kind, kind.name()));
            let filter = Filter {
                kinds: kinds.collect(),
                ..Filter::default()
            };
            // None of these kinds is in the journal: no filter would be all of it.
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
    /// Whether all sums together come to the proven balance, and all counts to its place.
    pub fn sums_to(&self, head: &Head) -> Result<(), StoreError> {
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

    fn newest_of(&self, kinds: &[Kind]) -> Result<Option<Seq>, StoreError> {
        self.rollups_are_whole()?;
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

    pub fn totals(&self, filter: &Filter) -> Result<Vec<Total>, StoreError> {
        self.rollups_are_whole()?;
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

    /// What each event took by day and service, of entries that match and name an event; by day.
    pub fn by_event(&self, filter: &Filter) -> Result<Vec<EventUse>, StoreError> {
        self.rollups_are_whole()?;
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

    /// The entries of a filter's days, found among the rows: those are marked and in order, and the days'
    /// sums must be theirs.
    pub fn stretch(&self, filter: &Filter) -> Result<Stretch, StoreError> {
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
        let stretch = Stretch {
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
        let borne_out =
            count == last.0 + 1 - first.0 && moved.is_ok_and(|moved| moved.minor() == sum);
        match borne_out {
            true => Ok(stretch),
            false => Err(StoreError::damaged(first)),
        }
    }

    /// The first entry whose time is late enough; the place after the last, if none is.
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
