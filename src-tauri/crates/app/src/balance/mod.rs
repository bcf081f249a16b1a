//! The balance and its trust level.

mod runway;

use boothkeeper_domain::account::{Account, BucketBalance};
use boothkeeper_domain::trust::{Reason, Trust, TrustFacts, determine_trust};
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

/// Credits that cannot be spent yet.
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
    /// `null`, not 0, before the first sync.
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
    /// Milliseconds since `as_of`, when the cloud last confirmed the local copy.
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

/// Entry point for the balance.
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
    /// The verified balance. Does not call the cloud. Its trust is `live` only while this process is connected to the
    /// cloud.
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
        let since_boot = self.app.local_copy.clock().since_boot();
        let connection = Connection {
            wall: self.app.local_copy.clock().wall(),
            now: self.app.now(head),
            heartbeat_age: status.agreed_at.map(|at| since_boot - at),
            reason: status.reason,
            actions_waiting: self.app.local_copy.outbox().waiting()? > 0,
        };
        Ok(view(binding, head, connection))
    }
}

/// Reads the verified balance of a data folder without opening the app. For scripts, and for folders that cannot be
/// written to.
pub fn read_from_folder(options: &Options) -> Result<BalanceView, AppError> {
    let folder = boothkeeper_store::Paths::new(&options.data);
    folder.require_outbox_present()?;
    let Some(outbox) = Outbox::open_to_read(&folder.outbox())? else {
        let wall = SystemClock.wall();
        let connection = Connection::at(wall, wall);
        return Ok(view(None, None, connection));
    };
    let binding = outbox.binding()?;
    let head = match (&binding, Cache::open_to_read(&folder.cache())?) {
        (Some(binding), Some(cache)) => binding.check_account(cache.head(&binding.keys)?)?,
        _ => None,
    };
    let wall = SystemClock.wall();
    let now = head.as_ref().map_or(wall, |head| head.now(wall));
    let connection = Connection {
        actions_waiting: outbox.waiting()? > 0,
        ..Connection::at(wall, now)
    };
    Ok(view(binding.as_ref(), head.as_deref(), connection))
}

/// What the trust level of a balance depends on, beside the newest verified state (the head).
struct Connection {
    /// Time of the laptop's clock.
    wall: Timestamp,
    /// Estimate of the cloud's time.
    now: Timestamp,
    /// Milliseconds since the cloud last confirmed the local copy; `None` if it has not since this process started.
    heartbeat_age: Option<i64>,
    /// Why the balance is not live; shown only if it is not.
    reason: Reason,
    actions_waiting: bool,
}

impl Connection {
    fn at(wall: Timestamp, now: Timestamp) -> Self {
        Connection {
            wall,
            now,
            heartbeat_age: None,
            reason: Reason::NotConnected,
            actions_waiting: false,
        }
    }
}

fn view(binding: Option<&Binding>, head: Option<&Head>, connection: Connection) -> BalanceView {
    let as_of = head.map(|head| head.as_of);
    let now = connection.now;
    let evidence = TrustFacts {
        diverged: binding.is_some_and(|b| b.diverged.is_some()),
        as_of,
        heartbeat_age: connection.heartbeat_age,
        actions_waiting: connection.actions_waiting,
        age_unknown: head.is_some_and(|head| head.age_is_unknown(connection.wall)),
    };
    let trust = match binding.is_some_and(|binding| binding.imported) {
        true => Trust::Imported,
        false => determine_trust(&evidence, now),
    };
    let reason = match (binding, trust) {
        (_, Trust::Live | Trust::Imported) => None,
        (Some(binding), Trust::Diverged) if binding.is_damaged() => Some(Reason::Damaged),
        (None, _) => Some(Reason::SignedOut),
        _ => Some(connection.reason),
    };
    let account = head.map(|head| &head.account);
    BalanceView {
        balance: account.map(|account| account.balance),
        // An imported table does not tell bought from given credits.
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
