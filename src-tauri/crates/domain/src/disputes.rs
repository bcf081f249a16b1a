//! Rules of disputes: what a dispute is about, which disputes are the same, when a reply is due, and whether the
//! journal already explains the disputed difference (`domain.md` §11).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::account::Life;
use crate::findings::{Cause, CauseCode, FindingCode, account_state_findings, cause};
use crate::journal::Body;
use crate::user_input;
use crate::{Account, Amount, Catalog, Entry, Hash, PaymentId, Seq, Timestamp};

/// Most journal entries that one dispute may name.
pub const MAX_ROWS: usize = 400;
/// Most files attached to one dispute.
pub const MAX_FILES: usize = 20;
/// Most bytes of one attached file.
pub const MAX_FILE: u64 = 10 * 1024 * 1024;
/// Most bytes of all attached files of a dispute together.
pub const MAX_FILES_TOGETHER: u64 = 25 * 1024 * 1024;

pub use crate::codes::DisputeKind;

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

/// The finding that led to a draft of a dispute. It is checked again before the draft is sent.
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
            // These do not end: they are about entries, and entries stay in the journal.
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

/// What the operator names in a dispute in addition to entries.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NamedItems {
    pub payment: Option<PaymentId>,
    pub coupon: Option<String>,
}

/// What a dispute is about. While a dispute is open, another one with an equal subject becomes part of the same ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    pub kind: DisputeKind,
    /// Ids of the disputed payment, runs, coupon, plan changes or else entries, sorted. Empty if the dispute is about
    /// the account as a whole.
    pub of: Vec<String>,
}

/// The subject of a dispute. It is the same whichever entries of the same run or payment are chosen, and in any order.
/// Each entry comes with its hash.
pub fn subject(kind: DisputeKind, named: &NamedItems, entries: &[(Hash, Entry)]) -> Subject {
    if kind.is_once_per_account() {
        return Subject { kind, of: vec![] };
    }
    let bodies = || entries.iter().map(|(_, entry)| &entry.body);
    let of: BTreeSet<String> = match kind {
        DisputeKind::PurchaseMissing => {
            let journal = bodies().find_map(payment).cloned();
            journal.or_else(|| named.payment.clone())
        }
        .map(|payment| payment.to_string())
        .into_iter()
        .collect(),
        DisputeKind::FailedRun | DisputeKind::PoorResult => {
            { bodies().filter_map(Body::run).map(ToString::to_string) }.collect()
        }
        DisputeKind::CouponBonusMissing => {
            let journal = bodies().find_map(|body| match body {
                Body::CouponRedeemed(redeemed) => Some(redeemed.coupon.clone()),
                Body::CouponBonus(bonus) => Some(bonus.coupon.clone()),
                _ => None,
            });
            let code = journal.or_else(|| named.coupon.clone());
            code.map(|code| user_input::code(&code).to_lowercase())
        }
        .into_iter()
        .collect(),
        DisputeKind::PlanChange => bodies().filter_map(plan_and_cycle).collect(),
        DisputeKind::UnexpectedDeduction
        | DisputeKind::AllowanceWrong
        | DisputeKind::LegacyMismatch
        | DisputeKind::AccountClosed
        | DisputeKind::SpecialPricing
        | DisputeKind::Other => BTreeSet::new(),
    };
    // If no payment, run, coupon or plan change was found, the dispute is about the entries themselves.
    let of = match of.is_empty() {
        true => entries.iter().map(|(hash, _)| hash.to_string()).collect(),
        false => of,
    };
    Subject {
        kind,
        of: of.into_iter().collect(),
    }
}

/// The purchase payment that an entry is about.
pub fn payment(body: &Body) -> Option<&PaymentId> {
    match body {
        Body::PurchaseStarted(started) => Some(&started.payment),
        Body::PurchaseDeclined(declined) => Some(&declined.payment),
        Body::Purchase(purchase) => Some(&purchase.payment),
        Body::AutoRecharge(recharge) => Some(&recharge.payment),
        Body::AutoRechargeFailed(failed) => Some(&failed.payment),
        _ => None,
    }
}

fn plan_and_cycle(body: &Body) -> Option<String> {
    let (plan, cycle) = match body {
        Body::PlanChangeRequested(requested) => (&requested.plan, requested.cycle),
        Body::PlanChanged(changed) => (&changed.plan, changed.cycle),
        _ => return None,
    };
    Some(format!("{plan} {cycle:?}"))
}

/// How the journal explains a difference between the expected and the actual balance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Explained {
    pub code: CauseCode,
    pub delta: Amount,
    pub entries: Vec<Seq>,
    /// True if this explains only a part of the difference.
    pub part: bool,
}

/// Looks for a single entry, or else a single cause, that amounts to exactly the difference: the expected minus the
/// actual balance, in minor units. Runs and their refunds never explain a difference, because the operator may dispute
/// those very runs; entries without a known cause do not either.
pub fn explained(difference: Amount, entries: &[Entry], causes: &[Cause]) -> Option<Explained> {
    let accounts_for = |code: CauseCode| {
        !matches!(
            code,
            CauseCode::Usage | CauseCode::RunRefunded | CauseCode::Unexplained
        )
    };
    if difference.is_zero() {
        return None;
    }
    let one = entries.iter().rev().find(|entry| {
        entry.delta.negated() == difference && !entry.delta.is_zero() && accounts_for(cause(entry))
    });
    if let Some(entry) = one {
        return Some(Explained {
            code: cause(entry),
            delta: entry.delta,
            entries: vec![entry.seq],
            part: false,
        });
    }
    let all = causes
        .iter()
        .find(|cause| cause.delta.negated() == difference && accounts_for(cause.code));
    all.map(|cause| Explained {
        code: cause.code,
        delta: cause.delta,
        entries: cause.entries.clone(),
        part: false,
    })
}

