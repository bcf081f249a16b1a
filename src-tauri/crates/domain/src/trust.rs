//! Decides how far a displayed balance can be trusted (`domain.md` §12), from facts about the laptop's copy of the
//! journal.

use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::time::{DAY, SECOND};

/// Why the laptop's copy of the journal is not live, that is, not confirmed by the cloud within the last seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The cloud has not been contacted: the one-shot command line, or the first seconds of a window.
    NotConnected,
    Offline,
    /// The login page of a Wi-Fi network answered instead of the cloud.
    Portal,
    Server,
    /// The cloud does not sign heartbeats, so it cannot prove that the copy is current.
    CloudTooOld,
    SignedOut,
    /// The copy on disk differs from what was verified. It must be fetched again from the cloud.
    Damaged,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Trust {
    Live,
    Cached,
    Stale,
    Unknown,
    Diverged,
    /// The history was imported by the operator from a file; no cloud has verified it.
    Imported,
}

/// Most milliseconds since the cloud's last heartbeat for the copy of the journal to be live.
pub const LIVE_FOR: i64 = 15 * SECOND;
/// Milliseconds after which an unconfirmed copy of the journal is stale, because the account has probably changed.
pub const FRESH_FOR: i64 = DAY;

/// The facts that [`determine_trust`] decides from.
#[derive(Debug, Clone, Copy, Default)]
pub struct TrustFacts {
    pub diverged: bool,
    /// When the cloud last confirmed the copy of the journal; `None` if it never did.
    pub as_of: Option<Timestamp>,
    /// Milliseconds since the last heartbeat that named the newest entry of the verified copy, including time in which
    /// the laptop was suspended. `None` without an open connection.
    pub heartbeat_age: Option<i64>,
    /// Commands of the operator wait in the outbox.
    pub actions_waiting: bool,
    /// The laptop's clock was set back, so that the copy of the journal may be older than it seems.
    pub age_unknown: bool,
}

/// The first trust state that applies, in this order: diverged, unknown, live, stale, cached.
pub fn determine_trust(evidence: &TrustFacts, now: Timestamp) -> Trust {
    let Some(as_of) = evidence.as_of else {
        return if evidence.diverged {
            Trust::Diverged
        } else {
            Trust::Unknown
        };
    };
    if evidence.diverged {
        Trust::Diverged
    } else if evidence
        .heartbeat_age
        .is_some_and(|age| (0..=LIVE_FOR).contains(&age))
    {
        Trust::Live
    } else if evidence.actions_waiting || evidence.age_unknown || now.since(as_of) > FRESH_FOR {
        Trust::Stale
    } else {
        Trust::Cached
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trust_in_the_local_copy_is_the_first_state_that_applies() {
        let now = Timestamp::from_millis(10 * DAY);
        let fresh = TrustFacts {
            as_of: Some(now.plus(-1)),
            ..TrustFacts::default()
        };
        let cases = [
            (TrustFacts::default(), Trust::Unknown),
            (fresh, Trust::Cached),
            (
                TrustFacts {
                    heartbeat_age: Some(LIVE_FOR),
                    ..fresh
                },
                Trust::Live,
            ),
            (
                TrustFacts {
                    heartbeat_age: Some(LIVE_FOR + 1),
                    ..fresh
                },
                Trust::Cached,
            ),
            (
                TrustFacts {
                    actions_waiting: true,
                    ..fresh
                },
                Trust::Stale,
            ),
            (
                TrustFacts {
                    as_of: Some(now.plus(-FRESH_FOR - 1)),
                    ..fresh
                },
                Trust::Stale,
            ),
            (
                TrustFacts {
                    diverged: true,
                    heartbeat_age: Some(0),
                    ..fresh
                },
                Trust::Diverged,
            ),
        ];
        for (evidence, expected) in cases {
            assert_eq!(determine_trust(&evidence, now), expected, "{evidence:?}");
        }
    }
}
