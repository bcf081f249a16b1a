//! Estimates how long the credits last at the current event, or at the next one.

use std::collections::BTreeMap;

use boothkeeper_domain::account::ScheduledEvent;
use boothkeeper_domain::billing::run;
use boothkeeper_domain::runway::{self, Booked, Daily, Estimate, Pace};
use boothkeeper_domain::time::DAY;
use boothkeeper_domain::{Amount, Kind, Seq, Timestamp};
use boothkeeper_domain::{Day, Zone};
use boothkeeper_store::StoreError;
use boothkeeper_store::cache::{Class, Filter, NameId};
use serde::Serialize;

use super::Balance;
use crate::AppError;
use crate::copy::Snapshot;

/// Largest number of past events that an estimate uses; the newest are taken.
const PAST: usize = 8;
/// Past events older than this many days are ignored.
const PAST_DAYS: i64 = 180;
/// Number of days over which the average cost of a day is computed.
const AVERAGE_DAYS: i64 = 30;
/// Number of journal rows read at a time.
const PAGE: usize = 1000;

#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct RunwayView {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub event: Option<Booked>,
    /// True if the event has begun.
    pub running: bool,
    /// Absent if neither this event nor past events show how fast credits are spent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub estimate: Option<Estimate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub daily: Option<Daily>,
    /// Number of this event's runs since it began, in the verified local copy.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub runs: u64,
    /// Cost of this event's runs since it began.
    pub spent: Amount,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub last_run: Option<Timestamp>,
    /// Average cost of runs per day over the last 30 days.
    pub a_day: Amount,
    /// Time up to which the local copy is complete. Later runs are not counted.
    pub as_of: Timestamp,
    pub now: Timestamp,
}

/// Cost of one past event: runs with the same event name on one day or on consecutive days.
#[derive(Debug, Clone, Copy)]
struct EventCost {
    event: NameId,
    /// The event's last day.
    to: Day,
    runs: u64,
    /// Cost of the event's runs at today's prices, or their actual cost if that is more.
    priced: Amount,
    first: Seq,
    last: Seq,
}

/// Runs of the current event since it began.
struct CurrentEventUse {
    runs: u64,
    spent: Amount,
    first: Timestamp,
    last: Timestamp,
}

impl Balance<'_> {
    pub fn runway(&self) -> Result<RunwayView, AppError> {
        let now = self.app.rules_now()?;
        self.app
            .read_copy(|copied| copied.runway(now, self.app.zone().clone()))
    }
}

