//! Reads dates as tables write them. The order of day and month is found from all dates of a table; if that is not
//! possible, the dates are reported as ambiguous.

use boothkeeper_domain::Timestamp;
use boothkeeper_domain::Zone;
use chrono::{NaiveDate, NaiveTime};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum DateOrder {
    Dmy,
    Mdy,
    Ymd,
}

/// Why the order of day, month and year cannot be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unclear {
    /// More than one order of day, month and year fits all dates.
    Ambiguous,
    /// No order of day, month and year fits all dates.
    Contradiction,
}

/// The three numbers of a date, their separator, and the text after the date.
fn date_parts(text: &str) -> Option<([u32; 3], char, &str)> {
    let text = text.trim();
    let mark = text.chars().find(|c| !c.is_ascii_digit())?;
    if !"-/.".contains(mark) {
        return None;
    }
    let end = text
        .find(|c: char| !c.is_ascii_digit() && c != mark)
        .unwrap_or(text.len());
    let (date, rest) = text.split_at(end);
    let mut numbers = date.trim_end_matches(mark).split(mark);
    let mut next = || numbers.next()?.parse().ok();
    let found = [next()?, next()?, next()?];
    numbers.next().is_none().then_some((found, mark, rest))
}

/// The order of day, month and year that fits all dates. Texts that are not dates are ignored.
pub fn order<'a>(texts: impl Iterator<Item = &'a str>) -> Result<DateOrder, Unclear> {
    let mut possible = [true; 3];
    let mut dotted = true;
    let mut any = false;
    for ([first, second, third], mark, _) in texts.filter_map(date_parts) {
        any = true;
        dotted &= mark == '.';
        let day = |n: u32| (1..=31).contains(&n);
        let month = |n: u32| (1..=12).contains(&n);
        possible[0] &= day(first) && month(second);
        possible[1] &= month(first) && day(second);
        possible[2] &= first > 31 && month(second) && day(third);
    }
    match possible {
        _ if !any => Ok(DateOrder::Ymd),
        [_, _, true] => Ok(DateOrder::Ymd),
        // Dates with points always start with the day.
        [true, _, _] if dotted => Ok(DateOrder::Dmy),
        [true, true, _] => Err(Unclear::Ambiguous),
        [true, ..] => Ok(DateOrder::Dmy),
        [_, true, _] => Ok(DateOrder::Mdy),
        _ => Err(Unclear::Contradiction),
    }
}

/// The instant of a date and time in `zone`, or in the text's own offset; `None` if the text is not a date. Midnight if
/// there is no time.
pub fn instant(date: &str, time: Option<&str>, order: DateOrder, zone: &Zone) -> Option<Timestamp> {
    if let Ok(at) = chrono::DateTime::parse_from_rfc3339(date.trim()) {
        return Some(Timestamp::from(at.to_utc()));
    }
    let ([first, second, third], _, rest) = date_parts(date)?;
    let (year, month, day) = match order {
        DateOrder::Dmy => (third, second, first),
        DateOrder::Mdy => (third, first, second),
        DateOrder::Ymd => (first, second, third),
    };
    let year = if year < 100 { 2000 + year } else { year };
    let day = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?;
    let rest = rest.trim_start_matches(['T', ',', ' ']).trim();
    let time = match (rest, time.map(str::trim)) {
        ("", None | Some("")) => NaiveTime::MIN,
        ("", Some(time)) => clock(time)?,
        (rest, _) => clock(rest)?,
    };
    (1990..=2200)
        .contains(&year)
        .then(|| zone.instant(day.and_time(time)))
}

/// Parses a time such as `16:31`, `16:31:07` or `4:31 PM`.
fn clock(text: &str) -> Option<NaiveTime> {
    let lower = text.to_lowercase();
    let bare = lower.trim_end_matches(|c: char| c.is_alphabetic() || ". ".contains(c));
    let bare = bare.split('.').next()?;
    let mut numbers = bare.split(':').map(|part| part.trim().parse::<u32>());
    let (mut hour, minute) = (numbers.next()?.ok()?, numbers.next()?.ok()?);
    let second = numbers.next().transpose().ok()?.unwrap_or(0);
    match (lower.contains("pm"), lower.contains("am"), hour) {
        (true, _, 1..=11) => hour += 12,
        (_, true, 12) => hour = 0,
        _ => {}
    }
    NaiveTime::from_hms_opt(hour, minute, second)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn dates_without_offset_are_read_in_the_given_time_zone() {
        let berlin = Zone::named("Europe/Berlin").unwrap();
        let read = |date, time, order| instant(date, time, order, &berlin).map(|at| at.to_string());
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            read("2026-02-21T16:31:07.005Z", None, DateOrder::Ymd),
            some("2026-02-21T16:31:07.005Z")
        );
        assert_eq!(
            read("2026-02-21 16:31", None, DateOrder::Ymd),
            some("2026-02-21T15:31:00.000Z")
        );
        assert_eq!(
            read("21.02.2026, 16:31:07", None, DateOrder::Dmy),
            some("2026-02-21T15:31:07.000Z")
        );
        assert_eq!(
            read("02/21/26 4:31 PM", None, DateOrder::Mdy),
            some("2026-02-21T15:31:00.000Z")
        );
        assert_eq!(
            read("2026-07-01", Some("12:00"), DateOrder::Ymd),
            some("2026-07-01T10:00:00.000Z")
        );
        assert_eq!(read("31/02/2026", None, DateOrder::Dmy), None);
        assert_eq!(read("soon", None, DateOrder::Dmy), None);
    }

    #[test]
    fn order_of_day_and_month_is_found_or_reported_as_unclear() {
        let of = |texts: &[&str]| order(texts.iter().copied());
        assert_eq!(of(&["02/03/2026", "04/05/2026"]), Err(Unclear::Ambiguous));
        assert_eq!(of(&["02/03/2026", "04/25/2026"]), Ok(DateOrder::Mdy));
        assert_eq!(of(&["02/03/2026", "25/04/2026"]), Ok(DateOrder::Dmy));
        assert_eq!(of(&["02.03.2026", "04.05.2026"]), Ok(DateOrder::Dmy));
        assert_eq!(of(&["2026-02-03"]), Ok(DateOrder::Ymd));
        assert_eq!(
            of(&["25/04/2026", "04/25/2026"]),
            Err(Unclear::Contradiction)
        );
    }

    proptest! {
        #[test]
        fn date_parser_never_panics_on_arbitrary_text(text in "\\PC{0,30}", time in proptest::option::of("\\PC{0,12}")) {
            for order in [DateOrder::Dmy, DateOrder::Mdy, DateOrder::Ymd] {
                let _ = instant(&text, time.as_deref(), order, &Zone::utc());
            }
            let _ = order(std::iter::once(text.as_str()));
        }
    }
}
