//! How days and amounts are typed.

use boothkeeper_app::domain::{Amount, Asset};
use boothkeeper_app::{AppError, Code, Date};

/// Parses a day of the computer's time zone.
pub fn day(text: &str) -> Result<Date, &'static str> {
    text.parse().map_err(|_| "a day is written 2026-02-01")
}

/// Parses an amount in units of the asset, such as `50`, `50.00` or, unless the asset counts whole credits, `$50.00`.
pub fn amount(text: &str, asset: &Asset) -> Result<Amount, AppError> {
    let number = match asset.scale {
        0 => text,
        _ => text.trim().trim_start_matches('$'),
    };
    asset.parse(number).ok_or(AppError::new(Code::OutOfRange))
}
