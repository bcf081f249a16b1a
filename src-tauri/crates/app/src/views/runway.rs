//! How far the credits go at the event that runs, or at the next.

use std::collections::BTreeMap;

use boothkeeper_domain::billing::run;
use boothkeeper_domain::runway::{self, Booked, Daily, Estimate, Pace};
use boothkeeper_domain::time::DAY;
use boothkeeper_domain::{Amount, Kind, Seq, Timestamp};
use boothkeeper_store::cache::{Class, Filter, NameId};
use boothkeeper_store::{Day, StoreError};
use serde::Serialize;

use super::history::MAX_LIMIT;
use super::pause::booked;
use crate::copy::Copied;
use crate::{App, AppError};

/// Past events looked at, the newest.
const PAST: usize = 8;
const AVERAGE_DAYS: i64 = 30;

#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct RunwayView {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub event: Option<Booked>,
    /// It has begun.
    pub running: bool,
    /// Nothing where there is no basis for one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub estimate: Option<Estimate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub daily: Option<Daily>,
    /// This event's runs in the proven copy, what they took and when the last was.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub runs: u64,
    pub spent: Amount,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub last_run: Option<Timestamp>,
    /// What runs took on an average day of the last thirty.
    pub a_day: Amount,
    /// Until when the cloud is known to have had nothing newer: runs since then are not in this.
    pub as_of: Timestamp,
    pub now: Timestamp,
}

/// What one event took, in today's prices where they are dearer.
struct Taken {
    runs: u64,
    spent: Amount,
    priced: Amount,
    first: Timestamp,
    last: Timestamp,
}

impl App {
    pub fn runway(&self) -> Result<RunwayView, AppError> {
        let now = self.rules_now()?;
        let mut zone = self.zone().clone();
        let since = zone.day(now.plus(-AVERAGE_DAYS * DAY));
        self.on_copy(|copied| {
            let (account, catalog) = (&copied.head.account, copied.catalog()?);
            let booked = account.events.values().map(booked);
            let event = runway::current(booked.clone(), now);
            let usage = copied.names.find(Class::Kind, Kind::Usage.name());
            let taken = copied.taken(usage)?;
            let mine = event.as_ref().and_then(|event| taken.get(&event.name));
            // A pace is known up to where the copy is.
            let seen = now.min(copied.head.as_of);
            let own = match event.as_ref().zip(mine) {
                Some((event, mine)) => {
                    let from = zone.day(event.starts_at);
                    Some(copied.own_pace(event, mine, usage, from, seen)?)
                }
                None => None,
            };
            let mut others: Vec<_> = taken
                .iter()
                .filter(|(name, _)| event.as_ref().is_none_or(|event| event.name != **name))
                .collect();
            others.sort_by_key(|(_, taken)| std::cmp::Reverse(taken.last));
            let length = |name: &str, taken: &Taken| {
                let event = booked.clone().find(|event| event.name == name);
                event.map_or(taken.last.since(taken.first), |event| {
                    event.ends_at.since(event.starts_at)
                })
            };
            let past: Vec<_> = others
                .into_iter()
                .take(PAST)
                .map(|(name, taken)| Pace {
                    runs: taken.runs,
                    spent: taken.priced,
                    over: length(name, taken),
                })
                .collect();
            let estimate = event
                .as_ref()
                .and_then(|event| runway::estimate(event, account.balance, own, &past, seen));
            let daily = run::daily_limit(account, &catalog).map(|limit| {
                let ahead = event.as_ref().zip(estimate.as_ref());
                runway::daily(limit, account.used_on(now), ahead, now)
            });
            Ok(RunwayView {
                running: event.as_ref().is_some_and(|event| event.starts_at <= now),
                estimate,
                daily,
                runs: mine.map_or(0, |mine| mine.runs),
                spent: mine.map_or(Amount::ZERO, |mine| mine.spent),
                last_run: mine.map(|mine| mine.last),
                event,
                a_day: copied.average(usage, since)?,
                as_of: copied.head.as_of,
                now,
            })
        })
    }
}

