//! Disputes from the first draft to the decision of support. A draft is proposed, edited, and sent once with its proof;
//! then its ticket is followed. If the cloud does not accept disputes, the draft is sent by e-mail.

mod draft_view;
mod drafts;
mod letter;
mod mail;
mod packet;
mod propose;
mod send;
mod tickets;
mod verify_packet;
mod views;

use std::collections::BTreeSet;

use boothkeeper_domain::Zone;
use boothkeeper_domain::{Amount, DisputeId};
use boothkeeper_store::outbox::Draft;
use chrono::Datelike;
use serde::Serialize;
use uuid::Uuid;

pub use boothkeeper_documents::{Flaw, Verdict};
pub use drafts::Edits;
pub use mail::SavedMail;
pub use propose::Begin;
pub use verify_packet::verify_packet;
pub use views::{
    ChosenRow, ClaimDetails, DisputeRow, DisputesView, DraftProblem, DraftView, FileView,
    MessageView, TicketView,
};

use crate::{App, AppError, Code};
use draft_view::draft_row;

pub use crate::dispute_state::DisputeState;
use crate::dispute_state::DraftStatus;
use tickets::{ticket_row, ticket_view};

/// A draft or a ticket, depending on what the id belongs to.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum DisputeView {
    Draft(Box<DraftView>),
    Ticket(Box<TicketView>),
}

/// Entry point for disputes.
#[derive(Clone, Copy)]
pub struct Disputes<'a> {
    pub(crate) app: &'a App,
}

impl App {
    pub fn disputes(&self) -> Disputes<'_> {
        Disputes { app: self }
    }
}

impl Disputes<'_> {
    /// All drafts and tickets.
    pub fn list(&self) -> Result<DisputesView, AppError> {
        boothkeeper_sync::disputes::review(&self.app.local_copy)?;
        let now = self.app.rules_now()?;
        let drafts = self.app.local_copy.outbox().drafts()?;
        self.app.read_copy(|copied| {
            let tickets = copied.cache.tickets()?.map_or(vec![], |t| t.disputes);
            let known: BTreeSet<_> = tickets.iter().map(|ticket| &ticket.id).collect();
            let outbox = self.app.local_copy.outbox();
            let mut disputes = Vec::new();
            for draft in &drafts {
                let sent = DraftStatus::of(draft, &outbox)?;
                // A draft that has become a ticket is listed as that ticket.
                if sent.ticket.as_ref().is_some_and(|id| known.contains(id)) {
                    continue;
                }
                let draft = copied.current(draft, self.app.zone(), now);
                disputes.push(draft_row(&draft, &sent));
            }
            disputes.extend(tickets.iter().map(|ticket| ticket_row(ticket, now)));
            let mut zone = self.app.zone().clone();
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
        let now = self.app.written_now()?;
        self.app
            .read_copy(|copied| copied.draft_view(self.app, &draft, &sent, now))
    }

    pub fn show(&self, id: &str) -> Result<DisputeView, AppError> {
        Ok(match self.ticket_of(id)? {
            Some(ticket) => DisputeView::Ticket(Box::new(ticket)),
            None => DisputeView::Draft(Box::new(self.draft(id)?)),
        })
    }

    /// The ticket with this id, or the ticket of the draft with this id; `None` if the draft has none.
    fn ticket_of(&self, id: &str) -> Result<Option<TicketView>, AppError> {
        if parse(id).is_none() {
            return self.ticket(id).map(Some);
        }
        let (_, sent) = self.stored_draft(id)?;
        Ok(sent.ticket.and_then(|id| self.ticket(id.as_str()).ok()))
    }

    pub fn ticket(&self, id: &str) -> Result<TicketView, AppError> {
        let now = self.app.rules_now()?;
        self.app.read_copy(|copied| {
            let tickets = copied.cache.tickets()?.map_or(vec![], |t| t.disputes);
            let ticket = tickets.iter().find(|ticket| ticket.id.as_str() == id);
            ticket
                .map(|ticket| ticket_view(ticket, now))
                .ok_or(AppError::new(Code::NotFound))
        })
    }

    /// The open ticket with this id, or that of the draft with this id. Fails with `NotOpen` if the ticket is closed.
    fn open_ticket(&self, id: &str) -> Result<DisputeId, AppError> {
        let view = self.ticket_of(id)?.ok_or(AppError::new(Code::NotFound))?;
        if !view.state.is_open() {
            return Err(AppError::new(Code::NotOpen));
        }
        DisputeId::new(view.id).map_err(|error| AppError::because(Code::NotFound, error))
    }

    /// Fails with `NotFound` if there is no draft with this id.
    fn stored_draft(&self, id: &str) -> Result<(Draft, DraftStatus), AppError> {
        let missing = || AppError::new(Code::NotFound);
        let outbox = self.app.local_copy.outbox();
        let draft = outbox.draft(parse(id).ok_or_else(missing)?)?;
        let draft = draft.ok_or_else(missing)?;
        let sent = DraftStatus::of(&draft, &outbox)?;
        Ok((draft, sent))
    }

    /// Notifies the page that disputes have changed.
    fn changed(&self) {
        self.app.status.send_modify(|status| status.revision += 1);
    }
}

/// The id of a draft; `None` for text that cannot be one, such as the id of a ticket.
fn parse(id: &str) -> Option<Uuid> {
    Uuid::try_parse(id).ok()
}
