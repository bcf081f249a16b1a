//! Masks private data in texts before they enter the journal or leave the laptop (`domain.md` §4): telephone numbers
//! except for their last two digits, e-mail addresses, and access keys.

use crate::bounds;

/// Least number of digits of a telephone number. Dates have fewer.
const DIGITS: usize = 9;
/// Least number of digits of a telephone number that starts with a plus sign.
const DIGITS_ABROAD: usize = 7;

/// Most bytes of a domain (RFC 1035). A longer word after an at sign is not a domain.
const DOMAIN_BYTES: usize = 255;
/// The prefix of every access key.
const KEY: &str = "bk_";
/// Least number of characters of a key after the prefix.
const KEY_CHARS: usize = 8;
/// Hexadecimal digits of a key made by the reference cloud, after the prefix.
const KEY_DIGITS: usize = 64;

/// The text with numbers, addresses and keys masked, and with control characters other than line breaks and tabs
/// replaced by spaces. The time it takes grows linearly with the length of the text, also for hostile texts.
pub fn masked(text: &str) -> String {
    without_numbers(&without_addresses(&without_keys(&bounds::clean_lines(
        text,
    ))))
}

/// The text with access keys masked as a whole. A key is `bk_` and at least [`KEY_CHARS`] letters, digits or
/// underscores. Texts that are only stored on the laptop are masked in this way as well, because keys must never be
/// stored.
pub fn without_keys(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = find_key(rest) {
        let behind = &rest[at + KEY.len()..];
        let end = at + KEY.len() + key_length(behind);
        out.push_str(&rest[..at]);
        match end - at >= KEY.len() + KEY_CHARS {
            true => out.push_str("bk_•••"),
            false => out.push_str(&rest[at..end]),
        }
        rest = &rest[end..];
    }
    out + rest
}

/// Length in bytes of a key after its prefix, including a second line if a terminal has broken the key into two lines.
fn key_length(behind: &str) -> usize {
    let word = |text: &str| {
        let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        end.unwrap_or(text.len())
    };
    let first = word(behind);
    let rest = &behind[first..];
    let broken = rest.len() - rest.trim_start_matches(['\r', '\n', ' ']).len();
    let second = word(&rest[broken..]);
    let digits = rest[broken..broken + second]
        .bytes()
        .all(|b| b.is_ascii_hexdigit());
    let joined = rest[..broken].contains('\n') && second >= KEY_CHARS && digits;
    match first >= KEY_CHARS && joined && first + second <= KEY_DIGITS {
        true => first + broken + second,
        false => first,
    }
}

fn find_key(text: &str) -> Option<usize> {
    text.as_bytes()
        .windows(KEY.len())
        .position(|window| window.eq_ignore_ascii_case(KEY.as_bytes()))
}

/// The text with e-mail addresses masked: the words on both sides of an at sign, if the word after it is a domain.
fn without_addresses(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['@', '\u{ff20}']) {
        let sign = rest[at..].chars().next().map_or(1, char::len_utf8);
        let (left, right) = (&rest[..at], &rest[at + sign..]);
        let name = left.trim_end().rfind(char::is_whitespace);
        let name = name.map_or(0, |space| {
            space + left[space..].chars().next().map_or(1, char::len_utf8)
        });
        let gap = right.len() - right.trim_start().len();
        let mut domain = gap + right[gap..].len().min(DOMAIN_BYTES + 1);
        while !right.is_char_boundary(domain) {
            domain -= 1;
        }
        let ends = right[gap..domain].find(char::is_whitespace);
        let domain = ends.map_or(domain, |end| gap + end);
        // Punctuation that ends a sentence is not a part of the address.
        let address = right[..domain].trim_end_matches(['.', ',', ';', ':', '!', '?']);
        let domain = address.len().max(gap);
        if !left[name..].trim().is_empty() && is_domain(&right[gap..domain]) {
            out.push_str(&left[..name]);
            out.push_str("•••");
            rest = &right[domain..];
        } else {
            out.push_str(&rest[..at + sign]);
            rest = right;
        }
    }
    out + rest
}

/// Whether a word is a domain: it contains a dot that is followed by at least two letters.
fn is_domain(text: &str) -> bool {
    let mut labels = text.split(['.', '\u{ff0e}', '\u{3002}']).skip(1);
    let letters = |label: &str| label.chars().take_while(|c| c.is_alphabetic()).count();
    !text.starts_with('.') && labels.any(|label| letters(label) >= 2)
}

/// True for digits of any script.
fn is_digit(c: char) -> bool {
    c.is_numeric()
}

/// True for characters that may stand between the digits of one telephone number.
fn joins(c: char) -> bool {
    let dash = matches!(
        c,
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe63}' | '\u{ff0d}'
    );
    let space = c.is_whitespace() && !matches!(c, '\n' | '\r' | '\t');
    // Characters without width.
    let nothing = matches!(c, '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}');
    "+-.()/_\u{b7}\u{ff0b}".contains(c) || dash || space || nothing
}

