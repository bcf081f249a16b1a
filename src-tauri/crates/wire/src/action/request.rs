//! Reads the command that was sent back into an action.

use boothkeeper_domain::Hash;
use boothkeeper_domain::account::PaymentOrder;
use boothkeeper_domain::billing::plan::Target;
use uuid::Uuid;

use super::{Action, ActionKind, DisputeFiling};
use crate::api::CommandRequest;
use crate::dispute::Attachment;
use crate::problem::ProblemCode;

impl CommandRequest {
    /// The action that the command asks for. Fails with `UnknownCommand` if `kind` is unknown, with `Malformed` if an
    /// argument is missing.
    pub fn action(&self) -> Result<Action, ProblemCode> {
        let action = match self.action_kind().ok_or(ProblemCode::UnknownCommand)? {
            ActionKind::SetPaymentOrder => self
                .first
                .zip(self.fallback)
                .map(|(first, fallback)| Action::SetPaymentOrder(PaymentOrder { first, fallback })),
            ActionKind::SetAutoRecharge => self
                .enabled
                .map(|enabled| Action::SetAutoRecharge { enabled }),
            ActionKind::ReplaceCard => {
                let token = self.token.clone();
                token.map(|token| Action::ReplaceCard { token })
            }
            ActionKind::BuyCredits => self.amount.map(|amount| Action::BuyCredits { amount }),
            ActionKind::RedeemCoupon => {
                let code = self.code.clone();
                code.map(|code| Action::RedeemCoupon { code })
            }
            ActionKind::ChangePlan => self.plan.clone().map(|plan| {
                Action::ChangePlan(Target {
                    plan,
                    cycle: self.cycle,
                    coupon: self.coupon.clone(),
                })
            }),
            ActionKind::PayNow => self.method.map(|method| Action::PayNow { method }),
            ActionKind::Cancel => Some(Action::Cancel),
            ActionKind::Resume => Some(Action::Resume),
            ActionKind::OpenDispute => self.claim.clone().map(|claim| {
                Action::OpenDispute(Box::new(DisputeFiling {
                    claim,
                    entries: self.entries.clone(),
                    files: self.files(),
                }))
            }),
            ActionKind::MessageDispute => {
                let both = self.dispute.clone().zip(self.message.clone());
                both.map(|(dispute, message)| Action::MessageDispute {
                    dispute,
                    message,
                    files: self.files(),
                })
            }
            ActionKind::WithdrawDispute => {
                let dispute = self.dispute.clone();
                dispute.map(|dispute| Action::WithdrawDispute { dispute })
            }
        };
        action.ok_or(ProblemCode::Malformed)
    }

    pub(super) fn attach(&mut self, files: Vec<Attachment>) {
        self.blobs = files.iter().map(|file| file.sha256).collect();
        self.attachments = files;
    }

    /// The files in `blobs`. A file without a description in `attachments` gets its hash as its name.
    fn files(&self) -> Vec<Attachment> {
        let described = |sha256: &Hash| {
            let known = self.attachments.iter().find(|file| file.sha256 == *sha256);
            known.cloned().unwrap_or_else(|| Attachment {
                name: sha256.to_string(),
                bytes: 0,
                sha256: *sha256,
                media_type: "application/octet-stream".to_owned(),
            })
        };
        self.blobs.iter().map(described).collect()
    }

    /// The kind of action; `None` if this version does not know it.
    pub fn action_kind(&self) -> Option<ActionKind> {
        ActionKind::named(&self.kind)
    }

    /// True if applying the command can append an entry of `entry_kind` ([`ActionKind::can_create_entry`]); true for a
    /// kind that this version does not know.
    pub fn can_create_entry(&self, entry_kind: &str) -> bool {
        let kind = self.action_kind();
        kind.is_none_or(|kind| kind.can_create_entry(entry_kind))
    }

    /// True if the command can be applied without an entry ([`ActionKind::can_create_no_entry`]); true for a kind that
    /// this version does not know.
    pub fn can_create_no_entry(&self) -> bool {
        self.action_kind()
            .is_none_or(ActionKind::can_create_no_entry)
    }

    /// The lane (queue) in which the command waits. Commands of one lane are sent in order; lanes do not wait for each
    /// other. Each dispute has its own lane, and so has each command that opens a dispute.
    pub fn lane(&self, id: Uuid) -> String {
        match (self.action_kind(), &self.dispute) {
            (
                Some(
                    ActionKind::ChangePlan
                    | ActionKind::PayNow
                    | ActionKind::Cancel
                    | ActionKind::Resume
                    | ActionKind::RedeemCoupon,
                ),
                _,
            ) => "plan".to_owned(),
            (Some(ActionKind::OpenDispute), _) => format!("dispute:{id}"),
            (Some(ActionKind::MessageDispute | ActionKind::WithdrawDispute), Some(dispute)) => {
                format!("dispute:{dispute}")
            }
            _ => self.kind.clone(),
        }
    }
}
