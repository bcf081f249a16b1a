//! The history: entries by day, filters, sums, search and export.

mod entries;
mod explain;
mod export;
mod facts;
mod rows;

use std::collections::BTreeMap;

use boothkeeper_domain::Day;
use boothkeeper_domain::{Amount, Seq};
use boothkeeper_messages::journal::JOURNAL_KIND;
use boothkeeper_store::StoreError;
use boothkeeper_store::cache::{Class, DayCount, EntryRow, Filter, NameId, Names, Page, Total};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

pub use entries::{BucketChange, EntryDetail, LinkView};
pub use explain::{Explanation, LastSeen, Since};
pub use export::Format;
pub use rows::{EntryView, RowStatus, RowView};

use crate::copy::Snapshot;
use crate::names::CatalogNames;
use crate::{App, AppError, Code};
use rows::{entry_view, name};

/// Most rows of one page. A limit of 0 or above this is an error, never clamped.
pub const MAX_LIMIT: usize = 1000;

/// A filter for entries. Names are the journal's codes; dates are days in the laptop's zone, both included.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(default, deny_unknown_fields)]
pub struct HistoryQuery {
    pub services: Vec<String>,
    pub kinds: Vec<String>,
    pub events: Vec<String>,
    #[cfg_attr(feature = "ts", ts(optional, type = "string"))]
    pub from: Option<NaiveDate>,
    #[cfg_attr(feature = "ts", ts(optional, type = "string"))]
    pub to: Option<NaiveDate>,
    pub text: String,
}

/// The values that the filters offer.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct FilterOptions {
    pub services: Vec<String>,
    pub kinds: Vec<String>,
    pub events: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct DayView {
    #[cfg_attr(feature = "ts", ts(type = "string"))]
    pub day: NaiveDate,
    pub count: u32,
    pub added: Amount,
    pub spent: Amount,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct TotalView {
    pub kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub service: Option<String>,
    pub count: u32,
    pub delta: Amount,
}

/// Sums of a query and its rows per day. The table and the chart are laid out from this.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct HistorySummary {
    /// Number of the newest entry in the local copy when this view was computed.
    pub seq: Seq,
    pub opening: Amount,
    pub closing: Amount,
    pub added: Amount,
    pub spent: Amount,
    /// Newest first.
    pub days: Vec<DayView>,
    pub totals: Vec<TotalView>,
    pub count: u32,
    pub options: FilterOptions,
    /// True if opening + added + spent = closing. Always false with a filter other than dates.
    pub adds_up: bool,
}

/// Rows that were found, newest first, and their sums.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct FoundRows {
    pub rows: Vec<RowView>,
    pub added: Amount,
    pub spent: Amount,
    /// True if there are more matches; they are not in the sums.
    pub more: bool,
}

impl FoundRows {
    pub(super) fn new(rows: Vec<RowView>, more: bool) -> Result<Self, AppError> {
        let sum = |counts: fn(Amount) -> bool| {
            let deltas = rows.iter().map(|row| row.delta);
            Amount::sum(deltas.filter(|delta| counts(*delta)))
                .map_err(|error| AppError::from(StoreError::damaged_by(error)))
        };
        Ok(FoundRows {
            added: sum(Amount::is_positive)?,
            spent: sum(Amount::is_negative)?,
            rows,
            more,
        })
    }
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HistoryPage {
    pub entries: Vec<EntryView>,
    pub opening: Amount,
    pub closing: Amount,
    pub totals: Vec<TotalView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<Seq>,
}

/// Entry point for the history.
#[derive(Clone, Copy)]
pub struct History<'a> {
    pub(crate) app: &'a App,
}

impl App {
    pub fn history(&self) -> History<'_> {
        History { app: self }
    }
}

