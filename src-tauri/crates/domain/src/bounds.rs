//! Limits of values that come from outside (`domain.md` §14). Each limit is one constant, checked wherever such a value
//! enters.
//!
//! A label sent by a booth is shortened ([`label`]), so that a run is never refused because of a long label. A text
//! typed by an operator or by support is refused if it is too long ([`fits`]), because cutting it would lose words
//! without notice.

use std::borrow::Cow;

/// Most characters of an event label, a device label or the name of an event.
pub const MAX_LABEL_CHARS: usize = 120;
/// Most bytes of a label in UTF-8: four for each character.
pub const MAX_LABEL_BYTES: usize = 4 * MAX_LABEL_CHARS;
/// Most characters of an entry's reason, or of a note by support.
pub const MAX_REASON_CHARS: usize = 2_000;
/// Most characters of a message in a dispute.
pub const MAX_MESSAGE_CHARS: usize = 16_000;
/// Most characters of an e-mail address (RFC 5321).
pub const MAX_EMAIL_CHARS: usize = 254;
/// Most characters of an id made by a client, all ASCII. Older ids of up to 80 characters can still be read.
pub const MAX_ID_CHARS: usize = 64;
/// Most characters of a coupon code.
pub const MAX_COUPON_CHARS: usize = 32;
/// Most digits after the decimal point of an asset or a currency.
pub const MAX_ASSET_SCALE: u8 = 6;
/// Most scheduled events of one account.
pub const MAX_EVENTS: usize = 4_000;
/// Most lines of one entry. Each line changes one grant, so an entry draws from at most this many grants; an expiry or
/// a closure of more grants continues in further entries of the same kind.
pub const MAX_LINES: usize = 1_000;

/// A label as it is stored: one line of at most [`MAX_LABEL_CHARS`] characters and [`MAX_LABEL_BYTES`] bytes. A label
/// that is too long is cut and ends in an ellipsis.
pub fn label(text: &str) -> Cow<'_, str> {
    let plain = one_line(text);
    let fits = plain.chars().count() <= MAX_LABEL_CHARS && plain.len() <= MAX_LABEL_BYTES;
    if fits {
        return plain;
    }
    let kept: String = plain.chars().take(MAX_LABEL_CHARS - 1).collect();
    Cow::Owned(kept + "…")
}

/// The text with every control character and line break replaced by a space.
pub fn one_line(text: &str) -> Cow<'_, str> {
    let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    match text.contains(breaks) {
        true => Cow::Owned(text.replace(breaks, " ")),
        false => Cow::Borrowed(text),
    }
}

/// A text of several lines as it is stored: line breaks and tabs stay, other control characters become spaces.
pub fn clean_lines(text: &str) -> Cow<'_, str> {
    let controls = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    match text.contains(controls) {
        true => Cow::Owned(text.replace("\r\n", "\n").replace(controls, " ")),
        false => Cow::Borrowed(text),
    }
}

/// Whether a text has at most `chars` characters.
pub fn fits(text: &str, chars: usize) -> bool {
    // Stops counting at the limit, so that a very long text takes no more time than a text just over the limit.
    text.chars().nth(chars).is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_label_is_cut_to_the_limit_and_short_label_is_kept() {
        assert_eq!(label("Miller wedding"), "Miller wedding");
        for long in ["x".repeat(65_000), "🎉".repeat(121), "é".repeat(500)] {
            let kept = label(&long);
            assert_eq!(kept.chars().count(), MAX_LABEL_CHARS);
            assert!(kept.len() <= MAX_LABEL_BYTES && kept.ends_with('…'));
        }
        let full = "🎉".repeat(MAX_LABEL_CHARS);
        assert_eq!(label(&full), full);
    }

    #[test]
    fn control_characters_in_a_label_become_spaces() {
        assert_eq!(label("a\nb\u{1b}[2Jc\u{2028}d"), "a b [2Jc d");
    }

    #[test]
    fn text_length_limit_counts_characters_not_bytes() {
        assert!(fits("ééé", 3));
        assert!(!fits("ééé", 2));
        assert!(fits("", 0));
    }
}
