//! Converts tickets to view types.

use boothkeeper_domain::{Actor, Timestamp};
use boothkeeper_sync::wire::dispute::{Message, Ticket, TicketState};

use super::views::owed;
use super::{ClaimDetails, DisputeRow, DisputeState, FileView, MessageView, TicketView};

pub(super) fn ticket_row(ticket: &Ticket, now: Timestamp) -> DisputeRow {
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
        answered: view.answered,
        outcome: view.outcome,
        returned: view.outcome.map(|_| view.returned),
        came_right: false,
        messages: u32::try_from(view.messages.len()).unwrap_or(u32::MAX),
    }
}

pub(super) fn ticket_view(ticket: &Ticket, now: Timestamp) -> TicketView {
    let open = ticket.state.is_open();
    let last = ticket.messages.last().map(|said| said.from);
    let answered = open && last == Some(Actor::Support);
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
        said: ClaimDetails {
            payment: ticket.payment.as_ref().map(ToString::to_string),
            paid: ticket.paid,
            paid_on: ticket.paid_on,
            coupon: ticket.coupon.clone(),
            plan: ticket.plan.clone(),
            legacy: ticket.legacy.clone(),
        },
        entries: ticket.entries.iter().map(|entry| entry.seq).collect(),
        attachments: ticket.attachments.iter().map(FileView::from).collect(),
        reply_expected_by: (open && !answered).then_some(ticket.reply_expected_by),
        overdue: open && !answered && now > ticket.reply_expected_by,
        answered,
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
        attachments: message.attachments.iter().map(FileView::from).collect(),
    }
}
