//! The cause of an entry: why it moved credits.

use crate::codes::CauseCode;
use crate::imported::BROUGHT_FORWARD;
use crate::journal::Body;
use crate::{Entry, Kind};

/// The cause of an entry that moves credits.
pub fn cause(entry: &Entry) -> CauseCode {
    let given = |reason: &Option<String>| {
        let reason = reason.as_deref().map(str::trim);
        reason.is_some_and(|reason| !reason.is_empty())
    };
    match (&entry.body, entry.body.kind().and_then(Kind::cause)) {
        (Body::Reversal(_), _) if entry.delta.is_positive() => CauseCode::GivenBack,
        (Body::Adjustment(_), _) if entry.reason.as_deref() == Some(BROUGHT_FORWARD) => {
            CauseCode::BroughtForward
        }
        (Body::Adjustment(_), _) if !given(&entry.reason) => CauseCode::Unexplained,
        (_, cause) => cause.unwrap_or(CauseCode::Unexplained),
    }
}
