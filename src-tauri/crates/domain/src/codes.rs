//! Codes of disputes, causes and findings, each kind of code as one table. This module uses only the crate's `time`,
//! because the journal, the findings and the disputes all use the codes.

use chrono::{Datelike, Weekday};
use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::time::DAY;

/// What decides whether two disputes of one kind are the same dispute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// The runs of the disputed entries.
    Runs,
    /// The payment of a purchase.
    Payment,
    /// The code of a coupon.
    Coupon,
    /// The plan and billing cycle that were asked for.
    PlanChange,
    /// The disputed entries themselves.
    Entries,
    /// Nothing: an account can have only one open dispute of the kind.
    Account,
}

/// Defines [`DisputeKind`] from one table.
macro_rules! dispute_kinds {
    ($($variant:ident = $name:literal: about $about:ident, needs_rows $rows:literal, reply_days $days:literal;)+) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "ts", derive(ts_rs::TS))]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(rename_all = "snake_case")]
        pub enum DisputeKind { $($variant),+ }

        impl DisputeKind {
            pub const ALL: &'static [DisputeKind] = &[$(DisputeKind::$variant),+];

            /// The kind's name in JSON.
            pub const fn name(self) -> &'static str {
                match self { $(DisputeKind::$variant => $name),+ }
            }

            /// What decides whether two disputes of this kind are the same dispute.
            pub const fn about(self) -> About {
                match self { $(DisputeKind::$variant => About::$about),+ }
            }

            /// True if the operator must choose the disputed entries.
            pub const fn needs_rows(self) -> bool {
                match self { $(DisputeKind::$variant => $rows),+ }
            }

            /// Number of business days within which support must reply, counted from the day after the operator wrote;
            /// 0 means the same day.
            pub const fn reply_days(self) -> u8 {
                match self { $(DisputeKind::$variant => $days),+ }
            }

            /// The kind with this name in JSON.
            pub fn named(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|kind| kind.name() == name)
            }
        }
    };
}

impl DisputeKind {
    /// True if an account can have only one open dispute of this kind, whatever it is about.
    pub const fn is_once_per_account(self) -> bool {
        matches!(self.about(), About::Account)
    }

    /// When support's reply is due to what the operator wrote at `opened`: the last millisecond of the UTC day that is
    /// [`DisputeKind::reply_days`] business days later.
    pub fn reply_by(self, opened: Timestamp) -> Timestamp {
        let mut day = opened.utc_day();
        for _ in 0..self.reply_days() {
            day += 1;
            while is_weekend(day) {
                day += 1;
            }
        }
        Timestamp::from_millis((day + 1) * DAY - 1)
    }
}

fn is_weekend(utc_day: i64) -> bool {
    let weekday = Timestamp::from_millis(utc_day * DAY).to_utc().weekday();
    matches!(weekday, Weekday::Sat | Weekday::Sun)
}

// The kinds are in the order in which they are offered to the operator.
dispute_kinds! {
    FailedRun = "failed_run": about Runs, needs_rows true, reply_days 2;
    PoorResult = "poor_result": about Runs, needs_rows true, reply_days 2;
    PurchaseMissing = "purchase_missing": about Payment, needs_rows false, reply_days 0;
    UnexpectedDeduction = "unexpected_deduction": about Entries, needs_rows true, reply_days 2;
    CouponBonusMissing = "coupon_bonus_missing": about Coupon, needs_rows false, reply_days 2;
    AllowanceWrong = "allowance_wrong": about Entries, needs_rows false, reply_days 2;
    LegacyMismatch = "legacy_mismatch": about Entries, needs_rows false, reply_days 2;
    PlanChange = "plan_change": about PlanChange, needs_rows false, reply_days 2;
    AccountClosed = "account_closed": about Account, needs_rows false, reply_days 0;
    SpecialPricing = "special_pricing": about Account, needs_rows false, reply_days 2;
    Other = "other": about Account, needs_rows false, reply_days 2;
}

