//! Reads a usage history from a table's cells, with columns chosen by their titles or by the operator.

use std::collections::BTreeMap;

use boothkeeper_domain::Asset;
use boothkeeper_domain::Zone;
use boothkeeper_wire::sha256;
use serde::{Deserialize, Serialize};

use super::amounts::{self, Decimals};
use super::cells::CellTable;
use super::dates::{self, DateOrder, Unclear};
use super::titles::Field;
use crate::Problem;

/// Most rows, and most unreadable lines, in a preview.
const SAMPLES: usize = 5;

/// How to read a table: which column means what, and the form of dates and amounts. Missing parts are found from the
/// table itself.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(default)]
pub struct Mapping {
    /// A column's title for each field.
    pub columns: BTreeMap<Field, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub dates: Option<DateOrder>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub decimals: Option<Decimals>,
}

/// Shows how a table would be read.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct TablePreview {
    pub titles: Vec<String>,
    pub mapping: Mapping,
    /// The table's first rows, unchanged.
    pub samples: Vec<Vec<String>>,
    /// Number of rows in the table.
    pub rows: u32,
    /// Questions that the operator must answer before the table can be read.
    pub asks: Vec<Problem>,
    /// Line numbers of the first rows that cannot be read.
    pub unreadable: Vec<u32>,
    /// Number of rows by kind of entry.
    #[cfg_attr(feature = "ts", ts(type = "Record<string, number>"))]
    pub kinds: BTreeMap<String, u32>,
}

impl CellTable {
    /// A checksum of the column titles: tables with the same titles are read by the same mapping.
    pub fn fingerprint(&self) -> String {
        sha256(self.titles.join("\n").as_bytes()).to_string()
    }

    pub fn preview(&self, mapping: &Mapping, asset: &Asset, zone: &Zone) -> TablePreview {
        let mapping = self.completed(mapping);
        let (asks, settled) = self.settled(&mapping, asset);
        let mut preview = TablePreview {
            titles: self.titles.clone(),
            samples: self.samples(),
            rows: u32::try_from(self.rows.len()).unwrap_or(u32::MAX),
            asks,
            unreadable: vec![],
            kinds: BTreeMap::new(),
            mapping: settled.unwrap_or(mapping),
        };
        if preview.asks.is_empty() {
            for (line, cells) in &self.rows {
                match self.row(cells, &preview.mapping, asset, zone) {
                    Ok(row) => {
                        let kind = row.kind.unwrap_or_else(|| "by_sign".to_owned());
                        *preview.kinds.entry(kind).or_default() += 1;
                    }
                    Err(_) if preview.unreadable.len() < SAMPLES => {
                        let line = u32::try_from(*line).unwrap_or(u32::MAX);
                        preview.unreadable.push(line);
                    }
                    Err(_) => {}
                }
            }
        }
        preview
    }

    fn samples(&self) -> Vec<Vec<String>> {
        let cells = self.rows.iter().map(|(_, cells)| cells.clone());
        cells.take(SAMPLES).collect()
    }

    /// The mapping, with missing columns found by their titles.
    pub(super) fn completed(&self, mapping: &Mapping) -> Mapping {
        let mut mapping = mapping.clone();
        for title in &self.titles {
            if let Some(field) = Field::of_title(title)
                && !mapping.columns.values().any(|taken| taken == title)
            {
                mapping
                    .columns
                    .entry(field)
                    .or_insert_with(|| title.clone());
            }
        }
        mapping
    }

    /// The questions that must be answered before the table can be read, or the complete mapping if there are none.
    pub(super) fn settled(
        &self,
        mapping: &Mapping,
        asset: &Asset,
    ) -> (Vec<Problem>, Option<Mapping>) {
        let has = |field| self.column(mapping, field).is_some();
        let moved = has(Field::Amount) || has(Field::Added) || has(Field::Spent);
        let no_column = |title: &String| !self.titles.contains(title);
        if !has(Field::Date) || !moved || mapping.columns.values().any(no_column) {
            return (vec![Problem::AskMapping], None);
        }
        let mut asks = Vec::new();
        let dates = match mapping.dates {
            Some(order) => Ok(order),
            None => dates::order(self.texts(mapping, Field::Date)),
        };
        let amounts = [Field::Amount, Field::Added, Field::Spent, Field::Balance];
        let texts = amounts.iter().flat_map(|field| self.texts(mapping, *field));
        let decimals = match mapping.decimals {
            Some(decimals) => Ok(decimals),
            None => amounts::decimals(texts, asset),
        };
        if dates == Err(Unclear::Ambiguous) {
            asks.push(Problem::AskDates);
        } else if dates.is_err() {
            asks.push(Problem::NotAHistory);
        }
        if decimals.is_err() {
            asks.push(Problem::AskDecimals);
        }
        let settled = dates
            .ok()
            .zip(decimals.ok())
            .map(|(dates, decimals)| Mapping {
                dates: Some(dates),
                decimals: Some(decimals),
                ..mapping.clone()
            });
        (asks, settled)
    }

