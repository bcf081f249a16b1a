//! Calendar days and wall-clock times in a named time zone.

use chrono::NaiveDate;
use jiff::civil::Date;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// A calendar day of a time zone, as days since 1970-01-01.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Day(pub i32);

impl Day {
    const EPOCH: NaiveDate =
        NaiveDate::from_ymd_opt(1970, 1, 1).expect("1970-01-01 is a valid date");

    pub fn of_date(date: NaiveDate) -> Self {
        let days = date.signed_duration_since(Self::EPOCH).num_days();
        Day(i32::try_from(days).unwrap_or(0))
    }

    pub fn date(self) -> NaiveDate {
        let days = chrono::TimeDelta::days(i64::from(self.0));
        Self::EPOCH.checked_add_signed(days).unwrap_or(Self::EPOCH)
    }
}

/// A time zone. It remembers the local day that was found last, because successive journal entries mostly fall on the
/// same day.
#[derive(Debug, Clone)]
pub struct Zone {
    tz: TimeZone,
    last: Option<(Timestamp, Timestamp, Day)>,
}

impl Zone {
    /// `None` for a name that the time-zone database does not know.
    pub fn named(name: &str) -> Option<Self> {
        // Use the built-in database, so that an instant falls on the same day on every machine.
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

    /// The instant of a local wall-clock time. If a clock change skips the time, the offset from before the change is
    /// used; if it repeats the time, the first instant is used.
    pub fn instant(&self, local: chrono::NaiveDateTime) -> Timestamp {
        let utc = local.and_utc().timestamp();
        let civil = jiff::Timestamp::from_second(utc).unwrap_or_default();
        let civil = TimeZone::UTC.to_datetime(civil);
        let zoned = self.tz.to_ambiguous_zoned(civil).compatible();
        let millis = zoned.map_or(utc * 1_000, |zoned| zoned.timestamp().as_millisecond());
        Timestamp::from_millis(millis)
    }

    /// The local wall-clock date and time of an instant.
    pub fn civil(&self, at: Timestamp) -> chrono::NaiveDateTime {
        let instant = jiff::Timestamp::from_millisecond(at.millis()).unwrap_or_default();
        let offset = self.tz.to_offset(instant).seconds();
        let utc = chrono::DateTime::from_timestamp_millis(at.millis()).unwrap_or_default();
        let local = utc.naive_utc();
        local
            .checked_add_signed(chrono::TimeDelta::seconds(i64::from(offset)))
            .unwrap_or(local)
    }

    /// The zone's abbreviation at `at`, such as `EST`; `UTC-03` where the time-zone database has only an offset.
    pub fn abbreviation(&self, at: Timestamp) -> String {
        let instant = jiff::Timestamp::from_millisecond(at.millis()).unwrap_or_default();
        readable(self.tz.to_offset_info(instant).abbreviation())
    }

    /// The zone's abbreviations from `from` to `to`, each with the instant at which it begins to hold.
    pub fn abbreviations(&self, from: Timestamp, to: Timestamp) -> Vec<(Timestamp, String)> {
        let start = jiff::Timestamp::from_millisecond(from.millis()).unwrap_or_default();
        let changes = self.tz.following(start).map(|change| {
            let at = Timestamp::from_millis(change.timestamp().as_millisecond());
            (at, readable(change.abbreviation()))
        });
        std::iter::once((from, self.abbreviation(from)))
            .chain(changes.take_while(|(at, _)| *at < to))
            .collect()
    }

    /// Local wall-clock time in minutes: hours × 60 + minutes.
    pub fn minute(&self, at: Timestamp) -> u16 {
        let instant = jiff::Timestamp::from_millisecond(at.millis()).unwrap_or_default();
        let time = self.tz.to_datetime(instant).time();
        u16::from(time.hour().unsigned_abs()) * 60 + u16::from(time.minute().unsigned_abs())
    }

    /// The local calendar day of an instant.
    pub fn day(&mut self, at: Timestamp) -> Day {
        if let Some((start, end, day)) = self.last
            && start <= at
            && at < end
        {
            return day;
        }
        // Every timestamp of an entry is in the calendar's range, so the default is never used for an entry.
        let instant = jiff::Timestamp::from_millisecond(at.millis()).unwrap_or_default();
        let date = self.tz.to_datetime(instant).date();
        let days = date.duration_since(Date::constant(1970, 1, 1)).as_hours() / 24;
        let day = Day(i32::try_from(days).unwrap_or(0));
        let next = date.tomorrow().unwrap_or(date);
        self.last = Some((self.start_of(date), self.start_of(next), day));
        day
    }

    /// The first instant of a local day. It is not midnight if a clock change skips midnight.
    fn start_of(&self, date: Date) -> Timestamp {
        let start = date.to_zoned(self.tz.clone()).map(|day| day.timestamp());
        Timestamp::from_millis(start.unwrap_or_default().as_millisecond())
    }
}

/// An abbreviation as shown: `UTC-03` for `-03`, which stands for a zone without an abbreviation.
fn readable(abbreviation: &str) -> String {
    match abbreviation.starts_with(['+', '-']) {
        true => format!("UTC{abbreviation}"),
        false => abbreviation.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn civil_time_of_an_instant_is_the_wall_clock_time_in_the_zone() {
        let zone = Zone::named("America/New_York").unwrap();
        let civil = |text: &str| zone.civil(text.parse().unwrap()).to_string();
        assert_eq!(civil("2026-03-08T06:59:00Z"), "2026-03-08 01:59:00");
        assert_eq!(civil("2026-03-08T07:00:00Z"), "2026-03-08 03:00:00");
    }

    #[test]
    fn calendar_day_of_an_instant_is_the_day_in_the_given_time_zone() {
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
    fn local_day_whose_midnight_is_skipped_starts_at_its_first_instant() {
        let zone = Zone::named("America/Sao_Paulo").unwrap();
        let start = zone.start_of(Date::constant(2018, 11, 4));
        assert_eq!(start.to_string(), "2018-11-04T03:00:00.000Z");
    }

    #[test]
    fn time_zone_abbreviations_switch_with_daylight_saving_time() {
        let zone = Zone::named("America/New_York").unwrap();
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let found = zone.abbreviations(at("2026-01-01T00:00:00Z"), at("2026-12-01T00:00:00Z"));
        let expected = [
            (at("2026-01-01T00:00:00Z"), "EST".to_owned()),
            (at("2026-03-08T07:00:00Z"), "EDT".to_owned()),
            (at("2026-11-01T06:00:00Z"), "EST".to_owned()),
        ];
        assert_eq!(found, expected);
        let zone = Zone::named("America/Sao_Paulo").unwrap();
        assert_eq!(zone.abbreviation(at("2026-01-01T00:00:00Z")), "UTC-03");
    }
}
