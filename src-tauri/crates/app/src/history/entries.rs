//! Entries as rows with their status, and one entry in full detail.

use boothkeeper_domain::account::Account;
use boothkeeper_domain::calendar::{Cycle, Period};
use boothkeeper_domain::catalog::FailedRunRefund;
use boothkeeper_domain::disputes;
use boothkeeper_domain::findings::{CauseCode, Finding, cause};
use boothkeeper_domain::{Actor, Amount, Body, Bucket, Entry, Kind, Money, Seq, Timestamp};
use boothkeeper_store::StoreError;
use boothkeeper_store::cache::{EntryRow, Filter, NameId, Names, ReferencedRow};
use serde::{Deserialize, Serialize};

use super::{FoundRows, History, MAX_LIMIT};
use crate::copy::Snapshot;
use crate::{AppError, Code};

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
    /// The cause of the change is not recorded.
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
    /// The amount charged, or tried to charge, to the card.
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

/// An entry that refers to the shown entry, or that the shown entry refers to.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct LinkView {
    pub seq: Seq,
    pub kind: String,
    pub at: Timestamp,
    pub delta: Amount,
}

/// The change of one bucket by an entry.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct BucketChange {
    pub bucket: Bucket,
    pub delta: Amount,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct EntryDetail {
    pub row: RowView,
    pub actor: Actor,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub run: Option<String>,
    pub links: Vec<LinkView>,
    /// The changed buckets, in the order of the entry's lines. Empty for an imported history.
    pub parts: Vec<BucketChange>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub payment: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub invoice: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub coupon: Option<String>,
    /// The amount charged, or tried to charge, to the card.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub charge: Option<Money>,
    /// The period that a fee or allowance is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub period: Option<Period>,
    /// Error code of the booth or of the payment processor.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub failure: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub units: Option<u32>,
    /// The cause of its change of the balance; absent if the balance did not change.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub cause: Option<CauseCode>,
    /// Findings that name this entry.
    pub findings: Vec<Finding>,
    /// The entry's line exactly as the cloud sent it.
    pub line: String,
}

impl History<'_> {
    /// One entry with its links, cause and findings. Fails with `NotFound` if the copy does not have it.
    pub fn entry(&self, seq: Seq) -> Result<EntryDetail, AppError> {
        let now = self.app.rules_now()?;
        let (mut detail, as_of) = self.app.read_copy(|copied| {
            let (cache, names) = (copied.cache, &copied.names);
            let (Some(row), Some((line, entry))) = (cache.row(seq)?, cache.entry(seq)?) else {
                return Err(AppError::new(Code::NotFound));
            };
            let found = cache.with_followers(vec![row])?;
            let followers = found.iter().flat_map(|found| &found.followed_by);
            let mut links: Vec<Seq> = entry.body.refers_to().into_iter().collect();
            links.extend(followers.map(|(_, seq)| *seq));
            let links = links
                .into_iter()
                .filter_map(|seq| cache.row(seq).transpose())
                .map(|row| row.map(|row| link(&row, names)))
                .collect::<Result<_, StoreError>>()?;
            let row = copied.views(found)?.pop();
            let facts = Facts::of(&entry.body);
            let detail = EntryDetail {
                row: row.ok_or(AppError::new(Code::NotFound))?,
                run: entry.body.run().map(ToString::to_string),
                links,
                parts: copied.bucket_changes(&entry)?,
                payment: disputes::payment(&entry.body).map(ToString::to_string),
                invoice: facts.invoice,
                coupon: facts.coupon,
                charge: facts.charge,
                period: facts.period,
                failure: facts.failure,
                units: facts.units,
                cause: (!entry.delta.is_zero()).then(|| cause(&entry)),
                findings: copied.findings_of(&entry, now)?,
                actor: entry.actor,
                reason: entry.reason,
                line: String::from_utf8_lossy(&line).into_owned(),
            };
            Ok((detail, copied.head.as_of))
        })?;
        self.qualify(&mut detail.findings, as_of)?;
        Ok(detail)
    }

    /// The rows with these numbers, newest first; at most [`MAX_LIMIT`]. Numbers that do not exist are skipped.
    pub fn entries(&self, seqs: &[Seq]) -> Result<FoundRows, AppError> {
        let mut seqs = seqs.to_vec();
        seqs.sort_unstable_by_key(|seq| std::cmp::Reverse(*seq));
        seqs.dedup();
        let more = seqs.len() > MAX_LIMIT;
        seqs.truncate(MAX_LIMIT);
        self.app.read_copy(|copied| {
            let mut rows = Vec::new();
            for seq in seqs {
                rows.extend(copied.cache.row(seq)?);
            }
            FoundRows::new(copied.rows(rows)?, more)
        })
    }
}

