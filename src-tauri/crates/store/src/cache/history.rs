//! Reads the history of entries by page, or by a part of one day. The rollups (sums per day) give the days that have
//! matching entries, with the first and last entry of each; only the rows between those two entries are read.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use boothkeeper_domain::Seq;
use rusqlite::params_from_iter;
use rusqlite::types::Value;

use super::filter::{DayCount, Filter};
use super::names::NameId;
use super::row::COLUMNS;
use super::{Cache, EntryRow};
use crate::StoreError;
use boothkeeper_domain::Day;

/// A page of entries, newest first. Pass `next` as `before` to get the next page; `None` if there are no more matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    pub rows: Vec<EntryRow>,
    pub next: Option<Seq>,
}

/// An entry's row, and the entries that refer to this entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReferencedRow {
    pub row: EntryRow,
    /// Kind and seq of each entry that refers to this row's entry, such as its failure, refund or reversal.
    pub followed_by: Vec<(NameId, Seq)>,
}

impl Cache {
    /// The days with entries that match the filter, newest first.
    pub fn days(&self, filter: &Filter) -> Result<Arc<[DayCount]>, StoreError> {
        let count = || self.count_days(filter);
        self.days.get(self.version()?, filter, count)
    }

    /// The number and range of one day's matching entries; `None` if the day has none.
    pub fn day(&self, filter: &Filter, day: Day) -> Result<Option<DayCount>, StoreError> {
        let days = self.days(filter)?;
        let at = days.binary_search_by(|counted| day.0.cmp(&counted.day.0));
        Ok(at.ok().map(|at| days[at]))
    }

    fn count_days(&self, filter: &Filter) -> Result<Arc<[DayCount]>, StoreError> {
        self.check_rollups()?;
        let (condition, values) = filter.rollups();
        let query = format!(
            "SELECT day, sum(count), sum(max(sum, 0)), sum(min(sum, 0)), min(first), max(last)
             FROM rollups WHERE {condition} GROUP BY day ORDER BY day DESC"
        );
        let mut statement = self.connection.prepare_cached(&query)?;
        let days = statement.query_map(params_from_iter(values), |row| {
            Ok(DayCount {
                day: Day(row.get(0)?),
                count: row.get(1)?,
                added: row.get(2)?,
                spent: row.get(3)?,
                first: Seq(row.get(4)?),
                last: Seq(row.get(5)?),
            })
        })?;
        Ok(days.collect::<Result<_, _>>()?)
    }

    /// Up to `limit` matching entries with a seq below `before`, or from the newest entry on for `None`; newest first.
    pub fn page(
        &self,
        filter: &Filter,
        before: Option<Seq>,
        limit: usize,
    ) -> Result<Page, StoreError> {
        let mut rows = Vec::with_capacity(limit);
        let mut top = before.map_or(Seq(u64::MAX >> 1), |seq| Seq(seq.0.saturating_sub(1)));
        let mut ranges = self.matching_ranges(filter, top)?;
        while rows.len() <= limit {
            let Some((first, last)) = ranges.pop() else {
                break;
            };
            top = top.min(last);
            let wanted = limit + 1 - rows.len();
            self.rows_between(filter, first, top, wanted, 0, &mut rows)?;
        }
        let next = (rows.len() > limit).then(|| rows[limit - 1].seq);
        rows.truncate(limit);
        Ok(Page { rows, next })
    }

    /// Up to `limit` matching entries of one day, newest first, after the `offset` newest are skipped.
    pub fn window(
        &self,
        filter: &Filter,
        day: &DayCount,
        offset: usize,
        limit: usize,
    ) -> Result<Vec<EntryRow>, StoreError> {
        let mut rows = Vec::with_capacity(limit);
        let (mut top, mut skip) = (day.last, offset);
        if filter.is_any() {
            // A day's entries have consecutive seqs, so the offset gives the seq directly.
            top = Seq(day.last.0.saturating_sub(offset as u64));
            skip = 0;
        }
        if top >= day.first {
            self.rows_between(filter, day.first, top, limit, skip, &mut rows)?;
        }
        Ok(rows)
    }

    /// Adds to each row the entries that refer to it. Rows close together share one query, as few entries are referred
    /// to.
    pub fn with_followers(&self, rows: Vec<EntryRow>) -> Result<Vec<ReferencedRow>, StoreError> {
        self.check_links()?;
        let query = "SELECT l.target, e.kind, e.seq FROM links l JOIN entries e ON e.seq = l.seq
                     WHERE l.target BETWEEN ?1 AND ?2 ORDER BY l.target, l.seq";
        let mut statement = self.connection.prepare_cached(query)?;
        let mut followed_by: HashMap<Seq, Vec<_>> = HashMap::new();
        for (first, last) in ranges(&rows) {
            let mut followers = statement.query([first.0, last.0])?;
            while let Some(follower) = followers.next()? {
                let named = (NameId(follower.get(1)?), Seq(follower.get(2)?));
                let target = followed_by.entry(Seq(follower.get(0)?));
                target.or_default().push(named);
            }
        }
        let found = rows.into_iter().map(|row| ReferencedRow {
            row,
            followed_by: followed_by.remove(&row.seq).unwrap_or_default(),
        });
        Ok(found.collect())
    }

