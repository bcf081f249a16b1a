//! The view of a dispute's draft: its sums, its rows, and the problems that prevent sending it.

use std::collections::BTreeSet;

use boothkeeper_domain::bounds::MAX_MESSAGE_CHARS;
use boothkeeper_domain::disputes::{
    DisputeKind, MAX_FILE, MAX_FILES, MAX_FILES_TOGETHER, MAX_ROWS, explain_by_refunds, explained,
};
use boothkeeper_domain::findings::causes;
use boothkeeper_domain::privacy::masked;
use boothkeeper_domain::{Amount, Entry, Seq, Timestamp};
use boothkeeper_store::outbox::Draft;
use boothkeeper_sync::wire::dispute::Ticket;

use super::letter::lead_in;
use super::packet::filter;
use super::views::owed;
use super::{ChosenRow, ClaimDetails, DisputeRow, DraftProblem, DraftView, FileView};
use crate::copy::Snapshot;
use crate::dispute_state::DraftStatus;
use crate::{App, AppError};

pub(super) fn draft_row(draft: &Draft, sent: &DraftStatus) -> DisputeRow {
    DisputeRow {
        id: draft.id.to_string(),
        kind: draft.kind,
        state: sent.state,
        at: draft.saved_at,
        owed: owed(draft.expected, draft.actual),
        rows: u32::try_from(draft.entries.len()).unwrap_or(u32::MAX),
        reply_expected_by: None,
        overdue: false,
        answered: false,
        outcome: None,
        returned: None,
        came_right: draft.came_right,
        messages: 0,
    }
}

impl Snapshot<'_> {
    pub(super) fn draft_view(
        &self,
        app: &App,
        draft: &Draft,
        sent: &DraftStatus,
        now: Timestamp,
    ) -> Result<DraftView, AppError> {
        let account = &self.head.account;
        let draft = &self.current(draft, app.zone(), now);
        let actual = draft.actual.unwrap_or(account.balance);
        let period = self.period_of(draft)?;
        let no_days = draft.from > draft.to;
        let stretch = self.cache.entry_range(&filter(&period))?;
        let (first, last) = (stretch.first, stretch.last);
        let entries = match first > last || no_days {
            true => vec![],
            false => self.cache.entries_between(first, last)?,
        };
        let causes = causes(&entries);
        let delta = Amount::sum(causes.iter().map(|cause| cause.delta));
        let delta = delta.map_err(boothkeeper_store::StoreError::damaged_by)?;
        let owed = owed(draft.expected, Some(actual));
        let followers = self.followers(draft)?;
        let rows = self.chosen_rows(draft)?;
        let chosen = rows
            .iter()
            .filter(|row| row.chosen)
            .map(|row| row.row.delta);
        let chosen = Amount::sum(chosen).unwrap_or(Amount::ZERO);
        let mut files = Vec::new();
        for file in &draft.files {
            files.push(FileView {
                missing: !app.local_copy.blobs().has(&file.sha256),
                ..FileView::from(file)
            });
        }
        let adds_up = stretch.opening.checked_add(delta) == Ok(stretch.closing) && !no_days;
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
            opening: stretch.opening,
            delta,
            closing: stretch.closing,
            adds_up,
            count: u32::try_from(entries.len()).unwrap_or(u32::MAX),
            explained: owed.and_then(|owed| {
                explained(owed, &entries, &causes).or_else(|| explain_by_refunds(owed, &followers))
            }),
            rows,
            chosen,
            message: draft.message.clone(),
            message_sent: masked(&draft.message),
            said: ClaimDetails {
                payment: draft.payment.as_ref().map(ToString::to_string),
                paid: draft.paid,
                paid_on: draft.paid_on,
                coupon: draft.coupon.clone(),
                plan: draft.plan.clone(),
                legacy: draft.legacy.clone(),
            },
            problems: problems(draft, &files, adds_up, no_days, closed),
            files,
            disputed_by: self.disputed_by(draft)?,
            came_right: draft.came_right,
            reply_expected_by: draft.kind.reply_by(now),
            refused: sent.refused,
            as_of: self.head.as_of,
        };
        Ok(view)
    }

    /// The open ticket that already covers an entry of an unsent draft, or the same kind if an account may have only
    /// one open dispute of that kind.
    fn disputed_by(&self, draft: &Draft) -> Result<Option<String>, AppError> {
        let tickets = self.cache.tickets()?.map_or(vec![], |t| t.disputes);
        let about = |ticket: &&Ticket| {
            let mut entries = ticket.entries.iter();
            let same = ticket.kind == draft.kind && draft.kind.is_once_per_account();
            let shared = entries.any(|entry| draft.entries.contains(&entry.seq));
            ticket.state.is_open() && (same || shared)
        };
        let other = tickets
            .iter()
            .find(about)
            .filter(|_| draft.command.is_none());
        Ok(other.map(|ticket| ticket.id.to_string()))
    }

    /// Later entries that refer to one of the draft's entries.
    fn followers(&self, draft: &Draft) -> Result<Vec<Entry>, AppError> {
        let mut followers = BTreeSet::new();
        for seq in &draft.entries {
            followers.extend(self.cache.followers_after((*seq, *seq), *seq)?);
        }
        let entries = self.cache.entries(followers)?;
        Ok(entries.into_iter().map(|(_, entry)| entry).collect())
    }

    /// The rows of a draft that the operator chose or the app proposed, oldest first.
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
    let message = draft.message.trim();
    let length = message.chars().count();
    let together: u64 = files.iter().map(|file| file.bytes).sum();
    let too_large = files.iter().any(|file| file.bytes > MAX_FILE);
    let found = [
        (
            DraftProblem::NoMessage,
            length == 0 || lead_in(draft.kind).is_some_and(|lead_in| lead_in == message),
        ),
        (DraftProblem::MessageTooLong, length > MAX_MESSAGE_CHARS),
        (
            DraftProblem::NoRows,
            draft.kind.needs_rows() && draft.entries.is_empty(),
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
