//! Disputes, from a finding to what support has made of it: proposed, written, kept, sent once with its
//! proof, followed; or, without a cloud that takes them, by e-mail.

pub mod intake;
mod propose;
mod views;
mod words;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use boothkeeper_domain::disputes::{DisputeKind, MAX_FILE, MAX_FILES, MAX_FILES_TOGETHER};
use boothkeeper_domain::privacy::masked;
use boothkeeper_domain::{Amount, DisputeId, Hash, PaymentId, Seq};
use boothkeeper_store::outbox::Draft;
use boothkeeper_store::sha256;
use boothkeeper_sync::wire::action::{Action, Complaint};
use boothkeeper_sync::wire::dispute::{Attachment, Claim, EntryRef};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use propose::Begin;
pub use views::{
    ChosenRow, DisputeRow, DisputeState, DisputesView, DraftProblem, DraftView, FileView,
    MessageView, TicketView,
};

use crate::export::whole_file;
use crate::packet::{Letter, Made, mails};
use crate::views::CommandView;
use crate::{App, AppError, Code};
use views::{Sent, parse, ticket_view};

/// What a person has changed; what is not named stays.
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

/// A draft or a ticket, whichever an id names.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum DisputeView {
    Draft(Box<DraftView>),
    Ticket(Box<TicketView>),
}

impl App {
    /// Begins a draft, or takes up the one that was begun with the same.
    pub fn begin_dispute(&self, begin: &Begin) -> Result<DraftView, AppError> {
        let now = self.rules_now()?;
        let id = Uuid::now_v7();
        let draft = self.on_copy(|copied| copied.propose(begin, id, now, self.zone()))?;
        let drafts = self.laptop.outbox().drafts()?;
        let same = drafts.into_iter().find(|known| {
            let proposed = draft.premise.is_some() && known.premise == draft.premise;
            let rows = !draft.entries.is_empty() && known.entries == draft.entries;
            known.kind == draft.kind && (proposed || rows)
        });
        let id = match same {
            Some(known) => known.id,
            None => {
                self.laptop.outbox().put_draft(&draft)?;
                draft.id
            }
        };
        self.changed();
        self.draft(&id.to_string())
    }

    pub fn draft(&self, id: &str) -> Result<DraftView, AppError> {
        let (draft, sent) = self.stored_draft(id)?;
        let now = self.rules_now()?;
        self.on_copy(|copied| copied.draft_view(self, &draft, &sent, now))
    }

    pub fn dispute(&self, id: &str) -> Result<DisputeView, AppError> {
        Ok(match self.ticket_of(id)? {
            Some(ticket) => DisputeView::Ticket(Box::new(ticket)),
            None => DisputeView::Draft(Box::new(self.draft(id)?)),
        })
    }

    /// The ticket of this id, or that a draft of this id has become; `None` for a draft.
    fn ticket_of(&self, id: &str) -> Result<Option<TicketView>, AppError> {
        if parse(id).is_none() {
            return self.ticket(id).map(Some);
        }
        let (_, sent) = self.stored_draft(id)?;
        Ok(sent.ticket.and_then(|id| self.ticket(id.as_str()).ok()))
    }

    pub fn ticket(&self, id: &str) -> Result<TicketView, AppError> {
        let now = self.rules_now()?;
        self.on_copy(|copied| {
            let tickets = copied.cache.tickets()?.map_or(vec![], |t| t.disputes);
            let ticket = tickets.iter().find(|ticket| ticket.id.as_str() == id);
            ticket
                .map(|ticket| ticket_view(ticket, now))
                .ok_or(AppError::new(Code::NotFound))
        })
    }

    pub fn edit_draft(&self, id: &str, edits: Edits) -> Result<DraftView, AppError> {
        let balance = self.on_copy(|copied| Ok(copied.head.account.balance))?;
        self.change_draft(id, |draft| {
            let set = |place: &mut Option<String>, text: Option<String>| {
                if let Some(text) = text {
                    *place = Some(text.trim().to_owned()).filter(|text| !text.is_empty());
                }
            };
            if let Some(payment) = &edits.payment {
                let payment = payment.trim();
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
                (draft.expected, draft.actual) = (edits.expected, Some(balance));
            }
            draft.noticed_on = edits.noticed_on.unwrap_or(draft.noticed_on);
            draft.from = edits.from.unwrap_or(draft.from);
            draft.to = edits.to.unwrap_or(draft.to);
            draft.paid = edits.paid.or(draft.paid);
            draft.paid_on = edits.paid_on.or(draft.paid_on);
            set(&mut draft.coupon, edits.coupon);
            set(&mut draft.plan, edits.plan);
            if let Some(message) = edits.message {
                draft.message = message;
            }
            if let Some(legacy) = edits.legacy {
                draft.legacy = legacy;
            }
            if let Some(mut entries) = edits.entries {
                entries.sort_unstable();
                entries.dedup();
                draft.entries = entries;
            }
            Ok(())
        })
    }

