//! Protects against a clock that jumps ahead. Closures and expiries cannot be undone, so they wait until the clock can
//! be trusted or an administrator has accepted it (`--accept-clock`).
//!
//! While the process runs, the wall clock may run ahead of the boot clock by [`MAX_GAIN`]. At start it may be ahead of
//! the instant stored by the last process by [`MAX_STOPPED`]: a cloud may be off for weeks, but a gap of years means a
//! wrong clock. A sandbox moves its time on purpose and is always trusted.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use boothkeeper_domain::Timestamp;
use boothkeeper_domain::time::DAY;

/// Milliseconds by which the wall clock may run ahead of the boot clock.
const MAX_GAIN: i64 = DAY;
/// Milliseconds that may lie between the instant stored by the last process and the next start.
const MAX_STOPPED: i64 = 60 * DAY;
/// Time between two stores of the current instant while the process runs.
pub const STORE_EVERY: Duration = Duration::from_secs(600);
/// The name of the setting that holds the instant last stored by a running cloud.
pub const SETTING: &str = "reached";

#[derive(Debug)]
pub struct ClockGuard(Mutex<State>);

#[derive(Debug, Clone, Copy)]
enum State {
    /// The clock is a sandbox's, which is always trusted.
    Sandbox,
    /// The wall clock was at `at` when the boot clock was at `since_boot` (ms). Since then it may have gained `slack`
    /// (ms) on the boot clock.
    Reached {
        at: Timestamp,
        since_boot: i64,
        slack: i64,
    },
}

impl ClockGuard {
    pub fn sandbox() -> Self {
        ClockGuard(Mutex::new(State::Sandbox))
    }

    /// Guards a real clock that shows `now` at start. `stored` is the last instant of an earlier process; `None` at the
    /// first start, or if an administrator accepts the clock.
    pub fn starting(now: Timestamp, since_boot: i64, stored: Option<Timestamp>) -> Self {
        ClockGuard(Mutex::new(State::Reached {
            at: stored.unwrap_or(now),
            since_boot,
            slack: MAX_STOPPED,
        }))
    }

    /// Whether `now` can be trusted. If so, later instants are compared with it.
    pub fn trusts(&self, now: Timestamp, since_boot: i64) -> bool {
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
        let trusted = now <= at.plus(passed).plus(slack);
        if trusted {
            *state = State::Reached {
                at: now,
                since_boot,
                slack: MAX_GAIN,
            };
        }
        trusted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(days: i64) -> Timestamp {
        Timestamp::from_millis(days * DAY)
    }

    #[test]
    fn clock_at_start_is_trusted_up_to_sixty_days_after_last_run() {
        for (days, trusted) in [(1, true), (59, true), (61, false), (5 * 365, false)] {
            let guard = ClockGuard::starting(at(days), 0, Some(at(0)));
            assert_eq!(guard.trusts(at(days), 0), trusted, "{days} days later");
        }
    }

    #[test]
    fn clock_at_first_start_is_trusted() {
        let guard = ClockGuard::starting(at(9_000), 0, None);
        assert!(guard.trusts(at(9_000), 0));
    }

    #[test]
    fn clock_that_jumps_ahead_while_running_is_not_trusted_until_corrected() {
        let guard = ClockGuard::starting(at(100), 0, Some(at(100)));
        assert!(guard.trusts(at(100), 0));
        assert!(!guard.trusts(at(102), 1_000), "two days within a second");
        assert!(!guard.trusts(at(100 + 5 * 365), 2_000));
        assert!(guard.trusts(at(100), 3_000), "the clock was corrected");
        assert!(
            guard.trusts(at(130), 30 * DAY),
            "both clocks advanced by a month"
        );
    }

    #[test]
    fn sandbox_clock_is_always_trusted() {
        let guard = ClockGuard::sandbox();
        assert!(guard.trusts(at(1), 0) && guard.trusts(at(100_000), 0));
    }
}
