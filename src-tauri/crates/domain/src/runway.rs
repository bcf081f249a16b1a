//! Estimates how long the credits last at an event: from the event's own pace so far, or from past events
//! (`domain.md` §9). Every estimate names its basis; without enough runs or time to base it on there is no estimate.

use serde::{Deserialize, Serialize};

use crate::time::{DAY, HOUR, MINUTE};
use crate::{Amount, Timestamp};

/// Least number of runs from which a pace is derived.
const RUNS: u64 = 10;
/// Least milliseconds from which an event's own pace is derived.
const OWN_SPAN: i64 = 10 * MINUTE;
/// Least milliseconds from which the pace of a past event is derived.
const PAST_SPAN: i64 = 30 * MINUTE;
/// An estimate is fair, and not just rough, from this many milliseconds of the event's own pace.
const FAIR_SPAN: i64 = HOUR;
/// An estimate is fair, and not just rough, from this many past events.
const FAIR_EVENTS: usize = 3;

/// A scheduled event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Booked {
    pub name: String,
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
}

impl Booked {
    /// Length of the event in milliseconds.
    fn length(&self) -> i64 {
        self.ends_at.since(self.starts_at)
    }
}

/// The runs of an event, the credits they took, and the milliseconds over which they were made. Runs of past events are
/// counted at today's prices where those are higher.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    pub runs: u64,
    pub spent: Amount,
    pub over: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// The event's own runs so far.
    Own,
    /// Past events.
    Past,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    Rough,
    Fair,
}

/// The daily limit, and whether the event is expected to reach it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Daily {
    pub limit: Amount,
    pub used: Amount,
    pub resets_at: Timestamp,
    /// When the limit is reached at the estimated pace, if that is before its reset and before the event's end.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub reached_at: Option<Timestamp>,
}

/// What the rest of the event is likely to take, compared with the balance. Amounts are in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Estimate {
    pub basis: Basis,
    pub confidence: Confidence,
    /// Number of comparable past events.
    pub events: u32,
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub runs_per_hour: u64,
    /// Average cost of a run.
    pub a_run: Amount,
    /// Expected runs until the event's end.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub runs: u64,
    /// Expected cost of the runs until the event's end.
    pub needed: Amount,
    /// Cost of the rest of the event at the pace of the busiest comparable past event.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub busiest: Option<Amount>,
    /// True if `busiest` is more than the balance.
    pub short_if_busiest: bool,
    /// When the credits run out at the estimated pace, if that is before the event ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub ends_at: Option<Timestamp>,
    /// Milliseconds that the credits last at the estimated pace; `None` if longer than a year.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub lasts: Option<i64>,
    /// The instant `lasts` milliseconds after now, or after the event's start if that is later.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub lasts_until: Option<Timestamp>,
    /// Credits missing until the event's end, or 0.
    pub missing: Amount,
    /// Credits left after the event's end, or 0.
    pub left: Amount,
    /// The balance in hundredths of `needed`: 100 is just enough. `None` if nothing is needed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub hundredths: Option<i64>,
}

/// The scheduled event that is running at `now`, or else the next one. Of several, the one that starts first.
pub fn current(booked: impl IntoIterator<Item = Booked>, now: Timestamp) -> Option<Booked> {
    let open = booked.into_iter().filter(|event| event.ends_at > now);
    open.min_by(|a, b| (a.starts_at, &a.name).cmp(&(b.starts_at, &b.name)))
}

