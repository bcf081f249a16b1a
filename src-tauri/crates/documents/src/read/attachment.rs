//! The operator's own files: taken only as what they are, without where a picture was made, under a name that
//! harms nobody.

use boothkeeper_domain::disputes::MAX_FILE;
use boothkeeper_domain::privacy::masked;
use boothkeeper_domain::typed::is_invisible;
use img_parts::png::Png;

use crate::{Error, Problem};

/// A file that may be attached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    pub name: String,
    pub file_type: FileType,
    pub bytes: Vec<u8>,
}

/// The types that may be attached; receipts are mail or PDF.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum FileType {
    Pdf,
    Png,
    Jpeg,
    Mail,
}

impl FileType {
    pub const fn media_type(self) -> &'static str {
        match self {
            FileType::Pdf => "application/pdf",
            FileType::Png => "image/png",
            FileType::Jpeg => "image/jpeg",
            FileType::Mail => "message/rfc822",
        }
    }

    const fn extensions(self) -> &'static [&'static str] {
        match self {
            FileType::Pdf => &["pdf"],
            FileType::Png => &["png"],
            FileType::Jpeg => &["jpg", "jpeg"],
            FileType::Mail => &["eml"],
        }
    }
}

/// Bytes under the name they came with, as what they are.
pub fn take(name: &str, bytes: Vec<u8>) -> Result<Attachment, Error> {
    if bytes.is_empty() {
        return Err(Error::new(Problem::FileEmpty));
    }
    if bytes.len() as u64 > MAX_FILE {
        return Err(Error::new(Problem::FileTooLarge));
    }
    let kind = sniffed(&bytes).ok_or(Error::new(Problem::FileType))?;
    let name = masked(&harmless_name(name));
    let (stem, extension) = match name.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() => (stem, extension.to_lowercase()),
        _ => (name.as_str(), String::new()),
    };
    // A name that says something else than the bytes is how one is led astray.
    if !extension.is_empty() && !kind.extensions().contains(&extension.as_str()) {
        return Err(Error::new(Problem::FileType));
    }
    let bytes = match kind {
        FileType::Jpeg => without_places_jpeg(bytes)?,
        FileType::Png => without_places_png(bytes)?,
        FileType::Pdf | FileType::Mail => bytes,
    };
    // What the app attaches has its names for itself.
    let lower = stem.to_lowercase();
    let taken = ["usage-history", "statement", "balance"]
        .iter()
        .any(|own| lower.starts_with(own));
    let own = if taken { "own-" } else { "" };
    Ok(Attachment {
        name: format!("{own}{stem}.{}", kind.extensions()[0]),
        file_type: kind,
        bytes,
    })
}

/// What the bytes are, whatever they are called.
pub fn sniffed(bytes: &[u8]) -> Option<FileType> {
    match infer::get(bytes).map(|found| found.mime_type()) {
        Some("application/pdf") => Some(FileType::Pdf),
        Some("image/png") => Some(FileType::Png),
        Some("image/jpeg") => Some(FileType::Jpeg),
        _ => is_mail(bytes).then_some(FileType::Mail),
    }
}

/// A message has a sender and a date before anything else.
fn is_mail(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(64 * 1024)];
    let named = |name: &str| {
        head.split(|byte| *byte == b'\n')
            .take_while(|line| !matches!(line, [] | [b'\r']))
            .any(|line| {
                line.get(..name.len())
                    .is_some_and(|start| start.eq_ignore_ascii_case(name.as_bytes()))
            })
    };
    named("from:") && named("date:") && !head.contains(&0) && super::mail::parsed(bytes).is_some()
}

/// A name without a folder, without what reorders or hides its letters, and not too long.
pub fn harmless_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let kept: String = last
        .chars()
        .filter(|c| !c.is_control() && !is_invisible(*c))
        .map(|c| if "<>:\"|?*".contains(c) { '_' } else { c })
        .collect();
    let kept = kept
        .trim()
        .trim_start_matches('.')
        .trim_end_matches(['.', ' ']);
    let short: String = match kept.rsplit_once('.') {
        Some((stem, extension)) if extension.chars().count() <= 8 => {
            let stem: String = stem.chars().take(80).collect();
            format!("{stem}.{extension}")
        }
        _ => kept.chars().take(88).collect(),
    };
    let reserved = short.split('.').next().unwrap_or_default().to_uppercase();
    match reserved.as_str() {
        "" => "file".to_owned(),
        "CON" | "PRN" | "AUX" | "NUL" => format!("_{short}"),
        port if port.len() == 4 && (port.starts_with("COM") || port.starts_with("LPT")) => {
            format!("_{short}")
        }
        _ => short,
    }
}

