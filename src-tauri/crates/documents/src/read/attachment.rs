//! Accepts the operator's files as attachments: only of types that their bytes confirm, pictures without location and
//! author, under a safe name.

use boothkeeper_domain::disputes::MAX_FILE;
use boothkeeper_domain::privacy::masked;
use boothkeeper_domain::user_input::is_invisible;
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

/// Accepts a file. Fails with `FileEmpty` or `FileTooLarge` for its size, and with `FileType` if the type is not
/// allowed or contradicts the name's extension.
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
    // An extension that contradicts the bytes could mislead the reader about the type.
    if !extension.is_empty() && !kind.extensions().contains(&extension.as_str()) {
        return Err(Error::new(Problem::FileType));
    }
    let bytes = match kind {
        FileType::Jpeg => strip_jpeg(bytes)?,
        FileType::Png => strip_png(bytes)?,
        FileType::Pdf | FileType::Mail => bytes,
    };
    // The names of the app's own files are reserved.
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

/// The type of a file by its bytes, whatever its name.
pub fn sniffed(bytes: &[u8]) -> Option<FileType> {
    match infer::get(bytes).map(|found| found.mime_type()) {
        Some("application/pdf") => Some(FileType::Pdf),
        Some("image/png") => Some(FileType::Png),
        Some("image/jpeg") => Some(FileType::Jpeg),
        _ => is_mail(bytes).then_some(FileType::Mail),
    }
}

/// True for e-mail: its header has a sender and a date.
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
    named("from:") && named("date:") && !head.contains(&0)
}

/// A safe file name: without folders, control and invisible characters and names reserved by Windows, and at most about
/// 90 characters long. Never empty.
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

/// Strips location and author; keeps orientation; drops trailing data, which may be a video or another picture with its
/// own location.
fn strip_jpeg(bytes: Vec<u8>) -> Result<Vec<u8>, Error> {
    let broken = || Error::new(Problem::FileType);
    let mut out = vec![0xff, 0xd8];
    if let Some(turned) = orientation(&bytes) {
        let exif = [EXIF_HEAD, &[turned, 0, 0, 0], &[0, 0, 0, 0]].concat();
        out.extend([0xff, 0xe1]);
        out.extend((exif.len() as u16 + 2).to_be_bytes());
        out.extend(exif);
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
            // The scan's data, up to the next marker that is not part of the scan.
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

/// True if the segment is needed to draw the picture: tables, scans, density and colour profile.
fn draws(marker: u8, content: &[u8]) -> bool {
    match marker {
        0xe0 => content.starts_with(b"JFIF\0") && content.len() == 14,
        0xe2 => content.starts_with(b"ICC_PROFILE\0"),
        0xee => content.starts_with(b"Adobe") && content.len() == 12,
        0xe1..=0xfe => false,
        _ => true,
    }
}

/// The beginning of an EXIF block with a single field: 0x0112, the orientation, as a 16-bit number.
const EXIF_HEAD: &[u8] = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0";

/// The EXIF orientation, 2 to 8; `None` if missing, or 1 (not turned).
fn orientation(bytes: &[u8]) -> Option<u8> {
    let mut reader = std::io::Cursor::new(bytes);
    let exif = exif::Reader::new().read_from_container(&mut reader).ok()?;
    let field = exif.get_field(exif::Tag::Orientation, exif::In::PRIMARY)?;
    let turned = field.value.get_uint(0)?;
    u8::try_from(turned)
        .ok()
        .filter(|turned| (2..=8).contains(turned))
}

/// Keeps only the chunks that are needed to draw the picture.
fn strip_png(bytes: Vec<u8>) -> Result<Vec<u8>, Error> {
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
    fn attachment_name_loses_folders_and_unsafe_characters() {
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
    fn attachment_type_is_decided_by_its_bytes() {
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

    /// A picture with location, author and an orientation of 6 (turned by a quarter).
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
    fn picture_loses_location_and_author_and_keeps_orientation() {
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
        #[test]
        fn arbitrary_bytes_as_attachment_never_panic(start in 0usize..6, noise in proptest::collection::vec(any::<u8>(), 0..2_000), cut in 0usize..2_000) {
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
        fn attachment_name_made_from_arbitrary_text_is_safe(name in "\\PC{0,200}") {
            let kept = harmless_name(&name);
            prop_assert!(!kept.is_empty() && !kept.contains(['/', '\\', '\0']) && !kept.starts_with('.'));
            prop_assert!(!kept.chars().any(is_invisible));
            prop_assert!(kept.chars().count() <= 100);
        }
    }
}
