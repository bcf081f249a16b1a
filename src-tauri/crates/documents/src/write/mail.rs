//! Writes a dispute as e-mail to support: plain text with the same details as a form, and every file with its checksum.

use boothkeeper_domain::{Hash, Timestamp};
use lettre::address::Envelope;
use lettre::message::header::{ContentType, HeaderName, HeaderValue, MIME_VERSION_1_0};
use lettre::message::{Attachment, MultiPart, SinglePart};
use lettre::{Address, Message};

use super::MadeFile;
use crate::{Error, Problem};

/// Most bytes of files in one e-mail. Larger disputes are split into several e-mails.
const MOST: u64 = 15 * 1024 * 1024;

#[derive(Debug, Clone)]
pub struct Letter {
    /// Id of the dispute, from which the message id is made: the same dispute always gives the same e-mail.
    pub id: String,
    pub from: String,
    /// The recipient; `None` if unknown.
    pub to: Option<String>,
    pub subject: String,
    pub text: String,
    pub at: Timestamp,
}

/// True if the text is a single e-mail address without a display name.
pub fn is_address(text: &str) -> bool {
    text.parse::<Address>().is_ok()
}

/// The bytes of the e-mails, one or more. Fails with `AddressMalformed` if sender or recipient is not an address.
pub fn mails(letter: &Letter, files: &[(MadeFile, Hash)]) -> Result<Vec<Vec<u8>>, Error> {
    let parts = split_files(files);
    let count = parts.len();
    let part = |(n, files): (usize, Vec<&(MadeFile, Hash)>)| one(letter, n + 1, count, &files);
    parts.into_iter().enumerate().map(part).collect()
}

/// Divides the files into groups of at most [`MOST`] bytes. A larger file is a group of its own.
fn split_files(files: &[(MadeFile, Hash)]) -> Vec<Vec<&(MadeFile, Hash)>> {
    let mut parts: Vec<Vec<&(MadeFile, Hash)>> = vec![vec![]];
    let mut held = 0;
    for file in files {
        let size = file.0.bytes.len() as u64;
        let last = parts.len() - 1;
        if held + size > MOST && !parts[last].is_empty() {
            parts.push(vec![]);
            held = 0;
        }
        let last = parts.len() - 1;
        parts[last].push(file);
        held += size;
    }
    parts
}

fn one(
    letter: &Letter,
    part: usize,
    count: usize,
    files: &[&(MadeFile, Hash)],
) -> Result<Vec<u8>, Error> {
    let numbered = match count {
        1 => String::new(),
        _ => format!(" ({part}/{count})"),
    };
    let mut text = letter.text.clone();
    text.push_str("\nFiles, with their SHA-256:\n");
    for (file, hash) in files {
        text.push_str(&format!("  {hash}  {}\n", file.name));
    }
    // Each e-mail has its own boundary between parts, which is the same whenever that e-mail is made again.
    let boundary = format!("boothkeeper-{}-{part}", letter.id);
    let mut body = MultiPart::mixed()
        .boundary(boundary)
        .singlepart(SinglePart::plain(text));
    for (file, _) in files {
        let kind = ContentType::parse(file.media_type).map_err(internal)?;
        let attached = Attachment::new(file.name.clone()).body(file.bytes.clone(), kind);
        body = body.singlepart(attached);
    }
    let mailbox = |text: &str| {
        let address: Address = text.parse().map_err(malformed)?;
        Ok::<_, Error>(lettre::message::Mailbox::new(None, address))
    };
    let at = std::time::UNIX_EPOCH
        + std::time::Duration::from_millis(u64::try_from(letter.at.millis()).unwrap_or(0));
    let from = mailbox(&letter.from)?;
    let mut message = Message::builder()
        // The header `From` comes first, because some programs detect e-mail by the beginning of the file.
        .from(from.clone())
        .header(MIME_VERSION_1_0)
        .subject(format!("{}{numbered}", letter.subject))
        .date(at)
        .message_id(Some(format!("<{}.{part}@boothkeeper>", letter.id)))
        // Mail programs that know this header open the file as a draft.
        .raw_header(HeaderValue::new(
            HeaderName::new_from_ascii_str("X-Unsent"),
            "1".to_owned(),
        ))
        // The envelope is not used, because the e-mail is not sent from here.
        .envelope(Envelope::new(None, vec![from.email]).map_err(internal)?);
    if let Some(to) = &letter.to {
        message = message.to(mailbox(to)?);
    }
    let message = message.multipart(body).map_err(internal)?;
    Ok(message.formatted())
}

fn internal(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::because(Problem::Internal, error)
}

fn malformed(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::because(Problem::AddressMalformed, error)
}
