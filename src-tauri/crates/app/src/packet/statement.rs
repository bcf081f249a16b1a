//! A statement of a period: whose account, what it opened with, what moved it, what it closed with, entry by
//! entry, and what proves it.

use boothkeeper_domain::{Amount, Asset, Entry, Hash, Timestamp};
use boothkeeper_store::Zone;

use super::Period;
use super::type_set::{Block, Column, Row, Table, Title, pdf};
use crate::copy::Copied;
use crate::views::Explanation;
use crate::words::{self, money};
use crate::{AppError, Code};

/// More entries than this are in the histories beside it.
const MOST: usize = 1_000;

/// All that a statement says.
#[derive(Debug, Clone)]
pub(crate) struct Statement {
    pub account: String,
    pub email: String,
    pub cloud: String,
    pub asset: Asset,
    pub zone: Zone,
    pub period: Period,
    pub explained: Explanation,
    /// Oldest first; at most [`MOST`].
    pub entries: Vec<Entry>,
    pub count: u64,
    /// Place, chain value and time of the cloud's signature, and the key's name.
    pub signed: (u64, Hash, Timestamp, Hash),
    pub imported: bool,
}

impl Copied<'_> {
    pub fn statement(&self, period: &Period, now: Timestamp) -> Result<Statement, AppError> {
        let identity = self.head.account.identity.as_ref();
        let identity = identity.ok_or(AppError::new(Code::NotSynced))?;
        let stretch = self.cache.stretch(&period.filter())?;
        let (first, last) = (stretch.first, stretch.last);
        let count = (last.0 + 1).saturating_sub(first.0);
        let most = boothkeeper_domain::Seq(last.0.min(first.0 + MOST as u64 - 1));
        let entries = match count {
            0 => vec![],
            _ => self.cache.entries_between(first, most)?,
        };
        let signed = self.signed_from(last)?;
        Ok(Statement {
            account: identity.account.to_string(),
            email: identity.email.clone(),
            cloud: self.binding.cloud.clone(),
            asset: identity.asset.clone(),
            zone: Zone::named(&period.zone).unwrap_or_else(Zone::utc),
            period: period.clone(),
            explained: self.explain(&period.filter(), now)?,
            entries,
            count,
            signed: (
                signed.body.seq.0,
                signed.body.chain,
                signed.body.time,
                signed.key,
            ),
            imported: self.binding.imported,
        })
    }

    fn signed_from(
        &self,
        last: boothkeeper_domain::Seq,
    ) -> Result<boothkeeper_sync::wire::checkpoint::SignedCheckpoint, AppError> {
        Ok(self.cache.checkpoint_from(last)?)
    }
}

impl Statement {
    pub fn to_pdf(&self) -> Result<Vec<u8>, AppError> {
        let title = Title {
            title: format!(
                "Statement of credits, {} to {}",
                self.period.from, self.period.to
            ),
            id: format!("{}-{}-{}", self.account, self.period.from, self.period.to),
            at: self.signed.2,
        };
        let mut blocks = vec![
            Block::Heading(1, "Statement of credits".to_owned()),
            Block::Paragraph(match self.imported {
                true => format!("Account of {}", self.email),
                false => format!(
                    "Account {} ({}) at {}",
                    self.account, self.email, self.cloud
                ),
            }),
            Block::Paragraph(format!(
                "{} to {}, both included; days and times in {}",
                self.period.from,
                self.period.to,
                self.zone.name()
            )),
        ];
        if self.imported {
            blocks.push(Block::Paragraph(words::IMPORTED.to_owned()));
        }
        blocks.push(Block::Heading(2, "What moved the balance".to_owned()));
        blocks.push(Block::Table(self.causes()));
        blocks.push(Block::Heading(2, format!("Entries ({})", self.count)));
        if self.count > self.entries.len() as u64 {
            blocks.push(Block::Paragraph(format!(
                "The first {} are listed; all are in the usage history beside this statement.",
                self.entries.len()
            )));
        }
        match self.entries.is_empty() {
            true => blocks.push(Block::Paragraph(
                "Nothing happened on these days.".to_owned(),
            )),
            false => blocks.push(Block::Table(self.rows())),
        }
        blocks.push(Block::Heading(2, "Proof".to_owned()));
        blocks.extend(self.proof().map(Block::Paragraph));
        pdf(&title, &blocks)
    }

    fn money(&self, amount: Amount) -> String {
        money(amount, &self.asset).replacen('-', "\u{2212}", 1)
    }

    fn causes(&self) -> Table {
        let line = |what: String, count: String, amount: Amount, total| Row {
            cells: vec![what, count, self.money(amount)],
            total,
        };
        let explained = &self.explained;
        let none = String::new;
        let opening = line("Opening balance".into(), none(), explained.opening, false);
        let causes = explained.causes.iter().map(|cause| {
            let count = cause.entries.len().to_string();
            line(words::cause(cause.code).into(), count, cause.delta, false)
        });
        let closing = line("Closing balance".into(), none(), explained.closing, true);
        Table {
            columns: vec![
                column("Cause", 0.6, false),
                column("Entries", 0.15, true),
                column("Amount", 0.25, true),
            ],
            rows: std::iter::once(opening)
                .chain(causes)
                .chain([closing])
                .collect(),
        }
    }

    fn rows(&self) -> Table {
        let row = |entry: &Entry| {
            let what = match entry.body.service() {
                Some(service) => format!("{} · {service}", words::kind(entry.body.name())),
                None => words::kind(entry.body.name()),
            };
            let about = entry.body.run().map(ToString::to_string);
            let about = about.or_else(|| entry.reason.clone());
            Row {
                cells: vec![
                    entry.seq.to_string(),
                    self.zone.local(entry.at),
                    what,
                    entry
                        .body
                        .event()
                        .or(about.as_deref())
                        .unwrap_or_default()
                        .to_owned(),
                    self.money(entry.delta),
                    self.money(entry.balance_after),
                ],
                total: false,
            }
        };
        Table {
            columns: vec![
                column("Entry", 0.09, true),
                column("Time", 0.22, false),
                column("What", 0.25, false),
                column("Event or run", 0.2, false),
                column("Amount", 0.12, true),
                column("Balance", 0.12, true),
            ],
            rows: self.entries.iter().map(row).collect(),
        }
    }

    fn proof(&self) -> impl Iterator<Item = String> {
        let (seq, chain, time, key) = self.signed;
        let signed = match self.imported {
            true => "Nothing here is signed by a cloud.".to_owned(),
            false => format!(
                "The cloud signed the journal up to entry {seq} at {time}: chain value {chain}, \
                 signing key {key}."
            ),
        };
        let how = match self.imported {
            true => {
                "usage-history.json beside this statement has the entries as they were imported."
            }
            false => {
                "usage-history.json beside this statement has the entries exactly as the cloud sent \
                      them; `boothkeeper verify` proves it without any other data."
            }
        };
        [signed, how.to_owned()].into_iter()
    }
}

fn column(title: &'static str, share: f32, right: bool) -> Column {
    Column {
        title,
        share,
        right,
    }
}
