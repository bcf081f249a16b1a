//! Error codes: one for each thing that somebody can act on. The words are the shells'.

use boothkeeper_domain::billing::Refusal;
use boothkeeper_store::StoreError;
use boothkeeper_sync::SyncError;
use boothkeeper_sync::wire::problem::{Problem, ProblemCode};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::secrets::SecretError;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Code {
    SignedOut,
    /// What was typed cannot be a key.
    KeyMalformed,
    KeyMissing,
    /// The key opens another account than the one this folder copies.
    WrongAccount,
    AddressMalformed,
    Offline,
    Portal,
    Server,
    /// The cloud understood and refused.
    Refused,
    UpdateNeeded,
    Diverged,
    StreamBroken,
    Damaged,
    /// The file of waiting actions, which cannot be fetched again.
    OutboxDamaged,
    /// It is not to be begun anew while it can be read.
    OutboxSound,
    /// Something would be lost that waits to be sent.
    ActionsWaiting,
    DiskFull,
    ReadOnly,
    NewerFiles,
    Locked,
    /// Other users of the machine can look into the data folder.
    OpenToOthers,
    FileSystem,
    NoKeychain,
    NotSynced,
    OutOfRange,
    UnknownName,
    NotFound,
    NotCancellable,
    /// Another action on the same thing was decided and not sent yet: the two may contradict each other.
    AlreadyWaiting,
    /// Something would be destroyed that nobody has confirmed.
    NotConfirmed,
    /// A folder, a link, a device.
    NotAFile,
    FileEmpty,
    FileTooLarge,
    /// Not of a type that may be attached, or not what its name says.
    FileType,
    TooManyFiles,
    TooManyRows,
    /// A message has more characters than the cloud takes.
    TextTooLong,
    /// Something is missing that a dispute needs.
    DraftIncomplete,
    /// What a dispute complains of has come right since it was written.
    CameRight,
    /// A draft on the same is there already.
    DraftExists,
    /// A dispute that was sent is changed no more.
    DisputeSent,
    /// A dispute is being written that would be lost.
    DraftsWaiting,
    /// A dispute that has been decided takes nothing more.
    NotOpen,
    /// There is no cloud behind an imported account.
    Imported,
    /// What is to be verified is no proof.
    NotAPacket,
    /// Nothing on this computer opens a letter.
    NoMailProgram,
    /// Nothing that could be a history.
    NotAHistory,
    /// A row of a table has a date or an amount that is none.
    RowUnreadable,
    /// No amount, date or number of a purchase could be found in it.
    NotAReceipt,
    /// Whose history it is was not said.
    EmailMissing,
    /// What a column means cannot be told: the operator says it.
    AskMapping,
    /// Dates can be read in two ways.
    AskDates,
    /// Amounts can be read in two ways.
    AskDecimals,
    Internal,
}

impl Code {
    pub const ALL: &'static [Code] = &[
        Code::SignedOut,
        Code::KeyMalformed,
        Code::KeyMissing,
        Code::WrongAccount,
        Code::AddressMalformed,
        Code::Offline,
        Code::Portal,
        Code::Server,
        Code::Refused,
        Code::UpdateNeeded,
        Code::Diverged,
        Code::StreamBroken,
        Code::Damaged,
        Code::OutboxDamaged,
        Code::OutboxSound,
        Code::ActionsWaiting,
        Code::DiskFull,
        Code::ReadOnly,
        Code::NewerFiles,
        Code::Locked,
        Code::OpenToOthers,
        Code::FileSystem,
        Code::NoKeychain,
        Code::NotSynced,
        Code::OutOfRange,
        Code::UnknownName,
        Code::NotFound,
        Code::NotCancellable,
        Code::AlreadyWaiting,
        Code::NotConfirmed,
        Code::NotAFile,
        Code::FileEmpty,
        Code::FileTooLarge,
        Code::FileType,
        Code::TooManyFiles,
        Code::TooManyRows,
        Code::TextTooLong,
        Code::DraftIncomplete,
        Code::CameRight,
        Code::DraftExists,
        Code::DisputeSent,
        Code::DraftsWaiting,
        Code::NotOpen,
        Code::Imported,
        Code::NotAPacket,
        Code::NoMailProgram,
        Code::NotAHistory,
        Code::RowUnreadable,
        Code::NotAReceipt,
        Code::EmailMissing,
        Code::AskMapping,
        Code::AskDates,
        Code::AskDecimals,
        Code::Internal,
    ];
}

