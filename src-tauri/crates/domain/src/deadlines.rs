//! What is coming, when, and what is at stake (`domain.md` §10).

use serde::{Deserialize, Serialize};

use crate::account::Life;
use crate::billing::{allowance, forecast};
use crate::journal::GraceCause;
use crate::time::{DAY, HOUR};
use crate::{Account, Amount, Catalog, Timestamp};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum DeadlineCode {
    /// The account closes, and every credit is gone.
    GraceEnd,
    /// A cancelled period ends: grace begins, and after it the account closes.
    CancelledPeriodEnd,
    Renewal,
    /// The last moment to cancel before the coming renewal.
    CancelBy,
    CardExpiry,
    AllowanceRefresh,
    GrantExpiry,
}

impl DeadlineCode {
    /// How long before it is to be said, longest first.
    pub const fn tiers(self) -> &'static [i64] {
        match self {
            // Those that cost credits.
            DeadlineCode::GraceEnd | DeadlineCode::CancelledPeriodEnd => {
                &[14 * DAY, 7 * DAY, 3 * DAY, DAY, 2 * HOUR]
            }
            _ => &[7 * DAY, DAY],
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deadline {
    pub code: DeadlineCode,
    pub at: Timestamp,
    /// Credits that are gone when it passes with nothing done.
    pub at_risk: Option<Amount>,
}

impl Deadline {
    /// When it is to be said.
    pub fn tiers(&self) -> impl Iterator<Item = Timestamp> + use<> {
        let at = self.at;
        self.code.tiers().iter().map(move |ahead| at.plus(-ahead))
    }
}

/// All that is still to come after `now`, soonest first.
pub fn deadlines(account: &Account, catalog: &Catalog, now: Timestamp) -> Vec<Deadline> {
    let renewal = forecast::renewal_at(account);
    let ends = account.period.map(|period| period.end);
    let cancelled = ends.filter(|end| account.cancel_at.is_some_and(|at| at <= *end));
    let cancelled = cancelled.filter(|_| account.life == Life::Active);
    let undecided = renewal.filter(|_| account.cancel_at.is_none());
    // Grace that charges by itself is not renewed by hand, but its end is the end all the same.
    let grace = account.grace.map(|grace| grace.until);
    let alive = account.life != Life::Closed;
    let pays = renewal.is_some()
        || account.auto_recharge.enabled
        || account.grace.is_some_and(|g| g.cause == GraceCause::Unpaid);
    let card = account.card.as_ref().filter(|_| alive && pays);
    let grants = account.grants.iter().filter_map(|grant| {
        let at = grant.expires_at?;
        Some((DeadlineCode::GrantExpiry, at, Some(grant.remaining)))
    });
    let all = Some(account.balance);
    let fixed = [
        (DeadlineCode::GraceEnd, grace, all),
        (DeadlineCode::CancelledPeriodEnd, cancelled, all),
        (DeadlineCode::Renewal, renewal, None),
        (
            DeadlineCode::CancelBy,
            undecided.map(|at| at.plus(-DAY)),
            None,
        ),
        (
            DeadlineCode::CardExpiry,
            card.map(|card| card.expires_at()),
            None,
        ),
        (
            DeadlineCode::AllowanceRefresh,
            allowance_at(account, catalog),
            None,
        ),
    ];
    let fixed = fixed
        .into_iter()
        .filter_map(|(code, at, at_risk)| Some((code, at?, at_risk)));
    let mut deadlines: Vec<_> = fixed
        .chain(grants)
        .map(|(code, at, at_risk)| Deadline { code, at, at_risk })
        .filter(|deadline| deadline.at > now)
        .collect();
    deadlines.sort_by_key(|deadline| (deadline.at, deadline.code));
    deadlines
}

/// The next refresh: where it falls on the renewal it comes with it.
fn allowance_at(account: &Account, catalog: &Catalog) -> Option<Timestamp> {
    let renews = forecast::renewal_at(account);
    let granted = allowance::monthly(account, catalog).is_ok_and(Amount::is_positive);
    let with_renewal = account
        .refresh_at
        .filter(|at| granted && renews == Some(*at));
    allowance::next(account, catalog).or(with_renewal)
}
