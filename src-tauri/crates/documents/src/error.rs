//! Why a document could not be read or written.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// One variant for each problem that needs a different reaction. The names are those of the app's error codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Problem {
    FileEmpty,
    FileTooLarge,
    /// The type may not be attached, or is not the one that the name says.
    FileType,
    TooManyFiles,
    /// Reading needs more memory or time than such a document may take.
    TooComplex,
    /// No proof in the files to be verified.
    NotAPacket,
    /// Not a usage history.
    NotAHistory,
    /// A row of a table has a date or an amount that cannot be read.
    RowUnreadable,
    /// No amount, date or payment number was found.
    NotAReceipt,
    /// The meaning of a column is unclear.
    AskMapping,
    /// Dates can be read in two ways.
    AskDates,
    /// Amounts can be read in two ways.
    AskDecimals,
    AddressMalformed,
    /// An entry of the copy cannot be decoded.
    Damaged,
    Internal,
}

#[derive(Debug, Error)]
#[error("{problem:?}")]
pub struct Error {
    pub problem: Problem,
    #[source]
    cause: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    pub fn new(problem: Problem) -> Self {
        Error {
            problem,
            cause: None,
        }
    }

    pub fn because(
        problem: Problem,
        cause: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Error {
            problem,
            cause: Some(cause.into()),
        }
    }

    /// The cause, to be wrapped in another error.
    pub fn into_cause(self) -> Option<Box<dyn std::error::Error + Send + Sync>> {
        self.cause
    }

    pub(crate) fn causes(&self) -> Vec<String> {
        let first = self
            .cause
            .as_deref()
            .map(|cause| cause as &dyn std::error::Error);
        std::iter::successors(first, |error| error.source())
            .map(ToString::to_string)
            .collect()
    }
}

/// The error if a document could not be written to memory, which is a bug.
pub(crate) fn internal(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::because(Problem::Internal, error)
}
