//! Amounts, counts and codes as people read them.

use boothkeeper_domain::{Amount, Asset};
use serde::Serialize;

/// A count in groups of three: `7,113`.
pub fn number(count: i64) -> String {
    let digits = count.unsigned_abs().to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if count < 0 {
        out.push('-');
    }
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// An amount in its unit: `$142.35`, or `540` where credits are counted.
pub fn money(amount: Amount, asset: &Asset) -> String {
    let unit = if asset.code == "USD" { "$" } else { "" };
    let text = asset.decimal(amount).to_string();
    match text.strip_prefix('-') {
        Some(rest) => format!("-{unit}{rest}"),
        None => format!("{unit}{text}"),
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

/// A code without a message, such as one of a later version, readable: `Plan changed`.
pub fn readable(code: &str) -> String {
    let text = code.replace('_', " ");
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}

#[cfg(test)]
mod tests {
    use super::span;

    #[test]
    fn span_uses_the_largest_unit_of_which_there_are_two() {
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
