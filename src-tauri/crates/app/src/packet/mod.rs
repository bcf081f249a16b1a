//! What the app attaches to a dispute: histories, a statement and a picture of the balance. The same copy,
//! days and rows give the same bytes.

mod history;
mod mail;
mod picture;
mod proof;
mod statement;
mod type_set;
mod verify;

use boothkeeper_domain::Timestamp;
use boothkeeper_store::Day;
use boothkeeper_store::cache::Filter;
use chrono::NaiveDate;

pub(crate) use mail::{Letter, mails};
pub use proof::{Flaw, Verdict};
pub(crate) use verify::verify_bytes;
pub use verify::verify_packet;

use crate::AppError;
use crate::copy::Copied;
use crate::views::BalanceView;

/// A file that the app has made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Made {
    pub name: String,
    pub media_type: &'static str,
    pub bytes: Vec<u8>,
}

impl Made {
    fn new(name: impl Into<String>, media_type: &'static str, bytes: Vec<u8>) -> Self {
        Made {
            name: name.into(),
            media_type,
            bytes,
        }
    }
}

/// Days of a zone, both included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Period {
    pub from: NaiveDate,
    pub to: NaiveDate,
    pub zone: String,
}

impl Period {
    pub fn filter(&self) -> Filter {
        Filter {
            from: Some(Day::of_date(self.from)),
            to: Some(Day::of_date(self.to)),
            ..Filter::default()
        }
    }
}

impl Copied<'_> {
    /// All of it. `balance` is what is shown now; `now` only says which findings hold.
    pub fn packet(
        &self,
        period: &Period,
        balance: &BalanceView,
        now: Timestamp,
        most: u64,
    ) -> Result<Vec<Made>, AppError> {
        let statement = self.statement(period, now)?;
        let mut made = self.histories(period, most)?;
        made.push(Made::new(
            "statement.pdf",
            "application/pdf",
            statement.to_pdf()?,
        ));
        made.push(Made::new(
            "balance.png",
            "image/png",
            self.picture(balance)?,
        ));
        Ok(made)
    }
}
