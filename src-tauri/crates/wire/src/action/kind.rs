//! The kinds of actions and their names on the wire.

use serde::{Deserialize, Serialize};

macro_rules! kinds {
    ($($variant:ident = $name:literal,)+) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "ts", derive(ts_rs::TS))]
        #[serde(rename_all = "snake_case")]
        pub enum ActionKind { $($variant),+ }

        impl ActionKind {
            pub const ALL: &'static [ActionKind] = &[$(ActionKind::$variant),+];

            /// The action's name on the wire.
            pub const fn name(self) -> &'static str {
                match self { $(ActionKind::$variant => $name),+ }
            }

            /// The kind with this name on the wire; `None` if this version does not know it.
            pub fn named(name: &str) -> Option<ActionKind> {
                match name { $($name => Some(ActionKind::$variant),)+ _ => None }
            }
        }
    };
}

kinds! {
    SetPaymentOrder = "set_payment_order",
    SetAutoRecharge = "set_auto_recharge",
    ReplaceCard = "replace_card",
    BuyCredits = "buy_credits",
    RedeemCoupon = "redeem_coupon",
    ChangePlan = "change_plan",
    PayNow = "pay_now",
    Cancel = "cancel",
    Resume = "resume",
    OpenDispute = "open_dispute",
    MessageDispute = "message_dispute",
    WithdrawDispute = "withdraw_dispute",
}

impl ActionKind {
    /// True if applying an action of this kind can append an entry of `entry_kind`. Checked only for actions that move
    /// money or open a dispute; true for every other action.
    pub fn can_create_entry(self, entry_kind: &str) -> bool {
        match self {
            ActionKind::BuyCredits => matches!(
                entry_kind,
                "purchase_started" | "purchase" | "purchase_declined"
            ),
            ActionKind::PayNow => matches!(
                entry_kind,
                "reactivated"
                    | "renewal"
                    | "renewed_by_card"
                    | "payment_pending"
                    | "payment_failed"
            ),
            ActionKind::OpenDispute => matches!(entry_kind, "dispute_opened" | "dispute_message"),
            ActionKind::SetPaymentOrder
            | ActionKind::SetAutoRecharge
            | ActionKind::ReplaceCard
            | ActionKind::RedeemCoupon
            | ActionKind::ChangePlan
            | ActionKind::Cancel
            | ActionKind::Resume
            | ActionKind::MessageDispute
            | ActionKind::WithdrawDispute => true,
        }
    }

    /// True if an action of this kind can be applied without an entry in the journal: a setting may already have the
    /// value asked for.
    pub const fn can_create_no_entry(self) -> bool {
        match self {
            ActionKind::SetPaymentOrder
            | ActionKind::SetAutoRecharge
            | ActionKind::ReplaceCard
            | ActionKind::ChangePlan
            | ActionKind::Cancel
            | ActionKind::Resume => true,
            ActionKind::BuyCredits
            | ActionKind::RedeemCoupon
            | ActionKind::PayNow
            | ActionKind::OpenDispute
            | ActionKind::MessageDispute
            | ActionKind::WithdrawDispute => false,
        }
    }
}
