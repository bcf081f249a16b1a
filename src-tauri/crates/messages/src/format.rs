//! Amounts, counts and codes as people read them.

use std::sync::LazyLock;

use boothkeeper_domain::{Amount, Asset};
use fixed_decimal::Decimal;
use icu_decimal::DecimalFormatter;
use icu_decimal::options::DecimalFormatterOptions;
use serde::Serialize;

use crate::Locale;
use crate::locale::icu_locale;

static DECIMALS: LazyLock<Option<DecimalFormatter>> = LazyLock::new(|| {
    let locale = icu_locale(&Locale::of_system());
    DecimalFormatter::try_new((&locale).into(), DecimalFormatterOptions::default()).ok()
});

/// A count with its digits in groups: `7,113`.
pub fn number(count: i64) -> String {
    grouped(&count.into())
}

/// An amount of credits or money in its unit: `$1,142.35`, or `540` where credits are counted.
pub fn money(amount: Amount, asset: &Asset) -> String {
    let unit = if asset.code == "USD" { "$" } else { "" };
    let mut decimal = Decimal::from(amount.minor().unsigned_abs());
    decimal.multiply_pow10(-i16::from(asset.scale));
    let sign = if amount.is_negative() { "-" } else { "" };
    format!("{sign}{unit}{}", grouped(&decimal))
}

/// The number with its digits grouped and its fraction separated as in the operator's locale.
fn grouped(decimal: &Decimal) -> String {
    match DECIMALS.as_ref() {
        Some(formatter) => formatter.format(decimal).to_string(),
        None => decimal.to_string(),
    }
}

/// A fee or a payment in dollars, whatever unit credits are counted in.
pub fn usd(amount: Amount) -> String {
    money(amount, &Asset::usd())
}

/// A span of time in words, rounded down: days from 48 hours on, hours from 2 hours on, otherwise minutes. A negative
/// span is 0 minutes.
pub fn span(millis: i64) -> String {
    let minutes = u64::try_from(millis / 60_000).unwrap_or(0);
    match minutes / 60 {
        hours @ 48.. => crate::shared::span_days(hours / 24),
        hours @ 2.. => crate::shared::span_hours_long(hours),
        _ => crate::shared::span_minutes_long(minutes),
    }
}

/// The name that a unit variant has in JSON, by which a [`crate::Family`] finds its message; empty for anything else.
pub fn code(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(code)) => code,
        _ => String::new(),
    }
}

/// A code that has no message, such as a code of a later version, in readable form: `Plan changed`.
pub fn readable(code: &str) -> String {
    let text = code.replace('_', " ");
    if text.trim().is_empty() {
        return code.to_owned();
    }
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}

#[cfg(test)]
mod tests {
    use boothkeeper_domain::{Amount, Asset};

    use super::{money, number, span};

    #[test]
    fn numbers_are_grouped_and_amounts_keep_every_minor_unit() {
        let points = Asset {
            code: "points".to_owned(),
            scale: 0,
        };
        assert_eq!(number(7_113), "7,113");
        assert_eq!(number(-1_234_567), "-1,234,567");
        assert_eq!(money(Amount::of(114_235), &Asset::usd()), "$1,142.35");
        assert_eq!(money(Amount::of(-5), &Asset::usd()), "-$0.05");
        assert_eq!(money(Amount::ZERO, &Asset::usd()), "$0.00");
        assert_eq!(money(Amount::of(54_000), &points), "54,000");
        assert_eq!(money(Amount::MAX, &Asset::usd()), "$90,071,992,547,409.91");
    }

    #[test]
    fn time_span_is_written_in_the_largest_unit_that_fits_at_least_twice() {
        const HOUR: i64 = 3_600_000;
        assert_eq!(span(72 * HOUR), "3 days");
        assert_eq!(span(48 * HOUR), "2 days");
        assert_eq!(span(48 * HOUR - 1), "47 hours");
        assert_eq!(span(2 * HOUR), "2 hours");
        assert_eq!(span(2 * HOUR - 1), "119 minutes");
        assert_eq!(span(60_000), "1 minute");
        assert_eq!(span(-HOUR), "0 minutes");
    }
}