impl Snapshot<'_> {
    pub fn runway(&self, now: Timestamp, mut zone: Zone) -> Result<RunwayView, AppError> {
        let mut ago = |days: i64| zone.day(now.plus(-days * DAY));
        let (month, past_from) = (ago(AVERAGE_DAYS), ago(PAST_DAYS));
        let (account, catalog) = (&self.head.account, self.catalog()?);
        let scheduled: Vec<Booked> = account.events.values().map(booked).collect();
        let event = runway::current(scheduled.iter().cloned(), now);
        let usage = self.names.find(Class::Kind, Kind::Usage.name());
        // The pace of spending is measured only up to the time at which the local copy is complete.
        let seen = now.min(self.head.as_of);
        let own = match (&event, usage) {
            (Some(event), Some(usage)) => self.own(event, usage, zone.day(event.starts_at))?,
            _ => None,
        };
        let began = event.as_ref().map_or(now, |event| event.starts_at.min(now));
        let past = self.past(usage, past_from, &scheduled, began)?;
        let pace = own.as_ref().map(|own| Pace {
            runs: own.runs,
            spent: own.spent,
            over: seen.since(own.first),
        });
        let estimate = event
            .as_ref()
            .and_then(|event| runway::estimate(event, account.balance, pace, &past, seen));
        let daily = run::daily_limit(account, &catalog).map(|limit| {
            let ahead = event.as_ref().zip(estimate.as_ref());
            runway::daily(limit, account.used_on(now), ahead, now)
        });
        Ok(RunwayView {
            running: event.as_ref().is_some_and(|event| event.starts_at <= now),
            estimate,
            daily,
            runs: own.as_ref().map_or(0, |own| own.runs),
            spent: own.as_ref().map_or(Amount::ZERO, |own| own.spent),
            last_run: own.map(|own| own.last),
            event,
            a_day: self.average(usage, month)?,
            as_of: self.head.as_of,
            now,
        })
    }

    /// The pace of spending at events whose last run was before `began`, newest event first, at most [`PAST`].
    fn past(
        &self,
        usage: Option<NameId>,
        from: Day,
        scheduled: &[Booked],
        began: Timestamp,
    ) -> Result<Vec<Pace>, AppError> {
        let Some(usage) = usage else {
            return Ok(vec![]);
        };
        let at = |seq| match self.cache.row(seq)? {
            Some(row) => Ok(row.at),
            None => Err(StoreError::damaged(seq)),
        };
        let mut past = Vec::new();
        for taken in self.taken(usage, from)? {
            let (first, last) = (at(taken.first)?, at(taken.last)?);
            if last >= began {
                continue;
            }
            let name = self.names.name(taken.event).unwrap_or_default();
            let booked = scheduled.iter().find(|event| {
                event.name == name && event.starts_at <= last && event.ends_at >= first
            });
            past.push(Pace {
                runs: taken.runs,
                spent: taken.priced,
                over: booked.map_or(last.since(first), |event| {
                    event.ends_at.since(event.starts_at)
                }),
            });
            if past.len() == PAST {
                break;
            }
        }
        Ok(past)
    }

    /// The cost of each event with runs since the day `from`, newest event first.
    fn taken(&self, usage: NameId, from: Day) -> Result<Vec<EventCost>, AppError> {
        let filter = Filter {
            kinds: vec![usage],
            from: Some(from),
            ..Filter::default()
        };
        let (plan, catalog) = (&self.head.account.plan, self.catalog()?);
        let mut open: BTreeMap<NameId, EventCost> = BTreeMap::new();
        let mut done = Vec::new();
        for used in self.cache.by_event(&filter)? {
            let spent = used.delta.negated();
            let service = self.names.name(used.service);
            let price = service.and_then(|code| catalog.service(code)?.price(plan));
            let count = u32::try_from(used.count).unwrap_or(u32::MAX);
            let today = price.and_then(|price| price.checked_mul(count).ok());
            let priced = today.map_or(spent, |today| today.max(spent));
            let mut taken = EventCost {
                event: used.event,
                to: used.day,
                runs: used.count,
                priced,
                first: used.first,
                last: used.last,
            };
            if let Some(before) = open.remove(&used.event) {
                if before.to.0 + 1 < used.day.0 {
                    done.push(before);
                } else {
                    let sum = before.priced.checked_add(priced);
                    taken.priced = sum.map_err(StoreError::damaged_by)?;
                    taken.runs += before.runs;
                    taken.first = before.first.min(used.first);
                    taken.last = before.last.max(used.last);
                }
            }
            open.insert(used.event, taken);
        }
        done.extend(open.into_values());
        done.sort_by_key(|taken| std::cmp::Reverse(taken.last));
        Ok(done)
    }

    /// Runs of `event` since its start. Earlier runs under the same event name were tests and do not count.
    fn own(
        &self,
        event: &Booked,
        usage: NameId,
        from: Day,
    ) -> Result<Option<CurrentEventUse>, AppError> {
        let Some(name) = self.names.find(Class::Event, &event.name) else {
            return Ok(None);
        };
        let filter = Filter {
            kinds: vec![usage],
            events: vec![name],
            from: Some(from),
            ..Filter::default()
        };
        let mut own: Option<CurrentEventUse> = None;
        let mut before = None;
        loop {
            let page = self.cache.page(&filter, before, PAGE)?;
            for row in page.rows.iter().filter(|row| row.at >= event.starts_at) {
                let taken = row.delta.negated();
                let known = own.get_or_insert(CurrentEventUse {
                    runs: 0,
                    spent: Amount::ZERO,
                    first: row.at,
                    last: row.at,
                });
                known.runs += 1;
                known.first = known.first.min(row.at);
                let sum = known.spent.checked_add(taken);
                known.spent = sum.map_err(StoreError::damaged_by)?;
            }
            before = page.next;
            if before.is_none() {
                return Ok(own);
            }
        }
    }

    /// Average cost of runs per day since `since`.
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

pub(crate) fn booked(event: &ScheduledEvent) -> Booked {
    Booked {
        name: event.name.clone(),
        starts_at: event.starts_at,
        ends_at: event.ends_at,
    }
}
