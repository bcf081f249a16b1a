//! What an operator can ask for: typed here, flat on the wire.

use boothkeeper_domain::account::{Payer, PaymentOrder};
use boothkeeper_domain::billing::plan::Target;
use boothkeeper_domain::billing::quote::{Change, Quote};
use boothkeeper_domain::bounds::{EVENTS, LABEL_BYTES, MESSAGE_CHARS};
use boothkeeper_domain::disputes::{MAX_FILES, MAX_ROWS};
use boothkeeper_domain::{Amount, DisputeId, Hash, Timestamp};
use uuid::Uuid;

use crate::api::CommandRequest;
use crate::dispute::{Attachment, Claim, EntryRef};
use crate::problem::ProblemCode;

/// Bytes of a command's document, at most: the sum of the parts of its largest kinds. What the composer and a
/// pause allow always fits.
pub const MAX_COMMAND: usize = larger(DISPUTE, QUOTE) + REST;
/// A dispute with all its rows, its message and its files: about 128 KiB.
const DISPUTE: usize = MAX_ROWS * ROW + MESSAGE_CHARS * CHARACTER + MAX_FILES * FILE;
/// A pause names the events that it destroys.
const QUOTE: usize = EVENTS * (LABEL_BYTES + 3);
/// A row: `{"seq":9007199254740991,"hash":"…64 digits…"},`.
const ROW: usize = 104;
/// Four bytes of UTF-8. Line breaks, quotes and backslashes take two in JSON; other control characters are
/// removed before.
const CHARACTER: usize = 4;
/// A file: its hash twice, its length, its name and type.
const FILE: usize = 2 * 70 + 100 + LABEL_BYTES;
/// All other members.
const REST: usize = 16 * 1024;

const fn larger(one: usize, other: usize) -> usize {
    if one > other { one } else { other }
}

/// The id is made once, by the laptop, before anything is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    SetPaymentOrder(PaymentOrder),
    SetAutoRecharge {
        enabled: bool,
    },
    /// The processor's name for a card that was typed in elsewhere.
    ReplaceCard {
        token: String,
    },
    BuyCredits {
        amount: Amount,
    },
    RedeemCoupon {
        code: String,
    },
    ChangePlan(Target),
    PayNow {
        method: Payer,
    },
    Cancel,
    Resume,
    OpenDispute(Box<Complaint>),
    MessageDispute {
        dispute: DisputeId,
        message: String,
        files: Vec<Attachment>,
    },
    WithdrawDispute {
        dispute: DisputeId,
    },
}

/// A dispute as it is filed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    pub claim: Claim,
    pub entries: Vec<EntryRef>,
    pub files: Vec<Attachment>,
}

impl Action {
    pub const fn kind(&self) -> &'static str {
        match self {
            Action::SetPaymentOrder(_) => "set_payment_order",
            Action::SetAutoRecharge { .. } => "set_auto_recharge",
            Action::ReplaceCard { .. } => "replace_card",
            Action::BuyCredits { .. } => "buy_credits",
            Action::RedeemCoupon { .. } => "redeem_coupon",
            Action::ChangePlan(_) => "change_plan",
            Action::PayNow { .. } => "pay_now",
            Action::Cancel => "cancel",
            Action::Resume => "resume",
            Action::OpenDispute(_) => "open_dispute",
            Action::MessageDispute { .. } => "message_dispute",
            Action::WithdrawDispute { .. } => "withdraw_dispute",
        }
    }

    /// What a quote is asked for before it.
    pub fn change(&self) -> Option<Change> {
        match self {
            Action::ChangePlan(target) => Some(Change::Plan(target.clone())),
            Action::PayNow { .. } => Some(Change::PayNow),
            Action::Cancel => Some(Change::Cancel),
            Action::Resume => Some(Change::Resume),
            _ => None,
        }
    }

    pub fn request(&self, seen: Option<Quote>, not_after: Option<Timestamp>) -> CommandRequest {
        let mut request = CommandRequest {
            kind: self.kind().to_owned(),
            seen,
            not_after,
            ..CommandRequest::default()
        };
        match self.clone() {
            Action::SetPaymentOrder(order) => {
                (request.first, request.fallback) = (Some(order.first), Some(order.fallback));
            }
            Action::SetAutoRecharge { enabled } => request.enabled = Some(enabled),
            Action::ReplaceCard { token } => request.token = Some(token),
            Action::BuyCredits { amount } => request.amount = Some(amount),
            Action::RedeemCoupon { code } => request.code = Some(code),
            Action::ChangePlan(target) => {
                request.plan = Some(target.plan);
                (request.cycle, request.coupon) = (target.cycle, target.coupon);
            }
            Action::PayNow { method } => request.method = Some(method),
            Action::Cancel | Action::Resume => {}
            Action::OpenDispute(complaint) => {
                request.claim = Some(complaint.claim);
                request.entries = complaint.entries;
                request.attach(complaint.files);
            }
            Action::MessageDispute {
                dispute,
                message,
                files,
            } => {
                (request.dispute, request.message) = (Some(dispute), Some(message));
                request.attach(files);
            }
            Action::WithdrawDispute { dispute } => request.dispute = Some(dispute),
        }
        request
    }
}