impl Copied<'_> {
    /// What each event that runs name has taken.
    fn taken(&self, usage: Option<NameId>) -> Result<BTreeMap<String, Taken>, AppError> {
        let Some(usage) = usage else {
            return Ok(BTreeMap::new());
        };
        let filter = Filter {
            kinds: vec![usage],
            ..Filter::default()
        };
        let (plan, catalog) = (&self.head.account.plan, self.catalog()?);
        let mut sums: BTreeMap<NameId, (u64, Amount, Amount, Seq, Seq)> = BTreeMap::new();
        for used in self.cache.by_event(&filter)? {
            let spent = used.delta.negated();
            let service = self.names.name(used.service);
            let price = service.and_then(|code| catalog.service(code)?.price(plan));
            let count = u32::try_from(used.count).unwrap_or(u32::MAX);
            let today = price.and_then(|price| price.checked_mul(count).ok());
            let priced = today.map_or(spent, |today| today.max(spent));
            let sum = sums.entry(used.event).or_insert((
                0,
                Amount::ZERO,
                Amount::ZERO,
                used.first,
                used.last,
            ));
            let add = |a: Amount, b| a.checked_add(b).map_err(StoreError::damaged_by);
            *sum = (
                sum.0 + used.count,
                add(sum.1, spent)?,
                add(sum.2, priced)?,
                sum.3.min(used.first),
                sum.4.max(used.last),
            );
        }
        // Only the newest are looked at: each costs two rows.
        let mut newest: Vec<_> = sums.into_iter().collect();
        newest.sort_by_key(|(_, sum)| std::cmp::Reverse(sum.4));
        newest.truncate(PAST + 1);
        let at = |seq| match self.cache.row(seq)? {
            Some(row) => Ok(row.at),
            None => Err(StoreError::damaged(seq)),
        };
        let taken = |(event, (runs, spent, priced, first, last))| {
            let name = self.names.name(event).unwrap_or_default().to_owned();
            let (first, last) = (at(first)?, at(last)?);
            Ok((
                name,
                Taken {
                    runs,
                    spent,
                    priced,
                    first,
                    last,
                },
            ))
        };
        newest.into_iter().map(taken).collect()
    }

    /// The pace since the doors opened; runs before that were tests, and count for nothing.
    fn own_pace(
        &self,
        event: &Booked,
        taken: &Taken,
        usage: Option<NameId>,
        from: Day,
        seen: Timestamp,
    ) -> Result<Pace, AppError> {
        let over = seen.since(taken.first.max(event.starts_at));
        let whole = Pace {
            runs: taken.runs,
            spent: taken.priced,
            over,
        };
        let name = self.names.find(Class::Event, &event.name);
        let (Some(name), Some(usage), true) = (name, usage, taken.first < event.starts_at) else {
            return Ok(whole);
        };
        let filter = Filter {
            kinds: vec![usage],
            events: vec![name],
            from: Some(from),
            ..Filter::default()
        };
        let (mut runs, mut spent) = (0, Amount::ZERO);
        let mut before = None;
        loop {
            let page = self.cache.page(&filter, before, MAX_LIMIT)?;
            for row in page.rows.iter().filter(|row| row.at >= event.starts_at) {
                runs += 1;
                let sum = spent.checked_sub(row.delta);
                spent = sum.map_err(StoreError::damaged_by)?;
            }
            before = page.next;
            if before.is_none() {
                return Ok(Pace { runs, spent, over });
            }
        }
    }

    fn average(&self, usage: Option<NameId>, since: Day) -> Result<Amount, AppError> {
        let Some(usage) = usage else {
            return Ok(Amount::ZERO);
        };
        let filter = Filter {
            kinds: vec![usage],
            from: Some(since),
            ..Filter::default()
        };
        let spent: i64 = self.cache.days(&filter)?.iter().map(|day| -day.spent).sum();
        Amount::new(spent / AVERAGE_DAYS).map_err(|e| StoreError::damaged_by(e).into())
    }
}
