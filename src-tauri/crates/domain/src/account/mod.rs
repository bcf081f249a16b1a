//! The account's state, computed (folded) from all entries of its journal. Both the laptop's views and the billing
//! rules read this state. Invariant: the same entries always give the same state.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

mod fold;
mod types;

use crate::calendar::{Cycle, Period};
use crate::grant::Grants;
pub use crate::payment::{AutoRechargeSetting, Card, Payer, PaymentOrder};
use crate::{Amount, Bucket, DisputeId, EventId, PaymentId, Seq, Timestamp};
pub use fold::{FOLD_VERSION, FoldError};
pub use types::*;

/// An account's state after the entry at `seq`. A stored state is only a cache, because it can be rebuilt from the
/// journal.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Account {
    /// Seq of the newest entry; 0 before the first entry.
    pub seq: Seq,
    /// Time of the newest entry.
    pub at: Timestamp,
    pub balance: Amount,
    /// Seq of the newest entry that took credits and is neither usage nor expiry. A quote (the preview that the
    /// operator confirms) made at an earlier seq is out of date.
    pub taken_at: Seq,
    pub grants: Grants,
    /// `None` only before the first entry.
    pub identity: Option<Identity>,
    pub plan: String,
    pub cycle: Option<Cycle>,
    pub life: Life,
    /// The instant from which billing periods are counted (`calendar`).
    pub anchor: Option<Timestamp>,
    /// The current billing period; `None` on a plan without a fee.
    pub period: Option<Period>,
    /// The newest period that was paid for.
    pub paid: Option<PaidSpan>,
    pub grace: Option<Grace>,
    /// Seq of the entry that closed the account; `None` while it is not closed.
    pub closed_by: Option<Seq>,
    /// The period end at which the plan ends, if the plan is cancelled.
    pub cancel_at: Option<Timestamp>,
    /// A card charge for a fee that the processor has neither approved nor declined yet.
    pub pending_fee: Option<PendingFee>,
    /// The newest failed payment of a fee; `None` after a fee was paid.
    pub failed: Option<FailedFee>,
    /// A plan change that takes effect at the end of the period.
    pub requested: Option<PlanRequest>,
    /// When the next allowance is granted; `None` if none was ever granted.
    pub refresh_at: Option<Timestamp>,
    /// Allowance granted so far for the month that ends at `refresh_at`.
    pub granted: Amount,
    /// Codes of redeemed coupons whose free months have not been taken off a fee yet.
    pub discounts: Vec<String>,
    pub payment_order: PaymentOrder,
    pub auto_recharge: AutoRechargeSetting,
    pub card: Option<Card>,
    /// Purchases that have been started and not yet confirmed or declined.
    pub purchases: BTreeMap<PaymentId, PendingPurchase>,
    /// Coupon bonuses that wait for activation by support, by coupon code.
    pub bonuses: BTreeMap<String, PendingBonus>,
    /// Codes of all redeemed coupons.
    pub coupons: Vec<String>,
    /// Codes of the legacy products that were bought.
    pub legacy: Vec<String>,
    pub events: BTreeMap<EventId, ScheduledEvent>,
    pub today: DailyUse,
    pub daily_limit: Option<DailyLimit>,
    /// Open disputes.
    pub disputes: BTreeMap<DisputeId, OpenDispute>,
    /// Seq of the newest entry about any dispute. Details of disputes that were fetched before that entry are out of
    /// date.
    pub disputes_at: Seq,
}

impl Account {
    /// Credits used on the UTC day of `at`, as far as they count against the daily limit.
    pub fn used_on(&self, at: Timestamp) -> Amount {
        if self.today.utc_day == at.utc_day() {
            self.today.used
        } else {
            Amount::ZERO
        }
    }

    /// When the current grace began: at the end of the last paid period. It is not counted back from the end of grace,
    /// because the length of grace in the catalog may have changed.
    pub fn grace_began(&self) -> Option<Timestamp> {
        self.grace.and(self.period).map(|period| period.end)
    }

    /// True while an auto-recharge has been started and not yet confirmed or declined.
    pub fn recharge_in_flight(&self) -> bool {
        self.purchases.values().any(|p| p.auto_recharge)
    }

    /// Spendable credits per bucket, without empty buckets. Buckets are in the order in which their first credits are
    /// spent.
    pub fn buckets(&self) -> Vec<BucketBalance> {
        let mut buckets: Vec<BucketBalance> = Vec::new();
        for grant in self.grants.iter() {
            let kind = grant.source.bucket();
            match buckets.iter_mut().find(|b| b.kind == kind) {
                // Cannot overflow: a bucket is a part of the balance, and the balance is in range.
                Some(bucket) => {
                    bucket.amount = bucket
                        .amount
                        .checked_add(grant.remaining)
                        .unwrap_or(bucket.amount);
                    bucket.expires_at = match (bucket.expires_at, grant.expires_at) {
                        (Some(a), Some(b)) => Some(a.min(b)),
                        (one, other) => one.or(other),
                    };
                }
                None => buckets.push(BucketBalance {
                    kind,
                    amount: grant.remaining,
                    expires_at: grant.expires_at,
                }),
            }
        }
        buckets
    }
}

/// The credits in one bucket, and the earliest expiry of any of its grants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BucketBalance {
    pub kind: Bucket,
    pub amount: Amount,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub expires_at: Option<Timestamp>,
}
