//! Disputes as shells show them: drafts that are written here, and tickets that the cloud has.

use std::collections::BTreeSet;

use boothkeeper_domain::disputes::{
    DisputeKind, Explained, MAX_FILE, MAX_FILES, MAX_FILES_TOGETHER, MAX_MESSAGE, MAX_ROWS,
    Resolution, explained, reply_by,
};
use boothkeeper_domain::findings::{FindingCode, causes};
use boothkeeper_domain::privacy::masked;
use boothkeeper_domain::{Actor, Amount, Hash, Seq, Timestamp};
use boothkeeper_store::Outbox;
use boothkeeper_store::outbox::{Draft, State};
use boothkeeper_sync::wire::dispute::{Attachment, Message, Ticket, TicketState};
use boothkeeper_sync::wire::problem::ProblemCode;
use chrono::NaiveDate;
use serde::Serialize;
use uuid::Uuid;

use crate::copy::Copied;
use crate::views::RowView;
use crate::{App, AppError};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum DisputeState {
    Draft,
    /// Waits on this computer for the cloud.
    Queued,
    Submitted,
    InReview,
    Resolved,
    Rejected,
    Withdrawn,
}

impl DisputeState {
    pub const fn is_open(self) -> bool {
        matches!(
            self,
            DisputeState::Queued | DisputeState::Submitted | DisputeState::InReview
        )
    }
}

/// What keeps a draft from being sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum DraftProblem {
    NoMessage,
    MessageTooLong,
    NoRows,
    TooManyRows,
    /// Opening and changes do not come to the closing balance.
    SumFails,
    /// The days end before they begin.
    NoDays,
    TooManyFiles,
    FilesTooLarge,
    /// A file that was attached is not on this computer any more.
    FileMissing,
    /// A closed account takes disputes about its closing only.
    AccountClosed,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct FileView {
    pub name: String,
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub bytes: u64,
    pub sha256: Hash,
    pub media_type: String,
    /// Made by the app, anew each time it is sent.
    pub made: bool,
    /// Not on this computer any more.
    pub missing: bool,
}

/// One line of the list.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct DisputeRow {
    /// A draft's or a ticket's.
    pub id: String,
    pub kind: DisputeKind,
    pub state: DisputeState,
    /// When it was written, or opened at the cloud.
    pub at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub owed: Option<Amount>,
    pub rows: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub reply_expected_by: Option<Timestamp>,
    /// Nobody has replied by then.
    pub overdue: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub outcome: Option<Resolution>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub returned: Option<Amount>,
    /// What it complains of has come right: it asks to be looked at.
    pub came_right: bool,
    pub messages: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct DisputesView {
    /// Newest first.
    pub disputes: Vec<DisputeRow>,
    /// Claimed and not decided.
    pub open: u32,
    pub open_amount: Amount,
    /// Of this year, as the laptop counts years.
    pub won_back: Amount,
    /// There is no cloud that takes disputes: they go by e-mail.
    pub by_mail_only: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ChosenRow {
    pub row: RowView,
    pub chosen: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct DraftView {
    pub id: String,
    pub kind: DisputeKind,
    pub state: DisputeState,
    pub saved_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub finding: Option<FindingCode>,
    /// Of the account.
    pub email: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub expected: Option<Amount>,
    pub actual: Amount,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub owed: Option<Amount>,
    #[cfg_attr(feature = "ts", ts(type = "string"))]
    pub noticed_on: NaiveDate,
    #[cfg_attr(feature = "ts", ts(type = "string"))]
    pub from: NaiveDate,
    #[cfg_attr(feature = "ts", ts(type = "string"))]
    pub to: NaiveDate,
    /// The days' own sum, and whether it closes.
    pub opening: Amount,
    pub delta: Amount,
    pub closing: Amount,
    pub adds_up: bool,
    pub count: u32,
    /// What the journal itself has to say to the difference.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub explained: Option<Explained>,
    pub rows: Vec<ChosenRow>,
    pub chosen: Amount,
    pub message: String,
    /// As it is sent: guests' numbers and addresses are masked.
    pub message_sent: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub payment: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub paid: Option<Amount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional, type = "string"))]
    pub paid_on: Option<NaiveDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub coupon: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub plan: Option<String>,
    pub legacy: Vec<String>,
    /// The operator's own.
    pub files: Vec<FileView>,
    pub problems: Vec<DraftProblem>,
    pub came_right: bool,
    /// If it is sent now.
    pub reply_expected_by: Timestamp,
    /// Why the cloud refused it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional, type = "string"))]
    pub refused: Option<ProblemCode>,
    pub as_of: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct MessageView {
    pub at: Timestamp,
    pub from: Actor,
    pub text: String,
    pub attachments: Vec<FileView>,
}

