//! Entries as rows with their status.

use boothkeeper_domain::account::Account;
use boothkeeper_domain::calendar::Cycle;
use boothkeeper_domain::catalog::FailedRunRefund;
use boothkeeper_domain::findings::{CauseCode, cause};
use boothkeeper_domain::{Actor, Amount, Body, Entry, Kind, Money, Seq, Timestamp};
use boothkeeper_store::cache::{EntryRow, NameId, Names, ReferencedRow};
use serde::{Deserialize, Serialize};

use super::facts::Facts;
use crate::AppError;
use crate::copy::Snapshot;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum RowStatus {
    Done,
    Refunded,
    /// The run failed, and the programme refunds failed runs automatically.
    RefundDue,
    /// The run failed and was charged; the programme refunds failed runs only on request.
    NotRefunded,
    Failed,
    Pending,
    Matched,
    /// The entry changed the balance without a recorded cause.
    Unexplained,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct RowView {
    pub seq: Seq,
    pub at: Timestamp,
    pub kind: String,
    pub delta: Amount,
    pub balance_after: Amount,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub service: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub event: Option<String>,
    /// The amount asked of the card, whether or not the card paid it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub charge: Option<Money>,
    /// Credits of a pending purchase, which will be added by a later entry.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub coming: Option<Amount>,
    /// The new plan of a plan change.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub plan: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub cycle: Option<Cycle>,
    pub status: RowStatus,
}

/// A row for the command line's JSON output, with fields that only the full entry has.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EntryView {
    #[serde(flatten)]
    pub row: RowView,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    pub refers_to: Option<Seq>,
    pub actor: Actor,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Snapshot<'_> {
    /// Stored rows as the page shows them, each with its status.
    pub fn rows(&self, rows: Vec<EntryRow>) -> Result<Vec<RowView>, AppError> {
        self.views(self.cache.with_followers(rows)?)
    }

    pub(super) fn views(&self, found: Vec<ReferencedRow>) -> Result<Vec<RowView>, AppError> {
        let policy = self.catalog()?.policies.failed_run_refund;
        let mut rows = views(found, &self.names, &self.head.account, policy);
        let silent = rows.iter().filter(|row| needs_full_entry(&row.kind));
        let seqs: Vec<Seq> = silent.map(|row| row.seq).collect();
        // If the full entries are damaged, the rows are still shown; opening such an entry shows the error.
        let entries = self.cache.entries(seqs).unwrap_or_default();
        for (_, entry) in entries {
            if let Some(row) = rows.iter_mut().find(|row| row.seq == entry.seq) {
                row.fill_from_entry(entry);
            }
        }
        Ok(rows)
    }
}

/// True for kinds of entries whose stored row lacks fields that the page shows; those come from the full entry.
fn needs_full_entry(kind: &str) -> bool {
    matches!(
        Kind::named(kind),
        None | Some(
            Kind::PurchaseStarted
                | Kind::RenewedByCard
                | Kind::PaymentFailed
                | Kind::PlanChangeRequested
                | Kind::PlanChanged
                | Kind::EventScheduled
                | Kind::Adjustment
        )
    )
}

impl RowView {
    /// Fills in the fields that only the full entry has.
    fn fill_from_entry(&mut self, entry: Entry) {
        if !entry.delta.is_zero() && cause(&entry) == CauseCode::Unexplained {
            self.status = RowStatus::Unexplained;
        }
        self.charge = Facts::of(&entry.body).charge;
        if let Some(event) = entry.body.event() {
            self.event = Some(event.to_owned());
        }
        match entry.body {
            Body::PurchaseStarted(started) if self.status == RowStatus::Pending => {
                self.coming = Some(started.amount);
            }
            Body::PlanChangeRequested(requested) => {
                (self.plan, self.cycle) = (Some(requested.plan), requested.cycle);
            }
            Body::PlanChanged(changed) => {
                (self.plan, self.cycle) = (Some(changed.plan), changed.cycle);
            }
            _ => {}
        }
    }
}

pub fn name(names: &Names, id: NameId) -> String {
    names.name(id).unwrap_or_default().to_owned()
}

pub fn entry_view((row, (_, entry)): (RowView, (Vec<u8>, Entry))) -> EntryView {
    EntryView {
        row,
        run: entry.body.run().map(ToString::to_string),
        refers_to: entry.body.refers_to(),
        actor: entry.actor,
        reason: entry.reason,
    }
}

fn views(
    found: Vec<ReferencedRow>,
    names: &Names,
    account: &Account,
    policy: FailedRunRefund,
) -> Vec<RowView> {
    found
        .into_iter()
        .map(|found| RowView {
            seq: found.row.seq,
            at: found.row.at,
            kind: name(names, found.row.kind),
            delta: found.row.delta,
            balance_after: found.row.balance_after,
            service: names.name(found.row.service).map(ToOwned::to_owned),
            event: names.name(found.row.event).map(ToOwned::to_owned),
            charge: None,
            coming: None,
            plan: None,
            cycle: None,
            status: status(&found, names, account, policy),
        })
        .collect()
}

/// The status of an entry according to the local copy.
fn status(
    found: &ReferencedRow,
    names: &Names,
    account: &Account,
    policy: FailedRunRefund,
) -> RowStatus {
    let kind = |id| names.name(id).and_then(Kind::named);
    let followed = |wanted| {
        found
            .followed_by
            .iter()
            .any(|(id, _)| kind(*id) == Some(wanted))
    };
    let seq = found.row.seq;
    match kind(found.row.kind) {
        Some(Kind::Usage) if followed(Kind::UsageRefund) => RowStatus::Refunded,
        Some(Kind::Usage) if followed(Kind::RunFailed) => match policy {
            FailedRunRefund::Automatic => RowStatus::RefundDue,
            FailedRunRefund::BySupport => RowStatus::NotRefunded,
        },
        Some(Kind::UsageRefund | Kind::Reversal) => RowStatus::Matched,
        Some(
            Kind::RunFailed
            | Kind::PaymentFailed
            | Kind::PurchaseDeclined
            | Kind::AutoRechargeFailed,
        ) => RowStatus::Failed,
        Some(Kind::PurchaseStarted) if account.purchases.values().any(|p| p.started == seq) => {
            RowStatus::Pending
        }
        Some(Kind::CouponRedeemed) if account.bonuses.values().any(|b| b.redeemed == seq) => {
            RowStatus::Pending
        }
        _ => RowStatus::Done,
    }
}
