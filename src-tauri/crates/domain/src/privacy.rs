//! Guests are nobody's business: what might be a telephone number or an e-mail address is masked before it
//! enters the journal (`domain.md` §4), to its last two digits.

/// Telephone numbers have at least this many digits; dates have fewer.
const DIGITS: usize = 9;
/// With a plus in front.
const DIGITS_ABROAD: usize = 7;

pub fn masked(text: &str) -> String {
    let words = text.split_inclusive(char::is_whitespace);
    let without_addresses: String = words.map(without_address).collect();
    without_numbers(&without_addresses)
}

fn without_address(word: &str) -> String {
    let body = word.trim_end();
    match body.split_once('@') {
        Some((name, domain)) if !name.is_empty() && domain.contains('.') => {
            format!("•••{}", &word[body.len()..])
        }
        _ => word.to_owned(),
    }
}

fn without_numbers(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c == '+' || c.is_ascii_digit()) {
        out.push_str(&rest[..start]);
        rest = &rest[start..];
        // A day is no number, nor is what follows it its end.
        if let Some(day) = leading_date(rest) {
            out.push_str(&rest[..day]);
            rest = &rest[day..];
            continue;
        }
        let end = rest.find(|c: char| !c.is_ascii_digit() && !"+-. ()/".contains(c));
        let run = rest[..end.unwrap_or(rest.len())].trim_end_matches(|c: char| !c.is_ascii_digit());
        let run = if run.is_empty() { &rest[..1] } else { run };
        let digits: Vec<char> = run.chars().filter(char::is_ascii_digit).collect();
        let least = if run.starts_with('+') {
            DIGITS_ABROAD
        } else {
            DIGITS
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

/// The length of a date that the text begins with: 2026-05-14 or 14.05.2026.
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
    fn guests_numbers_and_addresses_are_masked_and_nothing_else_is() {
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
            ("", ""),
        ] {
            assert_eq!(masked(text), kept);
        }
    }
}
