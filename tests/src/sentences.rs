//! Finds faults in a text that a person reads: missing values, message keys, codes, and words that are not from a file
//! of messages. The last are found in the pseudo-locale, in which the vowels of all messages have accents.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use boothkeeper_domain::{Catalog, Programme};

/// The environment variable and its value that show all messages in the pseudo-locale: their vowels have accents.
pub const PSEUDO_LOCALE: (&str, &str) = ("BOOTHKEEPER_LOCALE", "en-XA");

/// Characters that a message's variable without a value leaves in a text.
const HOLES: [&str; 12] = [
    " .", " ,", " :", " ;", "()", "( ", " )", ": .", ", ,", "{", "}", "“”",
];

/// Words that programs print when they have no value.
const NO_VALUES: [&str; 7] = [
    "undefined",
    "null",
    "NaN",
    "None",
    "Some",
    "Infinity",
    "Invalid",
];

/// Names of months and days, which date formatters write: the pseudo-locale does not accent them.
const DATES: &str = "January February March April May June July August September October November December \
    Jan Feb Mar Apr Jun Jul Aug Sep Sept Oct Nov Dec Monday Tuesday Wednesday Thursday Friday Saturday Sunday \
    Mon Tue Wed Thu Fri Sat Sun am pm";

static IDS: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    let messages = boothkeeper_messages::all().into_iter();
    messages.map(|(id, _)| id).collect()
});

/// Words that are data, not text, and so need no accents: the catalogs' names, and what a test has typed.
pub struct Data(BTreeSet<String>);

impl Data {
    /// All words of the catalogs' names, of dates, and of `typed`.
    pub fn new(typed: &[&str]) -> Self {
        let mut texts: Vec<_> = typed.iter().map(|text| (*text).to_owned()).collect();
        texts.push(DATES.to_owned());
        for programme in [Programme::Booth, Programme::Studio] {
            let catalog = Catalog::shipped(programme).expect("a catalog of ours");
            texts.extend(catalog.plans.into_iter().map(|plan| plan.name));
            texts.extend(catalog.services.into_iter().map(|service| service.name));
            texts.extend(catalog.legacy.into_iter().map(|product| product.name));
            texts.extend(catalog.coupons.into_iter().map(|coupon| coupon.code));
        }
        Data(
            texts
                .iter()
                .flat_map(|text| words(text))
                .map(str::to_owned)
                .collect(),
        )
    }

    /// What is wrong with a text that is shown in the pseudo-locale; empty if nothing is.
    pub fn faults(&self, text: &str) -> Vec<String> {
        let mut faults = Vec::new();
        for line in text.lines() {
            let line = line.replace(['\u{2068}', '\u{2069}'], "");
            // The causes of an error are the system's own words, which are not translated.
            if line.trim_start().starts_with("bécáúsé") {
                continue;
            }
            for hole in HOLES.iter().filter(|hole| line.contains(**hole)) {
                faults.push(format!("{hole:?} in {line:?}"));
            }
            let mut argument = false;
            for token in line.split_whitespace() {
                // A command's option (`--…`) and the word after it are typed by a person, so they need no accents.
                let option = token.starts_with("--");
                let typed = std::mem::replace(&mut argument, option) || option;
                if typed || is_reference(token) {
                    continue;
                }
                for word in words(token).filter(|word| !self.0.contains(*word)) {
                    if let Some(fault) = fault(word) {
                        faults.push(format!("{fault} {word:?} in {line:?}"));
                    }
                }
            }
        }
        faults
    }
}

/// The words of a text. `-`, `_` and `~` inside a word belong to it, as in keys, codes and the pseudo-locale.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|c: char| !(c.is_alphanumeric() || matches!(c, '-' | '_' | '~')));
    words
        .map(|word| word.trim_matches(['-', '_']))
        .filter(|word| !word.is_empty())
}

/// Whether a token is an address, a path or the name of a file, or has a digit, as hashes, dates and amounts have.
fn is_reference(token: &str) -> bool {
    let named = token.trim_end_matches(['.', ',', ';', ':']).contains('.');
    named || token.contains(['/', '@']) || token.contains(|c: char| c.is_ascii_digit())
}

fn fault(word: &str) -> Option<&'static str> {
    let vowels = |c: char| "aeiouAEIOU".contains(c);
    // Abbreviations of time zones and file formats, such as UTC and CSV.
    let abbreviation = word.len() <= 5 && word.chars().all(|c| c.is_ascii_uppercase());
    match word {
        word if NO_VALUES.contains(&word) => Some("no value"),
        word if IDS.contains(word) => Some("a key"),
        word if word.contains('_') => Some("a code"),
        _ if abbreviation => None,
        word if word.contains(vowels) => Some("not from a file of messages"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_of_texts_finds_missing_values_message_keys_and_untranslated_words() {
        let data = Data::new(&["Miller wedding"]);
        let whole = "Thé rénéwál~~ ón Mon 30 Mar 2026 20:00 EDT tákés~~ $49.00 fór “Miller wedding” (Basic).";
        assert_eq!(data.faults(whole), Vec::<String>::new());
        for wrong in [
            "thé rénéwál~~ óf  ís páíd: .",
            "Nóbódy~~ wíll páy : gracé bégíns~~",
            "plan-no-renewal",
            "purchase_missing",
            "Thé renewal",
            "cáúsés~~: undefined",
        ] {
            assert!(!data.faults(wrong).is_empty(), "{wrong}");
        }
    }
}
