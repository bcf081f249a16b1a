//! The fold: computes the account's state by applying the journal's entries in order.

use thiserror::Error;

use super::Account;
use super::types::*;
use crate::calendar::Period;
use crate::grant::GrantError;
use crate::journal::{Body, DisputeRejected, DisputeResolved, DisputeWithdrawn, Entry, GraceCause};
use crate::{Actor, Amount, AmountError, Kind, Programme, Seq};

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

/// Version of the fold, which computes the account's state from the entries. Increase it whenever a change of
/// [`Account::apply`] gives another state for the same entries. A stored state of another version is computed again
/// before it is used.
pub const FOLD_VERSION: u32 = 2;

impl Account {
    /// Applies entries to this state, in order. Fails at the first entry that contradicts the journal before it.
    pub fn extend<'a>(
        mut self,
        entries: impl IntoIterator<Item = &'a Entry>,
    ) -> Result<Account, FoldError> {
        for entry in entries {
            self.apply(entry)?;
        }
        Ok(self)
    }

    /// Applies one entry to this state. After an error the state may be half changed and must not be used.
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
                // An account with many grants is closed by several entries in a row; keep the seq of the first.
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
}
