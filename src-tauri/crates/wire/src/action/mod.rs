//! The operator's actions as an enum, and their conversion from and to the flat [`CommandRequest`] of the wire.

mod kind;
mod request;

pub use kind::ActionKind;

use boothkeeper_domain::account::{Payer, PaymentOrder};
use boothkeeper_domain::billing::plan::Target;
use boothkeeper_domain::billing::quote::{Change, Quote};
use boothkeeper_domain::bounds::{MAX_EVENTS, MAX_LABEL_BYTES, MAX_MESSAGE_CHARS};
use boothkeeper_domain::disputes::{MAX_FILES, MAX_ROWS};
use boothkeeper_domain::{Amount, DisputeId, Timestamp};

use crate::api::CommandRequest;
use crate::dispute::{Attachment, Claim, EntryRef};

/// Greatest length of a command's JSON document in bytes: the sum of the greatest lengths of its parts. Every dispute
/// that the app lets the operator write, and every pause of a plan, fits.
pub const MAX_COMMAND: usize = larger(DISPUTE, QUOTE) + REST;
/// Bytes of a dispute with the most rows, the longest message and the most files: about 128 KiB.
const DISPUTE: usize = MAX_ROWS * ROW + MAX_MESSAGE_CHARS * CHARACTER + MAX_FILES * FILE;
/// Bytes of the names of the events that a pause of the plan deletes.
const QUOTE: usize = MAX_EVENTS * (MAX_LABEL_BYTES + 3);
/// Bytes of one disputed entry: `{"seq":9007199254740991,"hash":"…64 digits…"},`.
const ROW: usize = 104;
/// Bytes of a character of a message: at most four in UTF-8. Line breaks, quotes and backslashes take two in JSON;
/// other control characters were removed before.
const CHARACTER: usize = 4;
/// Bytes that describe one attached file: its hash twice, its length, its name and its media type.
const FILE: usize = 2 * 70 + 100 + MAX_LABEL_BYTES;
/// Bytes of all other members of the JSON document.
const REST: usize = 16 * 1024;

const fn larger(one: usize, other: usize) -> usize {
    if one > other { one } else { other }
}

/// An action of the operator. The command's id is not part of it: the laptop makes the id once, before it sends the
/// command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    SetPaymentOrder(PaymentOrder),
    SetAutoRecharge {
        enabled: bool,
    },
    /// `token` is the processor's name for the card. The card's number is entered at the processor, never here.
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
    OpenDispute(Box<DisputeFiling>),
    MessageDispute {
        dispute: DisputeId,
        message: String,
        files: Vec<Attachment>,
    },
    WithdrawDispute {
        dispute: DisputeId,
    },
}

/// A dispute with its claim, entries and files, as it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisputeFiling {
    pub claim: Claim,
    pub entries: Vec<EntryRef>,
    pub files: Vec<Attachment>,
}

impl Action {
    pub const fn kind(&self) -> ActionKind {
        match self {
            Action::SetPaymentOrder(_) => ActionKind::SetPaymentOrder,
            Action::SetAutoRecharge { .. } => ActionKind::SetAutoRecharge,
            Action::ReplaceCard { .. } => ActionKind::ReplaceCard,
            Action::BuyCredits { .. } => ActionKind::BuyCredits,
            Action::RedeemCoupon { .. } => ActionKind::RedeemCoupon,
            Action::ChangePlan(_) => ActionKind::ChangePlan,
            Action::PayNow { .. } => ActionKind::PayNow,
            Action::Cancel => ActionKind::Cancel,
            Action::Resume => ActionKind::Resume,
            Action::OpenDispute(_) => ActionKind::OpenDispute,
            Action::MessageDispute { .. } => ActionKind::MessageDispute,
            Action::WithdrawDispute { .. } => ActionKind::WithdrawDispute,
        }
    }

    /// The change to get a quote for before this action; `None` if the action needs no quote.
    pub fn change(&self) -> Option<Change> {
        match self {
            Action::ChangePlan(target) => Some(Change::Plan(target.clone())),
            Action::PayNow { .. } => Some(Change::PayNow),
            Action::Cancel => Some(Change::Cancel),
            Action::Resume => Some(Change::Resume),
            Action::SetPaymentOrder(_)
            | Action::SetAutoRecharge { .. }
            | Action::ReplaceCard { .. }
            | Action::BuyCredits { .. }
            | Action::RedeemCoupon { .. }
            | Action::OpenDispute(_)
            | Action::MessageDispute { .. }
            | Action::WithdrawDispute { .. } => None,
        }
    }

    /// The request for this action; `seen` is the quote that the operator saw.
    pub fn request(&self, seen: Option<Quote>, not_after: Option<Timestamp>) -> CommandRequest {
        let mut request = CommandRequest {
            kind: self.kind().name().to_owned(),
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

#[cfg(test)]
mod tests {
    use boothkeeper_domain::disputes::DisputeKind;
    use boothkeeper_domain::{Hash, Seq};
    use uuid::Uuid;

    use super::*;

    fn complaint() -> DisputeFiling {
        DisputeFiling {
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

    /// The cloud must accept the largest dispute that the app lets the operator write.
    #[test]
    fn largest_dispute_and_largest_pause_fit_into_a_command() {
        let label = "🎉".repeat(boothkeeper_domain::bounds::MAX_LABEL_CHARS);
        let largest = |character: &str| {
            let mut complaint = complaint();
            complaint.claim.message = character.repeat(MAX_MESSAGE_CHARS);
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
            destroyed: vec![label; MAX_EVENTS],
        };
        let pause = Action::ChangePlan(Target::plan("payg", None)).request(Some(quote), None);
        assert!(serde_json::to_vec(&pause).unwrap().len() <= MAX_COMMAND);
    }

    #[test]
    fn commands_of_one_dispute_wait_in_one_queue_and_other_disputes_in_other_queues() {
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
    fn action_converted_to_a_request_is_read_back_unchanged() {
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
                kind: action.kind().name().into(),
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
