//! One entry in full detail, and entries by their numbers.

use boothkeeper_domain::calendar::Period;
use boothkeeper_domain::disputes;
use boothkeeper_domain::findings::{CauseCode, Finding, cause};
use boothkeeper_domain::{Actor, Amount, Bucket, Entry, Money, Seq, Timestamp};
use boothkeeper_store::StoreError;
use boothkeeper_store::cache::{EntryRow, Filter, Names};
use serde::Serialize;

use super::facts::Facts;
use super::rows::{RowView, name};
use super::{FoundRows, History, MAX_LIMIT};
use crate::copy::Snapshot;
use crate::{AppError, Code};

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
    /// The change of each kind of credits (bucket), in the order in which the entry lists them. Empty for an imported
    /// history.
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
    /// The amount asked of the card, whether or not the card paid it.
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
    /// Why the entry changed the balance; absent if the balance did not change.
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

impl Snapshot<'_> {
    /// The changes of an entry by kind of credits (bucket). A line that does not say where its credits came from takes
    /// the bucket of the entry with which those credits arrived.
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

    /// Findings about `entry`, taken from the findings of its day.
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
}

fn link(row: &EntryRow, names: &Names) -> LinkView {
    LinkView {
        seq: row.seq,
        kind: name(names, row.kind),
        at: row.at,
        delta: row.delta,
    }
}
