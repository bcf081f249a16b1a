//! Monthly allowances. Each is granted for one billing month and expires at the end of that month, so that nothing
//! rolls over (`domain.md` §2).

use super::{Ledger, Refusal};
use crate::account::Life;
use crate::calendar::{Cycle, Period, month_at, period};
use crate::grant::Grant;
use crate::journal::{Allowance, Body, Expiry};
use crate::{Account, Actor, Amount, Catalog, Source, Timestamp};

/// The credits granted to the account each month: those of the plan and of each legacy product.
pub fn monthly(account: &Account, catalog: &Catalog) -> Result<Amount, Refusal> {
    let plan = catalog.plan(&account.plan).and_then(|plan| plan.allowance);
    let legacy = account.legacy.iter().filter_map(|code| {
        let product = catalog
            .legacy
            .iter()
            .find(|product| product.code == *code)?;
        Some(product.allowance)
    });
    Amount::sum(plan.into_iter().chain(legacy)).map_err(|_| Refusal::AmountOutOfRange)
}

/// When the next allowance is granted, if that lies in a paid period of an active account. In grace none is granted;
/// the payment that ends grace also brings the allowance of the current month.
pub fn next(account: &Account, catalog: &Catalog) -> Option<Timestamp> {
    let at = account.refresh_at?.max(
        account
            .period
            .map_or(Timestamp::from_millis(i64::MIN), |period| period.start),
    );
    let paid = match account.period {
        Some(period) => at < period.end,
        None => true,
    };
    let granted = monthly(account, catalog).is_ok_and(Amount::is_positive);
    (account.life == Life::Active && paid && granted).then_some(at)
}

/// The billing month of the account, counted from its anchor, that contains `at`.
pub fn month(account: &Account, at: Timestamp) -> Option<Period> {
    let anchor = account.anchor?;
    period(anchor, Cycle::Monthly, month_at(anchor, at)?)
}

impl Ledger<'_> {
    /// Grants the allowance of the current month.
    pub(super) fn refresh(&mut self) -> Result<(), Refusal> {
        let Some(month) = month(&self.account, self.now) else {
            return Ok(());
        };
        let amount = monthly(&self.account, self.catalog)?;
        self.grant_allowance(amount, month)
    }

    /// After a change to a larger plan or a new legacy product, grants the difference to what was already granted for
    /// the current month. Does nothing if the month is not paid: the payment then brings the whole allowance.
    pub(super) fn add_allowance(&mut self) -> Result<(), Refusal> {
        let now = self.now;
        let unpaid = self.account.period.is_some_and(|period| period.end <= now);
        let over = self.account.refresh_at.is_some_and(|at| at <= now);
        let Some(mut month) = month(&self.account, now) else {
            return Ok(());
        };
        if unpaid || over || self.account.life != Life::Active {
            return Ok(());
        }
        let mut granted = Amount::ZERO;
        if let Some(refresh) = self.account.refresh_at {
            (month.end, granted) = (refresh, self.account.granted);
        }
        let more = monthly(&self.account, self.catalog)?.checked_sub(granted);
        let more = more.map_err(|_| Refusal::AmountOutOfRange)?;
        if more.is_positive() {
            self.grant_allowance(more, month)?;
        }
        Ok(())
    }

    /// After the billing day has moved to today, expires the rest of the old allowance and grants a whole new one.
    pub(super) fn restart_allowance(&mut self) -> Result<(), Refusal> {
        let grants = self.account.grants.iter();
        let old = grants.filter(|grant| grant.source == Source::Allowance);
        let old: Vec<_> = old.map(Grant::emptied).collect();
        if !old.is_empty() {
            self.post(Actor::System, Body::Expiry(Expiry {}), old)?;
        }
        if monthly(&self.account, self.catalog)?.is_positive() {
            self.refresh()?;
        }
        Ok(())
    }

    fn grant_allowance(&mut self, amount: Amount, month: Period) -> Result<(), Refusal> {
        let body = Body::Allowance(Allowance { period: month });
        let expires = Some(month.end);
        self.grant(Actor::System, body, Source::Allowance, amount, expires)
    }
}
