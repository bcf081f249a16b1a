//! What an account's state is made of.

use serde::{Deserialize, Serialize};

use crate::calendar::{Cycle, Period};
use crate::disputes::{DisputeKind, reply_by};
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Payer {
    Card,
    Credits,
}

/// Who pays a renewal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PaymentOrder {
    pub first: Payer,
    pub fallback: bool,
}

impl Default for PaymentOrder {
    fn default() -> Self {
        PaymentOrder {
            first: Payer::Card,
            fallback: true,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Card {
    pub brand: String,
    pub last4: String,
    pub exp_month: u8,
    pub exp_year: u16,
}

impl Card {
    /// A card is good through the last day of its month, in UTC.
    pub fn expires_at(&self) -> Timestamp {
        let (year, month) = match self.exp_month {
            12.. => (i32::from(self.exp_year) + 1, 1),
            month => (i32::from(self.exp_year), u32::from(month) + 1),
        };
        let first = chrono::NaiveDate::from_ymd_opt(year, month, 1).unwrap_or_default();
        Timestamp::from(first.and_time(chrono::NaiveTime::MIN).and_utc())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AutoRechargeSetting {
    pub enabled: bool,
}

/// Charged, not here yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingPurchase {
    pub started: Seq,
    pub at: Timestamp,
    pub amount: Amount,
    pub auto_recharge: bool,
}

/// A coupon's bonus that waits for activation: not spendable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingBonus {
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

/// A dispute that support has not decided yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenDispute {
    /// As on the wire: a later version has more.
    pub kind: String,
    pub opened_at: Timestamp,
    /// The operator's last word, which support is to answer; nothing once it has.
    #[serde(default)]
    pub asked_at: Option<Timestamp>,
}

impl OpenDispute {
    /// When support's reply is expected, if it owes one.
    pub fn reply_by(&self) -> Option<Timestamp> {
        let kind = DisputeKind::named(&self.kind).unwrap_or(DisputeKind::Other);
        self.asked_at.map(|asked_at| reply_by(kind, asked_at))
    }
}

/// Charges of runs started on one UTC day, less their refunds made the same day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct DailyUse {
    pub utc_day: i64,
    pub used: Amount,
}

/// Support's word on a day's use, and the plan it was given on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DailyLimit {
    pub limit: Amount,
    pub plan: String,
}

/// Who and what the account is; set by its first entry.
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
    /// When a payment failed last, in grace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed_at: Option<Timestamp>,
}

/// When, and the processor's or the rules' word for why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct FailedFee {
    pub at: Timestamp,
    pub code: String,
    /// Another card is on file since: its no is not known.
    #[serde(default)]
    pub card_replaced: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingFee {
    pub since: Timestamp,
    pub attempt: FeeAttempt,
}

/// What has been charged for a span: the fee of the dearest plan that was on in it. It stays known when that plan is
/// left before the span ends.
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
    /// Redeemed with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coupon: Option<String>,
}
