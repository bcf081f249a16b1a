//! The kinds of entries, one row of a table each: the name on the wire, how the kind may move the balance, the cause of
//! that move, the dispute to propose about such an entry, the field that names an earlier entry, and what support can
//! give back for the entry.

use serde::de::DeserializeSeed;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::body::*;
use crate::codes::{CauseCode, DisputeKind};
use crate::{Amount, PaymentId, RunId, Seq};

/// In which direction entries of a kind may move the balance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    In,
    Out,
    Either,
    None,
}

impl Direction {
    pub const fn allows(self, delta: Amount) -> bool {
        match self {
            Direction::In => !delta.is_negative(),
            Direction::Out => !delta.is_positive(),
            Direction::Either => true,
            Direction::None => delta.is_zero(),
        }
    }

    /// The direction's name in the table of entry kinds that is generated for the page.
    pub const fn name(self) -> &'static str {
        match self {
            Direction::In => "in",
            Direction::Out => "out",
            Direction::Either => "either",
            Direction::None => "none",
        }
    }
}

/// What support can give back for a disputed entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owed<'a> {
    /// The cost of a disputed run.
    Run(&'a RunId),
    /// Credits that were bought with a payment and have not arrived.
    Purchase(&'a PaymentId),
    /// The bonus of a redeemed coupon that has not been activated.
    Bonus(&'a String),
}

/// Deserialises the body of an entry whose kind has this name; the kind must have been read before the body.
#[derive(Debug, Clone, Copy)]
pub struct BodyOf<'a>(pub &'a str);

/// Defines [`Kind`] and [`Body`] from the table. A kind's Rust name is also the name of its body type.
macro_rules! kinds {
    ($($variant:ident = $name:literal: $direction:ident, $(cause $cause:ident,)? dispute $dispute:ident $(, entry $entry:ident)? $(, owed $owed:ident $field:ident)?;)+) => {
        /// The kinds of `domain.md` §4 that this version knows.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind { $($variant),+ }

        impl Kind {
            pub const ALL: &'static [Kind] = &[$(Kind::$variant),+];

            /// The kind's name on the wire.
            pub const fn name(self) -> &'static str {
                match self { $(Kind::$variant => $name),+ }
            }

            /// The kind with this name on the wire; `None` if this version does not know it.
            pub fn named(name: &str) -> Option<Kind> {
                match name { $($name => Some(Kind::$variant),)+ _ => None }
            }

            pub const fn direction(self) -> Direction {
                match self { $(Kind::$variant => Direction::$direction),+ }
            }

            /// Why entries of the kind move credits; `None` if they move none. Reversals and adjustments have further
            /// causes, which depend on the entry.
            pub const fn cause(self) -> Option<CauseCode> {
                match self { $(Kind::$variant => kinds!(@cause $($cause)?),)+ }
            }

            /// The kind of dispute to propose for an entry that the operator chose without a finding.
            pub const fn dispute(self) -> DisputeKind {
                match self { $(Kind::$variant => DisputeKind::$dispute),+ }
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

            /// The kind of the entry; `None` if this version does not know it.
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

            /// The earlier entry that this entry refunds, reverses or marks as failed.
            pub fn refers_to(&self) -> Option<Seq> {
                match self {
                    $(Body::$variant(_body) => kinds!(@entry _body $($entry)?),)+
                    Body::Unknown { .. } => None,
                }
            }
        }

        impl Body {
            /// What support can give back if the operator disputes the entry; `None` for an entry for which support can
            /// only adjust the balance.
            pub fn owed(&self) -> Option<Owed<'_>> {
                match self {
                    $(Body::$variant(_body) => kinds!(@owed _body $($owed $field)?),)+
                    Body::Unknown { .. } => None,
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
    (@owed $body:ident) => { None };
    (@owed $body:ident $owed:ident $field:ident) => { Some(Owed::$owed(&$body.$field)) };
    (@cause) => { None };
    (@cause $cause:ident) => { Some(CauseCode::$cause) };
    (@entry $body:ident) => { None };
    (@entry $body:ident $entry:ident) => { Some($body.$entry) };
}

kinds! {
    Purchase = "purchase": In, cause Purchase, dispute Other;
    AutoRecharge = "auto_recharge": In, cause AutoRecharge, dispute UnexpectedDeduction;
    Allowance = "allowance": In, cause Allowance, dispute AllowanceWrong;
    Bonus = "bonus": In, cause Bonus, dispute Other;
    CouponBonus = "coupon_bonus": In, cause CouponBonus, dispute CouponBonusMissing;
    Compensation = "compensation": In, cause Compensation, dispute Other;
    Usage = "usage": Out, cause Usage, dispute PoorResult, owed Run run;
    Renewal = "renewal": Out, cause RenewalPaidFromCredits, dispute UnexpectedDeduction;
    Expiry = "expiry": Out, cause Expiry, dispute UnexpectedDeduction;
    Closure = "closure": Out, cause AccountClosed, dispute AccountClosed;
    UsageRefund = "usage_refund": In, cause RunRefunded, dispute PoorResult, entry of;
    Reversal = "reversal": Either, cause Reversal, dispute UnexpectedDeduction, entry of;
    Adjustment = "adjustment": Either, cause Adjustment, dispute UnexpectedDeduction;
    Opened = "opened": None, dispute Other;
    LegacyAdded = "legacy_added": None, dispute LegacyMismatch;
    EventScheduled = "event_scheduled": None, dispute Other;
    EventRemoved = "event_removed": None, dispute Other;
    CardChanged = "card_changed": None, dispute Other;
    PurchaseStarted = "purchase_started": None, dispute PurchaseMissing, owed Purchase payment;
    PurchaseDeclined = "purchase_declined": None, dispute PurchaseMissing;
    RunFailed = "run_failed": None, dispute FailedRun, entry of;
    PaymentPending = "payment_pending": None, dispute Other;
    PaymentFailed = "payment_failed": None, dispute Other;
    RenewedByCard = "renewed_by_card": None, dispute Other;
    PaymentOrderChanged = "payment_order_changed": None, dispute Other;
    AutoRechargeChanged = "auto_recharge_changed": None, dispute Other;
    AutoRechargeFailed = "auto_recharge_failed": None, dispute Other;
    PlanChangeRequested = "plan_change_requested": None, dispute PlanChange;
    PlanChanged = "plan_changed": None, dispute PlanChange;
    Cancelled = "cancelled": None, dispute Other;
    Resumed = "resumed": None, dispute Other;
    GraceStarted = "grace_started": None, dispute Other;
    Reactivated = "reactivated": None, dispute Other;
    Restored = "restored": None, dispute Other;
    CouponRedeemed = "coupon_redeemed": None, dispute CouponBonusMissing, owed Bonus coupon;
    DailyLimitChanged = "daily_limit_changed": None, dispute Other;
    DisputeOpened = "dispute_opened": None, dispute Other;
    DisputeInReview = "dispute_in_review": None, dispute Other;
    DisputeMessage = "dispute_message": None, dispute Other;
    DisputeResolved = "dispute_resolved": None, dispute Other;
    DisputeRejected = "dispute_rejected": None, dispute Other;
    DisputeWithdrawn = "dispute_withdrawn": None, dispute Other;
}
