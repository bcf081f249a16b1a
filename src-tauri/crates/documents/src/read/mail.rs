//! Letters that somebody wrote: read no deeper than any letter is folded.

use mail_parser::{Message, MessageParser};

/// A letter within a letter within a letter: each takes the reader's stack.
const DEEP: usize = 100;

pub fn parsed(bytes: &[u8]) -> Option<Message<'_>> {
    let folds = [&b"message/"[..], b"multipart/"].map(|kind| {
        bytes
            .windows(kind.len())
            .filter(|text| text.eq_ignore_ascii_case(kind))
            .count()
    });
    match folds.iter().sum::<usize>() > DEEP {
        true => None,
        false => MessageParser::default().parse(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::parsed;

    #[test]
    fn a_letter_folded_without_end_is_none() {
        let fold = "From: a@b.example\r\nDate: Fri, 20 Feb 2026 10:00:00 +0000\r\nContent-Type: message/rfc822\r\n\r\n";
        assert!(parsed(fold.repeat(3).as_bytes()).is_some());
        assert!(parsed(fold.repeat(60_000).as_bytes()).is_none());
    }
}
