//! The balance, and how far to trust it.

mod runway;

use boothkeeper_domain::account::{Account, BucketBalance};
use boothkeeper_domain::trust::{Evidence, Reason, Trust, judge};
use boothkeeper_domain::{AccountId, Amount, Asset, Seq, Timestamp};
use boothkeeper_store::cache::Head;
use boothkeeper_store::outbox::Binding;
use boothkeeper_store::{Cache, Outbox};
use boothkeeper_sync::Clock;
use boothkeeper_sync::clock::SystemClock;
use serde::{Deserialize, Serialize};

pub use runway::RunwayView;
pub(crate) use runway::booked;

use crate::app::Options;
use crate::{App, AppError};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum PendingKind {
    Purchase,
    AutoRecharge,
    CouponBonus,
}

/// Not spendable yet.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct PendingView {
    pub kind: PendingKind,
    pub amount: Amount,
    pub since: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct BalanceView {
    /// Nothing, not zero, before the first sync.
    pub balance: Option<Amount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub asset: Option<Asset>,
    pub buckets: Vec<BucketBalance>,
    pub pending: Vec<PendingView>,
    pub trust: Trust,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub reason: Option<Reason>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub as_of: Option<Timestamp>,
    /// Milliseconds since the cloud last confirmed the copy.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub age: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub seq: Option<Seq>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub account: Option<AccountId>,
}

/// The balance and how far to trust it.
#[derive(Clone, Copy)]
pub struct Balance<'a> {
    pub(crate) app: &'a App,
}

impl App {
    pub fn balance(&self) -> Balance<'_> {
        Balance { app: self }
    }
}

impl Balance<'_> {
    /// The proven balance. Does not call the cloud; `live` only while this process follows it.
    pub fn view(&self) -> Result<BalanceView, AppError> {
        let binding = self.app.binding()?;
        let head = self.app.head(binding.as_ref())?;
        self.balance_of(binding.as_ref(), head.as_deref())
    }

    pub(super) fn balance_of(
        &self,
        binding: Option<&Binding>,
        head: Option<&Head>,
    ) -> Result<BalanceView, AppError> {
        let status = self.app.status.borrow().clone();
        let since_boot = self.app.laptop.clock().since_boot();
        let standing = Standing {
            wall: self.app.laptop.clock().wall(),
            now: self.app.now(head),
            heartbeat_age: status.agreed_at.map(|at| since_boot - at),
            reason: status.reason,
            actions_waiting: self.app.laptop.outbox().waiting()? > 0,
        };
        Ok(view(binding, head, standing))
    }
}

/// The proven balance of a data folder, read and nothing else: for scripts, and for folders that
/// cannot be written to.
pub fn glance(options: &Options) -> Result<BalanceView, AppError> {
    let folder = boothkeeper_store::Paths::new(&options.data);
    folder.outbox_is_not_lost()?;
    let Some(outbox) = Outbox::open_to_read(&folder.outbox())? else {
        let wall = SystemClock.wall();
        let standing = Standing::at(wall, wall);
        return Ok(view(None, None, standing));
    };
    let binding = outbox.binding()?;
    let head = match (&binding, Cache::open_to_read(&folder.cache())?) {
        (Some(binding), Some(cache)) => binding.own(cache.head(&binding.keys)?)?,
        _ => None,
    };
    let wall = SystemClock.wall();
    let now = head.as_ref().map_or(wall, |head| head.now(wall));
    let standing = Standing {
        actions_waiting: outbox.waiting()? > 0,
        ..Standing::at(wall, now)
    };
    Ok(view(binding.as_ref(), head.as_deref(), standing))
}

/// How the copy stands to the cloud at the moment.
struct Standing {
    wall: Timestamp,
    now: Timestamp,
    heartbeat_age: Option<i64>,
    reason: Reason,
    actions_waiting: bool,
}

impl Standing {
    fn at(wall: Timestamp, now: Timestamp) -> Self {
        Standing {
            wall,
            now,
            heartbeat_age: None,
            reason: Reason::NotConnected,
            actions_waiting: false,
        }
    }
}

fn view(binding: Option<&Binding>, head: Option<&Head>, standing: Standing) -> BalanceView {
    let as_of = head.map(|head| head.as_of);
    let now = standing.now;
    let evidence = Evidence {
        diverged: binding.is_some_and(|b| b.diverged.is_some()),
        as_of,
        heartbeat_age: standing.heartbeat_age,
        actions_waiting: standing.actions_waiting,
        age_unknown: head.is_some_and(|head| head.age_is_unknown(standing.wall)),
    };
    let trust = match binding.is_some_and(|binding| binding.imported) {
        true => Trust::Imported,
        false => judge(&evidence, now),
    };
    let reason = match (binding, trust) {
        (_, Trust::Live | Trust::Imported) => None,
        (Some(binding), Trust::Diverged) if binding.is_damaged() => Some(Reason::Damaged),
        (None, _) => Some(Reason::SignedOut),
        _ => Some(standing.reason),
    };
    let account = head.map(|head| &head.account);
    BalanceView {
        balance: account.map(|account| account.balance),
        // Of what was brought, nothing says which credits were bought and which were given.
        buckets: match trust {
            Trust::Imported => vec![],
            _ => account.map_or(vec![], Account::buckets),
        },
        pending: account.map_or(vec![], pending),
        trust,
        reason,
        as_of,
        age: as_of.map(|as_of| now.since(as_of)),
        seq: account.map(|account| account.seq),
        asset: account
            .and_then(|account| account.identity.as_ref())
            .map(|identity| identity.asset.clone()),
        account: binding.map(|binding| binding.account.clone()),
    }
}

fn pending(account: &Account) -> Vec<PendingView> {
    let purchases = account.purchases.values().map(|purchase| PendingView {
        kind: match purchase.auto_recharge {
            true => PendingKind::AutoRecharge,
            false => PendingKind::Purchase,
        },
        amount: purchase.amount,
        since: purchase.at,
    });
    let bonuses = account.bonuses.values().map(|bonus| PendingView {
        kind: PendingKind::CouponBonus,
        amount: bonus.amount,
        since: bonus.at,
    });
    purchases.chain(bonuses).collect()
}
