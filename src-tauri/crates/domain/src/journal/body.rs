//! The kinds of entries and the body of each kind: its fields beside the amounts. Bodies contain ids, codes and names
//! but no free text.

use serde::de::DeserializeSeed;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use crate::account::{AutoRechargeSetting, Card, PaymentOrder};
use crate::calendar::{Cycle, Period};
use crate::{
    AccountId, Amount, Asset, DisputeId, EventId, Money, PaymentId, Programme, RunId, Seq,
    Timestamp,
};

/// Defines `Kind` and `Body` from one list of kinds, each with its Rust name (also the name of its body type) and its
/// name on the wire.
macro_rules! kinds {
    ($($variant:ident = $name:literal),+ $(,)?) => {
        /// The kinds of `domain.md` §4 that this version knows.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind { $($variant),+ }

        impl Kind {
            pub const ALL: &'static [Kind] = &[$(Kind::$variant),+];

            /// The name on the wire.
            pub const fn name(self) -> &'static str {
                match self { $(Kind::$variant => $name),+ }
            }

            /// The kind with this name on the wire; `None` if this version does not know it.
            pub fn named(name: &str) -> Option<Kind> {
                match name { $($name => Some(Kind::$variant),)+ _ => None }
            }
        }

        /// The body of an entry. A kind that this version does not know is kept as its original JSON.
        #[derive(Debug, Clone, PartialEq)]
        pub enum Body {
            $($variant($variant),)+
            Unknown { kind: String, json: String },
        }

        impl Body {
            /// Fails if the JSON does not have the fields of a known kind. An unknown kind accepts any JSON value.
            pub fn parse(kind: &str, json: &str) -> serde_json::Result<Body> {
                let mut json = serde_json::Deserializer::from_str(json);
                let body = BodyOf(kind).deserialize(&mut json)?;
                json.end()?;
                Ok(body)
            }

            pub fn to_json(&self) -> serde_json::Result<String> {
                match self {
                    $(Body::$variant(body) => serde_json::to_string(body),)+
                    Body::Unknown { json, .. } => Ok(json.clone()),
                }
            }

            /// `None` for a kind this version does not know.
            pub fn kind(&self) -> Option<Kind> {
                match self {
                    $(Body::$variant(_) => Some(Kind::$variant),)+
                    Body::Unknown { .. } => None,
                }
            }

            /// The kind's name on the wire, also for an unknown kind.
            pub fn name(&self) -> &str {
                match self {
                    Body::Unknown { kind, .. } => kind,
                    $(Body::$variant(_) => $name,)+
                }
            }
        }

        impl<'de> DeserializeSeed<'de> for BodyOf<'_> {
            type Value = Body;

            fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Body, D::Error> {
                Ok(match self.0 {
                    $($name => Body::$variant(Deserialize::deserialize(json)?),)+
                    kind => Body::Unknown {
                        kind: kind.to_owned(),
                        json: <&RawValue>::deserialize(json)?.get().to_owned(),
                    },
                })
            }
        }
    };
}

/// Deserialises a body of the kind with this name, which must have been read before the body.
#[derive(Debug, Clone, Copy)]
pub struct BodyOf<'a>(pub &'a str);

kinds! {
    Purchase = "purchase",
    AutoRecharge = "auto_recharge",
    Allowance = "allowance",
    Bonus = "bonus",
    CouponBonus = "coupon_bonus",
    Compensation = "compensation",
    Usage = "usage",
    Renewal = "renewal",
    Expiry = "expiry",
    Closure = "closure",
    UsageRefund = "usage_refund",
    Reversal = "reversal",
    Adjustment = "adjustment",
    Opened = "opened",
    LegacyAdded = "legacy_added",
    EventScheduled = "event_scheduled",
    EventRemoved = "event_removed",
    CardChanged = "card_changed",
    PurchaseStarted = "purchase_started",
    PurchaseDeclined = "purchase_declined",
    RunFailed = "run_failed",
    PaymentPending = "payment_pending",
    PaymentFailed = "payment_failed",
    RenewedByCard = "renewed_by_card",
    PaymentOrderChanged = "payment_order_changed",
    AutoRechargeChanged = "auto_recharge_changed",
    AutoRechargeFailed = "auto_recharge_failed",
    PlanChangeRequested = "plan_change_requested",
    PlanChanged = "plan_changed",
    Cancelled = "cancelled",
    Resumed = "resumed",
    GraceStarted = "grace_started",
    Reactivated = "reactivated",
    Restored = "restored",
    CouponRedeemed = "coupon_redeemed",
    DailyLimitChanged = "daily_limit_changed",
    DisputeOpened = "dispute_opened",
    DisputeInReview = "dispute_in_review",
    DisputeMessage = "dispute_message",
    DisputeResolved = "dispute_resolved",
    DisputeRejected = "dispute_rejected",
    DisputeWithdrawn = "dispute_withdrawn",
}

