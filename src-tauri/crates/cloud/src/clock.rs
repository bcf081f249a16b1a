//! The cloud's clock: real time, or a sandbox's time that can be frozen and advanced.

use std::sync::Mutex;
use std::time::SystemTime;

use boothkeeper_domain::Timestamp;
use boothkeeper_wire::api::ClockKind;

#[derive(Debug)]
pub struct Clock(Mutex<State>);

#[derive(Debug, Clone, Copy)]
enum State {
    Real,
    /// Wall time plus the milliseconds by which the sandbox was advanced.
    Running {
        ahead: i64,
    },
    Frozen {
        at: Timestamp,
    },
}

impl Clock {
    pub fn real() -> Self {
        Clock(Mutex::new(State::Real))
    }

    pub fn running() -> Self {
        Clock(Mutex::new(State::Running { ahead: 0 }))
    }

    pub fn frozen(at: Timestamp) -> Self {
        Clock(Mutex::new(State::Frozen { at }))
    }

    pub fn now(&self) -> Timestamp {
        match self.state() {
            State::Real => wall(),
            State::Running { ahead } => wall().plus(ahead),
            State::Frozen { at } => at,
        }
    }

    pub fn kind(&self) -> ClockKind {
        match self.state() {
            State::Real => ClockKind::Real,
            State::Running { .. } | State::Frozen { .. } => ClockKind::Sandbox,
        }
    }

    /// Moves sandbox time forward to `to`. Returns `false`, and changes nothing, if `to` is in the past or the clock is
    /// real.
    pub fn advance_to(&self, to: Timestamp) -> bool {
        let mut state = self.lock();
        match &mut *state {
            State::Real => false,
            State::Running { ahead } => {
                let by = to.since(wall().plus(*ahead));
                *ahead += by.max(0);
                by >= 0
            }
            State::Frozen { at } => {
                let forward = to >= *at;
                *at = to.max(*at);
                forward
            }
        }
    }

    fn state(&self) -> State {
        *self.lock()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.0
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// Milliseconds since the machine started; includes suspended time where the system counts it (Linux).
#[cfg(target_os = "linux")]
pub fn since_boot() -> i64 {
    use rustix::time::{ClockId, clock_gettime};
    let time = clock_gettime(ClockId::Boottime);
    time.tv_sec * 1000 + time.tv_nsec / 1_000_000
}

#[cfg(not(target_os = "linux"))]
pub fn since_boot() -> i64 {
    use std::sync::LazyLock;
    use std::time::Instant;
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    i64::try_from(START.elapsed().as_millis()).unwrap_or(i64::MAX)
}

/// The only function of the cloud that reads the wall clock.
#[expect(clippy::disallowed_methods)]
fn wall() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    Timestamp::from_millis(since.map_or(0, |d| i64::try_from(d.as_millis()).unwrap_or(i64::MAX)))
}
