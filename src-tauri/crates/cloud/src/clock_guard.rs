//! Against a clock that jumps ahead: what cannot be taken back, closing an account and letting credits expire,
//! waits until the time is likely or a person has said that it is right.
//!
//! While the process runs, the wall clock may gain [`RUNNING`] at most on the one that counts from boot. At a start
//! it may be ahead of the last instant stored by [`STOPPED`]: weeks without the cloud are legitimate, years are a
//! wrong clock. A sandbox's time is moved on purpose.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use boothkeeper_domain::Timestamp;
use boothkeeper_domain::time::DAY;

/// Milliseconds that the wall clock may gain on the one that counts from boot.
const RUNNING: i64 = DAY;
/// Milliseconds between the last instant stored and a start.
const STOPPED: i64 = 60 * DAY;
/// How often the instant is stored that was reached while the process ran.
pub const STORE_EVERY: Duration = Duration::from_secs(600);
/// The setting it is stored under.
pub const SETTING: &str = "reached";

#[derive(Debug)]
pub struct ClockGuard(Mutex<State>);

#[derive(Debug, Clone, Copy)]
enum State {
    /// A sandbox.
    Open,
    /// The wall clock stood at `at` when the one that counts from boot stood at `since_boot`, in milliseconds.
    Reached {
        at: Timestamp,
        since_boot: i64,
        slack: i64,
    },
}

impl ClockGuard {
    /// For a sandbox.
    pub fn open() -> Self {
        ClockGuard(Mutex::new(State::Open))
    }

    /// For a real clock that says `now` at the start. `stored` is the last instant of an earlier process; none
    /// where there was none, or where a person says that the clock is right.
    pub fn starting(now: Timestamp, since_boot: i64, stored: Option<Timestamp>) -> Self {
        ClockGuard(Mutex::new(State::Reached {
            at: stored.unwrap_or(now),
            since_boot,
            slack: STOPPED,
        }))
    }

    /// Whether `now` is likely. Where it is, it becomes what later instants are compared with.
    pub fn is_likely(&self, now: Timestamp, since_boot: i64) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let State::Reached {
            at,
            since_boot: then,
            slack,
        } = *state
        else {
            return true;
        };
        let passed = since_boot.saturating_sub(then).max(0);
        let likely = now <= at.plus(passed).plus(slack);
        if likely {
            *state = State::Reached {
                at: now,
                since_boot,
                slack: RUNNING,
            };
        }
        likely
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(days: i64) -> Timestamp {
        Timestamp::from_millis(days * DAY)
    }

    #[test]
    fn start_after_weeks_is_likely_and_after_years_is_not() {
        for (days, likely) in [(1, true), (59, true), (61, false), (5 * 365, false)] {
            let guard = ClockGuard::starting(at(days), 0, Some(at(0)));
            assert_eq!(guard.is_likely(at(days), 0), likely, "{days} days later");
        }
    }

    #[test]
    fn first_start_has_nothing_to_compare_with() {
        let guard = ClockGuard::starting(at(9_000), 0, None);
        assert!(guard.is_likely(at(9_000), 0));
    }

    #[test]
    fn jump_while_running_is_unlikely_until_the_clock_is_set_right() {
        let guard = ClockGuard::starting(at(100), 0, Some(at(100)));
        assert!(guard.is_likely(at(100), 0));
        assert!(!guard.is_likely(at(102), 1_000), "two days within a second");
        assert!(!guard.is_likely(at(100 + 5 * 365), 2_000));
        assert!(guard.is_likely(at(100), 3_000), "it was set right");
        assert!(
            guard.is_likely(at(130), 30 * DAY),
            "a month passed, asleep or not"
        );
    }

    #[test]
    fn sandbox_moves_as_it_likes() {
        let guard = ClockGuard::open();
        assert!(guard.is_likely(at(1), 0) && guard.is_likely(at(100_000), 0));
    }
}
