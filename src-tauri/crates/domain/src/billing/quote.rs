//! Quotes: what a change of the plan or a payment would charge, keep and destroy. A quote made later can be compared
//! with the one that the operator saw, so that a change that has become worse is not carried out (`domain.md` §5).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Refusal;
use super::ledger::open;
use super::plan::{Next, Target, cancelled_at, owed};
use crate::calendar::Cycle;
use crate::{Account, Amount, Catalog, Money, Seq, Timestamp};

/// A change that can be quoted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Change {
    Plan(Target),
    PayNow,
    Cancel,
    Resume,
}

/// What a change would charge, keep and destroy. Laptop and cloud compute the quote with the same rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Quote {
    /// Seq of the newest entry when the quote was computed.
    pub version: Seq,
    /// The account's plan when the quote was computed; `cycle` and `period_end` are the account's at that time, too.
    pub plan: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub cycle: Option<Cycle>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub period_end: Option<Timestamp>,
    /// The plan asked for, if the quote is for a plan change. A quote for one plan does not authorise another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub target: Option<Target>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub charge: Option<Money>,
    /// When the change takes effect; `None` if at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub effective_at: Option<Timestamp>,
    /// Credits that the account keeps, in minor units.
    pub kept: Amount,
    /// Names of the scheduled events that are deleted, with their galleries.
    #[serde(default)]
    pub destroyed: Vec<String>,
}

impl Quote {
    /// True if this quote, computed for `account` now, is worse than the `seen` quote or is not for the same change: it
    /// charges more, destroys more, takes effect later or has another target; or the account has changed its plan,
    /// cycle or period, or lost credits other than by use and expiry, since `seen` was made.
    pub fn is_worse_than(&self, seen: &Quote, account: &Account) -> bool {
        let charge = |quote: &Quote| quote.charge.as_ref().map_or(Amount::ZERO, |c| c.amount);
        let later = self.effective_at > seen.effective_at && seen.effective_at.is_some();
        names_more(&self.destroyed, &seen.destroyed)
            || charge(self) > charge(seen)
            || (&self.plan, self.cycle, self.period_end)
                != (&seen.plan, seen.cycle, seen.period_end)
            || later
            || (seen.target.is_some() && seen.target != self.target)
            || account.taken_at > seen.version
    }

    /// True if the change costs money or deletes events, so that the operator must see the quote first.
    pub fn needs_confirmation(&self) -> bool {
        self.charge.is_some() || !self.destroyed.is_empty()
    }
}

/// True if `now` has a name more often than `seen` does. Two events of the same name must both have been shown.
fn names_more(now: &[String], seen: &[String]) -> bool {
    let mut shown: BTreeMap<&str, usize> = BTreeMap::new();
    for name in seen {
        *shown.entry(name).or_default() += 1;
    }
    now.iter().any(|name| match shown.get_mut(name.as_str()) {
        Some(left) if *left > 0 => {
            *left -= 1;
            false
        }
        _ => true,
    })
}

/// Computes the quote of a change. Fails with `AccountClosed`, or with the refusal of the plan change, payment or
/// cancellation. Whether there is a card that can pay is not checked.
pub fn quote(
    account: &Account,
    catalog: &Catalog,
    change: &Change,
    now: Timestamp,
) -> Result<Quote, Refusal> {
    let now = now.max(account.at);
    open(account)?;
    let mut quote = Quote {
        version: account.seq,
        plan: account.plan.clone(),
        cycle: account.cycle,
        period_end: account.period.map(|period| period.end),
        target: None,
        charge: None,
        effective_at: None,
        kept: account.balance,
        destroyed: vec![],
    };
    match change {
        Change::Plan(target) => {
            let next = Next::of(account, catalog, target, now)?;
            quote.charge = next.charge().cloned();
            quote.target = Some(target.clone());
            match next {
                Next::Later(_) => quote.effective_at = quote.period_end,
                Next::Pause => {
                    let names = account.events.values().map(|event| event.name.clone());
                    quote.destroyed = names.collect();
                }
                Next::AtOnce(_) | Next::Paid(_) => {}
            }
        }
        Change::PayNow => {
            quote.charge = Some(owed(account, catalog, now)?.fee);
        }
        Change::Cancel => {
            let at = cancelled_at(account, now)?;
            quote.effective_at = Some(account.cancel_at.unwrap_or(at));
        }
        Change::Resume => {}
    }
    Ok(quote)
}