/// A ticket, as the cloud has it and as scripts get it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct TicketView {
    pub id: String,
    pub kind: DisputeKind,
    pub state: DisputeState,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub outcome: Option<Resolution>,
    pub opened_at: Timestamp,
    pub email: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub expected: Option<Amount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub actual: Option<Amount>,
    #[cfg_attr(feature = "ts", ts(type = "string"))]
    pub noticed_on: NaiveDate,
    pub entries: Vec<Seq>,
    pub attachments: Vec<FileView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub reply_expected_by: Option<Timestamp>,
    pub overdue: bool,
    pub messages: Vec<MessageView>,
    pub returned: Amount,
    pub settled_by: Vec<Seq>,
}

impl App {
    /// Everything that is or was in dispute. What has come right by itself is gone from it.
    pub fn disputes(&self) -> Result<DisputesView, AppError> {
        boothkeeper_sync::disputes::review(&self.laptop)?;
        let now = self.rules_now()?;
        let drafts = self.laptop.outbox().drafts()?;
        self.on_copy(|copied| {
            let tickets = copied.cache.tickets()?.map_or(vec![], |t| t.disputes);
            let known: BTreeSet<_> = tickets.iter().map(|ticket| &ticket.id).collect();
            let outbox = self.laptop.outbox();
            let mut disputes = Vec::new();
            for draft in &drafts {
                let sent = Sent::of(draft, &outbox)?;
                // Its ticket is in the list.
                if sent.ticket.as_ref().is_some_and(|id| known.contains(id)) {
                    continue;
                }
                let actual = draft.against(copied.head.account.balance);
                disputes.push(draft_row(draft, &sent, actual));
            }
            disputes.extend(tickets.iter().map(|ticket| ticket_row(ticket, now)));
            let mut zone = self.zone().clone();
            let year = |zone: &mut boothkeeper_store::Zone, at| {
                use chrono::Datelike;
                zone.day(at).date().year()
            };
            let this_year = year(&mut zone, now);
            let won = tickets
                .iter()
                .filter(|ticket| year(&mut zone, ticket.opened_at) == this_year)
                .map(|ticket| ticket.returned);
            let won_back = Amount::sum(won).unwrap_or(Amount::ZERO);
            let claimed = disputes.iter().filter(|row| row.state.is_open());
            let open_amount = Amount::sum(claimed.clone().filter_map(|row| row.owed));
            Ok(DisputesView {
                open: u32::try_from(claimed.count()).unwrap_or(u32::MAX),
                open_amount: open_amount.unwrap_or(Amount::ZERO),
                won_back,
                by_mail_only: copied.binding.imported,
                disputes,
            })
        })
    }
}

/// What a draft was sent as, and how that stands.
pub(super) struct Sent {
    pub state: DisputeState,
    pub refused: Option<ProblemCode>,
    pub ticket: Option<boothkeeper_domain::DisputeId>,
}

impl Sent {
    pub fn of(draft: &Draft, outbox: &Outbox) -> Result<Self, AppError> {
        let command = draft.command.map(|id| outbox.get(id)).transpose()?;
        let command = command.flatten();
        let state = match command.as_ref().map(|command| command.state) {
            Some(State::Queued | State::Sending | State::Unknown) => DisputeState::Queued,
            Some(State::Applied | State::Settled) => DisputeState::Submitted,
            _ if draft.ticket.is_some() => DisputeState::Submitted,
            _ => DisputeState::Draft,
        };
        let problem = command
            .as_ref()
            .and_then(|command| command.problem.as_ref());
        Ok(Sent {
            state,
            refused: problem.map(|problem| problem.code),
            ticket: draft
                .ticket
                .clone()
                .or(command.and_then(|command| command.dispute)),
        })
    }
}