impl CommandRequest {
    /// The action, or why the request names none.
    pub fn action(&self) -> Result<Action, ProblemCode> {
        let action = match self.kind.as_str() {
            "set_payment_order" => self
                .first
                .zip(self.fallback)
                .map(|(first, fallback)| Action::SetPaymentOrder(PaymentOrder { first, fallback })),
            "set_auto_recharge" => self
                .enabled
                .map(|enabled| Action::SetAutoRecharge { enabled }),
            "replace_card" => {
                let token = self.token.clone();
                token.map(|token| Action::ReplaceCard { token })
            }
            "buy_credits" => self.amount.map(|amount| Action::BuyCredits { amount }),
            "redeem_coupon" => {
                let code = self.code.clone();
                code.map(|code| Action::RedeemCoupon { code })
            }
            "change_plan" => self.plan.clone().map(|plan| {
                Action::ChangePlan(Target {
                    plan,
                    cycle: self.cycle,
                    coupon: self.coupon.clone(),
                })
            }),
            "pay_now" => self.method.map(|method| Action::PayNow { method }),
            "cancel" => Some(Action::Cancel),
            "resume" => Some(Action::Resume),
            "open_dispute" => self.claim.clone().map(|claim| {
                Action::OpenDispute(Box::new(Complaint {
                    claim,
                    entries: self.entries.clone(),
                    files: self.files(),
                }))
            }),
            "message_dispute" => {
                let said = self.dispute.clone().zip(self.message.clone());
                said.map(|(dispute, message)| Action::MessageDispute {
                    dispute,
                    message,
                    files: self.files(),
                })
            }
            "withdraw_dispute" => {
                let dispute = self.dispute.clone();
                dispute.map(|dispute| Action::WithdrawDispute { dispute })
            }
            _ => return Err(ProblemCode::UnknownCommand),
        };
        action.ok_or(ProblemCode::Malformed)
    }

    fn attach(&mut self, files: Vec<Attachment>) {
        self.blobs = files.iter().map(|file| file.sha256).collect();
        self.attachments = files;
    }

    /// The files it names, each by its hash; one that is not described has its hash for a name.
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

    /// Whether such a command, once it is done, leaves an entry of this kind. Of most kinds any entry will do; what
    /// moves money or opens a dispute is held to it.
    pub fn leaves(&self, entry_kind: &str) -> bool {
        match self.kind.as_str() {
            "buy_credits" => matches!(
                entry_kind,
                "purchase_started" | "purchase" | "purchase_declined"
            ),
            "pay_now" => matches!(
                entry_kind,
                "reactivated"
                    | "renewal"
                    | "renewed_by_card"
                    | "payment_pending"
                    | "payment_failed"
            ),
            "open_dispute" => matches!(entry_kind, "dispute_opened" | "dispute_message"),
            _ => true,
        }
    }

    /// Whether such a command can be done without leaving an entry: a setting may be as asked for already.
    pub fn may_leave_nothing(&self) -> bool {
        !matches!(
            self.kind.as_str(),
            "buy_credits"
                | "pay_now"
                | "redeem_coupon"
                | "open_dispute"
                | "message_dispute"
                | "withdraw_dispute"
        )
    }

