//! The account's state, folded from its journal. Both the laptop's views and the billing rules read this state.
//! Invariant: the same entries always fold to the same state.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use thiserror::Error;

mod types;

use crate::calendar::{Cycle, Period};
use crate::grant::{GrantError, Grants};
use crate::journal::{Body, DisputeRejected, DisputeResolved, DisputeWithdrawn, Entry, GraceCause};
pub use crate::payment::{AutoRechargeSetting, Card, Payer, PaymentOrder};
use crate::{
    Actor, Amount, AmountError, Bucket, DisputeId, EventId, Kind, PaymentId, Programme, Seq,
    Timestamp,
};
pub use types::*;

/// An entry contradicts the journal before it. A copy of the journal with such an entry is invalid and must not be
/// used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FoldError {
    #[error("entry {found} follows entry {after}; the journal must have no gaps")]
    Gap { after: Seq, found: Seq },
    #[error("entry {0} has an earlier time than the entry before it")]
    BackInTime(Seq),
    #[error("entry {0}: its lines do not add up to its delta")]
    Lines(Seq),
    #[error("entry {seq}: balance after it is {stated}, but the lines give {folded}", stated = stated.minor(), folded = folded.minor())]
    Balance {
        seq: Seq,
        stated: Amount,
        folded: Amount,
    },
    #[error("entry {seq}: {kind} cannot move the balance in that direction")]
    Direction { seq: Seq, kind: String },
    #[error("entry {seq}: `opened` must be the first entry and occur only once")]
    Opening { seq: Seq },
    #[error("entry {seq}")]
    Grant { seq: Seq, source: GrantError },
    #[error("entry {seq}")]
    Amount { seq: Seq, source: AmountError },
}

/// Version of the fold. It must be increased whenever a change of [`Account::apply`] folds the same entries to a
/// different state. A stored fold with another version is rebuilt from the journal before it is used.
pub const FOLD_VERSION: u32 = 2;

/// The state after the entry at `seq`. A stored state is only a cache, because it can be rebuilt from the journal.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Account {
    /// Seq of the newest entry; 0 before the first.
    pub seq: Seq,
    /// Time of the newest entry.
    pub at: Timestamp,
    pub balance: Amount,
    /// Seq of the newest entry that took credits and is neither usage nor expiry. A quote made at an earlier seq is
    /// out of date.
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
    /// The period end at which the plan ends, if it is cancelled.
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
    /// Bonuses that wait for activation, by coupon code.
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
    /// Seq of the newest entry about any dispute. Details of disputes fetched before it are out of date.
    pub disputes_at: Seq,
}