/// Why an entry moved credits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum CauseCode {
    Purchase,
    AutoRecharge,
    Allowance,
    Bonus,
    CouponBonus,
    Compensation,
    Usage,
    RunRefunded,
    RenewalPaidFromCredits,
    Expiry,
    AccountClosed,
    /// A reversal that added credits, such as the reversal of a closure.
    GivenBack,
    /// A reversal that took credits, such as the reversal of a purchase.
    Reversal,
    Adjustment,
    /// The opening balance of an imported history, whose origin is not known.
    BroughtForward,
    /// The journal gives no cause: an adjustment without a reason, or an entry of a kind that this version does not
    /// know.
    Unexplained,
}

/// Defines [`FindingCode`] from one table.
macro_rules! finding_codes {
    ($($(#[$doc:meta])* $variant:ident: dispute $dispute:ident, rests_on_absence $absence:literal;)+) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[cfg_attr(feature = "ts", derive(ts_rs::TS))]
        #[serde(rename_all = "snake_case")]
        pub enum FindingCode { $($(#[$doc])* $variant),+ }

        impl FindingCode {
            pub const ALL: &'static [FindingCode] = &[$(FindingCode::$variant),+];

            /// The kind of dispute to propose for the finding.
            pub const fn dispute(self) -> DisputeKind {
                match self { $(FindingCode::$variant => DisputeKind::$dispute),+ }
            }

            /// True if the finding claims that something has *not* happened (`domain.md` §8). Such a finding holds only
            /// up to the time of the laptop's copy of the journal.
            pub const fn rests_on_absence(self) -> bool {
                match self { $(FindingCode::$variant => $absence),+ }
            }
        }
    };
}

finding_codes! {
    RenewalPaidFromCredits: dispute UnexpectedDeduction, rests_on_absence false;
    PurchaseProcessing: dispute PurchaseMissing, rests_on_absence true;
    PurchaseOverdue: dispute PurchaseMissing, rests_on_absence true;
    RunFailedNotRefunded: dispute FailedRun, rests_on_absence true;
    RunRefunded: dispute FailedRun, rests_on_absence false;
    CouponBonusPending: dispute CouponBonusMissing, rests_on_absence true;
    CouponBonusOverdue: dispute CouponBonusMissing, rests_on_absence true;
    PlanChangePending: dispute PlanChange, rests_on_absence true;
    PlanChangeOverdue: dispute PlanChange, rests_on_absence true;
    AllowanceNotDueYet: dispute AllowanceWrong, rests_on_absence false;
    AllowanceMissing: dispute AllowanceWrong, rests_on_absence true;
    AllowanceMismatch: dispute AllowanceWrong, rests_on_absence false;
    DailyLimitReached: dispute AllowanceWrong, rests_on_absence false;
    RepeatedRuns: dispute PoorResult, rests_on_absence false;
    PremiumSpike: dispute PoorResult, rests_on_absence false;
    AutoRechargeFired: dispute UnexpectedDeduction, rests_on_absence false;
    AutoRechargeFailed: dispute PurchaseMissing, rests_on_absence false;
    AutoRechargeExpected: dispute Other, rests_on_absence false;
    CardDeclined: dispute Other, rests_on_absence false;
    CardExpiring: dispute Other, rests_on_absence false;
    /// The card was charged for a fee, a plan change or a purchase.
    ChargedToCard: dispute UnexpectedDeduction, rests_on_absence false;
    /// The operator was charged for a period or a plan change that had already been paid.
    ChargedTwice: dispute UnexpectedDeduction, rests_on_absence false;
    CancelLeadsToClosure: dispute Other, rests_on_absence false;
    GraceRunning: dispute Other, rests_on_absence false;
    AccountClosed: dispute AccountClosed, rests_on_absence false;
    LowRunway: dispute Other, rests_on_absence false;
    Unexplained: dispute UnexpectedDeduction, rests_on_absence false;
    /// The laptop's copy of the journal differs from the cloud's.
    Diverged: dispute Other, rests_on_absence false;
}
