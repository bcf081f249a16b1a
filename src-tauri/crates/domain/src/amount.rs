//! Amounts of credits and of money. An amount is a whole number of minor units, never a float.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};
use thiserror::Error;

use crate::bounds::MAX_ASSET_SCALE;

/// Whole minor units of an account's asset (cents, or whole credits), within ±(2^53 − 1). Every value in this range
/// is exact in JSON and TypeScript.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(type = "number"))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct Amount(i64);

/// An amount that was read or computed is outside the range of [`Amount`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the amount is outside ±(2^53 − 1) minor units")]
pub struct AmountError;

impl Amount {
    pub const ZERO: Amount = Amount(0);
    pub const MAX: Amount = Amount((1 << 53) - 1);
    pub const MIN: Amount = Amount(-((1 << 53) - 1));

    /// `minor` is in minor units. Fails if it is outside [`Amount::MIN`]..=[`Amount::MAX`].
    pub fn new(minor: i64) -> Result<Self, AmountError> {
        if minor.unsigned_abs() < 1 << 53 {
            Ok(Amount(minor))
        } else {
            Err(AmountError)
        }
    }

    /// For amounts written in the source code, in minor units. Every `i32` is in range, so this cannot fail.
    pub const fn of(minor: i32) -> Self {
        Amount(minor as i64)
    }

    /// The amount in minor units.
    pub const fn minor(self) -> i64 {
        self.0
    }

    pub fn checked_add(self, other: Amount) -> Result<Self, AmountError> {
        Self::new(self.0.checked_add(other.0).ok_or(AmountError)?)
    }

    pub fn checked_sub(self, other: Amount) -> Result<Self, AmountError> {
        Self::new(self.0.checked_sub(other.0).ok_or(AmountError)?)
    }

    pub fn checked_mul(self, factor: u32) -> Result<Self, AmountError> {
        Self::new(self.0.checked_mul(i64::from(factor)).ok_or(AmountError)?)
    }

    /// The amount with the opposite sign. Cannot fail, because the range is symmetric.
    pub const fn negated(self) -> Self {
        Amount(-self.0)
    }

    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    pub const fn is_positive(self) -> bool {
        self.0 > 0
    }

    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    pub fn sum(amounts: impl IntoIterator<Item = Amount>) -> Result<Self, AmountError> {
        amounts
            .into_iter()
            .try_fold(Amount::ZERO, Amount::checked_add)
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Amount::new(i64::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// The unit in which an account's credits are counted. It never changes during the account's life.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Asset {
    pub code: String,
    /// Digits after the decimal point: 2 for `USD`, 0 for `CREDIT`; at most [`MAX_ASSET_SCALE`].
    #[serde(deserialize_with = "scale")]
    pub scale: u8,
}

/// Reads a number of decimals (scale) and rejects more than [`MAX_ASSET_SCALE`]: one major unit (10^scale minor units)
/// could otherwise exceed the range of an amount.
fn scale<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
    let scale = u8::deserialize(deserializer)?;
    match scale <= MAX_ASSET_SCALE {
        true => Ok(scale),
        false => Err(serde::de::Error::custom("an asset has 0 to 6 decimals")),
    }
}

impl Asset {
    pub fn usd() -> Self {
        Asset {
            code: "USD".into(),
            scale: 2,
        }
    }

    pub fn credit() -> Self {
        Asset {
            code: "CREDIT".into(),
            scale: 0,
        }
    }

    /// The amount as a plain decimal in major units, with a point and without grouping, for CSV and terminals:
    /// `-19.00`, `540`.
    pub fn decimal(&self, amount: Amount) -> Decimal {
        Decimal {
            minor: amount.0,
            scale: self.scale,
        }
    }

    /// Reads a plain decimal as [`Asset::decimal`] writes it. `None` if the text is not such a decimal, has more digits
    /// after the point than the asset's scale, or is out of range.
    pub fn parse(&self, text: &str) -> Option<Amount> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let scale = usize::from(self.scale);
        let numeric = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || fraction.len() > scale || !numeric(whole) || !numeric(fraction) {
            return None;
        }
        let minor: i64 = format!("{whole}{fraction:0<scale$}").parse().ok()?;
        Amount::new(if negative { -minor } else { minor }).ok()
    }
}

/// Displays an amount in major units.
#[derive(Debug, Clone, Copy)]
pub struct Decimal {
    minor: i64,
    scale: u8,
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.minor < 0 { "-" } else { "" };
        let unit = 10u64.pow(u32::from(self.scale));
        let (whole, fraction) = (
            self.minor.unsigned_abs() / unit,
            self.minor.unsigned_abs() % unit,
        );
        if self.scale == 0 {
            return write!(f, "{sign}{whole}");
        }
        let width = usize::from(self.scale);
        write!(f, "{sign}{whole}.{fraction:0width$}")
    }
}

/// An amount of money, such as a fee or a card charge. Never an amount of credits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Money {
    pub amount: Amount,
    pub currency: String,
    #[serde(deserialize_with = "scale")]
    pub scale: u8,
}

impl Money {
    pub fn usd(amount: Amount) -> Self {
        Money {
            amount,
            currency: "USD".into(),
            scale: 2,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amount_beyond_javascript_integers_is_refused() {
        assert_eq!(Amount::new(1 << 53), Err(AmountError));
        assert_eq!(Amount::MAX.checked_add(Amount::of(1)), Err(AmountError));
        assert!(serde_json::from_str::<Amount>("9007199254740992").is_err());
        assert!(
            serde_json::from_str::<Amount>("1.0").is_err(),
            "a float must be refused"
        );
    }

    #[test]
    fn asset_or_money_with_more_than_six_decimals_is_refused() {
        for (scale, accepted) in [(0, true), (6, true), (7, false), (20, false), (255, false)] {
            let asset = format!(r#"{{"code":"USD","scale":{scale}}}"#);
            assert_eq!(serde_json::from_str::<Asset>(&asset).is_ok(), accepted);
            let money = format!(r#"{{"amount":1,"currency":"USD","scale":{scale}}}"#);
            assert_eq!(serde_json::from_str::<Money>(&money).is_ok(), accepted);
        }
    }

    #[test]
    fn amount_written_as_decimal_text_parses_to_the_same_amount() {
        let usd = Asset::usd();
        for (minor, text) in [(0, "0.00"), (-1900, "-19.00"), (5, "0.05"), (-5, "-0.05")] {
            assert_eq!(usd.decimal(Amount::of(minor)).to_string(), text);
            assert_eq!(usd.parse(text), Some(Amount::of(minor)));
        }
        assert_eq!(Asset::credit().decimal(Amount::of(540)).to_string(), "540");
        assert_eq!(usd.parse("50"), Some(Amount::of(5000)));
        for wrong in ["", "-", "1.234", "1,50", "+1", "1e3", "1.-5", "٣"] {
            assert_eq!(usd.parse(wrong), None, "{wrong:?} is not an amount");
        }
    }
}