    /// Takes a file that the operator has chosen; its copy is the app's own from then on.
    pub fn attach(&self, id: &str, path: &Path) -> Result<DraftView, AppError> {
        let taken = intake::read(path)?;
        self.attach_taken(id, taken)
    }

    pub fn attach_taken(&self, id: &str, taken: intake::Taken) -> Result<DraftView, AppError> {
        self.change_draft(id, |draft| {
            let sha256 = self.laptop.blobs().put(&taken.bytes)?;
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
                media_type: taken.media_type.to_owned(),
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

    /// Throws a draft away.
    pub fn drop_draft(&self, id: &str) -> Result<(), AppError> {
        let (draft, sent) = self.stored_draft(id)?;
        if sent.state != DisputeState::Draft {
            return Err(AppError::new(Code::NotCancellable));
        }
        self.laptop.outbox().drop_draft(draft.id)?;
        self.changed();
        Ok(())
    }

    /// The files that the app makes for a draft, as they are now.
    pub fn prepare(&self, id: &str) -> Result<Vec<FileView>, AppError> {
        let (draft, _) = self.stored_draft(id)?;
        let made = self.made(&draft)?;
        Ok(made.iter().map(made_view).collect())
    }

    /// Sends it off, with its proof: at once where the cloud can be reached, else as soon as it can.
    pub fn send_draft(&self, id: &str) -> Result<DraftView, AppError> {
        let known = self.stored_draft(id)?.0.came_right;
        boothkeeper_sync::disputes::review(&self.laptop)?;
        let (draft, sent) = self.stored_draft(id)?;
        if draft.came_right && !known {
            return Err(AppError::new(Code::CameRight));
        }
        if sent.state != DisputeState::Draft {
            return Err(AppError::new(Code::AlreadyWaiting));
        }
        self.is_no_import()?;
        let view = self.draft(id)?;
        if !view.problems.is_empty() {
            return Err(AppError::new(Code::DraftIncomplete));
        }
        for file in &draft.files {
            if self.laptop.blobs().get(&file.sha256)?.is_none() {
                return Err(AppError::new(Code::DraftIncomplete));
            }
        }
        let mut files = Vec::new();
        let made = self.made(&draft)?;
        for (made, sha256) in &made {
            files.push(Attachment {
                name: made.name.clone(),
                bytes: made.bytes.len() as u64,
                sha256: *sha256,
                media_type: made.media_type.to_owned(),
            });
        }
        files.extend(draft.files.iter().cloned());
        let together: u64 = files.iter().map(|file| file.bytes).sum();
        if files.len() > MAX_FILES
            || together > MAX_FILES_TOGETHER
            || files.iter().any(|file| file.bytes > MAX_FILE)
        {
            return Err(AppError::new(Code::FileTooLarge));
        }
        let complaint = self.complaint(&draft, files)?;
        let action = Action::OpenDispute(Box::new(complaint));
        self.queue_by(&action, None, |outbox, id, request, decided_at, now| {
            let queued = outbox.change_draft(draft.id, |stored| {
                // Another process has sent or changed it meanwhile.
                if *stored != draft {
                    return Err(AppError::new(Code::AlreadyWaiting));
                }
                for (made, _) in &made {
                    self.laptop.blobs().put(&made.bytes)?;
                }
                outbox.queue(id, request, decided_at, now)?;
                (stored.command, stored.edited) = (Some(id), true);
                if stored.came_right {
                    // Whoever sends it all the same has seen that.
                    (stored.came_right, stored.premise) = (false, None);
                }
                Ok(())
            })?;
            queued.ok_or(AppError::new(Code::NotFound))
        })?;
        self.changed();
        self.draft(id)
    }

    pub fn message_dispute(&self, id: &str, text: &str) -> Result<CommandView, AppError> {
        let message = masked(text.trim());
        if message.is_empty() {
            return Err(AppError::new(Code::DraftIncomplete));
        }
        let dispute = self.open_ticket(id)?;
        let files = vec![];
        let action = Action::MessageDispute {
            dispute,
            message,
            files,
        };
        self.queue(&action, None)
    }

    /// Takes a ticket back, or a draft that was not sent yet.
    pub fn withdraw_dispute(&self, id: &str) -> Result<Option<CommandView>, AppError> {
        if self.ticket_of(id)?.is_some() {
            let dispute = self.open_ticket(id)?;
            let action = Action::WithdrawDispute { dispute };
            return self.queue(&action, None).map(Some);
        }
        let (mut draft, sent) = self.stored_draft(id)?;
        match (sent.state, draft.command.take()) {
            (DisputeState::Queued, Some(command)) => {
                if !self.laptop.outbox().cancel(command)? {
                    return Err(AppError::new(Code::NotCancellable));
                }
                self.laptop.outbox().put_draft(&draft)?;
            }
            (DisputeState::Draft, _) => {
                self.laptop.outbox().drop_draft(draft.id)?;
            }
            _ => return Err(AppError::new(Code::NotCancellable)),
        }
        self.changed();
        Ok(None)
    }

    /// The whole dispute as e-mail to support, everything attached: one file, or parts where it is large.
    pub fn save_mail(&self, id: &str, path: &Path) -> Result<Vec<PathBuf>, AppError> {
        let letters = self.mail(id)?;
        let count = letters.len();
        let mut paths = Vec::new();
        for (n, letter) in letters.iter().enumerate() {
            let path = match count {
                1 => path.to_owned(),
                _ => {
                    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
                    path.with_file_name(format!("{stem}-{}-of-{count}.eml", n + 1))
                }
            };
            whole_file(&path, |file| {
                std::io::Write::write_all(file, letter).map_err(crate::export::failed)
            })?;
            paths.push(path);
        }
        Ok(paths)
    }

    /// What the app attaches, and the operator's own, as files.
    pub fn save_files(&self, id: &str, folder: &Path) -> Result<Vec<FileView>, AppError> {
        let failed = crate::export::failed;
        std::fs::create_dir_all(folder).map_err(failed)?;
        let draft = self.unfiled(id)?;
        let files = self.files(&draft)?;
        for (file, _) in &files {
            whole_file(&folder.join(&file.name), |out| {
                std::io::Write::write_all(out, &file.bytes).map_err(failed)
            })?;
        }
        Ok(files.iter().map(made_view).collect())
    }

    /// The same, for the operator's mail program.
    pub fn mail_for_program(&self, id: &str) -> Result<Vec<PathBuf>, AppError> {
        let folder = self.data().join("mail");
        std::fs::create_dir_all(&folder).map_err(crate::export::failed)?;
        self.save_mail(id, &folder.join(format!("dispute-{id}.eml")))
    }

    fn mail(&self, id: &str) -> Result<Vec<Vec<u8>>, AppError> {
        let draft = self.unfiled(id)?;
        let files = self.files(&draft)?;
        let letter = self.letter(&draft)?;
        mails(&letter, &files)
    }

    /// A draft that support has not: what was sent is with support, and here are only its checksums.
    fn unfiled(&self, id: &str) -> Result<Draft, AppError> {
        match self.ticket_of(id)? {
            None => Ok(self.stored_draft(id)?.0),
            Some(_) => Err(AppError::new(Code::NotCancellable)),
        }
    }

    /// The app's files, and after them the operator's own.
    fn files(&self, draft: &Draft) -> Result<Vec<(Made, Hash)>, AppError> {
        let mut files = self.made(draft)?;
        for file in &draft.files {
            let bytes = self.laptop.blobs().get(&file.sha256)?;
            let bytes = bytes.ok_or(AppError::new(Code::FileSystem))?;
            let media_type = match intake::sniffed(&bytes) {
                Some(kind) => kind.media_type(),
                None => "application/octet-stream",
            };
            let made = Made {
                name: file.name.clone(),
                media_type,
                bytes,
            };
            files.push((made, file.sha256));
        }
        Ok(files)
    }

    fn letter(&self, draft: &Draft) -> Result<Letter, AppError> {
        self.on_copy(|copied| {
            let identity = copied.head.account.identity.as_ref();
            let identity = identity.ok_or(AppError::new(Code::NotSynced))?;
            let support = copied.catalog()?.support;
            let entries = copied.cache.entries(draft.entries.iter().copied())?;
            let entries: Vec<_> = entries.into_iter().map(|(_, entry)| entry).collect();
            let actual = draft.against(copied.head.account.balance);
            let (account, email) = (identity.account.as_str(), identity.email.as_str());
            let (asset, zone) = (copied.asset()?, self.zone());
            Ok(Letter {
                id: draft.id.to_string(),
                from: identity.email.clone(),
                subject: format!("{} ({account})", support.subject(draft.kind)),
                to: support.email,
                text: words::letter(draft, (account, email), actual, &entries, asset, zone),
                at: draft.saved_at,
            })
        })
    }

    fn complaint(&self, draft: &Draft, files: Vec<Attachment>) -> Result<Complaint, AppError> {
        self.on_copy(|copied| {
            let account = &copied.head.checkpoint.account;
            let hashes = copied.cache.hashes(account, &draft.entries)?;
            let named = draft.entries.iter().zip(hashes);
            Ok(Complaint {
                entries: named
                    .map(|(seq, hash)| EntryRef { seq: *seq, hash })
                    .collect(),
                claim: Claim {
                    dispute_kind: draft.kind,
                    expected: draft.expected,
                    actual: Some(draft.against(copied.head.account.balance)),
                    noticed_on: draft.noticed_on,
                    message: masked(draft.message.trim()),
                    payment: draft.payment.clone(),
                    paid: draft.paid,
                    paid_on: draft.paid_on,
                    coupon: draft.coupon.clone(),
                    plan: draft.plan.clone(),
                    legacy: draft.legacy.clone(),
                },
                files,
            })
        })
    }

    fn made(&self, draft: &Draft) -> Result<Vec<(Made, Hash)>, AppError> {
        if draft.from > draft.to {
            return Err(AppError::new(Code::OutOfRange));
        }
        let (now, balance) = (self.rules_now()?, self.balance()?);
        let made = self.on_copy(|copied| {
            let period = copied.period_of(draft)?;
            copied.packet(&period, &balance, now, MAX_FILE)
        })?;
        let hashed = made.into_iter().map(|made| {
            let sha256 = sha256(&made.bytes);
            (made, sha256)
        });
        Ok(hashed.collect())
    }

    /// By its own id, or by that of the draft it was.
    fn open_ticket(&self, id: &str) -> Result<DisputeId, AppError> {
        let view = self.ticket_of(id)?.ok_or(AppError::new(Code::NotFound))?;
        if !view.state.is_open() {
            return Err(AppError::new(Code::NotOpen));
        }
        DisputeId::new(view.id).map_err(|error| AppError::because(Code::NotFound, error))
    }

    /// Every dispute that is not decided, with the entries it is about.
    pub(crate) fn disputed(&self) -> Result<Vec<(String, BTreeSet<Seq>)>, AppError> {
        let mut disputed = Vec::new();
        for draft in self.laptop.outbox().drafts()? {
            disputed.push((draft.id.to_string(), draft.entries.into_iter().collect()));
        }
        let tickets = self.laptop.read(boothkeeper_store::Cache::tickets)?;
        for ticket in tickets.into_iter().flat_map(|tickets| tickets.disputes) {
            if ticket.state.is_open() {
                let entries = ticket.entries.iter().map(|entry| entry.seq).collect();
                disputed.push((ticket.id.to_string(), entries));
            }
        }
        Ok(disputed)
    }

    fn stored_draft(&self, id: &str) -> Result<(Draft, Sent), AppError> {
        let missing = || AppError::new(Code::NotFound);
        let outbox = self.laptop.outbox();
        let draft = outbox.draft(parse(id).ok_or_else(missing)?)?;
        let draft = draft.ok_or_else(missing)?;
        let sent = Sent::of(&draft, &outbox)?;
        Ok((draft, sent))
    }

    /// Keeps a person's change; what was sent off is not changed any more.
    fn change_draft(
        &self,
        id: &str,
        change: impl FnOnce(&mut Draft) -> Result<(), AppError>,
    ) -> Result<DraftView, AppError> {
        let now = self.rules_now()?;
        let missing = || AppError::new(Code::NotFound);
        let outbox = self.laptop.outbox();
        let changed = outbox.change_draft(parse(id).ok_or_else(missing)?, |draft| {
            if Sent::of(draft, &outbox)?.state != DisputeState::Draft {
                return Err(AppError::new(Code::AlreadyWaiting));
            }
            change(draft)?;
            (draft.edited, draft.saved_at) = (true, now);
            Ok(())
        })?;
        changed.ok_or_else(missing)?;
        drop(outbox);
        self.changed();
        self.draft(id)
    }

    fn changed(&self) {
        self.status.send_modify(|status| status.revision += 1);
    }
}

fn made_view((made, sha256): &(Made, Hash)) -> FileView {
    FileView {
        name: made.name.clone(),
        bytes: made.bytes.len() as u64,
        sha256: *sha256,
        media_type: made.media_type.to_owned(),
        made: true,
        missing: false,
    }
}

/// Two files of one name are told apart.
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
