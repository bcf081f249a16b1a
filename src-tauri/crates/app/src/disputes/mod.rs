//! Disputes, from a finding to what support has made of it: proposed, written, kept, sent once with its
//! proof, followed; or, without a cloud that takes them, by e-mail.

mod composed;
mod drafts;
mod filing;
pub mod intake;
mod letters;
mod propose;
mod tickets;
mod views;
mod words;

use std::collections::BTreeSet;

use boothkeeper_domain::disputes::DisputeKind;
use boothkeeper_domain::findings::{Finding, NextStep};
use boothkeeper_domain::{Amount, DisputeId, Seq};
use boothkeeper_store::Zone;
use boothkeeper_store::outbox::Draft;
use chrono::Datelike;
use serde::Serialize;

pub use drafts::Edits;
pub use propose::Begin;
pub use views::{
    ChosenRow, DisputeRow, DisputeState, DisputesView, DraftProblem, DraftView, FileView,
    MessageView, Said, TicketView,
};

use crate::{App, AppError, Code};
use composed::draft_row;
use drafts::{Sent, parse};
use tickets::{ticket_row, ticket_view};

/// A draft or a ticket, whichever an id names.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum DisputeView {
    Draft(Box<DraftView>),
    Ticket(Box<TicketView>),
}

/// A dispute that is not decided, and what it is about.
pub(crate) struct Disputed {
    pub id: String,
    pub kind: DisputeKind,
    pub entries: BTreeSet<Seq>,
    pub sent: bool,
}

impl Disputed {
    /// Whether a finding is what it complains of: sharing a row with it is not enough.
    pub fn is_about(&self, finding: &Finding) -> bool {
        let here = |seq: &Seq| self.entries.contains(seq);
        let same = DisputeKind::of_finding(finding.code) == self.kind;
        match same {
            true => finding.entries.iter().any(here),
            false => {
                let asks = finding.action == Some(NextStep::Dispute);
                asks && !finding.entries.is_empty() && finding.entries.iter().all(here)
            }
        }
    }
}

impl App {
    /// Everything that is or was in dispute.
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
                let draft = copied.current(draft, self.zone(), now);
                disputes.push(draft_row(&draft, &sent));
            }
            disputes.extend(tickets.iter().map(|ticket| ticket_row(ticket, now)));
            let mut zone = self.zone().clone();
            let year = |zone: &mut Zone, at| zone.day(at).date().year();
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

    pub fn draft(&self, id: &str) -> Result<DraftView, AppError> {
        let (draft, sent) = self.stored_draft(id)?;
        let now = self.written_now()?;
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

    /// By its own id, or by that of the draft it was.
    fn open_ticket(&self, id: &str) -> Result<DisputeId, AppError> {
        let view = self.ticket_of(id)?.ok_or(AppError::new(Code::NotFound))?;
        if !view.state.is_open() {
            return Err(AppError::new(Code::NotOpen));
        }
        DisputeId::new(view.id).map_err(|error| AppError::because(Code::NotFound, error))
    }

    /// Every dispute that is not decided: tickets, and behind them what is written here.
    pub(crate) fn disputed(&self) -> Result<Vec<Disputed>, AppError> {
        let mut disputed = Vec::new();
        let tickets = self.laptop.read(boothkeeper_store::Cache::tickets)?;
        for ticket in tickets.into_iter().flat_map(|tickets| tickets.disputes) {
            if ticket.state.is_open() {
                disputed.push(Disputed {
                    id: ticket.id.to_string(),
                    kind: ticket.kind,
                    entries: ticket.entries.iter().map(|entry| entry.seq).collect(),
                    sent: true,
                });
            }
        }
        let outbox = self.laptop.outbox();
        for draft in outbox.drafts()? {
            let state = Sent::of(&draft, &outbox)?.state;
            if state == DisputeState::Withdrawn {
                continue;
            }
            disputed.push(Disputed {
                id: draft.id.to_string(),
                kind: draft.kind,
                // What was refused, or taken back in the outbox, is a draft again.
                sent: state != DisputeState::Draft,
                entries: draft.entries.into_iter().collect(),
            });
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

    fn changed(&self) {
        self.status.send_modify(|status| status.revision += 1);
    }
}

#[cfg(test)]
mod tests {
    use boothkeeper_domain::Timestamp;
    use boothkeeper_domain::findings::{FindingCode, Severity};

    use super::*;

    fn finding(code: FindingCode, action: NextStep, entries: &[u64]) -> Finding {
        let entries: Vec<Seq> = entries.iter().copied().map(Seq).collect();
        let at = Timestamp::from_millis(0);
        Finding::new(code, Severity::Warn, action).of(entries, Amount::ZERO, at)
    }

    #[test]
    fn dispute_is_about_what_it_complains_of_and_not_about_what_shares_a_row() {
        let dispute = Disputed {
            id: "dsp_1".into(),
            kind: DisputeKind::FailedRun,
            entries: [Seq(3), Seq(5)].into(),
            sent: true,
        };
        let failed = |entries| {
            finding(
                FindingCode::RunFailedNotRefunded,
                NextStep::Dispute,
                entries,
            )
        };
        assert!(dispute.is_about(&failed(&[3, 4])));
        assert!(!dispute.is_about(&failed(&[6, 7])));
        // Eight equal runs, one of which failed; a renewal; a charge of the card.
        let equal = finding(
            FindingCode::RepeatedRuns,
            NextStep::LookAtRows,
            &[1, 2, 3, 5],
        );
        assert!(!dispute.is_about(&equal));
        let taken = |entries| finding(FindingCode::Unexplained, NextStep::Dispute, entries);
        assert!(!dispute.is_about(&taken(&[3, 8])));
        // All that it says is in the dispute.
        assert!(dispute.is_about(&taken(&[5])));
    }
}
