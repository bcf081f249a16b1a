//! Limits of what comes from outside (`domain.md` §14): one constant each, used wherever such a value enters.
//!
//! A booth's run is never refused for a long label: the label is shortened ([`label`]). What an operator or
//! support types is refused instead ([`fits`]), so that nobody believes a text arrived that did not.

use std::borrow::Cow;

/// Event and device labels, and names of events: characters.
pub const LABEL_CHARS: usize = 120;
/// The same in bytes of UTF-8: four for each character.
pub const LABEL_BYTES: usize = 4 * LABEL_CHARS;
/// A reason or a note of support: characters.
pub const REASON_CHARS: usize = 2_000;
/// A message of a dispute: characters.
pub const MESSAGE_CHARS: usize = 16_000;
/// An e-mail address (RFC 5321): characters.
pub const EMAIL_CHARS: usize = 254;
/// An id that a client makes: characters, all ASCII. Ids of earlier versions, up to 80, stay readable.
pub const ID_CHARS: usize = 64;
/// A coupon's code: characters.
pub const COUPON_CHARS: usize = 32;
/// An asset's digits after the decimal point, at most.
pub const ASSET_SCALE: u8 = 6;
/// Scheduled events of an account.
pub const EVENTS: usize = 4_000;
/// Grants that one entry empties, at most; more go on in further entries of the same kind.
pub const LINES: usize = 1_000;

/// A label as it is kept: on one line, at most [`LABEL_CHARS`] characters and [`LABEL_BYTES`] bytes. One that
/// was cut ends in an ellipsis.
pub fn label(text: &str) -> Cow<'_, str> {
    let plain = one_line(text);
    let fits = plain.chars().count() <= LABEL_CHARS && plain.len() <= LABEL_BYTES;
    if fits {
        return plain;
    }
    let kept: String = plain.chars().take(LABEL_CHARS - 1).collect();
    Cow::Owned(kept + "…")
}

/// Control characters, line breaks among them, as spaces.
pub fn one_line(text: &str) -> Cow<'_, str> {
    let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    match text.contains(breaks) {
        true => Cow::Owned(text.replace(breaks, " ")),
        false => Cow::Borrowed(text),
    }
}

/// A text of several lines as it is kept: line breaks and tabs stay, other control characters become spaces.
pub fn lines(text: &str) -> Cow<'_, str> {
    let controls = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    match text.contains(controls) {
        true => Cow::Owned(text.replace("\r\n", "\n").replace(controls, " ")),
        false => Cow::Borrowed(text),
    }
}

/// Whether a text has at most so many characters.
pub fn fits(text: &str, chars: usize) -> bool {
    // Counting ends where the limit is passed, however long the text is.
    text.chars().nth(chars).is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_label_is_cut_to_the_limit_and_short_one_is_kept() {
        assert_eq!(label("Miller wedding"), "Miller wedding");
        for long in ["x".repeat(65_000), "🎉".repeat(121), "é".repeat(500)] {
            let kept = label(&long);
            assert_eq!(kept.chars().count(), LABEL_CHARS);
            assert!(kept.len() <= LABEL_BYTES && kept.ends_with('…'));
        }
        let full = "🎉".repeat(LABEL_CHARS);
        assert_eq!(label(&full), full);
    }

    #[test]
    fn control_characters_in_a_label_become_spaces() {
        assert_eq!(label("a\nb\u{1b}[2Jc\u{2028}d"), "a b [2Jc d");
    }

    #[test]
    fn limit_counts_characters_not_bytes() {
        assert!(fits("ééé", 3));
        assert!(!fits("ééé", 2));
        assert!(fits("", 0));
    }
}