    pub(super) fn column(&self, mapping: &Mapping, field: Field) -> Option<usize> {
        let title = mapping.columns.get(&field)?;
        self.titles.iter().position(|known| known == title)
    }

    pub(super) fn texts<'a>(
        &'a self,
        mapping: &Mapping,
        field: Field,
    ) -> impl Iterator<Item = &'a str> {
        let column = self.column(mapping, field);
        let cell = move |(_, row): &'a (u64, Vec<String>)| row.get(column?).map(String::as_str);
        self.rows.iter().filter_map(cell)
    }
}

#[cfg(test)]
mod tests {
    use boothkeeper_domain::imported::ImportRow;
    use boothkeeper_domain::{Amount, Zone};
    use proptest::prelude::*;

    use super::*;
    use crate::Error;

    fn rows(bytes: &[u8], mapping: &Mapping) -> Result<Vec<ImportRow>, Error> {
        let (rows, _) = CellTable::read(bytes)?.rows(mapping, &Asset::usd(), &Zone::utc())?;
        Ok(rows)
    }

    #[test]
    fn table_in_another_language_is_read_in_any_encoding() {
        let text = "Datum;Betrag (USD);Saldo;Beschreibung;Veranstaltung\n\
                    21.02.2026 16:31;-0,25;142,35;Draw Me;Hochzeit Müller\n\
                    22.02.2026 09:00;-49,00;93,35;Basic Subscription;\n";
        for bytes in [
            text.as_bytes().to_vec(),
            encoding_rs::WINDOWS_1252.encode(text).0.into_owned(),
            [b"\xef\xbb\xbf", text.as_bytes()].concat(),
            [
                &b"\xff\xfe"[..],
                &text
                    .encode_utf16()
                    .flat_map(u16::to_le_bytes)
                    .collect::<Vec<_>>(),
            ]
            .concat(),
        ] {
            let rows = rows(&bytes, &Mapping::default()).unwrap();
            assert_eq!(rows.len(), 2);
            assert_eq!(rows[0].amount, Amount::of(-25));
            assert_eq!(rows[0].balance_after, Some(Amount::of(14_235)));
            assert_eq!(rows[0].event.as_deref(), Some("Hochzeit Müller"));
            assert_eq!(rows[0].service.as_deref(), Some("draw_me"));
            assert_eq!(rows[1].kind.as_deref(), Some("renewal"));
        }
    }

    #[test]
    fn table_with_unclear_dates_or_columns_is_refused_until_mapping_decides() {
        let text = b"Date,Amount\n02/03/2026,-0.25\n04/05/2026,-0.25\n";
        assert_eq!(
            rows(text, &Mapping::default()).unwrap_err().problem,
            Problem::AskDates
        );
        let said = Mapping {
            dates: Some(DateOrder::Mdy),
            ..Mapping::default()
        };
        let read = rows(text, &said).unwrap();
        assert_eq!(read[0].at.to_string(), "2026-02-03T00:00:00.000Z");
        let odd = b"Moon,Tide\n2026-02-03,-0.25\n";
        assert_eq!(
            rows(odd, &Mapping::default()).unwrap_err().problem,
            Problem::AskMapping
        );
        let mut said = Mapping::default();
        said.columns.insert(Field::Date, "Moon".into());
        said.columns.insert(Field::Amount, "Tide".into());
        assert_eq!(rows(odd, &said).unwrap().len(), 1);
        let preview = CellTable::read(odd)
            .unwrap()
            .preview(&said, &Asset::usd(), &Zone::utc());
        assert_eq!((preview.rows, preview.asks.len()), (1, 0));
    }

