//! Parses untrusted e-mail. Rejects mail with over 100 nested parts.

use mail_parser::{Message, MessageParser};

/// Most nested parts, because the parser uses stack for each level.
const DEEP: usize = 100;

/// Parses an e-mail; `None` if it is not one, or names more than 100 nested parts.
pub fn parsed(bytes: &[u8]) -> Option<Message<'_>> {
    let nested = [&b"message/"[..], b"multipart/"].map(|kind| {
        bytes
            .windows(kind.len())
            .filter(|text| text.eq_ignore_ascii_case(kind))
            .count()
    });
    match nested.iter().sum::<usize>() > DEEP {
        true => None,
        false => MessageParser::default().parse(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::parsed;

    #[test]
    fn mail_with_too_many_nested_parts_is_refused() {
        let part = "From: a@b.example\r\nDate: Fri, 20 Feb 2026 10:00:00 +0000\r\nContent-Type: message/rfc822\r\n\r\n";
        assert!(parsed(part.repeat(3).as_bytes()).is_some());
        assert!(parsed(part.repeat(60_000).as_bytes()).is_none());
    }
}