/// Where and by whom a picture was taken goes, wherever it stands; which way up it is stays. What follows the
/// picture goes as well: a film, or another picture with a place of its own.
fn without_places_jpeg(bytes: Vec<u8>) -> Result<Vec<u8>, Error> {
    let broken = || Error::new(Problem::FileType);
    let mut out = vec![0xff, 0xd8];
    if let Some(upright) = orientation(&bytes) {
        let told = [EXIF_HEAD, &[upright, 0, 0, 0], &[0, 0, 0, 0]].concat();
        out.extend([0xff, 0xe1]);
        out.extend((told.len() as u16 + 2).to_be_bytes());
        out.extend(told);
    }
    let mut rest = bytes.get(2..).unwrap_or_default();
    loop {
        let (marker, after) = match rest {
            [0xff, 0xff, ..] => {
                rest = &rest[1..];
                continue;
            }
            [0xff, marker, after @ ..] => (*marker, after),
            _ => return Err(broken()),
        };
        if marker == 0xd9 {
            out.extend([0xff, marker]);
            return Ok(out);
        }
        let length = after.get(..2).ok_or_else(broken)?;
        let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
        let segment = after
            .get(..length)
            .filter(|s| s.len() >= 2)
            .ok_or_else(broken)?;
        if draws(marker, &segment[2..]) {
            out.extend([0xff, marker]);
            out.extend(segment);
        }
        rest = &after[length..];
        if marker == 0xda {
            // The scan, to the next marker that is none of its own.
            let own = |pair: &[u8]| pair[0] != 0xff || matches!(pair[1], 0 | 0xd0..=0xd7 | 0xff);
            let end = rest
                .windows(2)
                .position(|pair| !own(pair))
                .ok_or_else(broken)?;
            out.extend(&rest[..end]);
            rest = &rest[end..];
        }
    }
}

/// Whether a picture looks otherwise without this segment: the tables and scans, density and colour do.
fn draws(marker: u8, content: &[u8]) -> bool {
    match marker {
        0xe0 => content.starts_with(b"JFIF\0") && content.len() == 14,
        0xe2 => content.starts_with(b"ICC_PROFILE\0"),
        0xee => content.starts_with(b"Adobe") && content.len() == 12,
        0xe1..=0xfe => false,
        _ => true,
    }
}

/// An EXIF block with one short in it: 0x0112, the orientation.
const EXIF_HEAD: &[u8] = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0";

fn orientation(bytes: &[u8]) -> Option<u8> {
    let mut reader = std::io::Cursor::new(bytes);
    let exif = exif::Reader::new().read_from_container(&mut reader).ok()?;
    let field = exif.get_field(exif::Tag::Orientation, exif::In::PRIMARY)?;
    let turned = field.value.get_uint(0)?;
    u8::try_from(turned)
        .ok()
        .filter(|turned| (2..=8).contains(turned))
}

