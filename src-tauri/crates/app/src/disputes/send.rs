//! Sends disputes to support: a draft once with its proof, further messages, and withdrawals.

use boothkeeper_domain::bounds::{MAX_MESSAGE_CHARS, fits};
use boothkeeper_domain::disputes::{MAX_FILE, MAX_FILES, MAX_FILES_TOGETHER};
use boothkeeper_domain::privacy::masked;
use boothkeeper_store::outbox::Draft;
use boothkeeper_sync::wire::action::{Action, DisputeFiling};
use boothkeeper_sync::wire::dispute::{Attachment, Claim, EntryRef};

use super::{DisputeState, Disputes, DraftView};
use crate::outbox::CommandView;
use crate::{AppError, Code};

impl Disputes<'_> {
    /// Queues a draft with its proof; it is sent as soon as the cloud can be reached. Fails with `CameRight` if only
    /// this check finds that its reason has gone, with `DraftIncomplete` if something in it is missing or wrong, with
    /// `Imported` if there is no cloud, and with `AlreadyWaiting` or `DisputeSent` if it was sent before.
    pub fn send(&self, id: &str) -> Result<DraftView, AppError> {
        let known = self.stored_draft(id)?.0.came_right;
        boothkeeper_sync::disputes::review(&self.app.local_copy)?;
        let (draft, sent) = self.stored_draft(id)?;
        if draft.came_right && !known {
            return Err(AppError::new(Code::CameRight));
        }
        sent.require_draft()?;
        self.app.require_cloud_account()?;
        let view = self.draft(id)?;
        if !view.problems.is_empty() {
            return Err(AppError::new(Code::DraftIncomplete));
        }
        for file in &draft.files {
            if self.app.local_copy.blobs().get(&file.sha256)?.is_none() {
                return Err(AppError::new(Code::DraftIncomplete));
            }
        }
        let mut files = Vec::new();
        let current = self.updated_draft(&draft)?;
        let made = self.made(&current)?;
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
        let complaint = self.dispute_filing(&current, files)?;
        let action = Action::OpenDispute(Box::new(complaint));
        self.app
            .outbox()
            .queue_by(&action, None, |outbox, id, request, decided_at, now| {
                let queued = outbox.change_draft(draft.id, |stored| {
                    // Another process has sent or changed the draft meanwhile.
                    if *stored != draft {
                        return Err(AppError::new(Code::AlreadyWaiting));
                    }
                    for (made, _) in &made {
                        self.app.local_copy.blobs().put(&made.bytes)?;
                    }
                    outbox.queue(id, request, decided_at, now)?;
                    (stored.command, stored.edited) = (Some(id), true);
                    (stored.expected, stored.actual) = (current.expected, current.actual);
                    stored.to = current.to;
                    if stored.came_right {
                        // The operator was warned that the problem has been solved, and sends the dispute anyway.
                        (stored.came_right, stored.premise) = (false, None);
                    }
                    Ok(())
                })?;
                queued.ok_or(AppError::new(Code::NotFound))
            })?;
        self.changed();
        self.draft(id)
    }

    /// Queues a message to the open ticket `id`. Fails with `DraftIncomplete` if it is empty, and with `TextTooLong` if
    /// it is too long.
    pub fn message(&self, id: &str, text: &str) -> Result<CommandView, AppError> {
        let message = masked(text.trim());
        if message.is_empty() {
            return Err(AppError::new(Code::DraftIncomplete));
        }
        if !fits(&message, MAX_MESSAGE_CHARS) {
            return Err(AppError::new(Code::TextTooLong));
        }
        let dispute = self.open_ticket(id)?;
        let files = vec![];
        let action = Action::MessageDispute {
            dispute,
            message,
            files,
        };
        self.app.outbox().queue(&action, None)
    }

    /// Withdraws a ticket, cancels a queued draft, or deletes an unsent draft. Only the first returns a command.
    pub fn withdraw(&self, id: &str) -> Result<Option<CommandView>, AppError> {
        if self.ticket_of(id)?.is_some() {
            let dispute = self.open_ticket(id)?;
            let action = Action::WithdrawDispute { dispute };
            return self.app.outbox().queue(&action, None).map(Some);
        }
        let (mut draft, sent) = self.stored_draft(id)?;
        match (sent.state, draft.command.take()) {
            (DisputeState::Queued, Some(command)) => {
                if !self.app.local_copy.outbox().cancel(command)? {
                    return Err(AppError::new(Code::NotCancellable));
                }
                self.app.local_copy.outbox().put_draft(&draft)?;
            }
            (DisputeState::Draft | DisputeState::Withdrawn, _) => {
                self.app.local_copy.outbox().drop_draft(draft.id)?;
            }
            _ => return Err(AppError::new(Code::NotCancellable)),
        }
        self.changed();
        Ok(None)
    }

    /// The body of the command that opens the dispute.
    fn dispute_filing(
        &self,
        draft: &Draft,
        files: Vec<Attachment>,
    ) -> Result<DisputeFiling, AppError> {
        self.app.read_copy(|copied| {
            let account = &copied.head.checkpoint.account;
            let hashes = copied.cache.hashes(account, &draft.entries)?;
            let named = draft.entries.iter().zip(hashes);
            Ok(DisputeFiling {
                entries: named
                    .map(|(seq, hash)| EntryRef { seq: *seq, hash })
                    .collect(),
                claim: Claim {
                    dispute_kind: draft.kind,
                    expected: draft.expected,
                    actual: draft.actual,
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
}
