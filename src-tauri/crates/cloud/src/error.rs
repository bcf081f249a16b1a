//! The one error type of the server: a problem that the caller can act on, or a fault that is logged here and reported
//! to the caller as `internal` without details.

use axum::Json;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use boothkeeper_domain::billing::Refusal;
use boothkeeper_domain::billing::opening::SignUpError;
use boothkeeper_domain::{FoldError, id::IdError};
use boothkeeper_wire::problem::{Problem, ProblemCode};
use boothkeeper_wire::{PROBLEM_JSON, entry::DecodeError, stream::FrameError};
use thiserror::Error;

#[derive(Debug, Error)]
pub enum Error {
    #[error("{}", .0.title)]
    Problem(Box<Problem>),
    #[error("the database")]
    Database(#[from] rusqlite::Error),
    #[error("the database's migration")]
    Migration(#[from] rusqlite_migration::Error),
    #[error("a stored document")]
    Json(#[from] serde_json::Error),
    #[error("a stored entry")]
    Entry(#[from] DecodeError),
    #[error("a stored segment")]
    Frame(#[from] FrameError),
    #[error("a stored journal")]
    Fold(#[from] FoldError),
    #[error("a stored id")]
    Id(#[from] IdError),
    #[error("the file system")]
    Io(#[from] std::io::Error),
    #[error("the system's randomness")]
    Random(#[from] getrandom::Error),
    /// The database lacks commits that were acknowledged.
    #[error(
        "the database has lost what was committed to it: a damaged log, or an older file. Restore the newest backup; \
         if this is one, start with --new-epoch"
    )]
    RolledBack,
    /// The writer's queue is full. Nothing of this request was done.
    #[error("too much waits to be written")]
    Busy,
    /// The writer has stopped or could not commit. Nothing of this request was done.
    #[error("it was not written")]
    NotWritten,
    /// The processor could not be reached or sent an unusable reply. The call is repeated later.
    #[error("the payment processor")]
    Processor(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("{0}")]
    Invariant(&'static str),
}

impl From<ProblemCode> for Error {
    fn from(code: ProblemCode) -> Self {
        Error::Problem(Box::new(Problem::new(code)))
    }
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        Error::Problem(Box::new(problem))
    }
}

impl From<SignUpError> for Error {
    fn from(error: SignUpError) -> Self {
        match error {
            SignUpError::UnknownPlan => ProblemCode::UnknownPlan.into(),
            SignUpError::UnknownProduct => ProblemCode::Malformed.into(),
            SignUpError::Refused(refusal) => refusal.into(),
        }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Broken(error) => Error::Fold(error),
            refusal => Error::Problem(Box::new(Problem::from(&refusal))),
        }
    }
}

impl Error {
    /// Whether the disk, the system or the writer failed: then every account is affected, not only this one.
    pub const fn is_of_the_machine(&self) -> bool {
        match self {
            Error::Database(_)
            | Error::Migration(_)
            | Error::Io(_)
            | Error::Random(_)
            | Error::Busy
            | Error::NotWritten => true,
            Error::Problem(_)
            | Error::Json(_)
            | Error::Entry(_)
            | Error::Frame(_)
            | Error::Fold(_)
            | Error::Id(_)
            | Error::RolledBack
            | Error::Processor(_)
            | Error::Invariant(_) => false,
        }
    }

    /// The problem for the caller. Logs a fault with its causes.
    pub fn into_problem(self) -> Problem {
        match self {
            Error::Problem(problem) => *problem,
            Error::Busy => Problem::new(ProblemCode::TooManyRequests),
            fault => {
                let causes =
                    std::iter::successors(Some(&fault as &dyn std::error::Error), |e| e.source());
                let chain: Vec<_> = causes.map(ToString::to_string).collect();
                tracing::error!(causes = %chain.join(": "), "a request failed");
                Problem::new(ProblemCode::Internal)
            }
        }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let problem = self.into_problem();
        let code = problem.code;
        problem_response(code, Json(problem))
    }
}

/// A response with the status of `code` and the body `members`: a problem document, or a document that contains one.
pub fn problem_response(code: ProblemCode, members: impl IntoResponse) -> Response {
    let status = StatusCode::from_u16(code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, members).into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        header::HeaderValue::from_static(PROBLEM_JSON),
    );
    if matches!(status.as_u16(), 409 | 429 | 503) && code_retries(code) {
        let name: HeaderName = header::RETRY_AFTER;
        headers.insert(name, header::HeaderValue::from_static("1"));
    }
    response
}

const fn code_retries(code: ProblemCode) -> bool {
    match code {
        ProblemCode::InProgress | ProblemCode::TooManyRequests | ProblemCode::Unavailable => true,
        ProblemCode::Malformed
        | ProblemCode::Unauthenticated
        | ProblemCode::NotFound
        | ProblemCode::CrossSite
        | ProblemCode::MethodNotAllowed
        | ProblemCode::EpochChanged
        | ProblemCode::CursorAhead
        | ProblemCode::Fork
        | ProblemCode::AccountClosed
        | ProblemCode::AlreadyRefunded
        | ProblemCode::ClockBackwards
        | ProblemCode::RunExists
        | ProblemCode::BlobMissing
        | ProblemCode::UploadOffset
        | ProblemCode::QuotaReached
        | ProblemCode::RequestTimeout
        | ProblemCode::PayloadTooLarge
        | ProblemCode::TextTooLong
        | ProblemCode::CommandReused
        | ProblemCode::UnknownService
        | ProblemCode::UnitsOutOfRange
        | ProblemCode::InsufficientCredits
        | ProblemCode::DailyLimitReached
        | ProblemCode::ExceedsDailyLimit
        | ProblemCode::BelowMinimum
        | ProblemCode::AmountOutOfRange
        | ProblemCode::NoCard
        | ProblemCode::NoAutoRecharge
        | ProblemCode::CreditsCannotPayFees
        | ProblemCode::SamePlan
        | ProblemCode::OtherCyclePaid
        | ProblemCode::CardDeclined
        | ProblemCode::PaymentUnanswered
        | ProblemCode::PaymentPending
        | ProblemCode::NothingDue
        | ProblemCode::WrongState
        | ProblemCode::UnknownCoupon
        | ProblemCode::CouponNotForPlan
        | ProblemCode::CouponRedeemed
        | ProblemCode::UnknownCard
        | ProblemCode::UnknownProduct
        | ProblemCode::NoNewEvents
        | ProblemCode::TooLate
        | ProblemCode::UnknownCommand
        | ProblemCode::EntryMismatch
        | ProblemCode::FileLost
        | ProblemCode::BlobMismatch
        | ProblemCode::UnknownPlan
        | ProblemCode::AccountDamaged
        | ProblemCode::Internal
        | ProblemCode::Unknown => false,
    }
}
