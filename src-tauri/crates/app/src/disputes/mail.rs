//! The files that the app makes for a draft, and the complete dispute as e-mail or as files, for accounts whose cloud
//! does not accept disputes.

use std::path::{Path, PathBuf};

use boothkeeper_domain::disputes::MAX_FILE;
use boothkeeper_domain::{Hash, user_input};
use boothkeeper_store::outbox::Draft;
use boothkeeper_sync::wire::sha256;

use boothkeeper_documents::read::attachment;
use boothkeeper_documents::write::MadeFile;
use boothkeeper_documents::write::mail::{Letter, is_address, mails};

use super::{Disputes, FileView, letter};
use crate::files::whole_file;
use crate::names::CatalogNames;
use crate::{AppError, Code};

/// A dispute saved as one or more e-mail files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedMail {
    /// The recipient, if known.
    pub to: Option<String>,
    /// The saved files, the first e-mail first.
    pub saved: Vec<PathBuf>,
}

impl Disputes<'_> {
    /// The files that the app would attach to a draft if it were sent now.
    pub fn prepare(&self, id: &str) -> Result<Vec<FileView>, AppError> {
        let (draft, _) = self.stored_draft(id)?;
        let made = self.made(&self.updated_draft(&draft)?)?;
        Ok(made.iter().map(made_view).collect())
    }

    /// Saves the dispute with all its files as e-mail to support. A large one is split into several e-mails, saved
    /// beside `path` as `…-1-of-2.eml`. Fails with `OutOfRange` if `to` is not an e-mail address, and with
    /// `DisputeSent` if the dispute is with support already.
    pub fn save_mail(
        &self,
        id: &str,
        path: &Path,
        to: Option<&str>,
    ) -> Result<SavedMail, AppError> {
        let (to, letters) = self.mail(id, to)?;
        let count = letters.len();
        let mut saved = Vec::new();
        for (n, letter) in letters.iter().enumerate() {
            let path = match count {
                1 => path.to_owned(),
                _ => {
                    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
                    path.with_file_name(format!("{stem}-{}-of-{count}.eml", n + 1))
                }
            };
            whole_file(&path, |file| {
                std::io::Write::write_all(file, letter).map_err(crate::files::failed)
            })?;
            saved.push(path);
        }
        Ok(SavedMail { to, saved })
    }

    /// Saves the app's files and the operator's own files in `folder`. Fails with `DisputeSent` if the dispute is with
    /// support already.
    pub fn save_files(&self, id: &str, folder: &Path) -> Result<Vec<FileView>, AppError> {
        let failed = crate::files::failed;
        let draft = self.updated_draft(&self.unsent_draft(id)?)?;
        let files = self.files(&draft)?;
        boothkeeper_store::private::folder(folder).map_err(failed)?;
        for (file, _) in &files {
            whole_file(&folder.join(&file.name), |out| {
                std::io::Write::write_all(out, &file.bytes).map_err(failed)
            })?;
        }
        Ok(files.iter().map(made_view).collect())
    }

    /// Saves the dispute as e-mails in the data folder, for opening in the operator's mail program.
    pub fn mail_for_program(&self, id: &str) -> Result<SavedMail, AppError> {
        let folder = self.app.data().join("mail");
        boothkeeper_store::private::folder(&folder).map_err(crate::files::failed)?;
        self.save_mail(id, &folder.join(format!("dispute-{id}.eml")), None)
    }

    fn mail(&self, id: &str, to: Option<&str>) -> Result<(Option<String>, Vec<Vec<u8>>), AppError> {
        let draft = self.updated_draft(&self.unsent_draft(id)?)?;
        let files = self.files(&draft)?;
        let mut letter = self.letter(&draft)?;
        if let Some(to) = to {
            let to = user_input::code(to);
            if !is_address(&to) {
                return Err(AppError::new(Code::OutOfRange));
            }
            letter.to = Some(to);
        }
        let mails = mails(&letter, &files)?;
        Ok((letter.to, mails))
    }

    /// The draft with its balances and days brought up to date with the local copy.
    pub(super) fn updated_draft(&self, draft: &Draft) -> Result<Draft, AppError> {
        let now = self.app.written_now()?;
        self.app
            .read_copy(|copied| Ok(copied.current(draft, self.app.zone(), now)))
    }

    /// The draft with this id. Fails with `DisputeSent` if it has become a ticket, because the laptop then keeps only
    /// the checksums of its files.
    fn unsent_draft(&self, id: &str) -> Result<Draft, AppError> {
        match self.ticket_of(id)? {
            None => Ok(self.stored_draft(id)?.0),
            Some(_) => Err(AppError::new(Code::DisputeSent)),
        }
    }

    /// All files of a draft: those that the app makes, then the operator's own, each with its SHA-256.
    fn files(&self, draft: &Draft) -> Result<Vec<(MadeFile, Hash)>, AppError> {
        let mut files = self.made(draft)?;
        for file in &draft.files {
            let bytes = self.app.local_copy.blobs().get(&file.sha256)?;
            let bytes = bytes.ok_or(AppError::new(Code::FileSystem))?;
            let media_type = match attachment::sniffed(&bytes) {
                Some(kind) => kind.media_type(),
                None => "application/octet-stream",
            };
            let made = MadeFile {
                name: file.name.clone(),
                media_type,
                bytes,
            };
            files.push((made, file.sha256));
        }
        Ok(files)
    }

    fn letter(&self, draft: &Draft) -> Result<Letter, AppError> {
        self.app.read_copy(|copied| {
            let identity = copied.head.account.identity.as_ref();
            let identity = identity.ok_or(AppError::new(Code::NotSynced))?;
            let catalog = copied.catalog()?;
            let names = CatalogNames::from(&catalog);
            let support = catalog.support;
            let entries = copied.cache.entries(draft.entries.iter().copied())?;
            let entries: Vec<_> = entries.into_iter().map(|(_, entry)| entry).collect();
            let (account, email) = (identity.account.as_str(), identity.email.as_str());
            let (asset, zone) = (copied.asset()?, self.app.zone());
            // The catalog's support address is only right for this catalog's vendor, which is unknown for an import.
            let (known_as, to) = match self.app.is_imported()? {
                true => (email, None),
                false => (account, Some(support.email.clone())),
            };
            Ok(Letter {
                id: draft.id.to_string(),
                from: identity.email.clone(),
                subject: format!("{} ({known_as})", support.subject(draft.kind)),
                to,
                text: letter::text(draft, (account, email), &entries, (asset, &names), zone),
                at: draft.saved_at,
            })
        })
    }

    /// Makes the files that the app attaches to a draft, each with its SHA-256. Fails with `OutOfRange` if the draft's
    /// period ends before it begins.
    pub(super) fn made(&self, draft: &Draft) -> Result<Vec<(MadeFile, Hash)>, AppError> {
        if draft.from > draft.to {
            return Err(AppError::new(Code::OutOfRange));
        }
        let (now, balance) = (self.app.rules_now()?, self.app.balance().view()?);
        let made = self.app.read_copy(|copied| {
            let period = copied.period_of(draft)?;
            copied.packet(&period, &balance, now, MAX_FILE)
        })?;
        let hashed = made.into_iter().map(|made| {
            let sha256 = sha256(&made.bytes);
            (made, sha256)
        });
        Ok(hashed.collect())
    }
}

fn made_view((made, sha256): &(MadeFile, Hash)) -> FileView {
    FileView {
        name: made.name.clone(),
        bytes: made.bytes.len() as u64,
        sha256: *sha256,
        media_type: made.media_type.to_owned(),
        made: true,
        missing: false,
    }
}
