//! Finds the entries that are in dispute, and the state of each draft.

use std::collections::BTreeSet;

use boothkeeper_domain::disputes::DisputeKind;
use boothkeeper_domain::findings::{Finding, NextStep};
use boothkeeper_domain::{DisputeId, Seq};
use boothkeeper_store::Outbox;
use boothkeeper_store::outbox::{Draft, OutboxState};
use boothkeeper_sync::wire::problem::ProblemCode;
use serde::Serialize;

use crate::{App, AppError, Code};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum DisputeState {
    Draft,
    /// Waits in the outbox of this laptop until the cloud accepts it.
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

/// A dispute that is not decided yet: an open ticket or a draft.
pub(crate) struct UndecidedDispute {
    pub id: String,
    pub kind: DisputeKind,
    pub entries: BTreeSet<Seq>,
    pub sent: bool,
}

impl UndecidedDispute {
    /// True if the dispute is about the finding. If the kinds match, one common entry is enough. Else the finding must
    /// suggest a dispute, and all its entries must be entries of this dispute.
    pub fn is_about(&self, finding: &Finding) -> bool {
        let here = |seq: &Seq| self.entries.contains(seq);
        let same = finding.code.dispute() == self.kind;
        match same {
            true => finding.entries.iter().any(here),
            false => {
                let asks = finding.action == Some(NextStep::Dispute);
                asks && !finding.entries.is_empty() && finding.entries.iter().all(here)
            }
        }
    }
}

/// The state of a draft: not sent, waiting in the outbox, sent as a ticket, or withdrawn.
pub(crate) struct DraftStatus {
    pub state: DisputeState,
    pub refused: Option<ProblemCode>,
    pub ticket: Option<DisputeId>,
}

impl DraftStatus {
    /// Fails with `AlreadyWaiting` or `DisputeSent` if the draft was sent and can no longer be changed.
    pub fn require_draft(&self) -> Result<(), AppError> {
        match self.state {
            // A draft that was withdrawn automatically can be continued.
            DisputeState::Draft | DisputeState::Withdrawn => Ok(()),
            DisputeState::Queued => Err(AppError::new(Code::AlreadyWaiting)),
            _ => Err(AppError::new(Code::DisputeSent)),
        }
    }

    pub fn of(draft: &Draft, outbox: &Outbox) -> Result<Self, AppError> {
        let command = draft.command.map(|id| outbox.get(id)).transpose()?;
        let command = command.flatten();
        let state = match command.as_ref().map(|command| command.state) {
            Some(OutboxState::Queued | OutboxState::Sending | OutboxState::Unknown) => {
                DisputeState::Queued
            }
            Some(OutboxState::Applied | OutboxState::Settled) => DisputeState::Submitted,
            _ if draft.ticket.is_some() => DisputeState::Submitted,
            _ if draft.is_withdrawn() => DisputeState::Withdrawn,
            _ => DisputeState::Draft,
        };
        let problem = command
            .as_ref()
            .and_then(|command| command.problem.as_ref());
        Ok(DraftStatus {
            state,
            refused: problem.map(|problem| problem.code),
            ticket: draft
                .ticket
                .clone()
                .or(command.and_then(|command| command.dispute)),
        })
    }
}

impl App {
    /// All disputes that are not decided: open tickets first, then drafts.
    pub(crate) fn disputed(&self) -> Result<Vec<UndecidedDispute>, AppError> {
        let mut disputed = Vec::new();
        let tickets = self.local_copy.read(boothkeeper_store::Cache::tickets)?;
        for ticket in tickets.into_iter().flat_map(|tickets| tickets.disputes) {
            if ticket.state.is_open() {
                disputed.push(UndecidedDispute {
                    id: ticket.id.to_string(),
                    kind: ticket.kind,
                    entries: ticket.entries.iter().map(|entry| entry.seq).collect(),
                    sent: true,
                });
            }
        }
        let outbox = self.local_copy.outbox();
        for draft in outbox.drafts()? {
            let state = DraftStatus::of(&draft, &outbox)?.state;
            if state == DisputeState::Withdrawn {
                continue;
            }
            disputed.push(UndecidedDispute {
                id: draft.id.to_string(),
                kind: draft.kind,
                // A dispute that the cloud refused, or that was cancelled in the outbox, is a draft again.
                sent: state != DisputeState::Draft,
                entries: draft.entries.into_iter().collect(),
            });
        }
        Ok(disputed)
    }
}

#[cfg(test)]
mod tests {
    use boothkeeper_domain::findings::{FindingCode, Severity};
    use boothkeeper_domain::{Amount, Timestamp};

    use super::*;

    fn finding(code: FindingCode, action: NextStep, entries: &[u64]) -> Finding {
        let entries: Vec<Seq> = entries.iter().copied().map(Seq).collect();
        let at = Timestamp::from_millis(0);
        Finding::new(code, Severity::Warn, action).of(entries, Amount::ZERO, at)
    }

    #[test]
    fn dispute_covers_findings_that_share_its_kind_and_an_entry_or_have_only_its_entries() {
        let dispute = UndecidedDispute {
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
        // Findings of another kind that only share entries with the dispute.
        let equal = finding(
            FindingCode::RepeatedRuns,
            NextStep::LookAtRows,
            &[1, 2, 3, 5],
        );
        assert!(!dispute.is_about(&equal));
        let taken = |entries| finding(FindingCode::Unexplained, NextStep::Dispute, entries);
        assert!(!dispute.is_about(&taken(&[3, 8])));
        // A finding of another kind, all of whose entries are in the dispute.
        assert!(dispute.is_about(&taken(&[5])));
    }
}