macro_rules! bodies {
    ($($(#[$doc:meta])* $name:ident { $($(#[$attr:meta])* $field:ident: $type:ty),* $(,)? })+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        pub struct $name { $($(#[$attr])* pub $field: $type),* }
    )+};
}

bodies! {
    Purchase { payment: PaymentId, charge: Money }
    AutoRecharge { payment: PaymentId, charge: Money }
    /// The allowance of one billing month. It expires at `period.end`, when the next one is granted.
    Allowance { period: Period }
    Bonus {}
    CouponBonus { coupon: String }
    Compensation {
        #[serde(default, skip_serializing_if = "Option::is_none")] run: Option<RunId>,
        #[serde(default, skip_serializing_if = "Option::is_none")] dispute: Option<DisputeId>,
    }
    Usage {
        run: RunId,
        service: String,
        #[serde(default, skip_serializing_if = "Option::is_none")] event: Option<String>,
        units: u32,
    }
    /// The fee of a plan, paid from credits.
    Renewal {
        fee: Money,
        period: Period,
        invoice: String,
        #[serde(default, skip_serializing_if = "Option::is_none")] coupon: Option<String>,
    }
    Expiry {}
    Closure {}
    UsageRefund {
        of: Seq,
        run: RunId,
        service: String,
        #[serde(default, skip_serializing_if = "Option::is_none")] event: Option<String>,
        /// When the run started. A refund lowers the day's use only if it is made on the same UTC day.
        started_at: Timestamp,
    }
    Reversal { of: Seq, #[serde(default)] shortfall: Amount }
    Adjustment { #[serde(default)] shortfall: Amount }

    Opened {
        account: AccountId,
        email: String,
        programme: Programme,
        asset: Asset,
        plan: String,
        #[serde(default, skip_serializing_if = "Option::is_none")] cycle: Option<Cycle>,
        #[serde(default, skip_serializing_if = "Option::is_none")] period: Option<Period>,
        #[serde(default, skip_serializing_if = "Option::is_none")] card: Option<Card>,
        payment_order: PaymentOrder,
        auto_recharge: AutoRechargeSetting,
    }
    LegacyAdded { product: String, allowance: Amount }
    EventScheduled { event: EventId, name: String, starts_at: Timestamp, ends_at: Timestamp }
    EventRemoved { event: EventId }
    CardChanged { #[serde(default, skip_serializing_if = "Option::is_none")] card: Option<Card> }
    PurchaseStarted { payment: PaymentId, amount: Amount, charge: Money, auto_recharge: bool }
    PurchaseDeclined { payment: PaymentId, code: String }
    RunFailed {
        of: Seq,
        run: RunId,
        service: String,
        #[serde(default, skip_serializing_if = "Option::is_none")] event: Option<String>,
        code: String,
    }
    /// A card charge for a fee that the processor has neither approved nor declined. No other fee is tried until it
    /// has, or until the charge is void.
    PaymentPending { attempt: FeeAttempt }
    PaymentFailed { payment: PaymentId, charge: Money, code: String }
    RenewedByCard {
        payment: PaymentId,
        charge: Money,
        period: Period,
        invoice: String,
        #[serde(default, skip_serializing_if = "Option::is_none")] coupon: Option<String>,
    }
    PaymentOrderChanged { order: PaymentOrder }
    AutoRechargeChanged { enabled: bool }
    /// The card declined an auto-recharge. This also switches auto-recharge off.
    AutoRechargeFailed { payment: PaymentId, code: String }
    PlanChangeRequested {
        plan: String,
        cycle: Option<Cycle>,
        /// The coupon that is redeemed when the change takes effect.
        #[serde(default, skip_serializing_if = "Option::is_none")] coupon: Option<String>,
    }
    PlanChanged {
        plan: String,
        cycle: Option<Cycle>,
        period: Option<Period>,
        /// The card payment for the change; `None` if it cost nothing.
        #[serde(default, skip_serializing_if = "Option::is_none")] payment: Option<PaymentId>,
        #[serde(default, skip_serializing_if = "Option::is_none")] charge: Option<Money>,
        #[serde(default, skip_serializing_if = "Option::is_none")] coupon: Option<String>,
    }
    Cancelled { effective_at: Timestamp }
    Resumed {}
    GraceStarted { cause: GraceCause, until: Timestamp }
    Reactivated { period: Period }
    Restored {}
    CouponRedeemed { coupon: String, bonus: Amount }
    DailyLimitChanged { limit: Amount }
    DisputeOpened { dispute: DisputeId, dispute_kind: String }
    DisputeInReview { dispute: DisputeId }
    DisputeMessage { dispute: DisputeId }
    DisputeResolved { dispute: DisputeId, outcome: String }
    DisputeRejected { dispute: DisputeId }
    DisputeWithdrawn { dispute: DisputeId }
}

/// A card charge for a fee, with everything that was decided when it was sent to the processor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeeAttempt {
    pub payment: PaymentId,
    pub charge: Money,
    pub period: Period,
    /// If the card declines, the fee is paid from credits where they cover it.
    pub credits_next: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coupon: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum GraceCause {
    Unpaid,
    Cancelled,
}
