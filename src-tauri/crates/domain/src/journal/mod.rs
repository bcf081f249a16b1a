//! The journal: the append-only list of everything that happened to an account (`domain.md` §4).

mod body;
mod kinds;

use serde::{Deserialize, Serialize};

pub use body::*;
pub use kinds::{Body, BodyOf, Direction, Kind, Owed};

use crate::codes::DisputeKind;
use crate::user_input::is_blank;
use crate::{Amount, DisputeId, Line, Money, RunId, Seq, Timestamp};

/// The party that caused an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    Operator,
    Booth,
    System,
    Support,
}

/// One entry of the journal. The cloud writes its bytes once and they never change.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    pub seq: Seq,
    pub at: Timestamp,
    /// Change of the balance in minor units: positive if credits were added, 0 if none were moved.
    pub delta: Amount,
    pub balance_after: Amount,
    pub actor: Actor,
    pub reason: Option<String>,
    pub lines: Vec<Line>,
    pub body: Body,
}

impl Body {
    /// The name of the event that the entry belongs to. For runs it is the label sent by the booth.
    pub fn event(&self) -> Option<&str> {
        let name = match self {
            Body::Usage(usage) => usage.event.as_deref(),
            Body::UsageRefund(refund) => refund.event.as_deref(),
            Body::RunFailed(failed) => failed.event.as_deref(),
            Body::EventScheduled(event) => Some(event.name.as_str()),
            _ => None,
        };
        name.filter(|name| !is_blank(name))
    }

    pub fn service(&self) -> Option<&str> {
        match self {
            Body::Usage(usage) => Some(&usage.service),
            Body::UsageRefund(refund) => Some(&refund.service),
            Body::RunFailed(failed) => Some(&failed.service),
            _ => None,
        }
    }

    pub fn run(&self) -> Option<&RunId> {
        match self {
            Body::Usage(usage) => Some(&usage.run),
            Body::UsageRefund(refund) => Some(&refund.run),
            Body::RunFailed(failed) => Some(&failed.run),
            _ => None,
        }
    }

    /// The kind of dispute to propose for an entry that the operator chose without a finding.
    pub fn proposed_dispute(&self) -> DisputeKind {
        let kind = self.kind();
        kind.map_or(DisputeKind::UnexpectedDeduction, Kind::dispute)
    }

    /// The dispute that the entry is about.
    pub fn dispute(&self) -> Option<&DisputeId> {
        match self {
            Body::DisputeOpened(DisputeOpened { dispute, .. })
            | Body::DisputeInReview(DisputeInReview { dispute })
            | Body::DisputeMessage(DisputeMessage { dispute })
            | Body::DisputeResolved(DisputeResolved { dispute, .. })
            | Body::DisputeRejected(DisputeRejected { dispute })
            | Body::DisputeWithdrawn(DisputeWithdrawn { dispute }) => Some(dispute),
            _ => None,
        }
    }

    /// The money that the card paid by this entry. `None` for auto-recharges, although they charge the card.
    pub fn card_charge(&self) -> Option<&Money> {
        match self {
            Body::RenewedByCard(renewed) => Some(&renewed.charge),
            Body::PlanChanged(changed) => changed.charge.as_ref(),
            Body::Purchase(purchase) => Some(&purchase.charge),
            _ => None,
        }
    }

    /// The fee that credits paid by this entry.
    pub fn paid_fee(&self) -> Option<&Money> {
        match self {
            Body::Renewal(renewal) => Some(&renewal.fee),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::EventId;

    #[test]
    fn entry_kind_names_are_unique_and_parse_back() {
        for kind in Kind::ALL {
            assert_eq!(Kind::named(kind.name()), Some(*kind));
        }
        let mut names: Vec<_> = Kind::ALL.iter().map(|k| k.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Kind::ALL.len());
        assert_eq!(Kind::named("a_kind_of_next_year"), None);
    }

    #[test]
    fn entry_with_blank_event_name_has_no_event() {
        let scheduled = |name: &str| {
            Body::EventScheduled(EventScheduled {
                event: EventId::new("e1").unwrap(),
                name: name.into(),
                starts_at: Timestamp::from_millis(5),
                ends_at: Timestamp::from_millis(6),
            })
        };
        assert_eq!(scheduled("Gala").event(), Some("Gala"));
        for blank in ["", " ", "\u{200b}"] {
            assert_eq!(scheduled(blank).event(), None, "{blank:?}");
        }
    }

    #[test]
    fn entry_body_written_as_json_is_read_back_unchanged() {
        let body = Body::UsageRefund(UsageRefund {
            of: Seq(7),
            run: RunId::new("r1").unwrap(),
            service: "sms".into(),
            event: None,
            started_at: Timestamp::from_millis(5),
        });
        let json = body.to_json().unwrap();
        assert_eq!(Body::parse(body.name(), &json).unwrap(), body);
    }

    #[test]
    fn entry_of_unknown_kind_keeps_its_name_and_json() {
        let body = Body::parse("hologram", r#"{"depth":3}"#).unwrap();
        assert_eq!(body.name(), "hologram");
        assert_eq!(body.to_json().unwrap(), r#"{"depth":3}"#);
        assert_eq!(body.kind(), None);
    }
}