fn draft_row(draft: &Draft, sent: &Sent, actual: Amount) -> DisputeRow {
    DisputeRow {
        id: draft.id.to_string(),
        kind: draft.kind,
        state: sent.state,
        at: draft.saved_at,
        owed: owed(draft.expected, Some(actual)),
        rows: u32::try_from(draft.entries.len()).unwrap_or(u32::MAX),
        reply_expected_by: None,
        overdue: false,
        outcome: None,
        returned: None,
        came_right: draft.came_right,
        messages: 0,
    }
}

fn owed(expected: Option<Amount>, actual: Option<Amount>) -> Option<Amount> {
    let (expected, actual) = expected.zip(actual)?;
    let owed = expected.checked_sub(actual).ok()?;
    Some(owed).filter(|owed| !owed.is_zero())
}

fn ticket_row(ticket: &Ticket, now: Timestamp) -> DisputeRow {
    let view = ticket_view(ticket, now);
    DisputeRow {
        id: view.id,
        kind: view.kind,
        state: view.state,
        at: view.opened_at,
        owed: owed(view.expected, view.actual),
        rows: u32::try_from(view.entries.len()).unwrap_or(u32::MAX),
        reply_expected_by: view.reply_expected_by,
        overdue: view.overdue,
        outcome: view.outcome,
        returned: view.outcome.map(|_| view.returned),
        came_right: false,
        messages: u32::try_from(view.messages.len()).unwrap_or(u32::MAX),
    }
}

pub(super) fn ticket_view(ticket: &Ticket, now: Timestamp) -> TicketView {
    let replied = ticket
        .messages
        .iter()
        .any(|said| said.from == Actor::Support);
    let open = ticket.state.is_open();
    TicketView {
        id: ticket.id.to_string(),
        kind: ticket.kind,
        state: match ticket.state {
            TicketState::Submitted => DisputeState::Submitted,
            TicketState::InReview => DisputeState::InReview,
            TicketState::Resolved => DisputeState::Resolved,
            TicketState::Rejected => DisputeState::Rejected,
            TicketState::Withdrawn => DisputeState::Withdrawn,
        },
        outcome: ticket.outcome,
        opened_at: ticket.opened_at,
        email: ticket.email.clone(),
        expected: ticket.expected,
        actual: ticket.actual,
        noticed_on: ticket.noticed_on,
        entries: ticket.entries.iter().map(|entry| entry.seq).collect(),
        attachments: ticket.attachments.iter().map(sent_file).collect(),
        reply_expected_by: open.then_some(ticket.reply_expected_by),
        overdue: open && !replied && now > ticket.reply_expected_by,
        messages: ticket.messages.iter().map(message_view).collect(),
        returned: ticket.returned,
        settled_by: ticket.settled_by.clone(),
    }
}

fn message_view(message: &Message) -> MessageView {
    MessageView {
        at: message.at,
        from: message.from,
        text: message.text.clone(),
        attachments: message.attachments.iter().map(sent_file).collect(),
    }
}

fn sent_file(file: &Attachment) -> FileView {
    FileView {
        name: file.name.clone(),
        bytes: file.bytes,
        sha256: file.sha256,
        media_type: file.media_type.clone(),
        made: false,
        missing: false,
    }
}