/// Explains a difference by refunds of the disputed runs that were made already, if they amount to at most the
/// difference. `followers` are the later entries that refer to those runs.
pub fn explain_by_refunds(difference: Amount, followers: &[Entry]) -> Option<Explained> {
    let refunds = followers
        .iter()
        .filter(|entry| matches!(entry.body, Body::UsageRefund(_)));
    let delta = Amount::sum(refunds.clone().map(|refund| refund.delta)).ok()?;
    (delta <= difference && delta.is_positive()).then(|| Explained {
        code: CauseCode::RunRefunded,
        delta,
        entries: refunds.map(|refund| refund.seq).collect(),
        part: delta < difference,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::{Actor, CouponRedeemed, Expiry, PurchaseStarted, RunFailed, Usage};
    use crate::{Money, RunId};

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn reply_is_due_the_same_day_or_after_two_business_days() {
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

    fn entry(seq: u64, delta: i32, body: Body) -> Entry {
        Entry {
            seq: Seq(seq),
            at: at("2026-02-20T12:00:00Z"),
            delta: Amount::of(delta),
            balance_after: Amount::ZERO,
            actor: Actor::System,
            reason: None,
            lines: vec![],
            body,
        }
    }

    fn run(seq: u64, id: &str) -> Entry {
        let usage = Usage {
            run: RunId::new(id).unwrap(),
            service: "draw_me".into(),
            event: None,
            units: 1,
        };
        entry(seq, -25, Body::Usage(usage))
    }

    fn failed(seq: u64, of: u64, id: &str) -> Entry {
        let failed = RunFailed {
            of: Seq(of),
            run: RunId::new(id).unwrap(),
            service: "draw_me".into(),
            event: None,
            code: "timed_out".into(),
        };
        entry(seq, 0, Body::RunFailed(failed))
    }

    fn about(kind: DisputeKind, entries: Vec<Entry>) -> Subject {
        let hashed = |entry: Entry| (Hash([u8::try_from(entry.seq.0).unwrap(); 32]), entry);
        let entries: Vec<_> = entries.into_iter().map(hashed).collect();
        subject(kind, &NamedItems::default(), &entries)
    }

    /// Scenario 21.
    #[test]
    fn same_runs_give_the_same_subject_for_any_choice_of_rows() {
        let kind = DisputeKind::FailedRun;
        let one = about(kind, vec![run(2, "a"), failed(3, 2, "a"), run(4, "b")]);
        assert_eq!(one, about(kind, vec![run(4, "b"), failed(3, 2, "a")]));
        assert_ne!(one, about(kind, vec![run(2, "a")]));
        assert_ne!(
            one,
            about(DisputeKind::PoorResult, vec![run(2, "a"), run(4, "b")])
        );
    }

    #[test]
    fn subject_is_the_payment_or_the_coupon_code_or_else_the_rows() {
        let started = PurchaseStarted {
            payment: PaymentId::new("pay_1").unwrap(),
            amount: Amount::of(100),
            charge: Money::usd(Amount::of(100)),
            auto_recharge: false,
        };
        let purchase = about(
            DisputeKind::PurchaseMissing,
            vec![entry(2, 0, Body::PurchaseStarted(started))],
        );
        let typed = NamedItems {
            payment: Some(PaymentId::new("pay_1").unwrap()),
            coupon: Some(" BASIC2FREE ".into()),
        };
        assert_eq!(purchase, subject(DisputeKind::PurchaseMissing, &typed, &[]));
        let redeemed = CouponRedeemed {
            coupon: "Basic2Free".into(),
            bonus: Amount::of(100),
        };
        let coupon = about(
            DisputeKind::CouponBonusMissing,
            vec![entry(2, 0, Body::CouponRedeemed(redeemed))],
        );
        assert_eq!(
            coupon,
            subject(DisputeKind::CouponBonusMissing, &typed, &[])
        );
        let rows = |seqs: [u64; 2]| {
            let rows = seqs.map(|seq| entry(seq, -5, Body::Expiry(Expiry {})));
            about(DisputeKind::UnexpectedDeduction, rows.to_vec())
        };
        assert_eq!(rows([2, 3]), rows([3, 2]));
        assert_ne!(rows([2, 3]), rows([2, 4]));
        let of = about(DisputeKind::Other, vec![run(2, "a")]).of;
        assert_eq!(of, Vec::<String>::new(), "about the whole account");
    }

    #[test]
    fn difference_is_explained_by_a_recorded_cause_but_not_by_runs() {
        let expiry = entry(3, -4_900, Body::Expiry(Expiry {}));
        let entries = vec![run(2, "a"), expiry];
        let causes = crate::findings::causes(&entries);
        let found = explained(Amount::of(4_900), &entries, &causes).unwrap();
        assert_eq!(
            (found.code, found.entries),
            (CauseCode::Expiry, vec![Seq(3)])
        );
        assert_eq!(explained(Amount::of(25), &entries, &causes), None);
        assert_eq!(explained(Amount::of(4_901), &entries, &causes), None);
        assert_eq!(explained(Amount::ZERO, &entries, &causes), None);
    }
}