/// A code with its chain of causes, and the cloud's problem code if it was the cloud that refused.
#[derive(Debug, Error)]
#[error("{code:?}")]
pub struct AppError {
    pub code: Code,
    pub problem: Option<ProblemCode>,
    #[source]
    cause: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl AppError {
    pub fn new(code: Code) -> Self {
        AppError {
            code,
            problem: None,
            cause: None,
        }
    }

    pub fn because(code: Code, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        AppError {
            code,
            problem: None,
            cause: Some(cause.into()),
        }
    }

    /// A refusal that the copy foresees, said as the cloud would say it.
    pub fn foreseen(refusal: &Refusal) -> Self {
        AppError {
            problem: Some(Problem::from(refusal).code),
            ..AppError::new(Code::Refused)
        }
    }

    /// The same error once more, for everyone who asks after what failed at the start.
    pub fn again(&self) -> Self {
        AppError {
            code: self.code,
            problem: self.problem,
            cause: self.causes().into_iter().next().map(Into::into),
        }
    }

    /// Whether trying again later can help, with nothing changed here.
    pub const fn is_transient(&self) -> bool {
        matches!(
            self.code,
            Code::Offline | Code::Portal | Code::Server | Code::StreamBroken | Code::Locked
        )
    }

    /// The causes from the nearest to the root, for logs and for "details".
    pub fn causes(&self) -> Vec<String> {
        let first = self
            .cause
            .as_deref()
            .map(|cause| cause as &dyn std::error::Error);
        std::iter::successors(first, |error| error.source())
            .map(ToString::to_string)
            .collect()
    }
}

impl From<StoreError> for AppError {
    fn from(error: StoreError) -> Self {
        AppError::because(store_code(&error), error)
    }
}

fn store_code(error: &StoreError) -> Code {
    match error {
        StoreError::DiskFull(_) | StoreError::FileSystemFull(_) => Code::DiskFull,
        StoreError::ReadOnly(_) => Code::ReadOnly,
        StoreError::Newer { .. } => Code::NewerFiles,
        StoreError::Damaged { .. } => Code::Damaged,
        StoreError::OutboxDamaged(_) => Code::OutboxDamaged,
        StoreError::OutboxSound => Code::OutboxSound,
        StoreError::NotReadable { .. } => Code::FileSystem,
        StoreError::Locked => Code::Locked,
        // What cannot be made in the folder, cannot be written there.
        error if error.hindrance().is_some() => Code::ReadOnly,
        StoreError::Io { .. } => Code::FileSystem,
        StoreError::Database(_) | StoreError::Migration(_) | StoreError::Json(_) => Code::Internal,
    }
}

impl From<SyncError> for AppError {
    fn from(error: SyncError) -> Self {
        let code = match &error {
            SyncError::Offline(_) => Code::Offline,
            SyncError::Portal { .. } => Code::Portal,
            SyncError::SignedOut | SyncError::NotBound => Code::SignedOut,
            SyncError::WrongAccount => Code::WrongAccount,
            SyncError::Server { .. } | SyncError::Malformed(_) => Code::Server,
            SyncError::Refused(_) => Code::Refused,
            SyncError::Stream(_) => Code::StreamBroken,
            SyncError::Diverged(_) => Code::Diverged,
            SyncError::UpdateNeeded => Code::UpdateNeeded,
            SyncError::Address(_) => Code::AddressMalformed,
            SyncError::Store(error) => store_code(error),
            SyncError::Worker => Code::Internal,
        };
        let problem = match &error {
            SyncError::Refused(problem) => Some(problem.code),
            _ => None,
        };
        AppError {
            problem,
            ..AppError::because(code, error)
        }
    }
}

impl From<SecretError> for AppError {
    fn from(error: SecretError) -> Self {
        AppError::because(Code::NoKeychain, error)
    }
}