    /// The entries after `after` that refer to an entry from `first` to `last`.
    pub fn followers_after(
        &self,
        (first, last): (Seq, Seq),
        after: Seq,
    ) -> Result<BTreeSet<Seq>, StoreError> {
        self.check_links()?;
        let query = "SELECT seq FROM links WHERE target BETWEEN ?1 AND ?2 AND seq > ?3";
        let mut statement = self.connection.prepare_cached(query)?;
        let seqs = statement.query_map([first.0, last.0, after.0], |row| row.get(0).map(Seq))?;
        Ok(seqs.collect::<Result<_, _>>()?)
    }

    /// The row of one entry; `None` if there is none.
    pub fn row(&self, seq: Seq) -> Result<Option<EntryRow>, StoreError> {
        let mut rows = Vec::new();
        self.rows_between(&Filter::default(), seq, seq, 1, 0, &mut rows)?;
        Ok(rows.pop())
    }

    /// Up to `limit` rows from `first` to `last` that match the filter and an SQL condition, newest first.
    pub(super) fn rows_where(
        &self,
        filter: &Filter,
        condition: &str,
        first: Seq,
        last: Seq,
        limit: usize,
    ) -> Result<Vec<EntryRow>, StoreError> {
        let mut rows = Vec::new();
        let (columns, values) = filter.columns();
        let condition = format!(" AND ({condition}){columns}");
        self.read_rows((&condition, values), (first, last), (limit, 0), &mut rows)?;
        Ok(rows)
    }

    /// All rows from `first` to `last`, oldest first.
    pub(super) fn rows_up_to(&self, first: Seq, last: Seq) -> Result<Vec<EntryRow>, StoreError> {
        let count = usize::try_from(last.0.saturating_sub(first.0) + 1).unwrap_or(usize::MAX);
        let mut rows = Vec::with_capacity(count);
        self.each_row(first, last, &mut |row| {
            rows.push(row);
            Ok(())
        })?;
        Ok(rows)
    }

    /// Hands the rows from `first` to `last` to `sink` one by one, oldest first.
    pub(super) fn each_row(
        &self,
        first: Seq,
        last: Seq,
        sink: &mut dyn FnMut(EntryRow) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let query =
            format!("SELECT {COLUMNS} FROM entries WHERE seq BETWEEN ?1 AND ?2 ORDER BY seq");
        let mut statement = self.connection.prepare_cached(&query)?;
        let mut columns = statement.query([first.0, last.0])?;
        while let Some(columns) = columns.next()? {
            sink(EntryRow::read(columns)?)?;
        }
        Ok(())
    }

    fn rows_between(
        &self,
        filter: &Filter,
        first: Seq,
        last: Seq,
        limit: usize,
        skip: usize,
        out: &mut Vec<EntryRow>,
    ) -> Result<(), StoreError> {
        let (condition, values) = filter.columns();
        self.read_rows((&condition, values), (first, last), (limit, skip), out)
    }

    fn read_rows(
        &self,
        (condition, values): (&str, Vec<Value>),
        (first, last): (Seq, Seq),
        (limit, skip): (usize, usize),
        out: &mut Vec<EntryRow>,
    ) -> Result<(), StoreError> {
        let query = format!(
            "SELECT {COLUMNS} FROM entries WHERE seq BETWEEN ? AND ?{condition}
             ORDER BY seq DESC LIMIT {limit} OFFSET {skip}"
        );
        let bounds = [first, last].map(|seq| Value::from(seq.0.cast_signed()));
        let values = bounds.into_iter().chain(values);
        let mut statement = self.connection.prepare_cached(&query)?;
        let mut rows = statement.query(params_from_iter(values))?;
        while let Some(row) = rows.next()? {
            let row = EntryRow::read(row)?;
            // Without a condition the seqs are consecutive; a gap means that a row was lost.
            if let (true, Some(newer)) = (condition.is_empty(), out.last())
                && newer.seq != row.seq.next()
            {
                return Err(StoreError::damaged(row.seq.next()));
            }
            out.push(row);
        }
        Ok(())
    }

    /// Ranges of seqs that contain all matching entries up to `top`; the newest range is last.
    fn matching_ranges(&self, filter: &Filter, top: Seq) -> Result<Vec<(Seq, Seq)>, StoreError> {
        let unbounded = filter.from.is_none() && filter.to.is_none();
        if filter.is_any() && unbounded {
            return Ok(vec![(Seq(1), top)]);
        }
        let mut ranges: Vec<_> = self
            .days(filter)?
            .iter()
            .filter(|day| day.first <= top)
            .map(|day| (day.first, day.last))
            .collect();
        ranges.reverse();
        Ok(ranges)
    }
}

/// Ranges of seqs that contain all rows. Gaps of up to 256 entries stay within a range, as reading over them is cheaper
/// than another query.
fn ranges(rows: &[EntryRow]) -> Vec<(Seq, Seq)> {
    const GAP: u64 = 256;
    let mut seqs: Vec<Seq> = rows.iter().map(|row| row.seq).collect();
    seqs.sort_unstable();
    let mut ranges: Vec<(Seq, Seq)> = Vec::new();
    for seq in seqs {
        match ranges.last_mut() {
            Some((_, last)) if seq.0 - last.0 <= GAP => *last = seq,
            _ => ranges.push((seq, seq)),
        }
    }
    ranges
}