impl Copied<'_> {
    pub(super) fn draft_view(
        &self,
        app: &App,
        draft: &Draft,
        sent: &Sent,
        now: Timestamp,
    ) -> Result<DraftView, AppError> {
        let account = &self.head.account;
        let actual = draft.against(account.balance);
        let period = self.period_of(draft)?;
        let no_days = draft.from > draft.to;
        let opened = self.cache.opening(&period.filter())?;
        let (first, last) = self.range(&period)?;
        let entries = match first > last || no_days {
            true => vec![],
            false => self.cache.entries_between(first, last)?,
        };
        let causes = causes(&entries);
        let delta = Amount::sum(causes.iter().map(|cause| cause.delta));
        let delta = delta.map_err(boothkeeper_store::StoreError::damaged_by)?;
        let owed = owed(draft.expected, Some(actual));
        let rows = self.chosen_rows(draft)?;
        let chosen = rows
            .iter()
            .filter(|row| row.chosen)
            .map(|row| row.row.delta);
        let chosen = Amount::sum(chosen).unwrap_or(Amount::ZERO);
        let mut files = Vec::new();
        for file in &draft.files {
            files.push(FileView {
                missing: !app.laptop.blobs().has(&file.sha256),
                ..sent_file(file)
            });
        }
        let adds_up = opened.opening.checked_add(delta) == Ok(opened.closing) && !no_days;
        let closed = account.life == boothkeeper_domain::account::Life::Closed;
        let view = DraftView {
            id: draft.id.to_string(),
            kind: draft.kind,
            state: sent.state,
            saved_at: draft.saved_at,
            finding: draft.premise.as_ref().map(|premise| premise.code),
            email: account
                .identity
                .as_ref()
                .map_or_else(String::new, |identity| identity.email.clone()),
            expected: draft.expected,
            actual,
            owed,
            noticed_on: draft.noticed_on,
            from: draft.from,
            to: draft.to,
            opening: opened.opening,
            delta,
            closing: opened.closing,
            adds_up,
            count: u32::try_from(entries.len()).unwrap_or(u32::MAX),
            explained: owed.and_then(|owed| explained(owed, &entries, &causes)),
            rows,
            chosen,
            message: draft.message.clone(),
            message_sent: masked(&draft.message),
            payment: draft.payment.as_ref().map(ToString::to_string),
            paid: draft.paid,
            paid_on: draft.paid_on,
            coupon: draft.coupon.clone(),
            plan: draft.plan.clone(),
            legacy: draft.legacy.clone(),
            problems: problems(draft, &files, adds_up, no_days, closed),
            files,
            came_right: draft.came_right,
            reply_expected_by: reply_by(draft.kind, now),
            refused: sent.refused,
            as_of: self.head.as_of,
        };
        Ok(view)
    }

    /// What was chosen and what was proposed, oldest first.
    fn chosen_rows(&self, draft: &Draft) -> Result<Vec<ChosenRow>, AppError> {
        let proposed = draft.premise.iter().flat_map(|premise| &premise.entries);
        let all: BTreeSet<Seq> = draft.entries.iter().chain(proposed).copied().collect();
        let mut rows = Vec::new();
        for seq in all {
            rows.extend(self.cache.row(seq)?);
        }
        let chosen: BTreeSet<Seq> = draft.entries.iter().copied().collect();
        let rows = self.rows(rows)?.into_iter().map(|row| ChosenRow {
            chosen: chosen.contains(&row.seq),
            row,
        });
        Ok(rows.collect())
    }
}

fn problems(
    draft: &Draft,
    files: &[FileView],
    adds_up: bool,
    no_days: bool,
    closed: bool,
) -> Vec<DraftProblem> {
    let rows_wanted = matches!(
        draft.kind,
        DisputeKind::FailedRun | DisputeKind::PoorResult | DisputeKind::UnexpectedDeduction
    );
    let length = draft.message.trim().chars().count();
    let together: u64 = files.iter().map(|file| file.bytes).sum();
    let too_large = files.iter().any(|file| file.bytes > MAX_FILE);
    let found = [
        (DraftProblem::NoMessage, length == 0),
        (DraftProblem::MessageTooLong, length > MAX_MESSAGE),
        (
            DraftProblem::NoRows,
            rows_wanted && draft.entries.is_empty(),
        ),
        (DraftProblem::TooManyRows, draft.entries.len() > MAX_ROWS),
        (DraftProblem::NoDays, no_days),
        (DraftProblem::SumFails, !adds_up && !no_days),
        (DraftProblem::TooManyFiles, files.len() > MAX_FILES),
        (
            DraftProblem::FilesTooLarge,
            too_large || together > MAX_FILES_TOGETHER,
        ),
        (
            DraftProblem::FileMissing,
            files.iter().any(|file| file.missing),
        ),
        (
            DraftProblem::AccountClosed,
            closed && draft.kind != DisputeKind::AccountClosed,
        ),
    ];
    let there = found.into_iter().filter(|(_, there)| *there);
    there.map(|(problem, _)| problem).collect()
}

pub(super) fn parse(id: &str) -> Option<Uuid> {
    Uuid::try_parse(id).ok()
}
