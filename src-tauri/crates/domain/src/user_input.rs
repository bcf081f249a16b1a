//! Cleans text that a person types, pastes or pipes in. Coupon codes, access keys and addresses often arrive with
//! invisible characters, blanks or in UTF-16, and would otherwise not match.

/// The code without invisible characters, and without white space (including no-break spaces) around it.
pub fn code(text: &str) -> String {
    let seen: String = text.chars().filter(|c| !is_invisible(*c)).collect();
    seen.trim().to_owned()
}

/// Decodes bytes from a pipe. Some shells send UTF-16, with or without a byte-order mark. `None` if the bytes
/// cannot be decoded.
pub fn piped(bytes: &[u8]) -> Option<String> {
    let pairs = |of: fn([u8; 2]) -> u16| -> Option<String> {
        let (pairs, rest) = bytes.as_chunks::<2>();
        let units: Vec<u16> = pairs.iter().map(|pair| of(*pair)).collect();
        rest.is_empty().then(|| String::from_utf16(&units).ok())?
    };
    match bytes {
        [0xff, 0xfe, ..] => pairs(u16::from_le_bytes),
        [0xfe, 0xff, ..] => pairs(u16::from_be_bytes),
        // UTF-16 without a byte-order mark. The expected texts are ASCII, so every other byte is 0.
        [first, 0, ..] if *first != 0 => pairs(u16::from_le_bytes),
        [0, second, ..] if *second != 0 => pairs(u16::from_be_bytes),
        _ => String::from_utf8(bytes.to_owned()).ok(),
    }
}

/// True if nothing of the text can be seen: it has only blanks, controls and invisible characters.
pub fn is_blank(text: &str) -> bool {
    let unseen = |c: char| c.is_whitespace() || c.is_control() || is_invisible(c);
    text.chars().all(unseen)
}

/// True for characters that are not drawn: joiners, direction marks, byte-order marks, soft hyphens, fillers and
/// variation selectors.
pub const fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn typed_code_loses_invisible_characters_and_outer_blanks() {
        for typed in [
            "Basic2Free",
            "  Basic2Free\r\n",
            "\u{a0}Basic2Free\u{a0}",
            "\u{feff}Basic2Free",
            "Basic\u{200b}2\u{200d}Free\u{2060}",
            "\u{202a}Basic2Free\u{202c}",
            "Basic\u{ad}2Free\u{3000}",
        ] {
            assert_eq!(code(typed), "Basic2Free", "{typed:?}");
        }
        // Visible characters stay, also a space inside the code.
        assert_eq!(code("Basic 2-Free"), "Basic 2-Free");
    }

    #[test]
    fn text_of_spaces_and_invisible_characters_is_blank() {
        for unseen in [
            "",
            " ",
            "\t\r\n",
            "\u{a0}\u{3000}",
            "\u{200b}",
            "\u{feff} \u{2060}",
            "\0",
        ] {
            assert!(is_blank(unseen), "{unseen:?}");
        }
        for seen in ["0", " . ", "\u{200b}Gala", "\u{1f389}"] {
            assert!(!is_blank(seen), "{seen:?}");
        }
    }

    #[test]
    fn piped_utf_16_is_decoded_with_and_without_byte_order_mark() {
        let key = "bk_0a1b2c3d4e5f";
        let le =
            |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_le_bytes).collect() };
        let be =
            |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_be_bytes).collect() };
        let marked = format!("\u{feff}{key}\r\n");
        for bytes in [
            le(key),
            be(key),
            le(&marked),
            be(&marked),
            marked.clone().into_bytes(),
        ] {
            assert_eq!(piped(&bytes).map(|text| code(&text)).as_deref(), Some(key));
        }
        assert_eq!(piped(&[0xff, 0xfe, 0x62]), None);
        assert_eq!(piped(&[0xff, 0x62]), None);
    }

    proptest! {
        #[test]
        fn typed_code_cleaned_twice_equals_the_code_cleaned_once(text in any::<String>()) {
            let once = code(&text);
            prop_assert_eq!(code(&once), once.clone());
            prop_assert!(!once.contains(is_invisible));
        }
    }
}