fn without_places_png(bytes: Vec<u8>) -> Result<Vec<u8>, Error> {
    let mut png =
        Png::from_bytes(bytes.into()).map_err(|error| Error::because(Problem::FileType, error))?;
    const DRAW: [&[u8; 4]; 11] = [
        b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB",
        b"pHYs",
    ];
    png.chunks_mut()
        .retain(|chunk| DRAW.contains(&&chunk.kind()));
    Ok(png.encoder().bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_lose_their_folders_and_their_tricks() {
        for (name, kept) in [
            ("../../etc/passwd.pdf", "passwd.pdf"),
            (r"C:\Users\x\receipt.pdf", "receipt.pdf"),
            ("invoice\u{202e}fdp.exe", "invoicefdp.exe"),
            ("a\u{200b}b\0c\n.png", "abc.png"),
            ("...hidden.pdf", "hidden.pdf"),
            ("con.pdf", "_con.pdf"),
            ("a<b>:c.pdf", "a_b__c.pdf"),
            ("", "file"),
            ("/", "file"),
            ("Beleg März 2026.pdf", "Beleg März 2026.pdf"),
        ] {
            assert_eq!(harmless_name(name), kept, "{name:?}");
        }
        let long = format!("{}.pdf", "x".repeat(300));
        assert_eq!(harmless_name(&long).len(), 84);
    }

    #[test]
    fn a_file_is_what_its_bytes_are() {
        let pdf = b"%PDF-1.7\n1 0 obj\n".to_vec();
        assert_eq!(
            take("receipt.pdf", pdf.clone())
                .unwrap()
                .file_type
                .media_type(),
            "application/pdf"
        );
        assert_eq!(take("receipt", pdf.clone()).unwrap().name, "receipt.pdf");
        assert_eq!(
            take("receipt.png", pdf).unwrap_err().problem,
            Problem::FileType
        );
        assert_eq!(
            take("a.pdf", b"MZ\x90\0".to_vec()).unwrap_err().problem,
            Problem::FileType
        );
        assert_eq!(
            take("a.pdf", vec![]).unwrap_err().problem,
            Problem::FileEmpty
        );
        let mail =
            b"From: shop@x.example\r\nDate: Fri, 20 Feb 2026 10:00:00 +0000\r\n\r\nThanks".to_vec();
        assert_eq!(
            take("order.eml", mail.clone())
                .unwrap()
                .file_type
                .media_type(),
            "message/rfc822"
        );
        assert_eq!(
            take("order.pdf", mail).unwrap_err().problem,
            Problem::FileType
        );
        assert_eq!(
            take("a.eml", b"just words".to_vec()).unwrap_err().problem,
            Problem::FileType
        );
        let large = vec![b'x'; usize::try_from(MAX_FILE).unwrap() + 1];
        assert_eq!(
            take("a.pdf", large).unwrap_err().problem,
            Problem::FileTooLarge
        );
    }

    /// A picture with a place and an author in it, turned by a quarter.
    fn photo() -> Vec<u8> {
        let mut exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x02\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\x01\x3b\0\x02\0\0\0\x04JoeX\0\0\0\0".to_vec();
        exif.extend(b"GPS 52.5200N 13.4050E");
        let mut jpeg = vec![0xff, 0xd8, 0xff, 0xe1];
        jpeg.extend(u16::try_from(exif.len() + 2).unwrap().to_be_bytes());
        jpeg.extend(exif);
        jpeg.extend(b"\xff\xfe\0\x08Berlin");
        jpeg.extend(b"\xff\xdb\0\x04\0\x01");
        jpeg.extend(b"\xff\xda\0\x08\x01\x01\0\0\x3f\0\x2a\x2a\xff\xd9");
        jpeg
    }

    #[test]
    fn a_picture_loses_its_places_and_stays_upright() {
        let taken = take("photo.JPEG", photo()).unwrap();
        assert_eq!(taken.name, "photo.jpg");
        for told in [&b"GPS"[..], b"Joe", b"Berlin"] {
            let found = taken.bytes.windows(told.len()).any(|bytes| bytes == told);
            assert!(!found, "{told:?}");
        }
        assert_eq!(orientation(&taken.bytes), Some(6));
        assert!(
            taken.bytes.windows(2).any(|bytes| bytes == [0x2a, 0x2a]),
            "the picture"
        );
    }

    proptest! {
        /// Whatever is in a file, taking it ends, and what was taken is of a type that may be.
        #[test]
        fn no_bytes_break_the_intake(start in 0usize..6, noise in proptest::collection::vec(any::<u8>(), 0..2_000), cut in 0usize..2_000) {
            let starts: [&[u8]; 6] = [b"", b"%PDF-", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe1", b"From: a@b.c\r\nDate: x\r\n", b"\xff\xd8\xff\xe0"];
            let bytes = [starts[start], &noise].concat();
            let _ = take("f", bytes);
            let mut photo = photo();
            photo.truncate(cut.min(photo.len()));
            if let Ok(taken) = take("photo.jpg", photo) {
                prop_assert_eq!(taken.file_type.media_type(), "image/jpeg");
            }
        }

        #[test]
        fn no_name_leaves_its_folder(name in "\\PC{0,200}") {
            let kept = harmless_name(&name);
            prop_assert!(!kept.is_empty() && !kept.contains(['/', '\\', '\0']) && !kept.starts_with('.'));
            prop_assert!(!kept.chars().any(is_invisible));
            prop_assert!(kept.chars().count() <= 100);
        }
    }
}
