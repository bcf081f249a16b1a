//! The types that make up an account's state.

use serde::{Deserialize, Serialize};

use crate::calendar::{Cycle, Period};
use crate::codes::DisputeKind;
use crate::journal::{FeeAttempt, GraceCause};
use crate::{AccountId, Amount, Asset, Programme, Seq, Timestamp};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Life {
    #[default]
    Active,
    Grace,
    Closed,
}

/// A purchase that has been started and not yet confirmed or declined.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingPurchase {
    /// Seq of the purchase's `purchase_started` entry.
    pub started: Seq,
    pub at: Timestamp,
    pub amount: Amount,
    pub auto_recharge: bool,
}

/// A coupon's bonus that waits for activation by support. It cannot be spent yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingBonus {
    /// Seq of the coupon's `coupon_redeemed` entry.
    pub redeemed: Seq,
    pub at: Timestamp,
    pub amount: Amount,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduledEvent {
    pub name: String,
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
}

/// A dispute that has not been resolved, rejected or withdrawn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenDispute {
    /// The kind's name on the wire. A string, because a newer cloud may use kinds that this version does not know.
    pub kind: String,
    pub opened_at: Timestamp,
    /// When the operator first wrote since support's last message; `None` if support's message is the newest.
    #[serde(default)]
    pub asked_at: Option<Timestamp>,
}

impl OpenDispute {
    /// When support's reply is due; `None` if the operator is not waiting for a reply.
    pub fn reply_by(&self) -> Option<Timestamp> {
        let kind = DisputeKind::named(&self.kind).unwrap_or(DisputeKind::Other);
        self.asked_at.map(|asked_at| kind.reply_by(asked_at))
    }
}

/// Credits charged for runs on one UTC day, less the refunds of those runs made on the same day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct DailyUse {
    /// Days since 1970-01-01 in UTC.
    pub utc_day: i64,
    pub used: Amount,
}

/// A daily limit set by support, and the plan that the account was on when it was set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DailyLimit {
    pub limit: Amount,
    pub plan: String,
}

/// The fixed facts about an account, set by its first entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    pub account: AccountId,
    pub email: String,
    pub programme: Programme,
    pub asset: Asset,
    pub opened_at: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grace {
    pub cause: GraceCause,
    pub until: Timestamp,
    /// When a payment last failed during this grace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed_at: Option<Timestamp>,
}

/// A failed payment of a fee: when it failed, and the code of the reason from the processor or the rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct FailedFee {
    pub at: Timestamp,
    pub code: String,
    /// True if the card was changed after this failure, so that the failure says nothing about the new card.
    #[serde(default)]
    pub card_replaced: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingFee {
    pub since: Timestamp,
    pub attempt: FeeAttempt,
}

/// A period that was paid for, with the most expensive plan that was paid for in it. The span is kept when the account
/// leaves the plan before the period ends, so that returning to the plan is not charged again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaidSpan {
    pub period: Period,
    pub cycle: Cycle,
    pub plan: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanRequest {
    pub plan: String,
    pub cycle: Option<Cycle>,
    /// The coupon that is redeemed when the plan change takes effect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coupon: Option<String>,
}
