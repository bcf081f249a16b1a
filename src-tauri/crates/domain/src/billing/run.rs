//! Runs of AI services. A run is charged when it starts; a refund returns the credits to the grants that paid for it
//! (`domain.md` §2–4).

use super::{BillingDecision, Ledger, Refusal};
use crate::account::Life;
use crate::bounds;
use crate::catalog::FailedRunRefund;
use crate::journal::{Body, RunFailed, Usage, UsageRefund};
use crate::time::DAY;
use crate::user_input::is_blank;
use crate::{Account, Actor, Amount, Catalog, Entry, GrantId, Line, RunId, Timestamp};

/// Most units that one run may be charged for.
pub const MAX_UNITS: u32 = 1000;

/// A booth's request to start a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    pub run: RunId,
    pub service: String,
    pub event: Option<String>,
    pub units: u32,
}

/// Decides the charge of one run, as [`charge`] posts it. A refused run leaves no entry.
pub fn start(
    account: &Account,
    catalog: &Catalog,
    request: Request,
    now: Timestamp,
) -> Result<BillingDecision, Refusal> {
    let mut ledger = Ledger::new(account.clone(), catalog, now);
    charge(&mut ledger, request)?;
    Ok(ledger.decided())
}

/// Posts the charge of one run. Fails if the account is closed, the service has no price on the plan, the units are
/// out of range, or the price exceeds the balance or the daily limit.
pub fn charge(ledger: &mut Ledger<'_>, request: Request) -> Result<(), Refusal> {
    let account = &ledger.account;
    if account.life == Life::Closed {
        return Err(Refusal::AccountClosed);
    }
    if !(1..=MAX_UNITS).contains(&request.units) {
        return Err(Refusal::UnitsOutOfRange);
    }
    let price = ledger
        .catalog
        .service(&request.service)
        .and_then(|service| service.price(&account.plan))
        .ok_or(Refusal::UnknownService)?
        .checked_mul(request.units)
        .map_err(|_| Refusal::AmountOutOfRange)?;
    check_daily_limit(account, ledger.catalog, price, ledger.now)?;
    let lines = account
        .grants
        .draw(price)
        .ok_or(Refusal::InsufficientCredits {
            price,
            balance: account.balance,
        })?;
    let usage = Usage {
        run: request.run,
        service: request.service,
        event: request
            .event
            .filter(|event| !is_blank(event))
            .map(|event| bounds::label(&event).into_owned()),
        units: request.units,
    };
    ledger.post(Actor::Booth, Body::Usage(usage), lines)
}

/// The daily limit in force. A limit set by support on the current plan replaces the plan's own limit. A limit set on
/// an earlier plan still counts if it is larger. `None` if the plan has no limit.
pub fn daily_limit(account: &Account, catalog: &Catalog) -> Option<Amount> {
    let of_plan = catalog.plan(&account.plan)?.daily_limit?;
    Some(match &account.daily_limit {
        Some(set) if set.plan == account.plan => set.limit,
        Some(set) => set.limit.max(of_plan),
        None => of_plan,
    })
}

fn check_daily_limit(
    account: &Account,
    catalog: &Catalog,
    price: Amount,
    now: Timestamp,
) -> Result<(), Refusal> {
    let Some(limit) = daily_limit(account, catalog) else {
        return Ok(());
    };
    if price > limit {
        return Err(Refusal::ExceedsDailyLimit { limit, price });
    }
    let used = account.used_on(now);
    let crossed = used.checked_add(price).map_or(true, |total| total > limit);
    if crossed {
        let resets_at = Timestamp::from_millis((now.utc_day() + 1) * DAY);
        return Err(Refusal::DailyLimitReached {
            limit,
            used,
            resets_at,
        });
    }
    Ok(())
}

/// Facts about a run's charge, looked up in the journal before the run is refunded or marked as failed.
#[derive(Debug, Clone, PartialEq)]
pub struct ChargeFacts {
    pub charge: Entry,
    /// The opening lines of the grants that paid for the run. They carry each grant's source and expiry.
    pub origins: Vec<Line>,
    /// Credits already returned by refunds and reversals of this charge.
    pub given_back: Amount,
    /// True if the journal already records the run as failed.
    pub failed: bool,
}

/// Records that a run failed, and refunds it if the catalog's policy is automatic. Appends nothing if the failure is
/// already recorded.
pub fn fail(
    account: &Account,
    catalog: &Catalog,
    facts: &ChargeFacts,
    code: &str,
    now: Timestamp,
) -> Result<BillingDecision, Refusal> {
    let mut ledger = Ledger::new(account.clone(), catalog, now);
    if let (false, Body::Usage(usage)) = (facts.failed, &facts.charge.body) {
        let failed = RunFailed {
            of: facts.charge.seq,
            run: usage.run.clone(),
            service: usage.service.clone(),
            event: usage.event.clone(),
            code: code.to_owned(),
        };
        ledger.post(Actor::Booth, Body::RunFailed(failed), vec![])?;
        let automatic = catalog.policies.failed_run_refund == FailedRunRefund::Automatic;
        // An account that has closed since the run gets no refund.
        let open = account.life != Life::Closed && facts.given_back.is_zero();
        if automatic && open {
            give_back(&mut ledger, facts, Actor::System)?;
        }
    }
    Ok(ledger.decided())
}

/// Refunds a run's charge on behalf of support. Fails with `AlreadyRefunded` if any of it was returned before.
pub fn refund(
    account: &Account,
    catalog: &Catalog,
    facts: &ChargeFacts,
    now: Timestamp,
) -> Result<BillingDecision, Refusal> {
    if account.life == Life::Closed {
        return Err(Refusal::AccountClosed);
    }
    let mut ledger = Ledger::new(account.clone(), catalog, now);
    give_back(&mut ledger, facts, Actor::Support)?;
    Ok(ledger.decided())
}

/// Posts a refund of the whole charge.
fn give_back(ledger: &mut Ledger<'_>, facts: &ChargeFacts, actor: Actor) -> Result<(), Refusal> {
    let Body::Usage(usage) = &facts.charge.body else {
        return Err(Refusal::AlreadyRefunded);
    };
    if !facts.given_back.is_zero() {
        return Err(Refusal::AlreadyRefunded);
    }
    let lines = ledger.given_back(&facts.charge.lines, &facts.origins)?;
    let refund = UsageRefund {
        of: facts.charge.seq,
        run: usage.run.clone(),
        service: usage.service.clone(),
        event: usage.event.clone(),
        started_at: facts.charge.at,
    };
    ledger.post(actor, Body::UsageRefund(refund), lines)
}

/// The grants that an entry drew from. Undoing the entry needs their opening lines.
pub fn paying_grants(charge: &Entry) -> impl Iterator<Item = GrantId> {
    charge.lines.iter().map(|line| line.grant)
}