/// The text with telephone numbers masked except for their last two digits.
fn without_numbers(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    let plus = |c: char| matches!(c, '+' | '\u{ff0b}');
    while let Some(start) = rest.find(|c: char| plus(c) || is_digit(c)) {
        out.push_str(&rest[..start]);
        rest = &rest[start..];
        // A date is not a telephone number. Digits after it start a new number.
        if let Some(day) = leading_date(rest) {
            out.push_str(&rest[..day]);
            rest = &rest[day..];
            continue;
        }
        let end = rest.find(|c: char| !is_digit(c) && !joins(c));
        let stretch = &rest[..end.unwrap_or(rest.len())];
        let run = stretch.trim_end_matches(|c: char| !is_digit(c));
        let run = if run.is_empty() { stretch } else { run };
        let digits: Vec<char> = run.chars().filter(|c| is_digit(*c)).collect();
        let least = match run.starts_with(plus) {
            true => DIGITS_ABROAD,
            false => DIGITS,
        };
        if digits.len() >= least {
            out.push_str("•••");
            out.extend(&digits[digits.len() - 2..]);
        } else {
            out.push_str(run);
        }
        rest = &rest[run.len()..];
    }
    out + rest
}

/// Length in bytes of a date at the start of the text, in the form 2026-05-14 or 14.05.2026.
fn leading_date(text: &str) -> Option<usize> {
    const LENGTH: usize = 10;
    let date = text.get(..LENGTH)?;
    if text[LENGTH..].starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let (month, day) = match date.as_bytes() {
        [_, _, _, _, b'-', _, _, b'-', _, _] => (&date[5..7], &date[8..]),
        [_, _, b'.', _, _, b'.', _, _, _, _] => (&date[3..5], &date[..2]),
        _ => return None,
    };
    let within = |text: &str, most: u8| text.parse().is_ok_and(|n: u8| (1..=most).contains(&n));
    let digits = date.bytes().filter(u8::is_ascii_digit).count() == 8;
    (digits && within(month, 12) && within(day, 31)).then_some(LENGTH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phone_numbers_and_addresses_are_masked_and_other_text_is_kept() {
        for (text, kept) in [
            ("guest +1 555 123 4567 jane@x.com", "guest •••67 •••"),
            ("call (030) 1234-5678!", "call (•••78!"),
            ("Miller wedding 2026-05-14", "Miller wedding 2026-05-14"),
            (
                "Gala @ Harbour Brewery, 14.05.2026",
                "Gala @ Harbour Brewery, 14.05.2026",
            ),
            ("Stand 12 + 13", "Stand 12 + 13"),
            (
                "on 2026-05-14 18:30 and 14.05.2026 19 h",
                "on 2026-05-14 18:30 and 14.05.2026 19 h",
            ),
            ("2026-05-145 123 456", "•••56"),
            ("call 2026-51-99 123", "call •••23"),
            ("jane.doe@mail.example\tand more", "•••\tand more"),
            ("Party@Home, St. Clare's @ 8", "Party@Home, St. Clare's @ 8"),
            ("555\u{a0}123\u{202f}4567", "•••67"),
            ("555\u{2011}123\u{2013}4567", "•••67"),
            (
                "\u{665}\u{665}\u{665}\u{661}\u{662}\u{663}\u{664}\u{665}\u{666}",
                "•••\u{665}\u{666}",
            ),
            ("write jane\u{ff20}guest.example now", "write ••• now"),
            ("jane @ guest.example, please", "•••, please"),
            ("Write to anna@x.com.", "Write to •••."),
            ("", ""),
        ] {
            assert_eq!(masked(text), kept);
        }
    }

    #[test]
    fn access_keys_are_masked_and_similar_words_are_kept() {
        let key = format!("bk_{}", "0123456789abcdef".repeat(4));
        for (text, kept) in [
            (format!("My key is {key}."), "My key is bk_•••."),
            (format!("\"{key}\","), "\"bk_•••\","),
            (key.to_uppercase(), "bk_•••"),
            (
                format!("{}\n{} is it", &key[..40], &key[40..]),
                "bk_••• is it",
            ),
            (format!("{key}\ndeadbeef00"), "bk_•••\ndeadbeef00"),
            (format!("{key}{key}"), "bk_•••"),
            ("BK_booth is our name".into(), "BK_booth is our name"),
            ("bk_".into(), "bk_"),
        ] {
            assert_eq!(masked(&text), kept);
        }
    }

    #[test]
    fn masked_text_has_spaces_for_control_characters_and_keeps_line_breaks() {
        assert_eq!(masked("a\r\nb\u{1b}[2J\tc\u{0}"), "a\nb [2J\tc ");
    }

    /// Messages can be this long, and other requests wait for the same thread while one message is masked.
    #[test]
    fn masking_time_grows_linearly_with_the_length_of_the_text() {
        for hostile in ["@", "+", "a@", "1 ", "bk_", "@.", "-1", "@ "] {
            let took = |times: usize| {
                let text = hostile.repeat(times);
                let started = std::time::Instant::now();
                std::hint::black_box(masked(&text));
                started.elapsed()
            };
            let (short, long) = (took(4_000), took(64_000));
            assert!(
                long < 100 * short.max(std::time::Duration::from_micros(200)),
                "{hostile:?}: {short:?}, {long:?}"
            );
        }
    }
}
