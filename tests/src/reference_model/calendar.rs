//! A calendar that counts days and months one by one.

use super::Instant;

pub const HOUR: Instant = 3_600_000;
pub const DAY: Instant = 24 * HOUR;

/// A day of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Civil {
    pub year: i64,
    /// 0 is January.
    pub month: i64,
    /// 1 is the first day of the month.
    pub day: i64,
}

impl Civil {
    /// The day of an instant, counted forward from 1970-01-01.
    pub fn of(at: Instant) -> Self {
        let mut left = at.div_euclid(DAY);
        let mut civil = Civil {
            year: 1970,
            month: 0,
            day: 1,
        };
        loop {
            let length = length(civil.year, civil.month);
            if left < length {
                civil.day = left + 1;
                return civil;
            }
            left -= length;
            civil.month += 1;
            if civil.month == 12 {
                (civil.year, civil.month) = (civil.year + 1, 0);
            }
        }
    }

    fn instant(self, time_of_day: Instant) -> Instant {
        let mut days = 0;
        let (mut year, mut month) = (1970, 0);
        while (year, month) != (self.year, self.month) {
            days += length(year, month);
            month += 1;
            if month == 12 {
                (year, month) = (year + 1, 0);
            }
        }
        (days + self.day - 1) * DAY + time_of_day
    }
}

fn length(year: i64, month: i64) -> i64 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        1 if leap => 29,
        1 => 28,
        3 | 5 | 8 | 10 => 30,
        _ => 31,
    }
}

/// The instant `months` months after `anchor`: on the same day of the month, or on the last day of a shorter month.
pub fn months_after(anchor: Instant, months: i64) -> Instant {
    let start = Civil::of(anchor);
    let total = start.year * 12 + start.month + months;
    let (year, month) = (total.div_euclid(12), total.rem_euclid(12));
    let day = start.day.min(length(year, month));
    Civil { year, month, day }.instant(anchor.rem_euclid(DAY))
}

/// Start and end of the billing month that contains `at`. Months are counted from `anchor`.
pub fn month_of(anchor: Instant, at: Instant) -> (Instant, Instant) {
    let mut n = 0;
    while months_after(anchor, n + 1) <= at {
        n += 1;
    }
    (months_after(anchor, n), months_after(anchor, n + 1))
}

/// Start and end of the paid span after one that ends at `end`: 1 or 12 months, on the anchor's day of the month.
pub fn next_span(anchor: Instant, end: Instant, annual: bool) -> (Instant, Instant) {
    let mut n = 0;
    while months_after(anchor, n + 1) <= end {
        n += 1;
    }
    (end, months_after(anchor, n + if annual { 12 } else { 1 }))
}
