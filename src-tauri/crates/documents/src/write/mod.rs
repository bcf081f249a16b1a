//! Writes the files that the app makes: histories, a statement, a picture of the balance, e-mails. The same values
//! always give the same bytes.

pub mod archive;
pub mod history;
pub mod mail;
mod pdf;
pub mod picture;
pub mod statement;

use chrono::NaiveDate;

/// A file that the app has made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MadeFile {
    pub name: String,
    pub media_type: &'static str,
    pub bytes: Vec<u8>,
}

impl MadeFile {
    pub fn new(name: impl Into<String>, media_type: &'static str, bytes: Vec<u8>) -> Self {
        MadeFile {
            name: name.into(),
            media_type,
            bytes,
        }
    }
}

/// First and last day of a range, both included, in a time zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayRange {
    pub from: NaiveDate,
    pub to: NaiveDate,
    pub zone: String,
}

impl DayRange {
    /// The calendar months of the range; the first and last month are cut to the range.
    pub fn months(&self) -> Vec<DayRange> {
        use chrono::Datelike;
        let mut months = Vec::new();
        let mut from = self.from;
        while from <= self.to {
            let first = from.with_day(1).unwrap_or(from);
            let next = first
                .checked_add_months(chrono::Months::new(1))
                .unwrap_or(NaiveDate::MAX);
            let to = next.pred_opt().unwrap_or(self.to).min(self.to);
            months.push(DayRange {
                from,
                to,
                zone: self.zone.clone(),
            });
            from = next;
        }
        months
    }
}
