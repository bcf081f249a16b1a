//! Reads amounts as tables write them: with decimal point or comma, with or without group separators, with the minus
//! in front, behind, or as brackets. Amounts that can be read in two ways are reported as ambiguous.

use boothkeeper_domain::{Amount, Asset};
use serde::{Deserialize, Serialize};

/// The decimal separator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Decimals {
    Point,
    Comma,
}

impl Decimals {
    const fn mark(self) -> char {
        match self {
            Decimals::Point => '.',
            Decimals::Comma => ',',
        }
    }
}

/// Finds the decimal separator from all amounts of a table. Fails if they can be read in two ways.
pub fn decimals<'a>(
    texts: impl Iterator<Item = &'a str>,
    asset: &Asset,
) -> Result<Decimals, Ambiguous> {
    let (mut sure, mut unsure): ([bool; 2], [bool; 2]) = Default::default();
    for text in texts {
        let Some((_, digits)) = sign_and_digits(text) else {
            continue;
        };
        let marks = ['.', ','].map(|mark| digits.rfind(mark));
        let (at, mark) = match marks {
            [None, None] => continue,
            [Some(point), Some(comma)] => {
                // In a text with point and comma, the later mark is the decimal separator.
                sure[usize::from(comma > point)] = true;
                continue;
            }
            [Some(point), None] => (point, 0),
            [None, Some(comma)] => (comma, 1),
        };
        let after = digits.len() - at - 1;
        let repeated = digits.matches(['.', ',']).count() > 1;
        match after {
            // A repeated mark separates groups. A single mark before three digits may do so, too, unless there are
            // only zeros before it, because zeros are not grouped.
            _ if repeated => sure[1 - mark] = true,
            3 if digits[..at].trim_start_matches('0').is_empty() => sure[mark] = true,
            3 => unsure[mark] = true,
            _ => sure[mark] = true,
        }
    }
    match (sure, unsure) {
        ([true, true], _) => Err(Ambiguous),
        // The mark that must be the decimal separator also stands before three digits, as group separators do.
        ([true, false], [true, _]) | ([false, true], [_, true]) if asset.scale < 3 => {
            Err(Ambiguous)
        }
        ([_, true], _) => Ok(Decimals::Comma),
        ([true, _], _) => Ok(Decimals::Point),
        // Marks stand only before three digits: they separate thousands, or fractions of three digits. For an asset
        // without fractions, thousands.
        (_, [false, false]) => Ok(Decimals::Point),
        (_, [true, false]) if asset.scale == 0 => Ok(Decimals::Comma),
        (_, [false, true]) if asset.scale == 0 => Ok(Decimals::Point),
        _ => Err(Ambiguous),
    }
}

/// The amounts can be read in two ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ambiguous;

/// True if the amount is negative, and its digits with separators; `None` if the text is not an amount. Currency, unit
/// and sign may only be at the ends; between them only digits, separators and spaces.
fn sign_and_digits(text: &str) -> Option<(bool, String)> {
    let text = text.trim();
    let inner = text
        .strip_prefix('(')
        .and_then(|text| text.strip_suffix(')'));
    let minus = |c: char| matches!(c, '-' | '\u{2212}' | '\u{2013}');
    let outside = |c: char| {
        let money = matches!(c, '$' | '€' | '£' | '¥' | '+') || minus(c);
        money || c.is_alphabetic() || c.is_whitespace()
    };
    let core = inner.unwrap_or(text).trim_matches(outside);
    let groups = |c: char| matches!(c, '\'' | '’') || c.is_whitespace();
    let kept: String = core.chars().filter(|c| !groups(*c)).collect();
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    let signs = text.chars().filter(|c| minus(*c)).count();
    let digits = kept.chars().all(|c| c.is_ascii_digit() || ".,".contains(c));
    let amount = digits && kept.contains(|c: char| c.is_ascii_digit());
    (amount && letters <= 7 && signs <= 1).then_some((inner.is_some() || signs == 1, kept))
}

/// The amount in minor units; `None` if the text is not an amount, or has more decimal digits than the asset (extra
/// zeros are ignored).
pub fn amount(text: &str, decimals: Decimals, asset: &Asset) -> Option<Amount> {
    let (negative, digits) = sign_and_digits(text)?;
    let (whole, cents) = match digits.rsplit_once(decimals.mark()) {
        Some((whole, cents)) => (whole, cents),
        None => (digits.as_str(), ""),
    };
    let whole = ungrouped(whole)?;
    let scale = usize::from(asset.scale);
    let (kept, rest) = cents.split_at(cents.len().min(scale));
    if !rest.bytes().all(|byte| byte == b'0') || !kept.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let sign = if negative { "-" } else { "" };
    let whole = if whole.is_empty() {
        "0"
    } else {
        whole.as_str()
    };
    asset.parse(&match kept.is_empty() {
        true => format!("{sign}{whole}"),
        false => format!("{sign}{whole}.{kept}"),
    })
}

