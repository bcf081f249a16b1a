//! The entries of a dispute: opened, in review, message, and resolved, rejected or withdrawn. The journal contains only
//! the dispute's id; messages are stored outside the journal.

use super::{BillingDecision, Ledger, Refusal};
use crate::account::Life;
use crate::disputes::{DisputeKind, Resolution};
use crate::journal::{
    Body, DisputeInReview, DisputeMessage, DisputeOpened, DisputeRejected, DisputeResolved,
    DisputeWithdrawn,
};
use crate::{Account, Actor, Catalog, DisputeId, Timestamp};

/// A step of an open dispute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DisputeStep {
    Message(Actor),
    InReview,
    Resolved(Resolution),
    Rejected,
    Withdrawn,
}

/// Opens a dispute and returns its id. Fails with `AccountClosed` if the account is closed, unless the dispute is about
/// the closure.
pub fn open(
    account: &Account,
    catalog: &Catalog,
    kind: DisputeKind,
    now: Timestamp,
) -> Result<(DisputeId, BillingDecision), Refusal> {
    if account.life == Life::Closed && kind != DisputeKind::AccountClosed {
        return Err(Refusal::AccountClosed);
    }
    let mut ledger = Ledger::new(account.clone(), catalog, now);
    let of = account.identity.as_ref().map_or("", |i| i.account.as_str());
    let of = of.strip_prefix("acc_").unwrap_or(of);
    let dispute = DisputeId::new(format!("dsp_{of}_{}", ledger.account.seq.next()))
        .map_err(|_| Refusal::AmountOutOfRange)?;
    let body = Body::DisputeOpened(DisputeOpened {
        dispute: dispute.clone(),
        dispute_kind: kind.name().to_owned(),
    });
    ledger.post(Actor::Operator, body, vec![])?;
    Ok((dispute, ledger.decided()))
}

/// Appends one step of a dispute. Fails with `WrongState` if the dispute is not open.
pub fn take(
    account: &Account,
    catalog: &Catalog,
    dispute: &DisputeId,
    step: DisputeStep,
    now: Timestamp,
) -> Result<BillingDecision, Refusal> {
    if !account.disputes.contains_key(dispute) {
        return Err(Refusal::WrongState);
    }
    let dispute = dispute.clone();
    let (actor, body) = match step {
        DisputeStep::Message(actor) => (actor, Body::DisputeMessage(DisputeMessage { dispute })),
        DisputeStep::InReview => (
            Actor::Support,
            Body::DisputeInReview(DisputeInReview { dispute }),
        ),
        DisputeStep::Resolved(resolution) => (
            Actor::Support,
            Body::DisputeResolved(DisputeResolved {
                dispute,
                outcome: resolution.name().to_owned(),
            }),
        ),
        DisputeStep::Rejected => (
            Actor::Support,
            Body::DisputeRejected(DisputeRejected { dispute }),
        ),
        DisputeStep::Withdrawn => (
            Actor::Operator,
            Body::DisputeWithdrawn(DisputeWithdrawn { dispute }),
        ),
    };
    let mut ledger = Ledger::new(account.clone(), catalog, now);
    ledger.post(actor, body, vec![])?;
    Ok(ledger.decided())
}
