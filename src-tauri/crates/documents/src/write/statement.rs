//! A statement of some days as PDF: account, opening balance, causes, closing balance, entries and signature.

use std::collections::BTreeMap;

use boothkeeper_domain::findings::CauseCode;
use boothkeeper_domain::{Amount, Asset, Entry, Hash, Timestamp, Zone};
use boothkeeper_messages::documents as text;
use boothkeeper_messages::findings::FINDINGS_CAUSE;
use boothkeeper_messages::journal::JOURNAL_KIND;
use boothkeeper_messages::{code, day, moment, money, readable};

use super::DayRange;
use super::pdf::{Block, Column, PdfRow, PdfTable, Title, pdf};
use crate::Error;

/// Most entries listed in a statement. The history files beside it have all of them.
pub const MOST_ENTRIES: usize = 1_000;

/// The content of a statement.
#[derive(Debug, Clone)]
pub struct Statement {
    pub account: String,
    pub email: String,
    pub cloud: String,
    pub asset: Asset,
    pub zone: Zone,
    pub days: DayRange,
    pub opening: Amount,
    pub closing: Amount,
    pub causes: Vec<CauseLine>,
    /// Oldest first; at most [`MOST_ENTRIES`].
    pub entries: Vec<Entry>,
    /// Number of entries of the statement's days.
    pub count: u64,
    pub signature: Signature,
    pub imported: bool,
    /// Names of services by code. A service without a name is shown by its code, made readable.
    pub services: BTreeMap<String, String>,
}

#[derive(Debug, Clone)]
pub struct CauseLine {
    pub code: CauseCode,
    /// Number of entries with this cause.
    pub entries: usize,
    pub delta: Amount,
}

/// Where and when the journal was signed, and by which key.
#[derive(Debug, Clone)]
pub struct Signature {
    pub seq: u64,
    pub chain: Hash,
    pub time: Timestamp,
    pub key: Hash,
}

impl Statement {
    /// The statement as PDF.
    pub fn to_pdf(&self) -> Result<Vec<u8>, Error> {
        let (from, to) = (day(self.days.from), day(self.days.to));
        let title = Title {
            title: text::statement_title(&from, &to),
            id: format!("{}-{}-{}", self.account, self.days.from, self.days.to),
            at: self.signature.time,
        };
        let mut blocks = vec![
            Block::Heading(1, text::statement_heading()),
            Block::Paragraph(match self.imported {
                true => text::account_imported(&self.email),
                false => text::account(&self.account, &self.cloud, &self.email),
            }),
            Block::Paragraph(text::days(&from, &to, self.zone.name())),
        ];
        if self.imported {
            blocks.push(Block::Paragraph(text::imported()));
        }
        blocks.push(Block::Heading(2, text::causes()));
        blocks.push(Block::Table(self.cause_table()));
        blocks.push(Block::Heading(2, text::entries(&self.count.to_string())));
        let listed = self.entries.len() as u64;
        if self.count > listed {
            blocks.push(Block::Paragraph(text::entries_cut(listed)));
        }
        match self.entries.is_empty() {
            true => blocks.push(Block::Paragraph(text::no_entries())),
            false => blocks.push(Block::Table(self.entry_table())),
        }
        blocks.push(Block::Heading(2, text::proof()));
        blocks.extend(self.proof().map(Block::Paragraph));
        pdf(&title, &blocks)
    }

    fn money(&self, amount: Amount) -> String {
        money(amount, &self.asset).replacen('-', "\u{2212}", 1)
    }

    fn cause_table(&self) -> PdfTable {
        let line = |what: String, count: String, amount: Amount, total| PdfRow {
            cells: vec![what, count, self.money(amount)],
            total,
        };
        let none = String::new;
        let opening = line(text::opening(), none(), self.opening, false);
        let causes = self.causes.iter().map(|cause| {
            let name = FINDINGS_CAUSE.name(&code(&cause.code));
            line(name, cause.entries.to_string(), cause.delta, false)
        });
        let closing = line(text::closing(), none(), self.closing, true);
        PdfTable {
            columns: vec![
                column(text::column_cause(), 0.6, false),
                column(text::column_entries(), 0.15, true),
                column(text::column_amount(), 0.25, true),
            ],
            rows: std::iter::once(opening)
                .chain(causes)
                .chain([closing])
                .collect(),
        }
    }

    fn entry_table(&self) -> PdfTable {
        let row = |entry: &Entry| {
            let kind = JOURNAL_KIND.name(entry.body.name());
            let what = match entry.body.service() {
                Some(service) => {
                    let name = self.services.get(service).cloned();
                    format!("{kind} · {}", name.unwrap_or_else(|| readable(service)))
                }
                None => kind,
            };
            let about = entry.body.run().map(ToString::to_string);
            let about = about.or_else(|| entry.reason.clone());
            PdfRow {
                cells: vec![
                    entry.seq.to_string(),
                    moment(entry.at, &self.zone),
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
        PdfTable {
            columns: vec![
                column(text::column_entry(), 0.09, true),
                column(text::column_time(), 0.22, false),
                column(text::column_what(), 0.25, false),
                column(text::column_event(), 0.2, false),
                column(text::column_amount(), 0.12, true),
                column(text::column_balance(), 0.12, true),
            ],
            rows: self.entries.iter().map(row).collect(),
        }
    }

    fn proof(&self) -> impl Iterator<Item = String> {
        let signed = &self.signature;
        match self.imported {
            true => [text::signed_imported(), text::verify_imported()],
            false => [
                text::signed(
                    &signed.chain.to_string(),
                    &signed.seq.to_string(),
                    &signed.key.to_string(),
                    &signed.time.to_string(),
                ),
                text::verify(),
            ],
        }
        .into_iter()
    }
}

fn column(title: String, share: f32, right: bool) -> Column {
    Column {
        title,
        share,
        right,
    }
}
