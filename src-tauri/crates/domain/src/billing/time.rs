//! What happens by the passing of time alone: the next instant at which something is due, and what is done then.
//!
//! The order within one instant is: the processor's answers, expiry, closure, renewal, allowance (`domain.md` §5).

use super::{BillingDecision, ChargeOutcome, Ledger, Refusal, allowance, fee};
use crate::account::Life;
use crate::bounds::MAX_LINES;
use crate::grant::Grant;
use crate::journal::{Body, Closure, Expiry, GraceCause};
use crate::time::DAY;
use crate::{Account, Actor, Catalog, Timestamp};

/// Milliseconds after which a charge without an answer is void. Only then does it count as declined.
pub const VOID_AFTER: i64 = DAY;

/// What is due by the passing of time. Actions due at the same instant are done in the order of the variants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DueAction {
    /// The pending card charge for a fee is void and counts as declined.
    Void,
    Expiry,
    Closure,
    /// The period ends: the plan is renewed, or ends because it was cancelled.
    PeriodEnd,
    Retry,
    Allowance,
}

/// When an unpaid fee is next tried again automatically: on the catalog's retry days after the period's end, until
/// grace ends. `None` outside a grace caused by an unpaid fee, while a charge is pending, or if the catalog no longer
/// has the plan.
pub fn retry_at(account: &Account, catalog: &Catalog) -> Option<Timestamp> {
    let grace = account.grace.filter(|_| account.pending_fee.is_none())?;
    fee::due(account, catalog, account.at).filter(|_| grace.cause == GraceCause::Unpaid)?;
    let ended = account.period?.end;
    let tried = grace.failed_at.unwrap_or(ended);
    let days = catalog.policies.retry_days.iter();
    days.map(|days| ended.plus(i64::from(*days) * DAY))
        .find(|at| *at > tried)
        .filter(|at| *at < grace.until)
}

/// The next action that is due by the passing of time, and when. The instant may lie in the past if the rules have not
/// run for a while.
pub fn next(account: &Account, catalog: &Catalog) -> Option<(Timestamp, DueAction)> {
    let pending = account.pending_fee.as_ref();
    let fees = pending.is_none();
    let ends = account.period.map(|period| period.end);
    let grace = account.grace.filter(|_| fees);
    let void = pending.map(|pending| (pending.since.plus(VOID_AFTER), DueAction::Void));
    let expiry = account
        .grants
        .iter()
        .filter_map(|grant| grant.expires_at)
        .min();
    let period_end = ends.filter(|_| fees && account.life == Life::Active);
    let retry = retry_at(account, catalog);
    [
        void,
        expiry.map(|at| (at, DueAction::Expiry)),
        grace.map(|grace| (grace.until, DueAction::Closure)),
        period_end.map(|at| (at, DueAction::PeriodEnd)),
        retry.map(|at| (at, DueAction::Retry)),
        allowance::next(account, catalog).map(|at| (at, DueAction::Allowance)),
    ]
    .into_iter()
    .flatten()
    .min()
}

/// Decides which entries the action `due` appends, which is due at `at`.
pub fn run_due_action(
    account: &Account,
    catalog: &Catalog,
    due: DueAction,
    at: Timestamp,
) -> Result<BillingDecision, Refusal> {
    let mut ledger = Ledger::new(account.clone(), catalog, at);
    match due {
        DueAction::Void => {
            if let Some(pending) = account.pending_fee.clone() {
                let void = ChargeOutcome::Declined("voided".into());
                ledger.fee_answered(pending.attempt, &void)?;
            }
        }
        DueAction::Expiry => ledger.expire()?,
        DueAction::Closure => ledger.close()?,
        DueAction::PeriodEnd => ledger.end_period()?,
        DueAction::Retry => {
            if let Some(due) = fee::due(account, catalog, at) {
                ledger.collect(due)?;
            }
        }
        DueAction::Allowance => ledger.refresh()?,
    }
    Ok(ledger.decided())
}

impl Ledger<'_> {
    fn end_period(&mut self) -> Result<(), Refusal> {
        let ended = self.account.period.map(|period| period.end);
        if self.account.cancel_at.is_some_and(|at| Some(at) <= ended) {
            return self.enter_grace(GraceCause::Cancelled);
        }
        match fee::due(&self.account, self.catalog, self.now) {
            Some(due) => self.collect(due),
            // No fee is known, because the catalog no longer has the plan: it cannot be renewed.
            None => self.enter_grace(GraceCause::Unpaid),
        }
    }

    /// Posts the expiry of all grants that have expired, in as few entries as possible.
    fn expire(&mut self) -> Result<(), Refusal> {
        let now = self.now;
        let lines: Vec<_> = self
            .account
            .grants
            .iter()
            .filter(|grant| grant.expires_at.is_some_and(|at| at <= now))
            .map(Grant::emptied)
            .collect();
        for lines in lines.chunks(MAX_LINES) {
            self.post(Actor::System, Body::Expiry(Expiry {}), lines.to_vec())?;
        }
        Ok(())
    }

    /// Posts a closure entry, also for an account without credits. If there are more grants than one entry can hold,
    /// further closure entries follow directly.
    fn close(&mut self) -> Result<(), Refusal> {
        let lines: Vec<_> = self.account.grants.iter().map(Grant::emptied).collect();
        let (first, rest) = lines.split_at(lines.len().min(MAX_LINES));
        for lines in std::iter::once(first).chain(rest.chunks(MAX_LINES)) {
            self.post(Actor::System, Body::Closure(Closure {}), lines.to_vec())?;
        }
        Ok(())
    }
}