/// Fields that only some kinds of entries have.
#[derive(Default)]
struct Facts {
    invoice: Option<String>,
    coupon: Option<String>,
    charge: Option<Money>,
    period: Option<Period>,
    failure: Option<String>,
    units: Option<u32>,
}

impl Facts {
    fn of(body: &Body) -> Self {
        let mut facts = Facts::default();
        match body {
            Body::Purchase(purchase) => facts.charge = Some(purchase.charge.clone()),
            Body::AutoRecharge(recharge) => facts.charge = Some(recharge.charge.clone()),
            Body::PurchaseStarted(started) => facts.charge = Some(started.charge.clone()),
            Body::Renewal(renewal) => {
                facts.invoice = Some(renewal.invoice.clone());
                facts.coupon = renewal.coupon.clone();
                facts.period = Some(renewal.period);
            }
            Body::RenewedByCard(renewed) => {
                facts.invoice = Some(renewed.invoice.clone());
                facts.coupon = renewed.coupon.clone();
                facts.charge = Some(renewed.charge.clone());
                facts.period = Some(renewed.period);
            }
            Body::PaymentFailed(failed) => {
                facts.charge = Some(failed.charge.clone());
                facts.failure = Some(failed.code.clone());
            }
            Body::Reactivated(reactivated) => facts.period = Some(reactivated.period),
            Body::PlanChanged(changed) => {
                facts.charge = changed.charge.clone();
                facts.coupon = changed.coupon.clone();
                facts.period = changed.period;
            }
            Body::Allowance(allowance) => facts.period = Some(allowance.period),
            Body::CouponRedeemed(redeemed) => facts.coupon = Some(redeemed.coupon.clone()),
            Body::CouponBonus(bonus) => facts.coupon = Some(bonus.coupon.clone()),
            Body::Usage(usage) => facts.units = Some(usage.units),
            Body::RunFailed(failed) => facts.failure = Some(failed.code.clone()),
            Body::PurchaseDeclined(declined) => facts.failure = Some(declined.code.clone()),
            Body::AutoRechargeFailed(failed) => facts.failure = Some(failed.code.clone()),
            _ => {}
        }
        facts
    }
}

impl Snapshot<'_> {
    /// The changes of an entry by bucket. A line without a source takes the bucket of the entry that opened its grant.
    fn bucket_changes(&self, entry: &Entry) -> Result<Vec<BucketChange>, AppError> {
        let mut parts: Vec<BucketChange> = Vec::new();
        // An imported table does not tell bought from given credits.
        if self.binding.imported {
            return Ok(parts);
        }
        for line in &entry.lines {
            let source = match line.source {
                Some(source) => Some(source),
                None => {
                    let opening = self.cache.entry(line.grant.0)?;
                    let lines = opening.into_iter().flat_map(|(_, entry)| entry.lines);
                    lines
                        .filter(|opened| opened.grant == line.grant)
                        .find_map(|opened| opened.source)
                }
            };
            let Some(bucket) = source.map(|source| source.bucket()) else {
                continue;
            };
            match parts.iter_mut().find(|part| part.bucket == bucket) {
                Some(part) => {
                    part.delta = part.delta.checked_add(line.delta).unwrap_or(part.delta);
                }
                None => parts.push(BucketChange {
                    bucket,
                    delta: line.delta,
                }),
            }
        }
        Ok(parts)
    }

    /// Findings about this entry, taken from the findings of its day.
    fn findings_of(&self, entry: &Entry, now: Timestamp) -> Result<Vec<Finding>, AppError> {
        let zone = self.cache.zone()?;
        let day = zone.map(|mut zone| zone.day(entry.at));
        let filter = Filter {
            from: day,
            to: day,
            ..Filter::default()
        };
        let mut findings = self.explain(&filter, now)?.findings;
        findings.retain(|finding| finding.entries.contains(&entry.seq));
        Ok(findings)
    }

    /// Rows with their status.
    pub fn rows(&self, rows: Vec<EntryRow>) -> Result<Vec<RowView>, AppError> {
        self.views(self.cache.with_followers(rows)?)
    }

    fn views(&self, found: Vec<ReferencedRow>) -> Result<Vec<RowView>, AppError> {
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

/// True for kinds whose row lacks fields that the page shows; those are taken from the full entry.
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
            Body::EventScheduled(event) => self.event = Some(event.name),
            _ => {}
        }
    }
}

pub(super) fn name(names: &Names, id: NameId) -> String {
    names.name(id).unwrap_or_default().to_owned()
}

fn link(row: &EntryRow, names: &Names) -> LinkView {
    LinkView {
        seq: row.seq,
        kind: name(names, row.kind),
        at: row.at,
        delta: row.delta,
    }
}

pub(super) fn entry_view((row, (_, entry)): (RowView, (Vec<u8>, Entry))) -> EntryView {
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

/// The status of an entry according to the copy.
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
