//! The rows of a table, each read by the columns that a mapping names.

use boothkeeper_domain::imported::ImportRow;
use boothkeeper_domain::privacy::masked;
use boothkeeper_domain::{Asset, Zone};

use super::amounts::{self, Decimals};
use super::cells::CellTable;
use super::dates::{self, DateOrder};
use super::table::Mapping;
use super::titles::{Field, kind};
use crate::{Error, Problem};

/// Why a row cannot be read.
#[derive(Debug, thiserror::Error)]
enum UnreadableRow {
    #[error("line {line}: {title} is {text:?}")]
    Cell {
        line: u64,
        title: String,
        text: String,
    },
    #[error("line {line}: {title} is missing")]
    NoCell { line: u64, title: String },
    #[error("line {line}: {cells} cells, {titles} titles")]
    TooManyCells {
        line: u64,
        cells: usize,
        titles: usize,
    },
}

impl CellTable {
    /// All rows, and the complete mapping that was used. Fails at the first row that cannot be read, because an
    /// incomplete history would give wrong explanations.
    pub fn rows(
        &self,
        mapping: &Mapping,
        asset: &Asset,
        zone: &Zone,
    ) -> Result<(Vec<ImportRow>, Mapping), Error> {
        if self.asset.as_ref().is_some_and(|named| named != asset) {
            let other = "it counts another unit: credits with --studio, dollars without";
            return Err(Error::because(Problem::NotAHistory, other));
        }
        let mapping = self.completed(mapping);
        let (asks, settled) = self.settled(&mapping, asset);
        if let Some(ask) = asks.first() {
            return Err(Error::new(*ask));
        }
        let mapping = settled.ok_or(Error::new(Problem::AskMapping))?;
        let read = |(line, cells): &(u64, Vec<String>)| {
            self.row(cells, &mapping, asset, zone).map_err(|column| {
                let (line, title) = (*line, self.titles.get(column).cloned());
                let cause = match (title, cells.get(column).cloned()) {
                    (Some(title), Some(text)) => UnreadableRow::Cell { line, title, text },
                    (Some(title), None) => UnreadableRow::NoCell { line, title },
                    (None, _) => UnreadableRow::TooManyCells {
                        line,
                        cells: cells.len(),
                        titles: column,
                    },
                };
                Error::because(Problem::RowUnreadable, cause)
            })
        };
        let rows: Result<Vec<ImportRow>, Error> = self.rows.iter().map(read).collect();
        Ok((rows?, mapping))
    }

    /// Reads a row. Fails with the number of the column whose cell cannot be read, counted from 0.
    pub(super) fn row(
        &self,
        cells: &[String],
        mapping: &Mapping,
        asset: &Asset,
        zone: &Zone,
    ) -> Result<ImportRow, usize> {
        let text = |field| {
            let text = self.column(mapping, field).and_then(|at| cells.get(at))?;
            Some(text.trim()).filter(|text| !text.is_empty())
        };
        // A row with more cells than titles was split in the wrong place, such as at a decimal comma.
        let surplus = cells.iter().skip(self.titles.len());
        if surplus.clone().any(|cell| !cell.trim().is_empty()) {
            return Err(self.titles.len());
        }
        // Spreadsheets omit empty cells at the end of a line, but a row without any amount is broken.
        let moves = [Field::Amount, Field::Added, Field::Spent];
        let cut = moves
            .iter()
            .filter_map(|field| self.column(mapping, *field));
        let cut = cut.filter(|column| *column >= cells.len()).min();
        if let Some(column) = cut
            && moves.iter().all(|field| text(*field).is_none())
        {
            return Err(column);
        }
        let decimals = mapping.decimals.unwrap_or(Decimals::Point);
        let order = mapping.dates.unwrap_or(DateOrder::Ymd);
        let wrong = |field| self.column(mapping, field).unwrap_or(0);
        let date = text(Field::Date);
        let at = date.and_then(|date| dates::instant(date, text(Field::Time), order, zone));
        let at = at.ok_or_else(|| wrong(Field::Date))?;
        let amount = |field| {
            let read = |text| amounts::amount(text, decimals, asset).ok_or_else(|| wrong(field));
            text(field).map(read).transpose()
        };
        let moved = match amount(Field::Amount)? {
            Some(amount) => amount,
            None => {
                let added = amount(Field::Added)?.unwrap_or_default();
                let spent = amount(Field::Spent)?.unwrap_or_default();
                // Spent amounts are mostly written without a minus.
                let spent = if spent.is_negative() {
                    spent.negated()
                } else {
                    spent
                };
                let moved = added.checked_sub(spent);
                moved.map_err(|_| wrong(Field::Spent))?
            }
        };
        let kind_of = |field| text(field).and_then(kind).map(ToOwned::to_owned);
        let words = |field| text(field).map(|text| masked(&unquoted(text)));
        let number = |field| text(field).and_then(|text| text.parse().ok());
        Ok(ImportRow {
            at,
            // A description column may name the kind instead of a service.
            kind: kind_of(Field::Kind).or_else(|| kind_of(Field::Service)),
            amount: moved,
            balance_after: amount(Field::Balance)?,
            service: words(Field::Service).map(|text| code_of(&text)),
            event: words(Field::Event),
            run: text(Field::Run).map(unquoted),
            payment: text(Field::Payment).map(unquoted),
            number: number(Field::Number),
            refers_to: number(Field::RefersTo),
            reason: words(Field::Reason),
        })
    }
}

/// Removes the apostrophe that the app's own export adds before formulas.
fn unquoted(text: &str) -> String {
    match text.strip_prefix('\'') {
        Some(rest) if rest.starts_with(['=', '+', '-', '@']) => rest.to_owned(),
        _ => text.to_owned(),
    }
}

/// A service's code from its name: `AI Draw Me` becomes `ai_draw_me`.
fn code_of(name: &str) -> String {
    name.trim().to_lowercase().replace(' ', "_")
}
