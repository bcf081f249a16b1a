//! Creates, edits and deletes drafts of disputes, and attaches files to them.

use std::path::Path;

use boothkeeper_domain::disputes::{DisputeKind, MAX_FILE, MAX_FILES, MAX_FILES_TOGETHER};
use boothkeeper_domain::privacy::without_keys;
use boothkeeper_domain::{Amount, Hash, PaymentId, Seq, user_input};
use boothkeeper_store::outbox::Draft;
use boothkeeper_sync::wire::dispute::Attachment;
use chrono::NaiveDate;
use serde::Deserialize;
use uuid::Uuid;

use boothkeeper_documents::read::attachment::Attachment as Taken;

use super::{Begin, DisputeState, Disputes, DraftView, parse};
use crate::dispute_state::DraftStatus;
use crate::files::read_file;
use crate::{AppError, Code};

/// The fields of a draft that the operator changed. Missing fields keep their value.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(default, deny_unknown_fields)]
pub struct Edits {
    #[cfg_attr(feature = "ts", ts(optional))]
    pub kind: Option<DisputeKind>,
    #[cfg_attr(feature = "ts", ts(optional))]
    pub expected: Option<Amount>,
    #[cfg_attr(feature = "ts", ts(optional, type = "string"))]
    pub noticed_on: Option<NaiveDate>,
    #[cfg_attr(feature = "ts", ts(optional, type = "string"))]
    pub from: Option<NaiveDate>,
    #[cfg_attr(feature = "ts", ts(optional, type = "string"))]
    pub to: Option<NaiveDate>,
    #[cfg_attr(feature = "ts", ts(optional))]
    pub entries: Option<Vec<Seq>>,
    #[cfg_attr(feature = "ts", ts(optional))]
    pub message: Option<String>,
    #[cfg_attr(feature = "ts", ts(optional))]
    pub payment: Option<String>,
    #[cfg_attr(feature = "ts", ts(optional))]
    pub paid: Option<Amount>,
    #[cfg_attr(feature = "ts", ts(optional, type = "string"))]
    pub paid_on: Option<NaiveDate>,
    #[cfg_attr(feature = "ts", ts(optional))]
    pub coupon: Option<String>,
    #[cfg_attr(feature = "ts", ts(optional))]
    pub plan: Option<String>,
    #[cfg_attr(feature = "ts", ts(optional))]
    pub legacy: Option<Vec<String>>,
}

