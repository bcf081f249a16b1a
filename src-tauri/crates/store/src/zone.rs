//! Days as people count them: in the laptop's zone, by name.

use boothkeeper_domain::Timestamp;
use chrono::NaiveDate;
use jiff::civil::Date;
use jiff::tz::{TimeZone, TimeZoneDatabase};
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
    tz: TimeZone,
    last: Option<(Timestamp, Timestamp, Day)>,
}

impl Zone {
    /// `None` for a name that the time-zone database does not know.
    pub fn named(name: &str) -> Option<Self> {
        // The database that is built in: the same days on every machine.
        let tz = TimeZoneDatabase::bundled().get(name).ok()?;
        Some(Zone { tz, last: None })
    }

    pub fn utc() -> Self {
        Zone {
            tz: TimeZone::UTC,
            last: None,
        }
    }

    pub fn name(&self) -> &str {
        self.tz.iana_name().unwrap_or("UTC")
    }

    /// The instant of a wall clock's time here; of one that a change of the clock skips, as if it had not.
    pub fn instant(&self, local: chrono::NaiveDateTime) -> Timestamp {
        let utc = local.and_utc().timestamp();
        let civil = jiff::Timestamp::from_second(utc).unwrap_or_default();
        let civil = TimeZone::UTC.to_datetime(civil);
        let zoned = self.tz.to_ambiguous_zoned(civil).compatible();
        let millis = zoned.map_or(utc * 1_000, |zoned| zoned.timestamp().as_millisecond());
        Timestamp::from_millis(millis)
    }

    /// An instant as people here write it.
    pub fn local(&self, at: Timestamp) -> String {
        let instant = jiff::Timestamp::from_millisecond(at.millis()).unwrap_or_default();
        let zoned = instant.to_zoned(self.tz.clone());
        zoned.strftime("%Y-%m-%d %H:%M %Z").to_string()
    }

    /// The same for readers elsewhere: with the zone's name, where its abbreviation is not that.
    pub fn local_named(&self, at: Timestamp) -> String {
        let (local, name) = (self.local(at), self.name());
        let last = name.rsplit('/').next().unwrap_or(name);
        match local.ends_with(last) {
            true => local,
            false => format!("{local} ({name})"),
        }
    }

    /// Minutes after local midnight, as a clock on the wall shows them.
    pub fn minute(&self, at: Timestamp) -> u16 {
        let instant = jiff::Timestamp::from_millisecond(at.millis()).unwrap_or_default();
        let time = self.tz.to_datetime(instant).time();
        u16::from(time.hour().unsigned_abs()) * 60 + u16::from(time.minute().unsigned_abs())
    }

    pub fn day(&mut self, at: Timestamp) -> Day {
        if let Some((start, end, day)) = self.last
            && start <= at
            && at < end
        {
            return day;
        }
        // Every instant that an entry can have lies within the calendar's range.
        let instant = jiff::Timestamp::from_millisecond(at.millis()).unwrap_or_default();
        let date = self.tz.to_datetime(instant).date();
        let days = date.duration_since(Date::constant(1970, 1, 1)).as_hours() / 24;
        let day = Day(i32::try_from(days).unwrap_or(0));
        let next = date.tomorrow().unwrap_or(date);
        self.last = Some((self.start_of(date), self.start_of(next), day));
        day
    }

    /// The first instant of a local day, also where a change of clocks skips midnight.
    fn start_of(&self, date: Date) -> Timestamp {
        let start = date.to_zoned(self.tz.clone()).map(|day| day.timestamp());
        Timestamp::from_millis(start.unwrap_or_default().as_millisecond())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_is_named_once() {
        let named = |name| Zone::named(name).unwrap().local_named(Timestamp::default());
        assert_eq!(named("Etc/UTC"), "1970-01-01 00:00 UTC");
        assert_eq!(
            named("America/New_York"),
            "1969-12-31 19:00 EST (America/New_York)"
        );
    }

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
        let start = zone.start_of(Date::constant(2018, 11, 4));
        assert_eq!(start.to_string(), "2018-11-04T03:00:00.000Z");
    }
}
