//! Instants in UTC with millisecond precision, and lengths of time in milliseconds.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

/// Milliseconds since 1970-01-01T00:00:00Z. On the wire it is RFC 3339 text in UTC with milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(type = "string"))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String, format = DateTime))]
pub struct Timestamp(i64);

#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("not an RFC 3339 instant in UTC: {0:?}")]
pub struct TimestampError(String);

/// One second in milliseconds; the other lengths of time below are in milliseconds, too.
pub const SECOND: i64 = 1_000;
pub const MINUTE: i64 = 60 * SECOND;
pub const HOUR: i64 = 60 * MINUTE;
pub const DAY: i64 = 24 * HOUR;

impl Timestamp {
    /// Years 0000 to 9999 in milliseconds since 1970: RFC 3339 cannot write other years.
    const RANGE: std::ops::RangeInclusive<i64> = -62_167_219_200_000..=253_402_300_799_999;

    pub const fn from_millis(millis: i64) -> Self {
        Timestamp(millis)
    }

    pub const fn millis(self) -> i64 {
        self.0
    }

    /// The instant `millis` milliseconds later, or earlier if negative.
    pub const fn plus(self, millis: i64) -> Self {
        Timestamp(self.0.saturating_add(millis))
    }

    /// Milliseconds from `earlier` to this instant; negative if `earlier` is later.
    pub const fn since(self, earlier: Timestamp) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Days since 1970-01-01 in UTC. Daily limits are counted per UTC day (`domain.md` §2).
    pub const fn utc_day(self) -> i64 {
        self.0.div_euclid(DAY)
    }

    pub fn to_utc(self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.0).unwrap_or_default()
    }
}

impl From<DateTime<Utc>> for Timestamp {
    fn from(at: DateTime<Utc>) -> Self {
        Timestamp(at.timestamp_millis())
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_utc().to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

impl FromStr for Timestamp {
    type Err = TimestampError;

    fn from_str(text: &str) -> Result<Self, TimestampError> {
        if let Some(millis) = parse_written_form(text) {
            return Ok(Timestamp(millis));
        }
        let error = || TimestampError(text.chars().take(40).collect());
        let at = DateTime::parse_from_rfc3339(text).map_err(|_| error())?;
        let millis = at.timestamp_millis();
        if at.offset().local_minus_utc() != 0 || !Self::RANGE.contains(&millis) {
            return Err(error());
        }
        Ok(Timestamp(millis))
    }
}

/// Fast parser for the only form that `Display` writes, `2026-02-21T16:31:07.000Z`. Returns milliseconds since 1970, or
/// `None` for any other form.
fn parse_written_form(text: &str) -> Option<i64> {
    let text: &[u8; 24] = text.as_bytes().try_into().ok()?;
    let marks = [4, 7, 10, 13, 16, 19, 23].map(|at: usize| text[at]);
    let number = |digits: Range<usize>| {
        text[digits].iter().try_fold(0, |number, digit| {
            let digit = char::from(*digit).to_digit(10)?;
            Some(number * 10 + digit)
        })
    };
    let year = i32::try_from(number(0..4)?).ok()?;
    let day = NaiveDate::from_ymd_opt(year, number(5..7)?, number(8..10)?)?;
    let (hour, minute) = (number(11..13)?, number(14..16)?);
    let at = day.and_hms_milli_opt(hour, minute, number(17..19)?, number(20..23)?)?;
    (marks == *b"--T::.Z").then(|| at.and_utc().timestamp_millis())
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Timestamp;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an RFC 3339 instant in UTC")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Timestamp, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fast_timestamp_parser_agrees_with_rfc_3339_and_rejects_other_forms() {
        for text in [
            "2026-02-21T16:31:07.005Z",
            "2024-02-29T23:59:59.999Z",
            "0000-01-01T00:00:00.000Z",
            "9999-12-31T23:59:59.999Z",
        ] {
            let any = DateTime::parse_from_rfc3339(text).unwrap();
            assert_eq!(
                parse_written_form(text),
                Some(any.timestamp_millis()),
                "{text}"
            );
        }
        for text in [
            "2026-02-30T16:31:07.005Z",
            "2026-02-21 16:31:07.005Z",
            "2026-02-21T16:31:07.005z",
            "2026-02-21T24:31:07.005Z",
            "+026-02-21T16:31:07.005Z",
            "2026-02-21T16:31:07.0051",
        ] {
            assert_eq!(parse_written_form(text), None, "{text}");
        }
    }

    #[test]
    fn timestamp_round_trips_with_milliseconds_and_must_be_utc() {
        let at: Timestamp = "2026-02-21T16:31:07.005Z".parse().unwrap();
        assert_eq!(at.to_string(), "2026-02-21T16:31:07.005Z");
        assert_eq!(
            "2026-02-21T16:31:07Z".parse::<Timestamp>().unwrap(),
            at.plus(-5)
        );
        assert!("2026-02-21T16:31:07+01:00".parse::<Timestamp>().is_err());
        assert!("yesterday".parse::<Timestamp>().is_err());
    }
}
