//! An operator's command in the outbox, and its state.

use boothkeeper_domain::billing::quote::Quote;
use boothkeeper_domain::{DisputeId, Seq, Timestamp};
use boothkeeper_wire::api::{CommandAnswer, CommandRequest};
use boothkeeper_wire::problem::Problem;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::command_row::CommandRow;
use crate::StoreError;

/// State of a command of the operator in the outbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum OutboxState {
    Queued,
    Sending,
    /// Sent, but not answered. The cloud is asked about the command's id before the command is sent again.
    Unknown,
    Applied,
    Rejected,
    NeedsDecision,
    /// Applied, and its entries are in the verified local copy.
    Settled,
    Cancelled,
    /// The row does not match its checksum or cannot be parsed. The command is never sent and never counted as done,
    /// only shown.
    Damaged,
}

impl OutboxState {
    /// True if the cloud refused the command or handed it back for a new decision.
    pub const fn is_refused(self) -> bool {
        matches!(self, OutboxState::Rejected | OutboxState::NeedsDecision)
    }

    /// True if the command is not answered yet.
    pub const fn is_open(self) -> bool {
        matches!(
            self,
            OutboxState::Queued | OutboxState::Sending | OutboxState::Unknown
        )
    }

    pub const fn name(self) -> &'static str {
        match self {
            OutboxState::Queued => "queued",
            OutboxState::Sending => "sending",
            OutboxState::Unknown => "unknown",
            OutboxState::Applied => "applied",
            OutboxState::Rejected => "rejected",
            OutboxState::NeedsDecision => "needs_decision",
            OutboxState::Settled => "settled",
            OutboxState::Cancelled => "cancelled",
            OutboxState::Damaged => "damaged",
        }
    }

    const ALL: [OutboxState; 8] = [
        OutboxState::Queued,
        OutboxState::Sending,
        OutboxState::Unknown,
        OutboxState::Applied,
        OutboxState::Rejected,
        OutboxState::NeedsDecision,
        OutboxState::Settled,
        OutboxState::Cancelled,
    ];

    pub(super) fn named(name: &str) -> Option<OutboxState> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// A stored command. `body` is the exact text that is sent, the same each time.
#[derive(Debug, Clone, PartialEq)]
pub struct Command {
    pub id: Uuid,
    pub created_at: Timestamp,
    pub body: String,
    /// `body` parsed; `None` if it is damaged.
    pub request: Option<CommandRequest>,
    pub state: OutboxState,
    pub problem: Option<Problem>,
    /// The cloud's new quote (priced preview), if the operator has to decide again because of it.
    pub quote: Option<Quote>,
    /// The last seq of the cloud's journal when the cloud answered.
    pub head: Option<Seq>,
    /// The entries that the command appended, according to the cloud.
    pub entries: Vec<Seq>,
    /// The last seq of the local copy when the operator gave the command.
    pub decided_at: Seq,
    /// True if the operator took the command back after it may have been sent. The cloud is still asked for the result.
    pub withdrawn: bool,
    /// The ticket that the cloud named in its answer to a command about a dispute.
    pub dispute: Option<DisputeId>,
}

/// Why an attempt to send a command, or to ask about it, failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailedAttempt {
    /// The cloud refused the attempt for a reason that may pass.
    Refused,
    /// There was no answer, or one that was not the cloud's, although the cloud could be reached. A bad network can
    /// cause this, so it counts a tenth of a refusal.
    Unanswered,
}

impl FailedAttempt {
    pub(super) const fn weight(self) -> u32 {
        match self {
            FailedAttempt::Refused => 10,
            FailedAttempt::Unanswered => 1,
        }
    }
}

/// The command of a database row; its state is [`OutboxState::Damaged`] if the row is damaged.
pub(super) fn read(row: &rusqlite::Row<'_>) -> Result<Command, StoreError> {
    let (stored, sound) = CommandRow::read(row)?;
    let request = serde_json::from_str(&stored.body).ok();
    let answer = match &stored.answer {
        Some(text) => serde_json::from_str::<CommandAnswer>(text).ok(),
        None => None,
    };
    let state = OutboxState::named(&stored.state).filter(|_| sound && request.is_some());
    Ok(Command {
        id: Uuid::from_bytes(stored.id),
        created_at: Timestamp::from_millis(stored.created_at),
        request,
        body: stored.body,
        state: state.unwrap_or(OutboxState::Damaged),
        decided_at: Seq(stored.decided_at),
        withdrawn: stored.withdrawn,
        entries: answer
            .as_ref()
            .map_or(vec![], |answer| answer.entries.clone()),
        head: answer.as_ref().map(|answer| answer.head),
        problem: answer.as_ref().and_then(|answer| answer.problem.clone()),
        dispute: answer.as_ref().and_then(|answer| answer.dispute.clone()),
        quote: answer.and_then(|answer| answer.quote),
    })
}