impl History<'_> {
    /// Sums of the entries that a query selects. Ignores the query's search text.
    pub fn summary(&self, query: &HistoryQuery) -> Result<HistorySummary, AppError> {
        self.app
            .read_copy(|copied| copied.summary(&copied.filter(query)?))
    }

    /// Up to `limit` rows of one day of a query, newest first, after the first `offset`. Ignores the query's text.
    pub fn rows(
        &self,
        query: &HistoryQuery,
        day: NaiveDate,
        offset: u32,
        limit: u32,
    ) -> Result<Vec<RowView>, AppError> {
        let limit = checked_limit(limit as usize)?;
        self.app.read_copy(|copied| {
            let (cache, filter) = (copied.cache, copied.filter(query)?);
            let Some(counted) = cache.day(&filter, Day::of_date(day))? else {
                return Ok(vec![]);
            };
            copied.rows(cache.window(&filter, &counted, offset as usize, limit)?)
        })
    }

    /// Up to `limit` matches of a query that also contain its text, newest first.
    pub fn search(
        &self,
        query: &HistoryQuery,
        before: Option<Seq>,
        limit: u32,
    ) -> Result<FoundRows, AppError> {
        let limit = checked_limit(limit as usize)?;
        self.app.read_copy(|copied| {
            let page = copied.page(query, before, limit)?;
            FoundRows::new(copied.rows(page.rows)?, page.next.is_some())
        })
    }

    /// A page for the command line: rows with fields of the full entries, and the sums of the whole query.
    pub fn page(
        &self,
        query: &HistoryQuery,
        before: Option<Seq>,
        limit: usize,
    ) -> Result<HistoryPage, AppError> {
        let limit = checked_limit(limit)?;
        self.app.read_copy(|copied| {
            let (cache, filter) = (copied.cache, copied.filter(query)?);
            let page = copied.page(query, before, limit)?;
            let entries = cache.entries(page.rows.iter().map(|row| row.seq))?;
            let rows = copied.rows(page.rows)?;
            let stretch = cache.entry_range(&filter)?;
            Ok(HistoryPage {
                entries: rows.into_iter().zip(entries).map(entry_view).collect(),
                opening: stretch.opening,
                closing: stretch.closing,
                totals: copied.totals(query, &filter)?,
                next: page.next,
            })
        })
    }
}

