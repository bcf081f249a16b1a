//! Error codes: one for each failure that an operator can act on. Their sentences are in the messages crate.

use boothkeeper_documents::Problem;
use boothkeeper_domain::billing::Refusal;
use boothkeeper_store::StoreError;
use boothkeeper_sync::SyncError;
use boothkeeper_sync::wire::problem::{Problem as CloudProblem, ProblemCode};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::secrets::SecretError;

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $exit:literal;)+) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "ts", derive(ts_rs::TS))]
        #[serde(rename_all = "snake_case")]
        pub enum Code {
            $($(#[$doc])* $variant,)+
        }

        impl Code {
            pub const ALL: &'static [Code] = &[$(Code::$variant),+];

            /// The name in JSON, by which the messages crate has its sentence (`errors-NAME`).
            pub const fn name(self) -> &'static str {
                match self { $(Code::$variant => $name,)+ }
            }

            /// The exit code of a command that fails with this error (`cloud-api.md`): 1 failed, 2 usage, 3 signed out,
            /// 4 offline, 5 refused, 6 diverged.
            pub const fn exit(self) -> u8 {
                match self { $(Code::$variant => $exit,)+ }
            }
        }
    };
}

codes! {
    SignedOut = "signed_out", 3;
    /// What was typed cannot be an access key.
    KeyMalformed = "key_malformed", 2;
    /// No access key was typed, piped or set in the environment.
    KeyMissing = "key_missing", 2;
    /// The access key opens another account than the one whose journal is in this folder.
    WrongAccount = "wrong_account", 1;
    AddressMalformed = "address_malformed", 2;
    Offline = "offline", 4;
    /// Something other than the cloud answered, such as a sign-in page.
    Portal = "portal", 4;
    Server = "server", 4;
    /// The cloud understood the request and refused it.
    Refused = "refused", 5;
    UpdateNeeded = "update_needed", 1;
    Diverged = "diverged", 6;
    StreamBroken = "stream_broken", 1;
    Damaged = "damaged", 1;
    /// The outbox (the file of waiting actions, which cannot be fetched again) is damaged or missing.
    OutboxDamaged = "outbox_damaged", 1;
    /// The outbox can be read, so it is not replaced by a new one.
    OutboxSound = "outbox_sound", 1;
    /// Sign-in or sign-out was refused, because actions that are not sent yet would be lost.
    ActionsWaiting = "actions_waiting", 1;
    DiskFull = "disk_full", 1;
    ReadOnly = "read_only", 1;
    NewerFiles = "newer_files", 1;
    Locked = "locked", 1;
    /// Other users of the machine can read the data folder.
    OpenToOthers = "open_to_others", 1;
    FileSystem = "file_system", 1;
    NoKeychain = "no_keychain", 1;
    NotSynced = "not_synced", 1;
    OutOfRange = "out_of_range", 2;
    UnknownName = "unknown_name", 2;
    NotFound = "not_found", 1;
    NotCancellable = "not_cancellable", 1;
    /// Another action on the plan, or the dispute itself, already waits to be sent and may contradict this action.
    AlreadyWaiting = "already_waiting", 1;
    /// The action charges or destroys something and was not confirmed.
    NotConfirmed = "not_confirmed", 1;
    /// The path leads to a folder, a link or a device instead of a regular file.
    NotAFile = "not_a_file", 1;
    FileEmpty = "file_empty", 1;
    FileTooLarge = "file_too_large", 1;
    /// Reading a document needs more memory or time than a document of its kind may take.
    TooComplex = "too_complex", 1;
    /// Files of this type may not be attached, or the file's name ends as another type's.
    FileType = "file_type", 1;
    TooManyFiles = "too_many_files", 1;
    TooManyRows = "too_many_rows", 1;
    /// A message has more characters than the cloud accepts.
    TextTooLong = "text_too_long", 1;
    /// The dispute cannot be sent: something is missing or wrong in it.
    DraftIncomplete = "draft_incomplete", 1;
    /// What the dispute complains about has been put right since the dispute was written.
    CameRight = "came_right", 1;
    /// There is already the draft of a dispute about the same subject.
    DraftExists = "draft_exists", 1;
    /// A dispute that was sent can no longer be edited.
    DisputeSent = "dispute_sent", 1;
    /// An import was refused, because the edited draft of a dispute would be lost.
    DraftsWaiting = "drafts_waiting", 1;
    /// A decided dispute accepts no more messages.
    NotOpen = "not_open", 1;
    /// An imported account has no cloud.
    Imported = "imported", 1;
    /// No proof was found in the files to be verified.
    NotAPacket = "not_a_packet", 1;
    /// No program on this computer opens e-mail files.
    NoMailProgram = "no_mail_program", 1;
    /// The file is not a usage history.
    NotAHistory = "not_a_history", 1;
    /// A row of a table has a date or an amount that cannot be read.
    RowUnreadable = "row_unreadable", 1;
    /// No amount, date or payment number was found in a receipt.
    NotAReceipt = "not_a_receipt", 1;
    /// The account's e-mail address is missing.
    EmailMissing = "email_missing", 2;
    /// The meaning of a table's column is unclear: the operator must choose.
    AskMapping = "ask_mapping", 2;
    /// The dates of a table can be read in two ways, such as day first or month first.
    AskDates = "ask_dates", 2;
    /// The amounts of a table can be read in two ways, with point or comma before the cents.
    AskDecimals = "ask_decimals", 2;
    Internal = "internal", 1;
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

    /// The error for a refusal that the local copy foresees, with the problem code that the cloud would answer.
    pub fn foreseen(refusal: &Refusal) -> Self {
        AppError {
            problem: Some(CloudProblem::from(refusal).code),
            ..AppError::new(Code::Refused)
        }
    }

    /// A second error of the same code, problem and nearest cause, where one failure is reported to several callers.
    pub fn again(&self) -> Self {
        AppError {
            code: self.code,
            problem: self.problem,
            cause: self.causes().into_iter().next().map(Into::into),
        }
    }

    /// True if the same action may succeed later, with nothing changed on this computer.
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
        // A folder in which no file can be created counts as not writable.
        error if error.read_only_reason().is_some() => Code::ReadOnly,
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

impl From<boothkeeper_documents::Error> for AppError {
    fn from(error: boothkeeper_documents::Error) -> Self {
        let code = Code::from(error.problem);
        match error.into_cause() {
            Some(cause) => AppError::because(code, cause),
            None => AppError::new(code),
        }
    }
}

impl From<Problem> for Code {
    fn from(problem: Problem) -> Self {
        match problem {
            Problem::FileEmpty => Code::FileEmpty,
            Problem::FileTooLarge => Code::FileTooLarge,
            Problem::FileType => Code::FileType,
            Problem::TooManyFiles => Code::TooManyFiles,
            Problem::TooComplex => Code::TooComplex,
            Problem::NotAPacket => Code::NotAPacket,
            Problem::NotAHistory => Code::NotAHistory,
            Problem::RowUnreadable => Code::RowUnreadable,
            Problem::NotAReceipt => Code::NotAReceipt,
            Problem::AskMapping => Code::AskMapping,
            Problem::AskDates => Code::AskDates,
            Problem::AskDecimals => Code::AskDecimals,
            Problem::AddressMalformed => Code::AddressMalformed,
            Problem::Damaged => Code::Damaged,
            Problem::Internal => Code::Internal,
        }
    }
}

impl From<SecretError> for AppError {
    fn from(error: SecretError) -> Self {
        AppError::because(Code::NoKeychain, error)
    }
}

#[cfg(test)]
mod tests {
    use boothkeeper_messages::errors::ERRORS;

    use super::*;

    #[test]
    fn every_error_code_has_a_sentence_and_every_sentence_an_error_code() {
        let names: Vec<_> = Code::ALL.iter().map(|code| code.name()).collect();
        for code in Code::ALL {
            let json = serde_json::to_value(code).unwrap();
            assert_eq!(json, code.name());
            assert!(ERRORS.codes().contains(&code.name()), "{}", code.name());
        }
        for name in ERRORS.codes() {
            assert!(names.contains(name), "{name} is not a code");
        }
    }
}
