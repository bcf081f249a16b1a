//! Monthly allowances: granted for one month of the anchor's grid, never rolled over
//! (`domain.md` §2).

use super::{Ledger, Refusal};
use crate::account::Life;
use crate::calendar::{Cycle, Period, month_at, period};
use crate::grant::Grant;
use crate::journal::{Allowance, Body, Expiry};
use crate::{Account, Actor, Amount, Catalog, Source, Timestamp};

/// What an account is granted each month: its plan's part and each legacy purchase's.
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

/// When the next one is granted: in a paid period only, so never in grace, and what was missed there
/// comes with the payment that ends it.
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

/// The month of the account's grid that contains `at`.
pub fn month(account: &Account, at: Timestamp) -> Option<Period> {
    let anchor = account.anchor?;
    period(anchor, Cycle::Monthly, month_at(anchor, at)?)
}

impl Ledger<'_> {
    /// Grants the month's allowance.
    pub(super) fn refresh(&mut self) -> Result<(), Refusal> {
        let Some(month) = month(&self.account, self.now) else {
            return Ok(());
        };
        let amount = monthly(&self.account, self.catalog)?;
        self.grant_allowance(amount, month)
    }

    /// Grants what a larger plan or a new legacy purchase adds to the month that runs and is paid; to one
    /// that is not, the whole comes with its payment.
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

    /// The billing day has moved to today: what is left of the old month goes, a whole new one comes.
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
