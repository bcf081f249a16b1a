//! Extracts the text of an untrusted PDF. A few hundred bytes can unpack to gigabytes, and the PDF library has no
//! limit. So the unpacked size of all streams is measured before the library gets the file.

use std::io::Read;

use crate::{Error, Problem};

/// Most unpacked bytes of all streams together. The output of each of several nested filters counts.
const UNPACKED: u64 = 64 * 1024 * 1024;
/// Most streams of a document; a receipt has a few dozen.
const STREAMS: usize = 10_000;
/// Most filters of one stream.
const FILTERS: usize = 4;
/// Most `/Filter` entries between two streams.
const DICTIONARIES: usize = 16;

/// The text of a PDF. Fails with `NotAReceipt` if it is not a PDF, unpacks to too much, is encrypted, or does not name
/// its filters directly.
pub fn text(bytes: &[u8]) -> Result<String, Error> {
    let unreadable = || Error::new(Problem::NotAReceipt);
    within_bounds(bytes).then_some(()).ok_or_else(unreadable)?;
    // The library panics on some malformed files instead of returning an error.
    let text = std::panic::catch_unwind(|| pdf_extract::extract_text_from_mem(bytes));
    match text {
        Ok(Ok(text)) => Ok(text),
        Ok(Err(error)) => Err(Error::because(Problem::NotAReceipt, error)),
        Err(_) => Err(unreadable()),
    }
}

/// True if all streams together unpack to at most [`UNPACKED`] bytes.
fn within_bounds(bytes: &[u8]) -> bool {
    // The unpacked size of an encrypted file cannot be measured without decrypting it.
    if find(bytes, b"/Encrypt").is_some() {
        return false;
    }
    let (mut left, mut rest) = (UNPACKED, bytes);
    for _ in 0..STREAMS {
        let Some(at) = find(rest, b"stream") else {
            return true;
        };
        let (before, after) = (&rest[..at], &rest[at + b"stream".len()..]);
        let is_end = before.ends_with(b"end");
        if !is_end && !unpacks(&names_decoded(before), start(after), &mut left) {
            return false;
        }
        rest = after;
    }
    false
}

/// Decodes names whose characters are written as hexadecimal digits, such as `/Fil#74er` (ISO 32000-1, 7.3.5).
fn names_decoded(text: &[u8]) -> Vec<u8> {
    let (mut out, mut rest) = (Vec::with_capacity(text.len()), text);
    while let Some((&byte, after)) = rest.split_first() {
        let digits = after
            .get(..2)
            .and_then(|digits| std::str::from_utf8(digits).ok());
        let decoded = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        (rest, _) = match (byte, decoded) {
            (b'#', Some(decoded)) => (&after[2..], out.push(decoded)),
            _ => (after, out.push(byte)),
        };
    }
    out
}

/// A stream's bytes: they begin after the line break that follows `stream`.
fn start(after: &[u8]) -> &[u8] {
    let after = after.strip_prefix(b"\r").unwrap_or(after);
    after.strip_prefix(b"\n").unwrap_or(after)
}

/// Unpacks a stream with each `/Filter` found between the previous stream and this one, because it is not known here
/// which of them is in the stream's own dictionary. `false` if the size exceeds `left`, there are too many
/// dictionaries, or a filter is given by reference. Reduces `left` by the largest size.
fn unpacks(before: &[u8], stream: &[u8], left: &mut u64) -> bool {
    let mut named = memchr::memmem::find_iter(before, b"/Filter").map(|at| &before[at + 7..]);
    let mut most = *left;
    let all = named.by_ref().take(DICTIONARIES).all(|named| {
        let mut rest = *left;
        let within = filters(named).is_some_and(|names| unpack(&names, stream, &mut rest));
        most = most.min(rest);
        within
    });
    *left = most;
    all && named.next().is_none()
}

/// Unpacks a stream with several filters in order. Reduces `left` by the output of each; `false` if that is too much.
fn unpack(filters: &[&[u8]], stream: &[u8], left: &mut u64) -> bool {
    let mut unpacked = stream.to_vec();
    for filter in filters {
        let bounded = |reader: &mut dyn Read| {
            let mut out = Vec::new();
            // On a broken stream, count the bytes up to the error.
            let _ = reader.take(*left + 1).read_to_end(&mut out);
            out
        };
        unpacked = match *filter {
            b"FlateDecode" | b"Fl" => {
                let zlib = bounded(&mut flate2::read::ZlibDecoder::new(unpacked.as_slice()));
                let bare = unpacked.get(2..).unwrap_or_default();
                match zlib.is_empty() {
                    true => bounded(&mut flate2::read::DeflateDecoder::new(bare)),
                    false => zlib,
                }
            }
            b"LZWDecode" | b"LZW" => match lzw(&unpacked, *left) {
                Some(unpacked) => unpacked,
                None => return false,
            },
            b"ASCII85Decode" | b"A85" => ascii85(&unpacked),
            // Other filters, such as those of pictures, are not unpacked by the library when it extracts text.
            _ => return true,
        };
        match left.checked_sub(unpacked.len() as u64) {
            Some(rest) => *left = rest,
            None => return false,
        }
    }
    true
}