/// Estimates the rest of an event. `own` is the event's pace up to `now`, `past` the paces of other events. The event's
/// own pace is preferred. `None` if neither has enough runs and time.
pub fn estimate(
    event: &Booked,
    balance: Amount,
    own: Option<Pace>,
    past: &[Pace],
    now: Timestamp,
) -> Option<Estimate> {
    let is_enough = |pace: &Pace, span| pace.runs >= RUNS && pace.over >= span;
    let own = own.filter(|own| now >= event.starts_at && is_enough(own, OWN_SPAN));
    let past: Vec<Pace> = past
        .iter()
        .copied()
        .filter(|p| is_enough(p, PAST_SPAN))
        .collect();
    let past = similar(past, event.length());
    let typical = own.or_else(|| median(&past))?;
    let left = event.ends_at.since(now.max(event.starts_at)).max(0);
    let needed = over(typical.spent, left, typical.over);
    let lasts = lasts(balance, typical);
    let basis = if own.is_some() {
        Basis::Own
    } else {
        Basis::Past
    };
    let fair = match basis {
        Basis::Own => typical.over >= FAIR_SPAN,
        Basis::Past => past.len() >= FAIR_EVENTS,
    };
    let most = past
        .iter()
        .max_by_key(|pace| over(pace.spent, HOUR, pace.over));
    let busiest = most.map(|pace| over(pace.spent, left, pace.over));
    let short = balance < needed;
    let lasts_until = lasts.map(|lasts| now.max(event.starts_at).plus(lasts));
    let more = |than: Amount, of: Amount| than.checked_sub(of).ok().filter(|a| a.is_positive());
    Some(Estimate {
        basis,
        confidence: if fair {
            Confidence::Fair
        } else {
            Confidence::Rough
        },
        events: u32::try_from(past.len()).unwrap_or(u32::MAX),
        runs_per_hour: scaled(typical.runs, HOUR, typical.over),
        a_run: share(typical.spent, typical.runs),
        runs: scaled(typical.runs, left, typical.over),
        needed,
        busiest,
        short_if_busiest: busiest.is_some_and(|busiest| busiest > balance),
        ends_at: lasts_until.filter(|_| short),
        lasts,
        lasts_until,
        missing: more(needed, balance).unwrap_or(Amount::ZERO),
        left: more(balance, needed).unwrap_or(Amount::ZERO),
        hundredths: needed
            .is_positive()
            .then(|| balance.minor().saturating_mul(100) / needed.minor()),
    })
}

/// The daily limit, and when the event reaches it at its estimated pace.
pub fn daily(
    limit: Amount,
    used: Amount,
    event: Option<(&Booked, &Estimate)>,
    now: Timestamp,
) -> Daily {
    let resets_at = Timestamp::from_millis((now.utc_day() + 1) * DAY);
    let room = limit.minor() - used.minor();
    let reached_at = event.and_then(|(event, estimate)| {
        let from = now.max(event.starts_at);
        let hour = estimate
            .a_run
            .minor()
            .checked_mul(i64::try_from(estimate.runs_per_hour).ok()?)?;
        if hour <= 0 {
            return None;
        }
        let at = from.plus(room.max(0).saturating_mul(HOUR) / hour);
        (at < resets_at && at < event.ends_at).then_some(at)
    });
    Daily {
        limit,
        used,
        resets_at,
        reached_at,
    }
}

/// The past events that are half to twice as long as `length`, if there are at least [`FAIR_EVENTS`] of them; else all
/// past events.
fn similar(past: Vec<Pace>, length: i64) -> Vec<Pace> {
    let alike = |pace: &&Pace| pace.over >= length / 2 && pace.over <= length.saturating_mul(2);
    let alike: Vec<Pace> = past.iter().filter(alike).copied().collect();
    if alike.len() >= FAIR_EVENTS {
        alike
    } else {
        past
    }
}

/// The event with the median cost per hour. Of an even number of events, the more expensive of the two in the middle.
fn median(past: &[Pace]) -> Option<Pace> {
    let mut sorted = past.to_vec();
    sorted.sort_by_key(|pace| over(pace.spent, HOUR, pace.over));
    sorted.get(sorted.len() / 2).copied()
}

/// Milliseconds that the balance lasts at a pace; `None` if longer than a year.
fn lasts(balance: Amount, pace: Pace) -> Option<i64> {
    let spent = i128::from(pace.spent.minor());
    if spent <= 0 {
        return None;
    }
    let lasts = i128::from(balance.minor()) * i128::from(pace.over) / spent;
    i64::try_from(lasts)
        .ok()
        .filter(|lasts| *lasts <= 366 * DAY)
}

/// `amount` × `part` / `whole`, rounded up so that an estimate is rather too high than too low.
fn over(amount: Amount, part: i64, whole: i64) -> Amount {
    let scaled = i128::from(amount.minor()) * i128::from(part);
    let scaled = (scaled + i128::from(whole) - 1) / i128::from(whole.max(1));
    let minor = i64::try_from(scaled)
        .ok()
        .and_then(|minor| Amount::new(minor).ok());
    minor.unwrap_or(amount)
}

/// `count` × `part` / `whole`, rounded down.
fn scaled(count: u64, part: i64, whole: i64) -> u64 {
    let (part, whole) = (part.max(0).cast_unsigned(), whole.max(1).cast_unsigned());
    let scaled = u128::from(count) * u128::from(part) / u128::from(whole);
    u64::try_from(scaled).unwrap_or(u64::MAX)
}

