//! Days as people count them: in the laptop's zone, by name.

use boothkeeper_domain::Timestamp;
use chrono::{Days, NaiveDate, NaiveTime, TimeZone};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

/// Days since 1970-01-01 in a zone.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Day(pub i32);

impl Day {
    const EPOCH: NaiveDate = NaiveDate::from_ymd_opt(1970, 1, 1).expect("a date");

    pub fn of_date(date: NaiveDate) -> Self {
        let days = date.signed_duration_since(Self::EPOCH).num_days();
        Day(i32::try_from(days).unwrap_or(0))
    }

    pub fn date(self) -> NaiveDate {
        let days = chrono::TimeDelta::days(i64::from(self.0));
        Self::EPOCH.checked_add_signed(days).unwrap_or(Self::EPOCH)
    }
}

/// A time zone, with the bounds of the day last asked for: neighbours are mostly of one day.
#[derive(Debug, Clone)]
pub struct Zone {
    tz: Tz,
    last: Option<(Timestamp, Timestamp, Day)>,
}

impl Zone {
    /// `None` for a name that the time-zone database does not know.
    pub fn named(name: &str) -> Option<Self> {
        let tz = name.parse().ok()?;
        Some(Zone { tz, last: None })
    }

    pub fn utc() -> Self {
        Zone {
            tz: Tz::UTC,
            last: None,
        }
    }

    pub fn name(&self) -> &'static str {
        self.tz.name()
    }

    pub fn tz(&self) -> Tz {
        self.tz
    }

    pub fn day(&mut self, at: Timestamp) -> Day {
        if let Some((start, end, day)) = self.last
            && start <= at
            && at < end
        {
            return day;
        }
        let date = at.to_utc().with_timezone(&self.tz).date_naive();
        let day = Day::of_date(date);
        let next = date.checked_add_days(Days::new(1)).unwrap_or(date);
        self.last = Some((self.start_of(date), self.start_of(next), day));
        day
    }

    /// The first instant of a local day, also where a change of clocks skips midnight.
    pub fn start_of(&self, date: NaiveDate) -> Timestamp {
        let midnight = date.and_time(NaiveTime::MIN);
        let instant = (0..=3).find_map(|hours| {
            let local = midnight + chrono::TimeDelta::hours(hours);
            self.tz.from_local_datetime(&local).earliest()
        });
        instant.map_or(Timestamp::from(midnight.and_utc()), |at| {
            Timestamp::from(at.to_utc())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_the_laptops_day() {
        let mut zone = Zone::named("America/New_York").unwrap();
        let day = |text: &str, zone: &mut Zone| zone.day(text.parse().unwrap()).date().to_string();
        assert_eq!(day("2026-03-31T00:00:00Z", &mut zone), "2026-03-30");
        assert_eq!(day("2026-03-31T03:59:59Z", &mut zone), "2026-03-30");
        assert_eq!(day("2026-03-31T04:00:00Z", &mut zone), "2026-03-31");
        assert_eq!(
            day("2026-03-08T04:59:59Z", &mut zone),
            "2026-03-07",
            "before summer time"
        );
    }

    #[test]
    fn a_day_without_midnight_starts_when_it_starts() {
        let zone = Zone::named("America/Sao_Paulo").unwrap();
        let start = zone.start_of(NaiveDate::from_ymd_opt(2018, 11, 4).unwrap());
        assert_eq!(start.to_string(), "2018-11-04T03:00:00.000Z");
    }
}
