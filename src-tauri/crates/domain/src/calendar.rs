//! Billing periods (`domain.md` §6), counted from the account's anchor, such as the instant of sign-up: period *n*
//! starts at anchor + *n* months, or *n* years for an annual cycle, with the day clamped to the end of a short month.
//! Starts are always computed from the anchor and not from the previous period, so that they never drift.

use chrono::Months;
use serde::{Deserialize, Serialize};

use crate::Timestamp;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Cycle {
    Monthly,
    Annual,
}

impl Cycle {
    const fn months(self) -> u32 {
        match self {
            Cycle::Monthly => 1,
            Cycle::Annual => 12,
        }
    }
}

/// A span of time, `[start, end)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Period {
    pub start: Timestamp,
    pub end: Timestamp,
}

impl Period {
    pub fn contains(&self, at: Timestamp) -> bool {
        self.start <= at && at < self.end
    }
}

/// Start of billing period `n`, counted from 0; `None` if it lies past the end of the calendar.
pub fn period_start(anchor: Timestamp, cycle: Cycle, n: u32) -> Option<Timestamp> {
    let months = Months::new(n.checked_mul(cycle.months())?);
    let at = anchor.to_utc().checked_add_months(months)?;
    Some(Timestamp::from(at))
}

pub fn period(anchor: Timestamp, cycle: Cycle, n: u32) -> Option<Period> {
    Some(Period {
        start: period_start(anchor, cycle, n)?,
        end: period_start(anchor, cycle, n + 1)?,
    })
}

/// Number of the monthly period that contains `at`, counted from 0; 0 for instants before the anchor.
pub fn month_at(anchor: Timestamp, at: Timestamp) -> Option<u32> {
    // No month is longer than 31 days, so this first guess is never too late.
    let days = at.since(anchor).max(0) / crate::time::DAY;
    let mut month = u32::try_from(days / 31).ok()?;
    while period_start(anchor, Cycle::Monthly, month + 1)? <= at {
        month += 1;
    }
    Some(month)
}

/// The period that follows a period ending at `end`. It starts at `end` and ends a whole number of months after the
/// anchor, so that a change of cycle does not move the billing day.
pub fn following(anchor: Timestamp, cycle: Cycle, end: Timestamp) -> Option<Period> {
    let month = month_at(anchor, end)?.checked_add(cycle.months())?;
    Some(Period {
        start: end,
        end: period_start(anchor, Cycle::Monthly, month)?,
    })
}

/// Of the periods that follow a period ending at `end`, the first one that ends after `at`.
pub fn following_at(
    anchor: Timestamp,
    cycle: Cycle,
    end: Timestamp,
    at: Timestamp,
) -> Option<Period> {
    let mut period = following(anchor, cycle, end)?;
    while period.end <= at {
        period = following(anchor, cycle, period.end)?;
    }
    Some(period)
}

/// The billing period, counted from the anchor, that contains `at`; the first period for instants before the anchor.
pub fn period_at(anchor: Timestamp, cycle: Cycle, at: Timestamp) -> Option<Period> {
    let n = month_at(anchor, at)? / cycle.months();
    period(anchor, cycle, n)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn starts(anchor: &str, cycle: Cycle, count: u32) -> Vec<String> {
        (1..=count)
            .map(|n| period_start(at(anchor), cycle, n).unwrap().to_string())
            .map(|text| text[..10].to_string())
            .collect()
    }

    #[test]
    fn billing_day_31_becomes_the_last_day_of_short_months_without_drift() {
        assert_eq!(
            starts("2025-01-31T10:00:00Z", Cycle::Monthly, 4),
            ["2025-02-28", "2025-03-31", "2025-04-30", "2025-05-31"]
        );
        assert_eq!(
            starts("2028-01-31T10:00:00Z", Cycle::Monthly, 2),
            ["2028-02-29", "2028-03-31"]
        );
        assert_eq!(
            starts("2024-02-29T00:00:00Z", Cycle::Annual, 4),
            ["2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"]
        );
    }

    proptest! {
        #[test]
        fn next_billing_period_starts_when_the_previous_ends_at_the_same_time_of_day(
            anchor in 0i64..4_000_000_000_000, n in 0u32..600, annual in any::<bool>()
        ) {
            let anchor = Timestamp::from_millis(anchor);
            let cycle = if annual { Cycle::Annual } else { Cycle::Monthly };
            let this = period(anchor, cycle, n).unwrap();
            let next = period(anchor, cycle, n + 1).unwrap();
            prop_assert_eq!(this.end, next.start);
            prop_assert!(this.start < this.end);
            let day = crate::time::DAY;
            prop_assert_eq!(this.start.millis().rem_euclid(day), anchor.millis().rem_euclid(day));
        }

        #[test]
        fn billing_period_found_for_an_instant_contains_that_instant(
            anchor in 0i64..2_000_000_000_000, ahead in 0i64..2_000_000_000_000, annual in any::<bool>()
        ) {
            let anchor = Timestamp::from_millis(anchor);
            let cycle = if annual { Cycle::Annual } else { Cycle::Monthly };
            let at = anchor.plus(ahead);
            prop_assert!(period_at(anchor, cycle, at).unwrap().contains(at));
        }
    }
}
