//! Disputes: opening a ticket, messages, and support's decisions. There is one open ticket for a subject, however often
//! a dispute on it is sent; what support gives back is entries of the journal.

use boothkeeper_domain::billing::dispute::{self, DisputeStep};
use boothkeeper_domain::billing::{ChargeOutcome, support};
use boothkeeper_domain::bounds::{MAX_MESSAGE_CHARS, MAX_REASON_CHARS, fits};
use boothkeeper_domain::disputes::{
    DisputeKind, MAX_FILE, MAX_FILES, MAX_FILES_TOGETHER, MAX_ROWS, NamedItems, subject,
};
use boothkeeper_domain::journal::Owed;
use boothkeeper_domain::privacy::masked;
use boothkeeper_domain::{Actor, Amount, DisputeId, Entry, Hash};
use boothkeeper_wire::action::DisputeFiling;
use boothkeeper_wire::api::{CommandAnswer, CommandState};
use boothkeeper_wire::dispute::{Attachment, Message, Ticket, TicketState};
use boothkeeper_wire::problem::ProblemCode;
use boothkeeper_wire::sandbox::ResolveRequest;

use crate::Error;
use crate::ops::Work;
use crate::store::{PendingCommand, Tx};

impl Work<'_> {
    /// Opens a ticket, or adds to the open ticket on exactly the same subject.
    pub(crate) fn open_dispute(
        &mut self,
        command: &PendingCommand,
        complaint: &DisputeFiling,
    ) -> Result<(), Error> {
        let files = self.files(&complaint.files)?;
        if complaint.entries.len() > MAX_ROWS {
            return Err(ProblemCode::PayloadTooLarge.into());
        }
        if !fits(&complaint.claim.message, MAX_MESSAGE_CHARS) {
            return Err(ProblemCode::TextTooLong.into());
        }
        let entries = self.named_entries(complaint)?;
        let claim = &complaint.claim;
        let named = NamedItems {
            payment: claim.payment.clone(),
            coupon: claim.coupon.clone(),
        };
        let subject = subject(claim.dispute_kind, &named, &entries);
        let message = Message {
            at: self.now,
            from: Actor::Operator,
            text: masked(&claim.message),
            attachments: vec![],
        };
        if let Some(mut open) = self.tx.open_ticket(self.row.id, &subject)? {
            // Some kinds of dispute have one ticket for the whole account, so new entries are added to that ticket.
            let known = open.entries.clone();
            let more = complaint
                .entries
                .iter()
                .filter(|entry| !known.contains(entry));
            open.entries.extend(more.cloned());
            if open.expected.is_none() {
                (open.expected, open.actual) = (claim.expected, claim.actual);
            }
            let message = Message {
                attachments: files,
                ..message
            };
            let dispute = open.id.clone();
            self.add_message(open, message)?;
            return self.store_dispute_answer(command, dispute);
        }
        let (state, catalog, now) = (&self.row.state, self.catalog, self.now);
        let (id, decision) = dispute::open(state, catalog, claim.dispute_kind, now)?;
        let email = state.identity.as_ref().map(|i| i.email.clone());
        self.apply_rule(|_, _, _| Ok(decision))?;
        let ticket = Ticket {
            id: id.clone(),
            kind: claim.dispute_kind,
            state: TicketState::Submitted,
            outcome: None,
            opened_at: self.now,
            reply_expected_by: claim.dispute_kind.reply_by(self.now),
            email: email.unwrap_or_default(),
            expected: claim.expected,
            actual: claim.actual,
            noticed_on: claim.noticed_on,
            payment: claim.payment.clone(),
            paid: claim.paid,
            paid_on: claim.paid_on,
            coupon: claim.coupon.clone(),
            plan: claim.plan.clone(),
            legacy: claim.legacy.clone(),
            entries: complaint.entries.clone(),
            attachments: files,
            messages: vec![message],
            settled_by: vec![],
            returned: Amount::ZERO,
        };
        let changed = self.row.state.seq;
        self.tx
            .insert_ticket(self.row.id, changed, &subject, &ticket)?;
        self.store_dispute_answer(command, id)
    }

    pub(crate) fn message_dispute(
        &mut self,
        command: &PendingCommand,
        dispute: &DisputeId,
        text: &str,
        files: &[Attachment],
    ) -> Result<(), Error> {
        let attachments = self.files(files)?;
        let ticket = Tx::found(self.tx.ticket(self.row.id, dispute)?)?;
        let message = Message {
            at: self.now,
            from: Actor::Operator,
            text: masked(text),
            attachments,
        };
        self.add_message(ticket, message)?;
        self.store_dispute_answer(command, dispute.clone())
    }

    pub(crate) fn withdraw_dispute(
        &mut self,
        command: &PendingCommand,
        dispute: &DisputeId,
    ) -> Result<(), Error> {
        let mut ticket = Tx::found(self.tx.ticket(self.row.id, dispute)?)?;
        self.dispute_step(dispute, DisputeStep::Withdrawn)?;
        ticket.state = TicketState::Withdrawn;
        self.store_ticket(&ticket)?;
        self.store_dispute_answer(command, dispute.clone())
    }

    pub fn review_dispute(&mut self, dispute: &DisputeId) -> Result<(), Error> {
        let mut ticket = Tx::found(self.tx.ticket(self.row.id, dispute)?)?;
        self.dispute_step(dispute, DisputeStep::InReview)?;
        ticket.state = TicketState::InReview;
        self.store_ticket(&ticket)
    }

    pub fn add_support_message(&mut self, dispute: &DisputeId, text: &str) -> Result<(), Error> {
        let ticket = Tx::found(self.tx.ticket(self.row.id, dispute)?)?;
        self.add_message(ticket, self.support_message(text))
    }

    pub fn reject_dispute(&mut self, dispute: &DisputeId, note: Option<&str>) -> Result<(), Error> {
        let mut ticket = Tx::found(self.tx.ticket(self.row.id, dispute)?)?;
        self.dispute_step(dispute, DisputeStep::Rejected)?;
        ticket.state = TicketState::Rejected;
        ticket.messages.extend(self.note(note)?);
        self.store_ticket(&ticket)
    }

    /// Resolves a dispute. The refund goes to the disputed entries first: a run's charge is refunded, a lost purchase
    /// is credited. The rest of the refund becomes an adjustment entry, the bonus a compensation entry.
    pub fn resolve_dispute(
        &mut self,
        dispute: &DisputeId,
        request: &ResolveRequest,
    ) -> Result<(), Error> {
        let mut ticket = Tx::found(self.tx.ticket(self.row.id, dispute)?)?;
        if !ticket.state.is_open() {
            return Err(ProblemCode::WrongState.into());
        }
        if request.refund.is_negative() || request.bonus.is_negative() {
            return Err(ProblemCode::AmountOutOfRange.into());
        }
        let before = self.row.state.clone();
        let rest = self.give_back(&ticket, request.refund)?;
        let why = Some(format!("dispute {dispute}"));
        if rest.is_positive() {
            let reason = why.clone();
            self.apply_rule(|account, catalog, now| {
                support::adjust(account, catalog, rest, reason, now)
            })?;
        }
        if request.bonus.is_positive() {
            let (bonus, about) = (request.bonus, (None, Some(dispute.clone())));
            self.apply_rule(|account, catalog, now| {
                support::compensate(account, catalog, bonus, about, why, now)
            })?;
        }
        ticket.settled_by = (before.seq.0 + 1..=self.row.state.seq.0)
            .map(boothkeeper_domain::Seq)
            .collect();
        let gained = self.row.state.balance.checked_sub(before.balance);
        ticket.returned = gained.map_err(|_| ProblemCode::AmountOutOfRange)?;
        self.dispute_step(dispute, DisputeStep::Resolved(request.outcome))?;
        ticket.state = TicketState::Resolved;
        ticket.outcome = Some(request.outcome);
        let note = request.note.as_deref();
        ticket.messages.extend(self.note(note)?);
        self.store_ticket(&ticket)
    }

    /// Gives back, in order, the disputed entries whose amounts `refund` covers in full. Returns what is left of
    /// `refund`.
    fn give_back(&mut self, ticket: &Ticket, refund: Amount) -> Result<Amount, Error> {
        let mut rest = refund;
        if ticket.kind == DisputeKind::AccountClosed && self.row.state.closed_by.is_some() {
            let before = self.row.state.balance;
            self.restore()?;
            let restored = self.row.state.balance.checked_sub(before);
            let left = restored.and_then(|restored| rest.checked_sub(restored));
            let left = left.map_err(|_| ProblemCode::AmountOutOfRange)?;
            rest = left.max(Amount::ZERO);
        }
        for entry in &ticket.entries {
            let entry = Tx::found(self.tx.entry(&self.row, entry.seq)?)?;
            let Some(owed) = entry.body.owed() else {
                continue;
            };
            let value = self.amount_owed(&owed, &entry)?.unwrap_or_default();
            if value > rest || !value.is_positive() {
                continue;
            }
            match owed {
                Owed::Run(run) => self.refund_run(run)?,
                Owed::Purchase(payment) => {
                    self.payment_answered(payment, &ChargeOutcome::Approved)?
                }
                Owed::Bonus(coupon) => self.apply_rule(|account, catalog, now| {
                    support::activate_coupon(account, catalog, coupon, now)
                })?,
            }
            rest = rest
                .checked_sub(value)
                .map_err(|_| ProblemCode::AmountOutOfRange)?;
        }
        Ok(rest)
    }

    /// The amount that is still owed for a disputed entry; `None` if it was given back already.
    fn amount_owed(&self, owed: &Owed<'_>, entry: &Entry) -> Result<Option<Amount>, Error> {
        let state = &self.row.state;
        Ok(match owed {
            Owed::Run(run) => (!self.is_refunded(run)?).then(|| entry.delta.negated()),
            Owed::Purchase(payment) => state.purchases.get(*payment).map(|waits| waits.amount),
            Owed::Bonus(coupon) => state.bonuses.get(*coupon).map(|waits| waits.amount),
        })
    }

    /// Support's message that goes with a decision. Fails with `text_too_long`.
    fn note(&self, note: Option<&str>) -> Result<Option<Message>, Error> {
        match note.is_none_or(|note| fits(note, MAX_REASON_CHARS)) {
            true => Ok(note.map(|note| self.support_message(note))),
            false => Err(ProblemCode::TextTooLong.into()),
        }
    }

    fn support_message(&self, text: &str) -> Message {
        Message {
            at: self.now,
            from: Actor::Support,
            text: masked(text),
            attachments: vec![],
        }
    }

    fn add_message(&mut self, mut ticket: Ticket, message: Message) -> Result<(), Error> {
        if !fits(&message.text, MAX_MESSAGE_CHARS) {
            return Err(ProblemCode::TextTooLong.into());
        }
        self.dispute_step(&ticket.id, DisputeStep::Message(message.from))?;
        ticket.messages.push(message);
        self.store_ticket(&ticket)
    }

    fn dispute_step(&mut self, dispute: &DisputeId, step: DisputeStep) -> Result<(), Error> {
        self.apply_rule(|account, catalog, now| dispute::take(account, catalog, dispute, step, now))
    }

    fn store_dispute_answer(
        &mut self,
        command: &PendingCommand,
        dispute: DisputeId,
    ) -> Result<(), Error> {
        let answer = CommandAnswer {
            dispute: Some(dispute),
            ..self.answered(CommandState::Applied)
        };
        self.store_answer(command, answer)
    }

    /// The entries that a dispute names, as looked up before. Fails with `entry_mismatch` if one of them is not in this
    /// journal with the hash that the dispute names.
    fn named_entries(&self, complaint: &DisputeFiling) -> Result<Vec<(Hash, Entry)>, Error> {
        let named = complaint.entries.iter().map(|named| {
            let known = self.named.get(&named.seq);
            let known = known.filter(|(hash, _)| *hash == named.hash);
            known
                .cloned()
                .ok_or_else(|| ProblemCode::EntryMismatch.into())
        });
        named.collect()
    }

    /// Stores a ticket, which the journal's newest entry has changed.
    fn store_ticket(&self, ticket: &Ticket) -> Result<(), Error> {
        let changed = self.row.state.seq;
        self.tx.update_ticket(self.row.id, changed, ticket)
    }

    /// The named files with their stored sizes. Fails with `blob_missing` if one is not complete, or with
    /// `payload_too_large` if they are too many or too large.
    fn files(&self, named: &[Attachment]) -> Result<Vec<Attachment>, Error> {
        if named.len() > MAX_FILES {
            return Err(ProblemCode::PayloadTooLarge.into());
        }
        let mut together = 0;
        let mut files = Vec::new();
        for file in named {
            let held = self.tx.blob(self.row.id, &file.sha256)?;
            let held = held.filter(|held| held.complete);
            let held = held.ok_or(ProblemCode::BlobMissing)?;
            together += held.bytes;
            files.push(Attachment {
                bytes: held.bytes,
                ..file.clone()
            });
        }
        if together > MAX_FILES_TOGETHER || files.iter().any(|file| file.bytes > MAX_FILE) {
            return Err(ProblemCode::PayloadTooLarge.into());
        }
        Ok(files)
    }
}

/// Whether the same command can succeed later, because a file is missing that can still be uploaded.
pub(crate) fn is_temporary(error: &Error) -> bool {
    matches!(error, Error::Problem(problem) if problem.code == ProblemCode::BlobMissing)
}
