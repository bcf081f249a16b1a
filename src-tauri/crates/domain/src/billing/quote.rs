//! What a change would charge, keep and destroy, said beforehand; and whether the truth has become worse
//! than what was said (`domain.md` §5).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Refusal;
use super::plan::{Next, Target, cancelled_at, open, owed};
use crate::calendar::Cycle;
use crate::{Account, Amount, Catalog, Money, Seq, Timestamp};

/// What an operator may ask a quote for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Change {
    Plan(Target),
    PayNow,
    Cancel,
    Resume,
}

/// What a change does, computed by the same rules on the laptop and at the cloud.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Quote {
    /// The journal's place that it was computed at.
    pub version: Seq,
    /// The plan, cycle and period it was computed for.
    pub plan: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub cycle: Option<Cycle>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub period_end: Option<Timestamp>,
    /// What is asked for: a quote for one plan is no word for another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub target: Option<Target>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub charge: Option<Money>,
    /// When it takes effect, if not at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub effective_at: Option<Timestamp>,
    /// Credits that stay.
    pub kept: Amount,
    /// Events, by name, that go with their galleries.
    #[serde(default)]
    pub destroyed: Vec<String>,
}

impl Quote {
    /// Whether `account`, which this is computed for, is worse off than what was shown.
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

    /// Whether acting on it without having shown it would be a surprise.
    pub fn needs_seeing(&self) -> bool {
        self.charge.is_some() || !self.destroyed.is_empty()
    }
}

/// Whether something is named that was not shown; of two events of one name, both must have been.
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