    #[test]
    fn table_with_separator_line_short_rows_and_blank_lines_is_read() {
        let table =
            "sep=;\r\nDate;Added;Spent;Note\r\n\r\n2026-02-03;50.00\r\n2026-02-04;;0,25\r\n";
        let read = rows(
            table.replace("0,25", "0.25").as_bytes(),
            &Mapping::default(),
        )
        .unwrap();
        let amounts: Vec<_> = read.iter().map(|row| row.amount).collect();
        assert_eq!(amounts, [Amount::of(5_000), Amount::of(-25)]);
        let table = "Vendor\n\nDate,Amount\n2026-02-03,1.00\n\nsoon,1.00\n";
        let refused = rows(table.as_bytes(), &Mapping::default()).unwrap_err();
        assert_eq!(refused.causes(), ["line 6: Date is \"soon\""]);
    }

    #[test]
    fn imported_phone_numbers_are_masked_and_apostrophe_before_formula_is_removed() {
        let text = "at,amount,event,reason\n2026-02-03,-0.25,'=1+1,call +1 555 123 4567\n";
        let read = rows(text.as_bytes(), &Mapping::default()).unwrap();
        assert_eq!(read[0].event.as_deref(), Some("=1+1"));
        assert_eq!(read[0].reason.as_deref(), Some("call •••67"));
    }

    #[test]
    fn malformed_table_is_refused() {
        for bytes in [
            &b"hello"[..],
            b"",
            b"a,b\n",
            b"\0\x01\x02,\0\n1,2\n",
            b"{\"entries\":[\"x\"]}",
            b"{}",
        ] {
            let refused = rows(bytes, &Mapping::default()).unwrap_err().problem;
            assert!(
                matches!(refused, Problem::NotAHistory | Problem::AskMapping),
                "{bytes:?}: {refused:?}"
            );
        }
        let row = "2026-02-03,soon\n";
        let refused = rows(
            format!("Date,Amount\n{row}").as_bytes(),
            &Mapping::default(),
        );
        let refused = refused.unwrap_err();
        assert_eq!(refused.problem, Problem::RowUnreadable);
        assert_eq!(refused.causes(), ["line 2: Amount is \"soon\""]);
        // A comma that splits an amount, a missing cell, and quotation marks around two lines.
        for (row, why) in [
            ("2026-02-03,1,50\n", "line 2: 3 cells, 2 titles"),
            ("2026-02-03\n", "line 2: Amount is missing"),
            (
                "\"2026-02-03,1\n2026-02-04,2\"\n",
                "line 2: Amount is missing",
            ),
        ] {
            let table = format!("Date,Amount\n2026-02-01,1\n{row}").replace("2026-02-01,1\n", "");
            let refused = rows(table.as_bytes(), &Mapping::default()).unwrap_err();
            assert_eq!(
                (refused.problem, &refused.causes()[..]),
                (Problem::RowUnreadable, &[why.to_owned()][..])
            );
        }
        let elsewhere = Mapping {
            columns: [(Field::Balance, "Nope".to_owned())].into(),
            ..Mapping::default()
        };
        let refused = rows(b"Date,Amount\n2026-02-03,1\n", &elsewhere);
        assert_eq!(refused.unwrap_err().problem, Problem::AskMapping);
    }

    proptest! {
        #[test]
        fn table_reader_never_panics_on_arbitrary_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..3_000)) {
            if let Ok(table) = CellTable::read(&bytes) {
                let _ = table.preview(&Mapping::default(), &Asset::usd(), &Zone::utc());
                let _ = table.rows(&Mapping::default(), &Asset::usd(), &Zone::utc());
            }
        }

        #[test]
        fn table_preview_never_panics_on_arbitrary_tables(text in "(Date|Amount|at|amount|Saldo|[^\\n]{0,9})([,;\\t][^\\n]{0,12}){1,4}\n(([^\\n]{0,14}[,;\\t]){1,4}[^\\n]{0,12}\n){1,6}") {
            if let Ok(table) = CellTable::read(text.as_bytes()) {
                let _ = table.preview(&Mapping::default(), &Asset::usd(), &Zone::utc());
            }
        }
    }
}