/// The digits without group separators; `None` if the groups are wrong. Groups have three digits, or in the Indian
/// system two except for the last.
fn ungrouped(text: &str) -> Option<String> {
    let groups: Vec<&str> = text.split(['.', ',']).collect();
    let (first, rest) = groups.split_first()?;
    let (last, middle) = match rest.split_last() {
        None => return Some((*first).to_owned()),
        Some(split) => split,
    };
    let even = middle.iter().all(|group| group.len() == 3) && first.len() <= 3;
    let indian = middle.iter().all(|group| group.len() == 2) && first.len() <= 2;
    let grouped = !first.is_empty() && last.len() == 3 && (even || indian);
    grouped.then(|| groups.concat())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn amounts_in_all_notations_are_read() {
        let usd = Asset::usd();
        let read = |text, decimals| amount(text, decimals, &usd).map(Amount::minor);
        for (text, decimals, minor) in [
            ("1.234,56", Decimals::Comma, Some(123_456)),
            ("1,234.56", Decimals::Point, Some(123_456)),
            ("$ -0.25", Decimals::Point, Some(-25)),
            ("−0,25 €", Decimals::Comma, Some(-25)),
            ("(12.00)", Decimals::Point, Some(-1_200)),
            ("12.00-", Decimals::Point, Some(-1_200)),
            ("USD 49", Decimals::Point, Some(4_900)),
            ("1'234.50", Decimals::Point, Some(123_450)),
            ("1.500", Decimals::Point, Some(150)),
            ("0.005", Decimals::Point, None),
            ("", Decimals::Point, None),
            ("see invoice 12", Decimals::Point, None),
            ("120 credits", Decimals::Point, Some(12_000)),
            ("1 234,50 EUR", Decimals::Comma, Some(123_450)),
            ("1E+05", Decimals::Point, None),
            ("2-3", Decimals::Point, None),
            ("12%", Decimals::Point, None),
            ("#REF!1", Decimals::Point, None),
            ("-0.02", Decimals::Comma, None),
            ("44,20", Decimals::Point, None),
            ("1,23,456.50", Decimals::Point, Some(12_345_650)),
            ("1,2345", Decimals::Point, None),
        ] {
            assert_eq!(read(text, decimals), minor, "{text:?}");
        }
        assert_eq!(
            amount("1.500", Decimals::Comma, &Asset::credit()),
            Some(Amount::of(1_500))
        );
    }

    #[test]
    fn amounts_readable_in_two_ways_are_ambiguous() {
        let of = |texts: &[&str]| decimals(texts.iter().copied(), &Asset::usd());
        assert_eq!(of(&["-0.25", "1,234.50"]), Ok(Decimals::Point));
        assert_eq!(of(&["-0,25", "100"]), Ok(Decimals::Comma));
        assert_eq!(of(&["1.234", "5"]), Err(Ambiguous));
        assert_eq!(of(&["1,500", "-1,250"]), Err(Ambiguous));
        let credits = decimals(["1.234", "5"].into_iter(), &Asset::credit());
        assert_eq!(credits, Ok(Decimals::Comma), "credits have no fraction");
        assert_eq!(of(&["1.234.567"]), Ok(Decimals::Comma));
        assert_eq!(of(&["-0.125"]), Ok(Decimals::Point), "0 is not grouped");
        assert_eq!(of(&["1.500", "0.25"]), Err(Ambiguous));
        assert_eq!(of(&["0.25", "0,25"]), Err(Ambiguous));
    }

    proptest! {
        #[test]
        fn amount_parser_never_panics_and_reads_back_amounts_that_app_wrote(text in "\\PC{0,30}", minor in -1_000_000i32..1_000_000) {
            for mark in [Decimals::Point, Decimals::Comma] {
                let _ = amount(&text, mark, &Asset::usd());
            }
            let usd = Asset::usd();
            let written = usd.decimal(Amount::of(minor)).to_string();
            prop_assert_eq!(amount(&written, Decimals::Point, &usd), Some(Amount::of(minor)));
        }
    }
}
