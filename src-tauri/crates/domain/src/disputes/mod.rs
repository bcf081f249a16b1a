//! Rules of disputes: what a dispute is about, which disputes are the same, when a reply is due, and whether the
//! journal already explains the disputed difference (`domain.md` §11).

mod explained;
#[cfg(test)]
mod fixtures;
mod subject;

use serde::{Deserialize, Serialize};

pub use crate::codes::DisputeKind;
pub use explained::{Explained, explain_by_refunds, explained};
pub use subject::{NamedItems, Subject, payment, subject};

use crate::account::Life;
use crate::findings::{FindingCode, account_state_findings};
use crate::{Account, Catalog, Seq, Timestamp};

/// Most journal entries that one dispute may name.
pub const MAX_ROWS: usize = 400;
/// Most files attached to one dispute.
pub const MAX_FILES: usize = 20;
/// Most bytes of one attached file.
pub const MAX_FILE: u64 = 10 * 1024 * 1024;
/// Most bytes of all attached files of a dispute together.
pub const MAX_FILES_TOGETHER: u64 = 25 * 1024 * 1024;

/// How support resolved a dispute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Resolution {
    Credited,
    Refunded,
    Explained,
}

impl Resolution {
    /// The resolution's name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Resolution::Credited => "credited",
            Resolution::Refunded => "refunded",
            Resolution::Explained => "explained",
        }
    }
}

/// The finding that a draft of a dispute is based on. The finding is checked again before the draft is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Premise {
    pub code: FindingCode,
    pub entries: Vec<Seq>,
}

impl Premise {
    /// Whether the finding still holds. `refunded` says whether the run charged by an entry has been refunded.
    pub fn holds(
        &self,
        account: &Account,
        catalog: &Catalog,
        refunded: &dyn Fn(Seq) -> bool,
        now: Timestamp,
    ) -> bool {
        let named = |seq: &Seq| self.entries.contains(seq);
        match self.code {
            FindingCode::RunFailedNotRefunded => !self.entries.iter().all(|run| refunded(*run)),
            FindingCode::PurchaseProcessing | FindingCode::PurchaseOverdue => {
                account.purchases.values().any(|p| named(&p.started))
            }
            FindingCode::CouponBonusPending | FindingCode::CouponBonusOverdue => {
                account.bonuses.values().any(|b| named(&b.redeemed))
            }
            FindingCode::PlanChangePending | FindingCode::PlanChangeOverdue => {
                account.requested.is_some()
            }
            FindingCode::AllowanceMissing | FindingCode::AllowanceMismatch => {
                let standing = account_state_findings(account, catalog, now);
                standing.iter().any(|finding| finding.code == self.code)
            }
            FindingCode::AccountClosed => account.life == Life::Closed,
            // These findings count as still holding. Most are about entries, which stay in the journal.
            FindingCode::RenewalPaidFromCredits
            | FindingCode::RunRefunded
            | FindingCode::AllowanceNotDueYet
            | FindingCode::DailyLimitReached
            | FindingCode::RepeatedRuns
            | FindingCode::PremiumSpike
            | FindingCode::AutoRechargeFired
            | FindingCode::AutoRechargeFailed
            | FindingCode::AutoRechargeExpected
            | FindingCode::CardDeclined
            | FindingCode::CardExpiring
            | FindingCode::ChargedToCard
            | FindingCode::ChargedTwice
            | FindingCode::CancelLeadsToClosure
            | FindingCode::GraceRunning
            | FindingCode::LowRunway
            | FindingCode::Unexplained
            | FindingCode::Diverged => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::fixtures::at;
    use super::*;

    #[test]
    fn support_reply_to_a_dispute_is_due_the_same_day_or_after_two_business_days() {
        for (kind, opened, due) in [
            (
                DisputeKind::PurchaseMissing,
                "2026-02-21T16:31:07Z",
                "2026-02-21T23:59:59.999Z",
            ),
            (
                DisputeKind::AccountClosed,
                "2026-02-22T00:00:00Z",
                "2026-02-22T23:59:59.999Z",
            ),
            // From Friday the second business day is Tuesday; from Saturday or Sunday it is Tuesday, too.
            (
                DisputeKind::FailedRun,
                "2026-02-20T23:59:59Z",
                "2026-02-24T23:59:59.999Z",
            ),
            (
                DisputeKind::Other,
                "2026-02-21T00:00:00Z",
                "2026-02-24T23:59:59.999Z",
            ),
            (
                DisputeKind::Other,
                "2026-02-18T12:00:00Z",
                "2026-02-20T23:59:59.999Z",
            ),
            (
                DisputeKind::PlanChange,
                "2026-02-19T12:00:00Z",
                "2026-02-23T23:59:59.999Z",
            ),
        ] {
            assert_eq!(kind.reply_by(at(opened)), at(due), "{kind:?} {opened}");
        }
    }
}