/// The filter names after `/Filter`: one, or several in brackets. `None` for a reference, or above [`FILTERS`] names.
fn filters(named: &[u8]) -> Option<Vec<&[u8]>> {
    let text = named.trim_ascii_start();
    let text = match text.strip_prefix(b"[") {
        Some(list) => &list[..find(list, b"]")?],
        None => {
            let name = text.strip_prefix(b"/")?;
            let ends = |b: &u8| b.is_ascii_whitespace() || b"/<>[]()%".contains(b);
            &text[..1 + name.iter().position(ends).unwrap_or(name.len())]
        }
    };
    let mut parts = text.split(|b| *b == b'/').map(<[u8]>::trim_ascii);
    let first = parts.next().unwrap_or_default();
    let names: Vec<_> = parts.collect();
    (first.is_empty() && (1..=FILTERS).contains(&names.len())).then_some(names)
}

/// Unpacks LZW data; `None` if that gives more than `most` bytes.
fn lzw(packed: &[u8], most: u64) -> Option<Vec<u8>> {
    use weezl::{BitOrder, LzwStatus, decode::Decoder};
    let mut decoder = Decoder::with_tiff_size_switch(BitOrder::Msb, 8);
    let (mut out, mut chunk, mut packed) = (Vec::new(), vec![0; 64 * 1024], packed);
    loop {
        let step = decoder.decode_bytes(packed, &mut chunk);
        packed = &packed[step.consumed_in..];
        out.extend_from_slice(&chunk[..step.consumed_out]);
        if out.len() as u64 > most {
            return None;
        }
        let moved = step.consumed_in > 0 || step.consumed_out > 0;
        match step.status {
            Ok(LzwStatus::Ok) if moved => {}
            _ => return Some(out),
        }
    }
}

/// Decodes base 85: five digits give four bytes. Stops at any other character; an incomplete last group is dropped.
fn ascii85(text: &[u8]) -> Vec<u8> {
    let (mut out, mut group) = (Vec::new(), Vec::new());
    for byte in text.iter().filter(|byte| !byte.is_ascii_whitespace()) {
        match byte {
            b'z' if group.is_empty() => out.extend([0; 4]),
            b'!'..=b'u' => group.push(u32::from(byte - b'!')),
            _ => break,
        }
        if group.len() == 5 {
            let number = group.iter().fold(0_u32, |number, digit| {
                number.wrapping_mul(85).wrapping_add(*digit)
            });
            out.extend(number.to_be_bytes());
            group.clear();
        }
    }
    out
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    memchr::memmem::find(bytes, what)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let level = flate2::Compression::best();
        let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), level);
        zlib.write_all(bytes).unwrap();
        zlib.finish().unwrap()
    }

    fn document(filter: &str, stream: &[u8]) -> Vec<u8> {
        let head = format!(
            "%PDF-1.7\n1 0 obj\n<< /Length {} {filter} >>\nstream\n",
            stream.len()
        );
        [head.as_bytes(), stream, b"\nendstream\nendobj\n"].concat()
    }

    #[test]
    fn pdf_stream_that_unpacks_to_too_much_is_refused_with_any_filter() {
        let large = vec![b' '; usize::try_from(UNPACKED).unwrap() + 1];
        let (once, twice) = (packed(&large), packed(&packed(&large)));
        assert!(twice.len() < 2_000, "{}", twice.len());
        for (filter, stream) in [
            ("/Filter /FlateDecode", &once),
            ("/Filter/FlateDecode", &once),
            ("/Filter [/FlateDecode /FlateDecode]", &twice),
            ("/Filter [ /FlateDecode/FlateDecode ]", &twice),
            ("/Filter 5 0 R", &once),
            ("/Fil#74er /FlateDecode", &once),
            ("/Filter /Fl#61teDecode", &once),
            ("/X << /Filter /DCTDecode >> /Filter /FlateDecode", &once),
            ("/Filter /FlateDecode /X << /Filter /DCTDecode >>", &once),
            ("/Filter [5 0 R]", &once),
        ] {
            assert!(!within_bounds(&document(filter, stream)), "{filter}");
        }
        let small = packed(b"BT (Receipt) Tj ET");
        assert!(within_bounds(&document("/Filter /FlateDecode", &small)));
        assert!(within_bounds(&document("", b"BT (Receipt) Tj ET")));
        let both = [document("/Filter /FlateDecode", &small), document("", b"x")].concat();
        assert!(within_bounds(&both));
        assert!(!within_bounds(
            &[both.as_slice(), b"/Encrypt 3 0 R"].concat()
        ));
    }

    #[test]
    fn pdf_whose_streams_together_unpack_to_too_much_is_refused() {
        let third = packed(&vec![b' '; usize::try_from(UNPACKED / 3).unwrap()]);
        let one = document("/Filter /FlateDecode", &third);
        assert!(within_bounds(&one.repeat(3)));
        assert!(!within_bounds(&one.repeat(4)));
    }

    #[test]
    fn pdf_streams_in_ascii85_and_lzw_are_decoded() {
        assert_eq!(
            ascii85(b"9jqo^BlbD-BleB1DJ+*+F(f,q~>"),
            b"Man is distinguished"
        );
        let mut encoder = weezl::encode::Encoder::with_tiff_size_switch(weezl::BitOrder::Msb, 8);
        let packed = encoder.encode(&[b'a'; 100_000]).unwrap();
        assert_eq!(lzw(&packed, 100_000).unwrap().len(), 100_000);
        assert_eq!(lzw(&packed, 99_999), None);
    }
}
