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
    /// Files of this type may not be attached, or the file's name ends as another type's.
    FileType,
    TooManyFiles,
    /// Reading the document needs more memory or time than a document of its kind may take.
    TooComplex,
    /// No proof was found in the files to be verified.
    NotAPacket,
    /// The file is not a usage history.
    NotAHistory,
    /// A row of a table has a date or an amount that cannot be read.
    RowUnreadable,
    /// No amount, date or payment number was found in a receipt.
    NotAReceipt,
    /// The meaning of a table's column is unclear: the operator must choose.
    AskMapping,
    /// The dates of a table can be read in two ways, such as day first or month first.
    AskDates,
    /// The amounts of a table can be read in two ways, with point or comma before the cents.
    AskDecimals,
    AddressMalformed,
    /// An entry of the local copy cannot be decoded.
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

    /// The cause of this error, to be wrapped in an error of another crate.
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

/// Turns an error that only a bug can cause, such as a failed write to memory, into `Problem::Internal`.
pub(crate) fn internal(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::because(Problem::Internal, error)
}
