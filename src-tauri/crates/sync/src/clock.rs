//! The laptop's two clocks: the wall clock, which can be wrong, and a boot clock, which measures how old the local copy
//! is and also counts the time that the machine sleeps.

use boothkeeper_domain::Timestamp;

pub trait Clock: Send + Sync + 'static {
    /// The time that the machine's wall clock shows.
    fn wall(&self) -> Timestamp;

    /// Milliseconds since a fixed instant, including the time that the machine slept.
    fn since_boot(&self) -> i64;
}

/// The machine's clocks.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods)]
    fn wall(&self) -> Timestamp {
        use std::time::SystemTime;
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let millis = since.map_or(0, |d| i64::try_from(d.as_millis()).unwrap_or(i64::MAX));
        Timestamp::from_millis(millis)
    }

    /// On Linux `Instant` does not count suspended time, so this reads the boot clock.
    #[cfg(target_os = "linux")]
    fn since_boot(&self) -> i64 {
        use rustix::time::{ClockId, clock_gettime};
        let time = clock_gettime(ClockId::Boottime);
        time.tv_sec * 1000 + time.tv_nsec / 1_000_000
    }

    #[cfg(not(target_os = "linux"))]
    fn since_boot(&self) -> i64 {
        use std::sync::LazyLock;
        use std::time::Instant;
        static START: LazyLock<Instant> = LazyLock::new(Instant::now);
        i64::try_from(START.elapsed().as_millis()).unwrap_or(i64::MAX)
    }
}