impl Disputes<'_> {
    /// Creates a draft, or returns an existing draft of the same kind about the same finding or entries.
    pub fn begin(&self, begin: &Begin) -> Result<DraftView, AppError> {
        let now = self.app.written_now()?;
        let id = Uuid::now_v7();
        let draft = self
            .app
            .read_copy(|copied| copied.propose(begin, id, now, self.app.zone()))?;
        let drafts = self.app.local_copy.outbox().drafts()?;
        let same = drafts.into_iter().find(|known| {
            let proposed = draft.premise.is_some() && known.premise == draft.premise;
            let rows = !draft.entries.is_empty() && known.entries == draft.entries;
            known.kind == draft.kind && !known.is_withdrawn() && (proposed || rows)
        });
        let id = match same {
            Some(known) => known.id,
            None => {
                self.app.local_copy.outbox().put_draft(&draft)?;
                draft.id
            }
        };
        self.changed();
        self.draft(&id.to_string())
    }

    /// Changes a draft. Fails with `NotFound` for an entry that the journal does not have, and with `OutOfRange` for a
    /// negative payment or a day in the future.
    pub fn edit(&self, id: &str, mut edits: Edits) -> Result<DraftView, AppError> {
        let account = self
            .app
            .read_copy(|copied| Ok(copied.head.account.clone()))?;
        let today = self.app.zone().clone().day(self.app.written_now()?).date();
        let unknown = |seq: &Seq| *seq == Seq::ZERO || *seq > account.seq;
        if edits.entries.iter().flatten().any(unknown) {
            return Err(AppError::new(Code::NotFound));
        }
        let late = |day: Option<NaiveDate>| day.is_some_and(|day| day > today);
        if edits.paid.is_some_and(Amount::is_negative)
            || late(edits.paid_on)
            || late(edits.noticed_on)
        {
            return Err(AppError::new(Code::OutOfRange));
        }
        self.update_proposals(id, &mut edits)?;
        self.change_draft(id, |draft| {
            let set = |place: &mut Option<String>, text: Option<String>| {
                if let Some(text) = text {
                    *place = Some(text.trim().to_owned()).filter(|text| !text.is_empty());
                }
            };
            if let Some(payment) = &edits.payment {
                let payment = user_input::code(payment);
                draft.payment = match payment.is_empty() {
                    true => None,
                    false => Some(
                        PaymentId::new(payment)
                            .map_err(|error| AppError::because(Code::OutOfRange, error))?,
                    ),
                };
            }
            draft.kind = edits.kind.unwrap_or(draft.kind);
            if edits.expected.is_some() {
                (draft.expected, draft.actual) = (edits.expected, Some(account.balance));
            }
            draft.noticed_on = edits.noticed_on.unwrap_or(draft.noticed_on);
            draft.from = edits.from.unwrap_or(draft.from);
            draft.to = edits.to.unwrap_or(draft.to);
            draft.paid = edits.paid.or(draft.paid);
            draft.paid_on = edits.paid_on.or(draft.paid_on);
            set(&mut draft.coupon, edits.coupon);
            set(&mut draft.plan, edits.plan);
            if let Some(message) = edits.message {
                draft.message = without_keys(&message);
            }
            if let Some(legacy) = edits.legacy {
                let given = legacy.into_iter().map(|product| product.trim().to_owned());
                draft.legacy = given.filter(|product| !product.is_empty()).collect();
            }
            if let Some(mut entries) = edits.entries {
                entries.sort_unstable();
                entries.dedup();
                draft.entries = entries;
            }
            Ok(())
        })
    }

    /// If the edit changes the disputed rows, proposes message and expected balance again, unless the operator has
    /// changed them.
    fn update_proposals(&self, id: &str, edits: &mut Edits) -> Result<(), AppError> {
        let Some(rows) = edits.entries.clone() else {
            return Ok(());
        };
        let (draft, _) = self.stored_draft(id)?;
        let (was, now, balance) = self.app.read_copy(|copied| {
            let worded = |rows: &[Seq]| copied.message_and_amount(&draft, rows, self.app.zone());
            let balance = copied.head.account.balance;
            Ok((worded(&draft.entries)?, worded(&rows)?, balance))
        })?;
        if edits.message.is_none() && draft.message == was.0 {
            edits.message = Some(now.0);
        }
        let sides = draft.expected.zip(draft.actual);
        let claimed = sides.and_then(|(expected, actual)| expected.checked_sub(actual).ok());
        if edits.expected.is_none() && claimed == was.1 {
            edits.expected = now.1.and_then(|owed| balance.checked_add(owed).ok());
        }
        Ok(())
    }

    /// Attaches a copy of a file that the operator chose. Fails with `TooManyFiles` or `FileTooLarge` above the limits.
    pub fn attach(&self, id: &str, path: &Path) -> Result<DraftView, AppError> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let bytes = read_file(path, MAX_FILE)?;
        let taken = self.app.options.reader.attachment(&name, bytes)?;
        self.attach_taken(id, taken)
    }

    pub fn attach_taken(&self, id: &str, taken: Taken) -> Result<DraftView, AppError> {
        self.change_draft(id, |draft| {
            let sha256 = self.app.local_copy.blobs().put(&taken.bytes)?;
            if draft.files.iter().any(|file| file.sha256 == sha256) {
                return Ok(());
            }
            let bytes = taken.bytes.len() as u64;
            let together: u64 = draft.files.iter().map(|file| file.bytes).sum();
            if draft.files.len() >= MAX_FILES {
                return Err(AppError::new(Code::TooManyFiles));
            }
            if together + bytes > MAX_FILES_TOGETHER {
                return Err(AppError::new(Code::FileTooLarge));
            }
            draft.files.push(Attachment {
                name: free_name(&taken.name, &draft.files),
                bytes,
                sha256,
                media_type: taken.file_type.media_type().to_owned(),
            });
            Ok(())
        })
    }

    pub fn detach(&self, id: &str, sha256: &Hash) -> Result<DraftView, AppError> {
        self.change_draft(id, |draft| {
            draft.files.retain(|file| file.sha256 != *sha256);
            Ok(())
        })
    }

    /// Deletes a draft. Fails with `NotCancellable` if it was sent.
    pub fn discard(&self, id: &str) -> Result<(), AppError> {
        let (draft, sent) = self.stored_draft(id)?;
        if !matches!(sent.state, DisputeState::Draft | DisputeState::Withdrawn) {
            return Err(AppError::new(Code::NotCancellable));
        }
        self.app.local_copy.outbox().drop_draft(draft.id)?;
        self.changed();
        Ok(())
    }

    /// Applies and stores an edit of the operator. Fails with `AlreadyWaiting` or `DisputeSent` if the draft was sent.
    fn change_draft(
        &self,
        id: &str,
        change: impl FnOnce(&mut Draft) -> Result<(), AppError>,
    ) -> Result<DraftView, AppError> {
        let now = self.app.written_now()?;
        let missing = || AppError::new(Code::NotFound);
        let outbox = self.app.local_copy.outbox();
        let changed = outbox.change_draft(parse(id).ok_or_else(missing)?, |draft| {
            DraftStatus::of(draft, &outbox)?.require_draft()?;
            change(draft)?;
            (draft.edited, draft.saved_at) = (true, now);
            Ok::<_, AppError>(())
        })?;
        changed.ok_or_else(missing)?;
        drop(outbox);
        self.changed();
        self.draft(id)
    }
}

/// `name`, with a number added if another file has it already.
fn free_name(name: &str, files: &[Attachment]) -> String {
    let taken = |name: &str| files.iter().any(|file| file.name == name);
    if !taken(name) {
        return name.to_owned();
    }
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    let numbered = (2..).map(|n| format!("{stem}-{n}.{extension}"));
    let mut free = numbered.filter(|name| !taken(name));
    free.next().unwrap_or_else(|| name.to_owned())
}
