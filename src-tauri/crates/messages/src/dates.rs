//! Days and times as people read them, in the operator's locale. The page writes the same forms with `Intl`.

use std::sync::{LazyLock, OnceLock};

use boothkeeper_domain::{Timestamp, Zone};
use chrono::{Datelike, NaiveDate, NaiveDateTime, Timelike};
use icu_calendar::{Date, Gregorian};
use icu_datetime::fieldsets::{T, YMD, YMDE};
use icu_datetime::options::Alignment;
use icu_datetime::{FixedCalendarDateTimeFormatter, NoCalendarFormatter};
use icu_time::Time;

use crate::Locale;
use crate::locale::icu_locale;

static DATES: LazyLock<Dates> = LazyLock::new(|| Dates::of(&icu_locale(&Locale::of_system())));

type Formatter<Fields> = FixedCalendarDateTimeFormatter<Gregorian, Fields>;

/// The formatters of one locale, each made when it is first needed, as one takes longer to make than all else that
/// `boothkeeper balance` writes. A formatter is `None` if its data cannot be loaded: then the ISO form is written.
struct Dates {
    locale: icu_locale_core::Locale,
    weekday: OnceLock<Option<Formatter<YMDE>>>,
    day: OnceLock<Option<Formatter<YMD>>>,
    time: OnceLock<Option<NoCalendarFormatter<T>>>,
}

/// A point in time with its year (because documents and lists are read later) and the abbreviation of the time zone:
/// `Mon 30 Mar 2026 20:00 EDT`.
pub fn moment(at: Timestamp, zone: &Zone) -> String {
    DATES.moment(at, zone)
}

/// A calendar day: `20 Feb 2026`.
pub fn day(date: NaiveDate) -> String {
    DATES.day(date)
}

impl Dates {
    fn of(locale: &icu_locale_core::Locale) -> Self {
        Dates {
            locale: locale.clone(),
            weekday: OnceLock::new(),
            day: OnceLock::new(),
            time: OnceLock::new(),
        }
    }

    fn weekday_formatter(&self) -> Option<&Formatter<YMDE>> {
        let make = || Formatter::try_new((&self.locale).into(), YMDE::medium()).ok();
        self.weekday.get_or_init(make).as_ref()
    }

    fn day_formatter(&self) -> Option<&Formatter<YMD>> {
        let make = || Formatter::try_new((&self.locale).into(), YMD::medium()).ok();
        self.day.get_or_init(make).as_ref()
    }

    fn time_formatter(&self) -> Option<&NoCalendarFormatter<T>> {
        let fields = T::hm().with_alignment(Alignment::Column);
        let make = || NoCalendarFormatter::try_new((&self.locale).into(), fields).ok();
        self.time.get_or_init(make).as_ref()
    }

    fn moment(&self, at: Timestamp, zone: &Zone) -> String {
        let local = zone.civil(at);
        let date = gregorian(local.date()).zip(self.weekday_formatter());
        let date = date.map(|(date, formatter)| formatter.format(&date).to_string());
        // Some locales put a comma after the weekday: it is left out, because the date often stands within a sentence.
        let date = date.map(|date| date.replacen(',', "", 1));
        let date = date.unwrap_or_else(|| local.date().to_string());
        crate::moment::text(&date, &self.time(local), &zone.abbreviation(at))
    }

    fn time(&self, local: NaiveDateTime) -> String {
        let part = |value: u32| u8::try_from(value).unwrap_or(0);
        let time = Time::try_new(part(local.hour()), part(local.minute()), 0, 0).ok();
        let text = time.zip(self.time_formatter());
        let text = text.map(|(time, formatter)| formatter.format(&time).to_string());
        // Terminals and the fonts of documents have no narrow space.
        let text = text.map(|text| text.replace('\u{202f}', " "));
        text.unwrap_or_else(|| local.format("%H:%M").to_string())
    }

    fn day(&self, date: NaiveDate) -> String {
        let formatted = gregorian(date).zip(self.day_formatter());
        let formatted = formatted.map(|(date, formatter)| formatter.format(&date).to_string());
        formatted.unwrap_or_else(|| date.to_string())
    }
}

fn gregorian(date: NaiveDate) -> Option<Date<Gregorian>> {
    let (month, day) = (date.month().try_into().ok()?, date.day().try_into().ok()?);
    Date::try_new_gregorian(date.year(), month, day).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(tag: &str) -> Dates {
        Dates::of(&tag.parse().unwrap())
    }

    #[test]
    fn written_moment_follows_the_locale_and_names_the_time_zone() {
        let zone = Zone::named("America/New_York").unwrap();
        let at: Timestamp = "2026-03-31T00:00:00.000Z".parse().unwrap();
        for (tag, written) in [
            ("en-GB", "Mon 30 Mar 2026 20:00 EDT"),
            ("en-US", "Mon Mar 30, 2026 08:00 PM EDT"),
            ("en-ZA", "Mon 30 Mar 2026 20:00 EDT"),
        ] {
            assert_eq!(of(tag).moment(at, &zone), written, "{tag}");
        }
    }

    #[test]
    fn hour_repeated_in_autumn_is_told_apart_by_its_zone_abbreviation() {
        let zone = Zone::named("America/New_York").unwrap();
        let first: Timestamp = "2026-11-01T05:30:00.000Z".parse().unwrap();
        let second: Timestamp = "2026-11-01T06:30:00.000Z".parse().unwrap();
        let written = |at| of("en-GB").moment(at, &zone);
        assert_eq!(written(first), "Sun 1 Nov 2026 01:30 EDT");
        assert_eq!(written(second), "Sun 1 Nov 2026 01:30 EST");
    }

    #[test]
    fn date_is_written_in_the_order_of_the_locale() {
        let date = NaiveDate::from_ymd_opt(2026, 2, 20).unwrap();
        assert_eq!(of("en-GB").day(date), "20 Feb 2026");
        assert_eq!(of("en-US").day(date), "Feb 20, 2026");
    }

    #[test]
    fn earliest_and_latest_possible_dates_are_still_written() {
        assert!(!of("en-GB").day(NaiveDate::MIN).is_empty());
        assert!(!of("en-GB").day(NaiveDate::MAX).is_empty());
    }
}
