//! What a balance may claim about itself (`domain.md` §12), decided from facts in one place.

use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::time::{DAY, SECOND};

/// Why a copy is not live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Nobody asked the cloud: the one-shot command line, or the first seconds of a window.
    NotConnected,
    Offline,
    /// A venue's Wi-Fi answered in the cloud's place.
    Portal,
    Server,
    /// The cloud signs no heartbeats: what it says of now cannot be proven.
    CloudTooOld,
    SignedOut,
    /// Bytes on this laptop are not what was proven, and the cloud is needed to mend them.
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
    /// Brought by the operator: no cloud stands behind it.
    Imported,
}

/// How old a heartbeat may be.
pub const LIVE_FOR: i64 = 15 * SECOND;
/// How old a copy may be before what it says is likely to have changed.
pub const FRESH_FOR: i64 = DAY;

/// What the judgement rests on. Ages count suspended time.
#[derive(Debug, Clone, Copy, Default)]
pub struct Evidence {
    pub diverged: bool,
    /// When the cloud last confirmed the copy; `None` if it never did.
    pub as_of: Option<Timestamp>,
    /// Age of the last heartbeat whose head was the verified copy, on a connection still open.
    pub heartbeat_age: Option<i64>,
    pub actions_waiting: bool,
    /// The laptop's clock went backwards: the copy may be older than it looks.
    pub age_unknown: bool,
}

/// Precedence: diverged, unknown, live, stale, cached.
pub fn judge(evidence: &Evidence, now: Timestamp) -> Trust {
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
    fn the_worst_that_is_true_is_shown() {
        let now = Timestamp::from_millis(10 * DAY);
        let fresh = Evidence {
            as_of: Some(now.plus(-1)),
            ..Evidence::default()
        };
        let cases = [
            (Evidence::default(), Trust::Unknown),
            (fresh, Trust::Cached),
            (
                Evidence {
                    heartbeat_age: Some(LIVE_FOR),
                    ..fresh
                },
                Trust::Live,
            ),
            (
                Evidence {
                    heartbeat_age: Some(LIVE_FOR + 1),
                    ..fresh
                },
                Trust::Cached,
            ),
            (
                Evidence {
                    actions_waiting: true,
                    ..fresh
                },
                Trust::Stale,
            ),
            (
                Evidence {
                    as_of: Some(now.plus(-FRESH_FOR - 1)),
                    ..fresh
                },
                Trust::Stale,
            ),
            (
                Evidence {
                    diverged: true,
                    heartbeat_age: Some(0),
                    ..fresh
                },
                Trust::Diverged,
            ),
        ];
        for (evidence, expected) in cases {
            assert_eq!(judge(&evidence, now), expected, "{evidence:?}");
        }
    }
}