    /// The lane a command waits in. Commands about one thing keep their order; those about others do not wait
    /// for them: each dispute has a lane of its own, and one that is being opened waits for nothing.
    pub fn lane(&self, id: Uuid) -> String {
        match (self.kind.as_str(), &self.dispute) {
            ("change_plan" | "pay_now" | "cancel" | "resume" | "redeem_coupon", _) => "plan".into(),
            ("open_dispute", _) => format!("dispute:{id}"),
            ("message_dispute" | "withdraw_dispute", Some(dispute)) => format!("dispute:{dispute}"),
            (kind, _) => kind.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use boothkeeper_domain::Seq;
    use boothkeeper_domain::disputes::DisputeKind;

    use super::*;

    fn complaint() -> Complaint {
        Complaint {
            claim: Claim {
                dispute_kind: DisputeKind::FailedRun,
                expected: Some(Amount::of(15_000)),
                actual: Some(Amount::of(14_975)),
                noticed_on: "2026-02-21".parse().unwrap(),
                message: "It failed.".into(),
                payment: None,
                paid: None,
                paid_on: None,
                coupon: None,
                plan: None,
                legacy: vec![],
            },
            entries: vec![EntryRef {
                seq: Seq(7),
                hash: Hash([7; 32]),
            }],
            files: vec![Attachment {
                name: "statement.pdf".into(),
                bytes: 9,
                sha256: Hash([9; 32]),
                media_type: "application/pdf".into(),
            }],
        }
    }

    /// What the composer allows, at its largest in every part, is taken by the cloud.
    #[test]
    fn largest_dispute_and_largest_pause_fit_into_a_command() {
        let label = "🎉".repeat(boothkeeper_domain::bounds::LABEL_CHARS);
        let largest = |character: &str| {
            let mut complaint = complaint();
            complaint.claim.message = character.repeat(MESSAGE_CHARS);
            complaint.entries = vec![
                EntryRef {
                    seq: Seq((1 << 53) - 1),
                    hash: Hash([0xff; 32]),
                };
                MAX_ROWS
            ];
            let file = Attachment {
                name: label.clone(),
                bytes: 10 << 20,
                ..complaint.files[0].clone()
            };
            complaint.files = vec![file; MAX_FILES];
            Action::OpenDispute(Box::new(complaint)).request(None, Some(Timestamp::default()))
        };
        for character in ["🎉", "\"", "\\", "\n"] {
            let length = serde_json::to_vec(&largest(character)).unwrap().len();
            assert!(length <= DISPUTE + REST, "{character:?}: {length}");
        }
        let quote = Quote {
            version: Seq(1),
            plan: "basic".into(),
            cycle: None,
            period_end: None,
            target: None,
            charge: None,
            effective_at: None,
            kept: Amount::MAX,
            destroyed: vec![label; EVENTS],
        };
        let pause = Action::ChangePlan(Target::plan("payg", None)).request(Some(quote), None);
        assert!(serde_json::to_vec(&pause).unwrap().len() <= MAX_COMMAND);
    }

    #[test]
    fn each_dispute_has_a_lane_of_its_own() {
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let open = Action::OpenDispute(Box::new(complaint())).request(None, None);
        assert_ne!(open.lane(one), open.lane(other));
        let message = |dispute: &str| Action::MessageDispute {
            dispute: DisputeId::new(dispute).unwrap(),
            message: "?".into(),
            files: vec![],
        };
        let lane = |dispute: &str, id| message(dispute).request(None, None).lane(id);
        assert_eq!(lane("dsp_1", one), lane("dsp_1", other));
        assert_ne!(lane("dsp_1", one), lane("dsp_2", one));
        let plan = [Action::Cancel, Action::Resume].map(|a| a.request(None, None).lane(one));
        assert_eq!(plan[0], plan[1]);
    }

    #[test]
    fn an_action_is_read_back_as_it_was_asked_for() {
        let actions = [
            Action::SetPaymentOrder(PaymentOrder::default()),
            Action::SetAutoRecharge { enabled: true },
            Action::ReplaceCard {
                token: "tok".into(),
            },
            Action::BuyCredits {
                amount: Amount::of(5_000),
            },
            Action::RedeemCoupon {
                code: "Pro4Free".into(),
            },
            Action::ChangePlan(Target::plan("payg", None)),
            Action::PayNow {
                method: Payer::Credits,
            },
            Action::Cancel,
            Action::Resume,
            Action::OpenDispute(Box::new(complaint())),
            Action::MessageDispute {
                dispute: DisputeId::new("dsp_1").unwrap(),
                message: "Any news?".into(),
                files: complaint().files,
            },
            Action::WithdrawDispute {
                dispute: DisputeId::new("dsp_1").unwrap(),
            },
        ];
        for action in actions {
            assert_eq!(action.request(None, None).action(), Ok(action.clone()));
            let bare = CommandRequest {
                kind: action.kind().into(),
                ..CommandRequest::default()
            };
            let complete = matches!(action, Action::Cancel | Action::Resume);
            assert_eq!(
                bare.action().is_ok(),
                complete,
                "{action:?} without its arguments"
            );
        }
    }
}