impl Account {
    /// Folds entries in order onto this state. Fails at the first entry that contradicts the journal before it.
    pub fn extend<'a>(
        mut self,
        entries: impl IntoIterator<Item = &'a Entry>,
    ) -> Result<Account, FoldError> {
        for entry in entries {
            self.apply(entry)?;
        }
        Ok(self)
    }

    /// Folds one entry onto this state. After an error the state may be half changed and must not be used.
    pub fn apply(&mut self, entry: &Entry) -> Result<(), FoldError> {
        let seq = entry.seq;
        if seq != self.seq.next() {
            return Err(FoldError::Gap {
                after: self.seq,
                found: seq,
            });
        }
        if entry.at < self.at {
            return Err(FoldError::BackInTime(seq));
        }
        if matches!(entry.body, Body::Opened(_)) != self.identity.is_none() {
            return Err(FoldError::Opening { seq });
        }
        self.apply_lines(entry)?;
        self.apply_body(entry)?;
        let ordinary = matches!(entry.body.kind(), Some(Kind::Usage | Kind::Expiry));
        if entry.delta.is_negative() && !ordinary {
            self.taken_at = seq;
        }
        if entry.body.dispute().is_some() {
            self.disputes_at = seq;
        }
        self.seq = seq;
        self.at = entry.at;
        Ok(())
    }

    fn apply_lines(&mut self, entry: &Entry) -> Result<(), FoldError> {
        let seq = entry.seq;
        let amount = |source| FoldError::Amount { seq, source };
        if let Some(kind) = entry.body.kind()
            && !kind.direction().allows(entry.delta)
        {
            let kind = kind.name().to_owned();
            return Err(FoldError::Direction { seq, kind });
        }
        let lines = Amount::sum(entry.lines.iter().map(|l| l.delta)).map_err(amount)?;
        if lines != entry.delta {
            return Err(FoldError::Lines(seq));
        }
        for line in &entry.lines {
            self.grants
                .apply(line)
                .map_err(|source| FoldError::Grant { seq, source })?;
        }
        let folded = self.balance.checked_add(entry.delta).map_err(amount)?;
        if folded != entry.balance_after || folded.is_negative() {
            return Err(FoldError::Balance {
                seq,
                stated: entry.balance_after,
                folded,
            });
        }
        self.balance = folded;
        Ok(())
    }

    fn apply_body(&mut self, entry: &Entry) -> Result<(), FoldError> {
        let amount = |source| FoldError::Amount {
            seq: entry.seq,
            source,
        };
        match &entry.body {
            Body::Opened(opened) => {
                self.identity = Some(Identity {
                    account: opened.account.clone(),
                    email: opened.email.clone(),
                    programme: opened.programme,
                    asset: opened.asset.clone(),
                    opened_at: entry.at,
                });
                self.plan = opened.plan.clone();
                self.cycle = opened.cycle;
                self.period = opened.period;
                self.paid_for(opened.period);
                self.anchor = Some(entry.at);
                self.card = opened.card.clone();
                self.payment_order = opened.payment_order;
                self.auto_recharge = opened.auto_recharge;
            }
            Body::LegacyAdded(legacy) => self.legacy.push(legacy.product.clone()),
            Body::EventScheduled(event) => {
                let scheduled = ScheduledEvent {
                    name: event.name.clone(),
                    starts_at: event.starts_at,
                    ends_at: event.ends_at,
                };
                self.events.insert(event.event.clone(), scheduled);
            }
            Body::EventRemoved(event) => drop(self.events.remove(&event.event)),
            Body::CardChanged(changed) => {
                self.card = changed.card.clone();
                if let Some(failed) = &mut self.failed {
                    failed.card_replaced = true;
                }
            }
            Body::PurchaseStarted(started) => {
                let pending = PendingPurchase {
                    started: entry.seq,
                    at: entry.at,
                    amount: started.amount,
                    auto_recharge: started.auto_recharge,
                };
                self.purchases.insert(started.payment.clone(), pending);
            }
            Body::PurchaseDeclined(declined) => drop(self.purchases.remove(&declined.payment)),
            Body::Purchase(purchase) => drop(self.purchases.remove(&purchase.payment)),
            Body::AutoRecharge(recharge) => drop(self.purchases.remove(&recharge.payment)),
            Body::AutoRechargeFailed(failed) => {
                self.purchases.remove(&failed.payment);
                self.auto_recharge.enabled = false;
            }
            Body::AutoRechargeChanged(changed) => self.auto_recharge.enabled = changed.enabled,
            Body::PaymentOrderChanged(changed) => self.payment_order = changed.order,
            Body::Usage(_) => {
                let spent = entry.delta.negated();
                let used = self.used_on(entry.at);
                self.today = DailyUse {
                    utc_day: entry.at.utc_day(),
                    used: used.checked_add(spent).map_err(amount)?,
                };
            }
            Body::UsageRefund(refund) if refund.started_at.utc_day() == entry.at.utc_day() => {
                let used = self.used_on(entry.at);
                self.today = DailyUse {
                    utc_day: entry.at.utc_day(),
                    used: used.checked_sub(entry.delta).map_err(amount)?,
                };
            }
            Body::Renewal(renewal) => self.renewed(renewal.period, renewal.coupon.as_ref()),
            Body::RenewedByCard(renewed) => self.renewed(renewed.period, renewed.coupon.as_ref()),
            Body::Reactivated(reactivated) => self.renewed(reactivated.period, None),
            Body::PaymentPending(pending) => {
                self.pending_fee = Some(PendingFee {
                    since: entry.at,
                    attempt: pending.attempt.clone(),
                });
            }
            Body::PaymentFailed(failed) => {
                self.pending_fee = None;
                self.failed = Some(FailedFee {
                    at: entry.at,
                    code: failed.code.clone(),
                    card_replaced: false,
                });
                if let Some(grace) = &mut self.grace {
                    grace.failed_at = Some(entry.at);
                }
            }
            Body::PlanChangeRequested(requested) => {
                self.requested = Some(PlanRequest {
                    plan: requested.plan.clone(),
                    cycle: requested.cycle,
                    coupon: requested.coupon.clone(),
                });
            }
            Body::PlanChanged(changed) => {
                let known = self.paid.as_ref().map(|paid| paid.period) == changed.period;
                if self.period.is_none() && changed.period.is_some() && !known {
                    self.anchor = Some(entry.at);
                }
                self.plan = changed.plan.clone();
                self.cycle = changed.cycle;
                self.period = changed.period;
                self.requested = None;
                self.spend_discount(changed.coupon.as_ref());
                if changed.charge.is_some() || !known {
                    self.paid_for(changed.period);
                }
                if changed.period.is_none() {
                    // A plan without a fee has no cancellation, grace or events.
                    self.cancel_at = None;
                    self.grace = None;
                    self.pending_fee = None;
                    self.failed = None;
                    self.life = Life::Active;
                    self.events.clear();
                }
            }
            Body::Cancelled(cancelled) => self.cancel_at = Some(cancelled.effective_at),
            Body::Resumed(_) => self.cancel_at = None,
            Body::GraceStarted(grace) => {
                self.life = Life::Grace;
                self.grace = Some(Grace {
                    cause: grace.cause,
                    until: grace.until,
                    failed_at: None,
                });
                if grace.cause == GraceCause::Cancelled {
                    self.requested = None;
                }
            }
            Body::Closure(_) => {
                self.life = Life::Closed;
                // An account with many grants is closed by several entries in a row; keep the first one.
                self.closed_by.get_or_insert(entry.seq);
                self.grace = None;
                self.period = None;
                self.requested = None;
                self.pending_fee = None;
                self.bonuses.clear();
                self.events.clear();
            }
            Body::Restored(_) => {
                self.life = Life::Active;
                self.closed_by = None;
                let programme = self.identity.as_ref().map(|identity| identity.programme);
                let plan = programme.map_or("", Programme::restored_plan);
                self.plan = plan.to_owned();
                self.cycle = None;
                self.cancel_at = None;
            }
            Body::CouponRedeemed(redeemed) => {
                self.coupons.push(redeemed.coupon.clone());
                self.discounts.push(redeemed.coupon.clone());
                if redeemed.bonus.is_positive() {
                    let pending = PendingBonus {
                        redeemed: entry.seq,
                        at: entry.at,
                        amount: redeemed.bonus,
                    };
                    self.bonuses.insert(redeemed.coupon.clone(), pending);
                }
            }
            Body::CouponBonus(bonus) => drop(self.bonuses.remove(&bonus.coupon)),
            Body::DailyLimitChanged(changed) => {
                self.daily_limit = Some(DailyLimit {
                    limit: changed.limit,
                    plan: self.plan.clone(),
                });
            }
            Body::DisputeOpened(opened) => {
                let dispute = OpenDispute {
                    kind: opened.dispute_kind.clone(),
                    opened_at: entry.at,
                    asked_at: Some(entry.at),
                };
                self.disputes.insert(opened.dispute.clone(), dispute);
            }
            Body::DisputeMessage(message) => {
                if let Some(dispute) = self.disputes.get_mut(&message.dispute) {
                    dispute.asked_at = match entry.actor {
                        Actor::Support => None,
                        _ => Some(dispute.asked_at.unwrap_or(entry.at)),
                    };
                }
            }
            Body::DisputeResolved(DisputeResolved { dispute, .. })
            | Body::DisputeRejected(DisputeRejected { dispute })
            | Body::DisputeWithdrawn(DisputeWithdrawn { dispute }) => {
                self.disputes.remove(dispute);
            }
            Body::Allowance(allowance) => {
                let month = Some(allowance.period.end);
                let before = match self.refresh_at == month {
                    true => self.granted,
                    false => Amount::ZERO,
                };
                self.granted = before.checked_add(entry.delta).map_err(amount)?;
                self.refresh_at = month;
            }
            Body::Bonus(_)
            | Body::Compensation(_)
            | Body::Expiry(_)
            | Body::UsageRefund(_)
            | Body::Reversal(_)
            | Body::Adjustment(_)
            | Body::RunFailed(_)
            | Body::DisputeInReview(_)
            | Body::Unknown { .. } => {}
        }
        Ok(())
    }

    fn renewed(&mut self, period: Period, coupon: Option<&String>) {
        // A cancellation that was too late for this renewal stays set for the end of the new period.
        self.cancel_at = self.cancel_at.filter(|at| *at > period.start);
        self.period = Some(period);
        self.paid_for(Some(period));
        self.life = Life::Active;
        self.grace = None;
        self.pending_fee = None;
        self.failed = None;
        self.spend_discount(coupon);
    }

    /// Records that `period` is paid for at the current plan and cycle.
    fn paid_for(&mut self, period: Option<Period>) {
        if let (Some(period), Some(cycle)) = (period, self.cycle) {
            self.paid = Some(PaidSpan {
                period,
                cycle,
                plan: self.plan.clone(),
            });
        }
    }

    fn spend_discount(&mut self, coupon: Option<&String>) {
        if let Some(coupon) = coupon {
            self.discounts.retain(|waiting| waiting != coupon);
        }
    }

    /// Credits used on the UTC day of `at`, as far as they count against the daily limit.
    pub fn used_on(&self, at: Timestamp) -> Amount {
        if self.today.utc_day == at.utc_day() {
            self.today.used
        } else {
            Amount::ZERO
        }
    }

    /// When the running grace began: at the end of the last paid period. Today's catalog may have another length of
    /// grace than the one that the journal says.
    pub fn grace_began(&self) -> Option<Timestamp> {
        self.grace.and(self.period).map(|period| period.end)
    }

    /// True while an auto-recharge has been started and not yet confirmed or declined.
    pub fn recharge_in_flight(&self) -> bool {
        self.purchases.values().any(|p| p.auto_recharge)
    }

    /// Spendable credits per bucket, without empty buckets. Buckets are in the order of their first grant in spending
    /// order.
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
