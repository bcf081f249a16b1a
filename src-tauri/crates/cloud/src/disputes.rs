//! Disputes: filed once, however often they are sent; talked about; settled with entries.

use boothkeeper_domain::billing::dispute::{self, Step};
use boothkeeper_domain::billing::{Answer, support};
use boothkeeper_domain::bounds::{MESSAGE_CHARS, REASON_CHARS, fits};
use boothkeeper_domain::disputes::{
    DisputeKind, MAX_FILE, MAX_FILES, MAX_FILES_TOGETHER, MAX_ROWS, Named, reply_by, subject,
};
use boothkeeper_domain::privacy::masked;
use boothkeeper_domain::{Actor, Amount, Body, DisputeId, Entry, Hash, PaymentId, RunId};
use boothkeeper_wire::action::Complaint;
use boothkeeper_wire::api::{CommandAnswer, CommandState};
use boothkeeper_wire::dispute::{Attachment, Message, Ticket, TicketState};
use boothkeeper_wire::problem::ProblemCode;
use boothkeeper_wire::sandbox::ResolveRequest;

use crate::Error;
use crate::ops::Work;
use crate::store::{PendingCommand, Tx};

impl Work<'_> {
    /// Opens a ticket, or adds to the one that is open on exactly the same subject.
    pub(crate) fn open_dispute(
        &mut self,
        command: &PendingCommand,
        complaint: &Complaint,
    ) -> Result<(), Error> {
        let files = self.files(&complaint.files)?;
        if complaint.entries.len() > MAX_ROWS {
            return Err(ProblemCode::PayloadTooLarge.into());
        }
        if !fits(&complaint.claim.message, MESSAGE_CHARS) {
            return Err(ProblemCode::TextTooLong.into());
        }
        let entries = self.evidence(complaint)?;
        let claim = &complaint.claim;
        let named = Named {
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
            // What is asked now as well is not lost: of some kinds an account has one ticket for everything.
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
            self.say(open, message)?;
            return self.answer_with(command, dispute);
        }
        let (state, catalog, now) = (&self.row.state, self.catalog, self.now);
        let (id, decision) = dispute::open(state, catalog, claim.dispute_kind, now)?;
        let email = state.identity.as_ref().map(|i| i.email.clone());
        self.decided(|_, _, _| Ok(decision))?;
        let ticket = Ticket {
            id: id.clone(),
            kind: claim.dispute_kind,
            state: TicketState::Submitted,
            outcome: None,
            opened_at: self.now,
            reply_expected_by: reply_by(claim.dispute_kind, self.now),
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
        self.answer_with(command, id)
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
        self.say(ticket, message)?;
        self.answer_with(command, dispute.clone())
    }

    pub(crate) fn withdraw_dispute(
        &mut self,
        command: &PendingCommand,
        dispute: &DisputeId,
    ) -> Result<(), Error> {
        let mut ticket = Tx::found(self.tx.ticket(self.row.id, dispute)?)?;
        self.dispute_step(dispute, Step::Withdrawn)?;
        ticket.state = TicketState::Withdrawn;
        self.keep_ticket(&ticket)?;
        self.answer_with(command, dispute.clone())
    }

    pub fn review_dispute(&mut self, dispute: &DisputeId) -> Result<(), Error> {
        let mut ticket = Tx::found(self.tx.ticket(self.row.id, dispute)?)?;
        self.dispute_step(dispute, Step::InReview)?;
        ticket.state = TicketState::InReview;
        self.keep_ticket(&ticket)
    }

    pub fn support_says(&mut self, dispute: &DisputeId, text: &str) -> Result<(), Error> {
        let ticket = Tx::found(self.tx.ticket(self.row.id, dispute)?)?;
        self.say(ticket, self.support_message(text))
    }

    pub fn reject_dispute(&mut self, dispute: &DisputeId, note: Option<&str>) -> Result<(), Error> {
        let mut ticket = Tx::found(self.tx.ticket(self.row.id, dispute)?)?;
        self.dispute_step(dispute, Step::Rejected)?;
        ticket.state = TicketState::Rejected;
        ticket.messages.extend(self.note(note)?);
        self.keep_ticket(&ticket)
    }

    /// Gives back along the disputed entries first: what was charged for a run comes back as its refund, what
    /// was bought as its purchase. The rest of the refund is an adjustment, the bonus a compensation.
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
            self.decided(|account, catalog, now| {
                support::adjust(account, catalog, rest, reason, now)
            })?;
        }
        if request.bonus.is_positive() {
            let (bonus, about) = (request.bonus, (None, Some(dispute.clone())));
            self.decided(|account, catalog, now| {
                support::compensate(account, catalog, bonus, about, why, now)
            })?;
        }
        ticket.settled_by = (before.seq.0 + 1..=self.row.state.seq.0)
            .map(boothkeeper_domain::Seq)
            .collect();
        let gained = self.row.state.balance.checked_sub(before.balance);
        ticket.returned = gained.map_err(|_| ProblemCode::AmountOutOfRange)?;
        self.dispute_step(dispute, Step::Resolved(request.outcome))?;
        ticket.state = TicketState::Resolved;
        ticket.outcome = Some(request.outcome);
        let note = request.note.as_deref();
        ticket.messages.extend(self.note(note)?);
        self.keep_ticket(&ticket)
    }

    /// What of `refund` is left when the disputed entries have been given back as far as it reaches.
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
            let Some(owed) = owed_for(&entry) else {
                continue;
            };
            let value = self.amount_owed(&owed, &entry)?.unwrap_or_default();
            if value > rest || !value.is_positive() {
                continue;
            }
            match owed {
                Owed::Run(run) => self.refund_run(run)?,
                Owed::Purchase(payment) => self.payment_answered(payment, &Answer::Approved)?,
                Owed::Bonus(coupon) => self.decided(|account, catalog, now| {
                    support::activate_coupon(account, catalog, coupon, now)
                })?,
            }
            rest = rest
                .checked_sub(value)
                .map_err(|_| ProblemCode::AmountOutOfRange)?;
        }
        Ok(rest)
    }

    /// How much of it is still owed; `None` if it was settled.
    fn amount_owed(&self, owed: &Owed<'_>, entry: &Entry) -> Result<Option<Amount>, Error> {
        let state = &self.row.state;
        Ok(match owed {
            Owed::Run(run) => (!self.is_refunded(run)?).then(|| entry.delta.negated()),
            Owed::Purchase(payment) => state.purchases.get(*payment).map(|waits| waits.amount),
            Owed::Bonus(coupon) => state.bonuses.get(*coupon).map(|waits| waits.amount),
        })
    }

    /// What support writes beside a decision.
    fn note(&self, note: Option<&str>) -> Result<Option<Message>, Error> {
        match note.is_none_or(|note| fits(note, REASON_CHARS)) {
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

    fn say(&mut self, mut ticket: Ticket, message: Message) -> Result<(), Error> {
        if !fits(&message.text, MESSAGE_CHARS) {
            return Err(ProblemCode::TextTooLong.into());
        }
        self.dispute_step(&ticket.id, Step::Message(message.from))?;
        ticket.messages.push(message);
        self.keep_ticket(&ticket)
    }

    fn dispute_step(&mut self, dispute: &DisputeId, step: Step) -> Result<(), Error> {
        self.decided(|account, catalog, now| dispute::take(account, catalog, dispute, step, now))
    }

    fn answer_with(&mut self, command: &PendingCommand, dispute: DisputeId) -> Result<(), Error> {
        let answer = CommandAnswer {
            dispute: Some(dispute),
            ..self.answered(CommandState::Applied)
        };
        self.keep_answer(command, answer)
    }

    /// The entries that are named, if they are this journal's: they were looked up before.
    fn evidence(&self, complaint: &Complaint) -> Result<Vec<(Hash, Entry)>, Error> {
        let named = complaint.entries.iter().map(|named| {
            let known = self.looked_up.get(&named.seq);
            let known = known.filter(|(hash, _)| *hash == named.hash);
            known
                .cloned()
                .ok_or_else(|| ProblemCode::EntryMismatch.into())
        });
        named.collect()
    }

    /// Keeps a ticket as it is after the newest entry.
    fn keep_ticket(&self, ticket: &Ticket) -> Result<(), Error> {
        let changed = self.row.state.seq;
        self.tx.update_ticket(self.row.id, changed, ticket)
    }

    /// The files that are named, each whole and of the size it has here.
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

/// What support gives back for a disputed entry.
enum Owed<'a> {
    /// A charged run's refund.
    Run(&'a RunId),
    /// Credits that were paid for and not credited.
    Purchase(&'a PaymentId),
    /// A coupon's bonus that waits for activation.
    Bonus(&'a String),
}

/// `None` for an entry whose refund is an adjustment.
fn owed_for(entry: &Entry) -> Option<Owed<'_>> {
    match &entry.body {
        Body::Usage(usage) => Some(Owed::Run(&usage.run)),
        Body::PurchaseStarted(started) => Some(Owed::Purchase(&started.payment)),
        Body::CouponRedeemed(redeemed) => Some(Owed::Bonus(&redeemed.coupon)),
        Body::Purchase(_)
        | Body::AutoRecharge(_)
        | Body::Allowance(_)
        | Body::Bonus(_)
        | Body::CouponBonus(_)
        | Body::Compensation(_)
        | Body::Renewal(_)
        | Body::Expiry(_)
        | Body::Closure(_)
        | Body::UsageRefund(_)
        | Body::Reversal(_)
        | Body::Adjustment(_)
        | Body::Opened(_)
        | Body::LegacyAdded(_)
        | Body::EventScheduled(_)
        | Body::EventRemoved(_)
        | Body::CardChanged(_)
        | Body::PurchaseDeclined(_)
        | Body::RunFailed(_)
        | Body::PaymentPending(_)
        | Body::PaymentFailed(_)
        | Body::RenewedByCard(_)
        | Body::PaymentOrderChanged(_)
        | Body::AutoRechargeChanged(_)
        | Body::AutoRechargeFailed(_)
        | Body::PlanChangeRequested(_)
        | Body::PlanChanged(_)
        | Body::Cancelled(_)
        | Body::Resumed(_)
        | Body::GraceStarted(_)
        | Body::Reactivated(_)
        | Body::Restored(_)
        | Body::DailyLimitChanged(_)
        | Body::DisputeOpened(_)
        | Body::DisputeInReview(_)
        | Body::DisputeMessage(_)
        | Body::DisputeResolved(_)
        | Body::DisputeRejected(_)
        | Body::DisputeWithdrawn(_)
        | Body::Unknown { .. } => None,
    }
}

/// Whether a refusal is the command's answer for good, or about files that can still come.
pub(crate) fn is_passing(error: &Error) -> bool {
    matches!(error, Error::Problem(problem) if problem.code == ProblemCode::BlobMissing)
}