/// `amount` / `count`, rounded up.
fn share(amount: Amount, count: u64) -> Amount {
    let count = i64::try_from(count.max(1)).unwrap_or(i64::MAX);
    Amount::new((amount.minor() + count - 1) / count).unwrap_or(amount)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const START: Timestamp = Timestamp::from_millis(1_000 * DAY);

    fn event(hours: i64) -> Booked {
        Booked {
            name: "Miller wedding".into(),
            starts_at: START,
            ends_at: START.plus(hours * HOUR),
        }
    }

    fn pace(runs: u64, spent: i32, hours: i64) -> Pace {
        Pace {
            runs,
            spent: Amount::of(spent),
            over: hours * HOUR,
        }
    }

    #[test]
    fn event_with_too_few_runs_or_too_little_time_has_no_credit_estimate() {
        let balance = Amount::of(10_000);
        let none = |own, past: &[Pace]| estimate(&event(4), balance, own, past, START.plus(HOUR));
        assert_eq!(none(None, &[]), None);
        assert_eq!(none(Some(pace(9, 200, 1)), &[]), None, "nine runs");
        assert_eq!(none(None, &[pace(9, 200, 4)]), None);
        let short = Pace {
            over: MINUTE,
            ..pace(50, 1_000, 1)
        };
        assert_eq!(none(Some(short), &[short]), None, "a minute");
        let before = estimate(
            &event(4),
            balance,
            Some(pace(50, 1_000, 1)),
            &[],
            START.plus(-HOUR),
        );
        assert_eq!(before, None, "runs before the event starts are tests");
    }

    #[test]
    fn credits_for_a_running_event_are_estimated_from_its_own_pace() {
        let own = Some(pace(62, 1_240, 1));
        let past = [pace(1_000, 50_000, 4)];
        let now = START.plus(HOUR);
        let estimate = estimate(&event(4), Amount::of(2_480), own, &past, now).unwrap();
        assert_eq!(
            (estimate.basis, estimate.confidence),
            (Basis::Own, Confidence::Fair)
        );
        assert_eq!((estimate.runs, estimate.needed), (186, Amount::of(3_720)));
        assert_eq!(estimate.lasts, Some(2 * HOUR));
        assert_eq!(estimate.ends_at, Some(now.plus(2 * HOUR)));
        assert_eq!(estimate.missing, Amount::of(1_240));
        assert_eq!(estimate.hundredths, Some(66));
    }

    #[test]
    fn credits_for_a_coming_event_are_estimated_from_the_median_past_event() {
        let past = [
            pace(100, 2_000, 4),
            pace(310, 6_200, 5),
            pace(352, 7_040, 5),
        ];
        let estimate =
            estimate(&event(5), Amount::of(14_235), None, &past, START.plus(-DAY)).unwrap();
        assert_eq!((estimate.basis, estimate.events), (Basis::Past, 3));
        assert_eq!((estimate.runs, estimate.needed), (310, Amount::of(6_200)));
        assert_eq!(estimate.busiest, Some(Amount::of(7_040)));
        assert_eq!((estimate.hundredths, estimate.ends_at), (Some(229), None));
    }

    #[test]
    fn daily_limit_reached_before_the_event_ends_is_reported() {
        let (event, now) = (event(5), START.plus(HOUR));
        let own = Some(pace(10, 10, 1));
        let estimate = estimate(&event, Amount::of(1_000), own, &[], now).unwrap();
        let daily = daily(
            Amount::of(30),
            Amount::of(10),
            Some((&event, &estimate)),
            now,
        );
        assert_eq!(daily.reached_at, Some(now.plus(2 * HOUR)));
        assert_eq!(daily.resets_at, START.plus(DAY));
    }

    proptest! {
        #[test]
        fn credits_are_missing_exactly_when_more_is_needed_than_the_balance(
            balance in 0..1_000_000, runs in 10..100_000_u64, spent in 0..1_000_000,
            hours in 1..48_i64, gone in 0..48_i64,
        ) {
            let now = START.plus(gone * HOUR);
            let own = Some(pace(runs, spent, hours));
            let balance = Amount::of(balance);
            if let Some(found) = estimate(&event(24), balance, own, &[], now) {
                prop_assert_eq!(found.missing.is_positive(), found.needed > balance);
                prop_assert_eq!(found.ends_at.is_some(), found.needed > balance && found.lasts.is_some());
                if let Some(at) = found.ends_at {
                    prop_assert!(at <= event(24).ends_at);
                }
            }
        }
    }
}