impl Snapshot<'_> {
    /// The query with names replaced by the local copy's ids. Fails with `UnknownName` for a name that no entry has,
    /// because an empty list would look like a result; fails with `OutOfRange` if the first day is after the last.
    pub fn filter(&self, query: &HistoryQuery) -> Result<Filter, AppError> {
        if let (Some(from), Some(to)) = (query.from, query.to)
            && from > to
        {
            return Err(AppError::new(Code::OutOfRange));
        }
        let ids = |class, wanted: &[String]| -> Result<Vec<NameId>, AppError> {
            wanted.iter().map(|wanted| self.id(class, wanted)).collect()
        };
        Ok(Filter {
            kinds: ids(Class::Kind, &query.kinds)?,
            services: ids(Class::Service, &query.services)?,
            events: ids(Class::Event, &query.events)?,
            from: query.from.map(Day::of_date),
            to: query.to.map(Day::of_date),
        })
    }

    /// The id of a code, or of a name as it is shown, in upper or lower case.
    fn id(&self, class: Class, wanted: &str) -> Result<NameId, AppError> {
        if let Some(id) = self.names.find(class, wanted) {
            return Ok(id);
        }
        // The catalog is read only for a name: the window filters by codes, at each page.
        let catalog = CatalogNames::from(&self.catalog()?);
        let shown = |code: &str| match class {
            Class::Service => catalog.service(code),
            Class::Kind => JOURNAL_KIND.name(code),
            Class::Event => code.to_owned(),
        };
        let mut all = self.names.all(class);
        let named = all.find(|(code, _)| shown(code).eq_ignore_ascii_case(wanted));
        let (_, id) = named.ok_or(AppError::new(Code::UnknownName))?;
        Ok(id)
    }

    /// Up to `limit` matches before the entry `before`, newest first. Uses the query's text unless it is empty.
    pub fn page(
        &self,
        query: &HistoryQuery,
        before: Option<Seq>,
        limit: usize,
    ) -> Result<Page, AppError> {
        if query.text.is_empty() {
            return Ok(self.cache.page(&self.filter(query)?, before, limit)?);
        }
        let mut rows = self.search(query, before, limit + 1)?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(|row| row.seq);
        Ok(Page { rows, next })
    }

    /// Sums of all matches by kind and service. If the query has a search text, every match is read and added up.
    fn totals(&self, query: &HistoryQuery, filter: &Filter) -> Result<Vec<TotalView>, AppError> {
        if query.text.is_empty() {
            return Ok(total_views(self.cache.totals(filter)?, &self.names));
        }
        let mut totals: BTreeMap<(NameId, NameId), (u64, i64)> = BTreeMap::new();
        let mut before = None;
        loop {
            let page = self.page(query, before, MAX_LIMIT)?;
            for row in &page.rows {
                let (count, sum) = totals.entry((row.kind, row.service)).or_default();
                *count += 1;
                *sum += row.delta.minor();
            }
            before = page.next;
            if before.is_none() {
                break;
            }
        }
        let total = |((kind, service), (count, sum))| {
            Ok(Total {
                kind,
                service,
                count,
                delta: Amount::new(sum).map_err(StoreError::damaged_by)?,
            })
        };
        let totals: Result<Vec<_>, StoreError> = totals.into_iter().map(total).collect();
        Ok(total_views(totals?, &self.names))
    }

    fn search(
        &self,
        query: &HistoryQuery,
        before: Option<Seq>,
        limit: usize,
    ) -> Result<Vec<EntryRow>, AppError> {
        let (filter, asset) = (self.filter(query)?, self.asset()?);
        Ok(self
            .cache
            .search(&filter, &query.text, asset, before, limit)?)
    }

    fn summary(&self, filter: &Filter) -> Result<HistorySummary, AppError> {
        let (totals, days) = (self.cache.totals(filter)?, self.cache.days(filter)?);
        let stretch = self.cache.entry_range(filter)?;
        let amount = |minor: i64| Amount::new(minor).map_err(StoreError::damaged_by);
        let added = amount(days.iter().map(|day| day.added).sum())?;
        let spent = amount(days.iter().map(|day| day.spent).sum())?;
        let closed = stretch
            .opening
            .checked_add(added)
            .and_then(|sum| sum.checked_add(spent));
        let day_view = |day: &DayCount| {
            Ok(DayView {
                day: day.day.date(),
                count: clipped(day.count),
                added: amount(day.added)?,
                spent: amount(day.spent)?,
            })
        };
        Ok(HistorySummary {
            seq: self.head.account.seq,
            adds_up: filter.is_any() && closed == Ok(stretch.closing),
            opening: stretch.opening,
            closing: stretch.closing,
            added,
            spent,
            count: clipped(days.iter().map(|day| day.count).sum()),
            days: days
                .iter()
                .map(day_view)
                .collect::<Result<_, StoreError>>()?,
            totals: total_views(totals, &self.names),
            options: options(&self.names),
        })
    }
}

/// Fails with `OutOfRange` unless `limit` is 1 to [`MAX_LIMIT`].
pub(crate) fn checked_limit(limit: usize) -> Result<usize, AppError> {
    if (1..=MAX_LIMIT).contains(&limit) {
        Ok(limit)
    } else {
        Err(AppError::new(Code::OutOfRange))
    }
}

fn options(names: &Names) -> FilterOptions {
    let sorted = |class| {
        let mut all: Vec<_> = names.all(class).map(|(name, _)| name.to_owned()).collect();
        all.sort_unstable();
        all
    };
    FilterOptions {
        services: sorted(Class::Service),
        kinds: sorted(Class::Kind),
        events: sorted(Class::Event),
    }
}

fn total_views(totals: Vec<boothkeeper_store::cache::Total>, names: &Names) -> Vec<TotalView> {
    totals
        .into_iter()
        .map(|total| TotalView {
            kind: name(names, total.kind),
            service: names.name(total.service).map(ToOwned::to_owned),
            count: clipped(total.count),
            delta: total.delta,
        })
        .collect()
}

fn clipped(count: u64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
