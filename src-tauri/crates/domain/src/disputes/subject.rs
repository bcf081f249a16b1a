//! The subject of a dispute: what it is about. Two disputes with equal subjects are the same.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::codes::{About, DisputeKind};
use crate::journal::Body;
use crate::user_input;
use crate::{Entry, Hash, PaymentId};

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

/// The subject of a dispute. The subject is the same whichever entries of a run or payment are chosen, in any order.
/// Each entry comes with its hash.
pub fn subject(kind: DisputeKind, named: &NamedItems, entries: &[(Hash, Entry)]) -> Subject {
    let bodies = || entries.iter().map(|(_, entry)| &entry.body);
    let of: BTreeSet<String> = match kind.about() {
        About::Account => return Subject { kind, of: vec![] },
        About::Payment => {
            let journal = bodies().find_map(payment).cloned();
            journal.or_else(|| named.payment.clone())
        }
        .map(|payment| payment.to_string())
        .into_iter()
        .collect(),
        About::Runs => { bodies().filter_map(Body::run).map(ToString::to_string) }.collect(),
        About::Coupon => {
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
        About::PlanChange => bodies().filter_map(plan_and_cycle).collect(),
        About::Entries => BTreeSet::new(),
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

#[cfg(test)]
mod tests {
    use super::super::fixtures::{entry, run};
    use super::*;
    use crate::journal::{CouponRedeemed, Expiry, PurchaseStarted, RunFailed};
    use crate::{Amount, Money, RunId, Seq};

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

    /// Scenario 21: two laptops file for the same failed run, each with other entries.
    #[test]
    fn disputes_about_the_same_runs_have_equal_subjects_for_any_choice_of_entries() {
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
    fn dispute_subject_is_the_payment_or_coupon_code_or_else_the_chosen_entries() {
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
}
