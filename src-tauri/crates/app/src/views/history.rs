//! History: what happened, by day, by kind, and each entry with its evidence.

use boothkeeper_domain::account::Account;
use boothkeeper_domain::{Actor, Amount, Entry, Kind, Seq, Timestamp};
use boothkeeper_store::cache::{Class, Filter, Found, NameId, Names, Row};
use boothkeeper_store::{Day, StoreError};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::{App, AppError, Code};

/// Rows of one page: 1 to this many, and never clamped.
pub const MAX_LIMIT: usize = 1000;

/// What to look for. Names are the journal's codes; dates are days in the laptop's zone, both included.
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

/// What the choices in the filters are.
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

/// Sums of a query, and how many rows each day has: what the table and the chart are laid out by.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct HistorySummary {
    pub opening: Amount,
    pub closing: Amount,
    pub added: Amount,
    pub spent: Amount,
    /// Newest first.
    pub days: Vec<DayView>,
    pub totals: Vec<TotalView>,
    pub count: u32,
    pub options: FilterOptions,
    /// Opening + added + spent is closing; so it is when no filter but dates is set.
    pub adds_up: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum RowStatus {
    Done,
    Refunded,
    RefundDue,
    Failed,
    Pending,
    Matched,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct RowView {
    pub seq: Seq,
    pub at: Timestamp,
    pub kind: String,
    pub delta: Amount,
    pub balance_after: Amount,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub service: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub event: Option<String>,
    pub status: RowStatus,
}

/// A row as scripts get it, with what only the entry itself says.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EntryView {
    #[serde(flatten)]
    pub row: RowView,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    pub refers_to: Option<Seq>,
    pub actor: Actor,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
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

/// An entry that another refers to, or that refers to it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct LinkView {
    pub seq: Seq,
    pub kind: String,
    pub at: Timestamp,
    pub delta: Amount,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct EntryDetail {
    pub row: RowView,
    pub actor: Actor,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub run: Option<String>,
    pub links: Vec<LinkView>,
    /// The entry as the cloud sent it, byte for byte.
    pub line: String,
}

impl App {
    pub fn history_summary(&self, query: &HistoryQuery) -> Result<HistorySummary, AppError> {
        self.synced()?;
        let (names, filter) = self.resolve(query)?;
        let (totals, days, opening) = self.laptop.read(|cache| {
            let (totals, days) = (cache.totals(&filter)?, cache.days(&filter)?);
            Ok((totals, days, cache.opening(&filter)?))
        })?;
        let amount = |minor: i64| Amount::new(minor).map_err(StoreError::damaged_by);
        let added = amount(days.iter().map(|day| day.added).sum())?;
        let spent = amount(days.iter().map(|day| day.spent).sum())?;
        let closed = opening
            .opening
            .checked_add(added)
            .and_then(|sum| sum.checked_add(spent));
        Ok(HistorySummary {
            adds_up: only_dates(&filter) && closed == Ok(opening.closing),
            opening: opening.opening,
            closing: opening.closing,
            added,
            spent,
            count: clipped(days.iter().map(|day| day.count).sum()),
            days: days
                .into_iter()
                .map(|day| {
                    Ok(DayView {
                        day: day.day.date(),
                        count: clipped(day.count),
                        added: amount(day.added)?,
                        spent: amount(day.spent)?,
                    })
                })
                .collect::<Result<_, StoreError>>()?,
            totals: total_views(totals, &names),
            options: options(&names),
        })
    }

    /// Rows of one day of a query, newest first.
    pub fn history_rows(
        &self,
        query: &HistoryQuery,
        day: NaiveDate,
        offset: u32,
        limit: u32,
    ) -> Result<Vec<RowView>, AppError> {
        let limit = checked_limit(limit as usize)?;
        let (_, head) = self.synced()?;
        let day = Day::of_date(day);
        let (names, filter) = self.resolve(query)?;
        Ok(self.laptop.read(|cache| {
            let one_day = Filter {
                from: Some(day),
                to: Some(day),
                ..filter
            };
            let Some(counted) = cache.days(&one_day)?.pop() else {
                return Ok(vec![]);
            };
            let rows = cache.window(&one_day, &counted, offset as usize, limit)?;
            Ok(views(cache.with_followers(rows)?, &names, &head.account))
        })?)
    }

    /// Up to `limit` matches of a query that also contain its text, newest first.
    pub fn history_search(
        &self,
        query: &HistoryQuery,
        before: Option<Seq>,
        limit: u32,
    ) -> Result<Vec<RowView>, AppError> {
        let limit = checked_limit(limit as usize)?;
        let (_, head) = self.synced()?;
        let asset = head.account.identity.as_ref().map(|i| i.asset.clone());
        let asset = asset.ok_or(AppError::new(Code::NotSynced))?;
        let (names, filter) = self.resolve(query)?;
        Ok(self.laptop.read(|cache| {
            let rows = cache.search(&filter, &query.text, &asset, before, limit)?;
            Ok(views(cache.with_followers(rows)?, &names, &head.account))
        })?)
    }

    /// A page for scripts: rows with what their entries say, and the sums of the whole query.
    pub fn history_page(
        &self,
        query: &HistoryQuery,
        before: Option<Seq>,
        limit: usize,
    ) -> Result<HistoryPage, AppError> {
        let limit = checked_limit(limit)?;
        let (_, head) = self.synced()?;
        let asset = head.account.identity.as_ref().map(|i| i.asset.clone());
        let asset = asset.ok_or(AppError::new(Code::NotSynced))?;
        let (names, filter) = self.resolve(query)?;
        Ok(self.laptop.read(|cache| {
            let (rows, next) = if query.text.is_empty() {
                let page = cache.page(&filter, before, limit)?;
                (page.rows, page.next)
            } else {
                let mut rows = cache.search(&filter, &query.text, &asset, before, limit + 1)?;
                let more = rows.len() > limit;
                rows.truncate(limit);
                let next = rows.last().filter(|_| more).map(|row| row.seq);
                (rows, next)
            };
            let entries = cache.entries(rows.iter().map(|row| row.seq))?;
            let rows = views(cache.with_followers(rows)?, &names, &head.account);
            let opening = cache.opening(&filter)?;
            Ok(HistoryPage {
                entries: rows.into_iter().zip(entries).map(entry_view).collect(),
                opening: opening.opening,
                closing: opening.closing,
                totals: total_views(cache.totals(&filter)?, &names),
                next,
            })
        })?)
    }

    pub fn entry(&self, seq: Seq) -> Result<EntryDetail, AppError> {
        let (_, head) = self.synced()?;
        let found = self.laptop.read(|cache| {
            let (Some(row), Some((line, entry))) = (cache.row(seq)?, cache.entry(seq)?) else {
                return Ok(None);
            };
            let names = cache.names()?;
            let found = cache.with_followers(vec![row])?;
            let mut links: Vec<Seq> = entry.body.refers_to().into_iter().collect();
            links.extend(
                found
                    .iter()
                    .flat_map(|f| f.followed_by.iter().map(|(_, seq)| *seq)),
            );
            let links = links
                .into_iter()
                .filter_map(|seq| cache.row(seq).transpose())
                .map(|row| row.map(|row| link(&row, &names)))
                .collect::<Result<_, StoreError>>()?;
            let row = views(found, &names, &head.account).pop();
            Ok(row.map(|row| (row, line, entry, links)))
        })?;
        let (row, line, entry, links) = found.ok_or(AppError::new(Code::NotFound))?;
        Ok(EntryDetail {
            row,
            actor: entry.actor,
            reason: entry.reason,
            run: entry.body.run().map(ToString::to_string),
            links,
            line: String::from_utf8_lossy(&line).into_owned(),
        })
    }

    /// The query by numbers. Names only ever grow, so they may be read before the rows.
    pub(crate) fn resolve(&self, query: &HistoryQuery) -> Result<(Names, Filter), AppError> {
        let names = self.laptop.read(|cache| cache.names())?;
        let filter = filter(query, &names)?;
        Ok((names, filter))
    }

    pub(crate) fn latest(&self, account: &Account, limit: usize) -> Result<Vec<RowView>, AppError> {
        Ok(self.laptop.read(|cache| {
            let page = cache.page(&Filter::default(), None, limit)?;
            let names = cache.names()?;
            Ok(views(cache.with_followers(page.rows)?, &names, account))
        })?)
    }
}

pub(crate) fn checked_limit(limit: usize) -> Result<usize, AppError> {
    if (1..=MAX_LIMIT).contains(&limit) {
        Ok(limit)
    } else {
        Err(AppError::new(Code::OutOfRange))
    }
}

/// A name that no entry has is refused: a silent empty list would look like an answer.
fn filter(query: &HistoryQuery, names: &Names) -> Result<Filter, AppError> {
    if let (Some(from), Some(to)) = (query.from, query.to)
        && from > to
    {
        return Err(AppError::new(Code::OutOfRange));
    }
    let ids = |class, wanted: &[String]| {
        wanted
            .iter()
            .map(|name| {
                names
                    .find(class, name)
                    .ok_or(AppError::new(Code::UnknownName))
            })
            .collect::<Result<Vec<_>, _>>()
    };
    Ok(Filter {
        kinds: ids(Class::Kind, &query.kinds)?,
        services: ids(Class::Service, &query.services)?,
        events: ids(Class::Event, &query.events)?,
        from: query.from.map(Day::of_date),
        to: query.to.map(Day::of_date),
    })
}

fn only_dates(filter: &Filter) -> bool {
    filter.kinds.is_empty() && filter.services.is_empty() && filter.events.is_empty()
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

fn name(names: &Names, id: NameId) -> String {
    names.name(id).unwrap_or_default().to_owned()
}

fn clipped(count: u64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn link(row: &Row, names: &Names) -> LinkView {
    LinkView {
        seq: row.seq,
        kind: name(names, row.kind),
        at: row.at,
        delta: row.delta,
    }
}

fn entry_view((row, (_, entry)): (RowView, (Vec<u8>, Entry))) -> EntryView {
    EntryView {
        row,
        run: entry.body.run().map(ToString::to_string),
        refers_to: entry.body.refers_to(),
        actor: entry.actor,
        reason: entry.reason,
    }
}

pub(crate) fn views(found: Vec<Found>, names: &Names, account: &Account) -> Vec<RowView> {
    found
        .into_iter()
        .map(|found| RowView {
            seq: found.row.seq,
            at: found.row.at,
            kind: name(names, found.row.kind),
            delta: found.row.delta,
            balance_after: found.row.balance_after,
            service: names.name(found.row.service).map(ToOwned::to_owned),
            event: names.name(found.row.event).map(ToOwned::to_owned),
            status: status(&found, names, account),
        })
        .collect()
}

/// What became of an entry, as the copy knows it.
fn status(found: &Found, names: &Names, account: &Account) -> RowStatus {
    let kind = |id| names.name(id).and_then(Kind::named);
    let followed = |wanted| {
        found
            .followed_by
            .iter()
            .any(|(id, _)| kind(*id) == Some(wanted))
    };
    let seq = found.row.seq;
    match kind(found.row.kind) {
        Some(Kind::Usage) if followed(Kind::UsageRefund) => RowStatus::Refunded,
        Some(Kind::Usage) if followed(Kind::RunFailed) => RowStatus::RefundDue,
        Some(Kind::UsageRefund | Kind::Reversal) => RowStatus::Matched,
        Some(
            Kind::RunFailed
            | Kind::PaymentFailed
            | Kind::PurchaseDeclined
            | Kind::AutoRechargeFailed,
        ) => RowStatus::Failed,
        Some(Kind::PurchaseStarted) if account.purchases.values().any(|p| p.started == seq) => {
            RowStatus::Pending
        }
        Some(Kind::CouponRedeemed) if account.bonuses.values().any(|b| b.redeemed == seq) => {
            RowStatus::Pending
        }
        _ => RowStatus::Done,
    }
}
