//! The body of each kind of entry: its fields beside the amounts. Bodies contain ids, codes and names but no free text.

use serde::{Deserialize, Serialize};

use crate::calendar::{Cycle, Period};
use crate::payment::{AutoRechargeSetting, Card, PaymentOrder};
use crate::{
    AccountId, Amount, Asset, DisputeId, EventId, Money, PaymentId, Programme, RunId, Seq,
    Timestamp,
};

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
    /// A card charge for a fee that the processor has neither approved nor declined. No other fee is tried until the
    /// processor answers, or until the charge is void.
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
    /// The card declined an auto-recharge. The entry also switches auto-recharge off.
    AutoRechargeFailed { payment: PaymentId, code: String }
    PlanChangeRequested {
        plan: String,
        cycle: Option<Cycle>,
        /// The coupon that is redeemed when the plan change takes effect.
        #[serde(default, skip_serializing_if = "Option::is_none")] coupon: Option<String>,
    }
    PlanChanged {
        plan: String,
        cycle: Option<Cycle>,
        period: Option<Period>,
        /// The card payment for the plan change; `None` if the plan change cost nothing.
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
    /// True if the fee is paid from credits when the card declines and the credits cover the fee.
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
