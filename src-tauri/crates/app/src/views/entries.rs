//! Entries as rows, with what became of them, and one entry with its evidence.

use boothkeeper_domain::account::Account;
use boothkeeper_domain::{Actor, Amount, Entry, Kind, Seq, Timestamp};
use boothkeeper_store::StoreError;
use boothkeeper_store::cache::{Found, NameId, Names, Row};
use serde::{Deserialize, Serialize};

use crate::copy::Copied;
use crate::{App, AppError, Code};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum RowStatus {
    Done,
    Refunded,
    RefundDue,
    Failed,
    Pending,
    Matched,
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
    pub status: RowStatus,
}

/// A row as scripts get it, with what only the entry itself says.
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

/// An entry that another refers to, or that refers to it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct LinkView {
    pub seq: Seq,
    pub kind: String,
    pub at: Timestamp,
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
    /// The entry as the cloud sent it, byte for byte.
    pub line: String,
}

impl App {
    pub fn entry(&self, seq: Seq) -> Result<EntryDetail, AppError> {
        self.on_copy(|copied| {
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
            let row = copied.views(found).pop();
            Ok(EntryDetail {
                row: row.ok_or(AppError::new(Code::NotFound))?,
                actor: entry.actor,
                reason: entry.reason,
                run: entry.body.run().map(ToString::to_string),
                links,
                line: String::from_utf8_lossy(&line).into_owned(),
            })
        })
    }
}

impl Copied<'_> {
    /// Rows with what became of them.
    pub fn rows(&self, rows: Vec<Row>) -> Result<Vec<RowView>, AppError> {
        Ok(self.views(self.cache.with_followers(rows)?))
    }

    fn views(&self, found: Vec<Found>) -> Vec<RowView> {
        views(found, &self.names, &self.head.account)
    }
}

pub(super) fn name(names: &Names, id: NameId) -> String {
    names.name(id).unwrap_or_default().to_owned()
}

fn link(row: &Row, names: &Names) -> LinkView {
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

fn views(found: Vec<Found>, names: &Names, account: &Account) -> Vec<RowView> {
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
            status: status(&found, names, account),
        })
        .collect()
}

/// What became of an entry, as the copy knows it.
fn status(found: &Found, names: &Names, account: &Account) -> RowStatus {
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
        Some(Kind::Usage) if followed(Kind::RunFailed) => RowStatus::RefundDue,
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
