//! Records what is known of the cloud: that it agrees with the local copy or differs, that the whole copy was verified,
//! and the cloud's time.

use boothkeeper_domain::time::MINUTE;
use boothkeeper_domain::{Seq, Timestamp};
use boothkeeper_store::outbox::{Diverged, Divergence};
use boothkeeper_wire::api::ClockKind;

use super::LocalCopy;
use crate::SyncError;

/// Ms by which the cloud's time may be ahead of the latest known time and still be accepted.
const MAX_AHEAD: i64 = 2 * MINUTE;

impl LocalCopy {
    /// Records that the local copy and the cloud disagree. Nothing is shown as current until they agree again. A
    /// disagreement recorded earlier is kept.
    pub fn record_divergence(&self, what: Divergence) -> Result<(), SyncError> {
        let outbox = self.outbox();
        if let Some(mut binding) = outbox.binding()?
            && binding.diverged.is_none()
        {
            binding.diverged = Some(Diverged {
                since: self.clock().wall(),
                what,
            });
            outbox.bind(Some(&binding))?;
        }
        Ok(())
    }

    /// Records that the local copy ends at the cloud's newest entry `seq`, as chain and signature have proven. `as_of`
    /// is the cloud's signed time. Fails with `Diverged` if the copy reached beyond `seq` when it was opened.
    pub fn record_agreement(&self, seq: Seq, as_of: Timestamp) -> Result<(), SyncError> {
        let wall = self.clock().wall();
        let cache = self.cache();
        if seq < cache.seq_when_opened() {
            // The cloud's journal is now shorter than the local copy was.
            drop(cache);
            self.record_divergence(Divergence::CursorAhead)?;
            return Err(SyncError::Diverged(Divergence::CursorAhead));
        }
        let believed = match self.binding()?.clock {
            // A sandbox's clock is moved on purpose: accept any time.
            ClockKind::Sandbox => as_of,
            ClockKind::Real => {
                let proven = cache.newest_entry_at()?;
                cache.store_clock_difference(as_of, wall)?;
                trusted_time(as_of, wall, proven)
            }
        };
        cache.confirm(seq, believed, wall)?;
        drop(cache);
        self.settle(seq)?;
        let outbox = self.outbox();
        // The newest entries agree, but earlier ones may be damaged: keep a recorded damage.
        if let Some(mut binding) = outbox.binding()?
            && binding.diverged.is_some()
            && !binding.is_damaged()
        {
            binding.diverged = None;
            outbox.bind(Some(&binding))?;
        }
        Ok(())
    }

    /// Records that the whole local copy has just been verified; clears a recorded damage.
    pub fn record_verified(&self) -> Result<(), SyncError> {
        let outbox = self.outbox();
        if let Some(mut binding) = outbox.binding()?
            && binding.is_damaged()
        {
            binding.diverged = None;
            outbox.bind(Some(&binding))?;
        }
        drop(outbox);
        Ok(self.cache().set_scrubbed_at(self.clock().wall())?)
    }
}

/// The cloud's time if the laptop's clock or the newest proven entry confirms it; else the later of the laptop's time
/// and that entry's. A cloud clock that is years ahead would otherwise hide deadlines that have not passed yet.
fn trusted_time(as_of: Timestamp, wall: Timestamp, proven: Timestamp) -> Timestamp {
    let known = wall.max(proven);
    match as_of <= known.plus(MAX_AHEAD) {
        true => as_of,
        false => known,
    }
}

#[cfg(test)]
mod tests {
    use boothkeeper_domain::time::DAY;

    use super::*;

    #[test]
    fn cloud_time_that_neither_laptop_clock_nor_newest_entry_confirms_is_not_used() {
        let at = Timestamp::from_millis;
        let (wall, old) = (at(100 * DAY), at(50 * DAY));
        assert_eq!(
            trusted_time(at(100 * DAY + MAX_AHEAD), wall, old),
            at(100 * DAY + MAX_AHEAD)
        );
        assert_eq!(trusted_time(at(100 * DAY + MAX_AHEAD + 1), wall, old), wall);
        assert_eq!(trusted_time(at(465 * DAY), wall, old), wall, "a year ahead");
        // The laptop's clock is behind: the newest entry confirms the cloud's time.
        assert_eq!(
            trusted_time(at(101 * DAY), wall, at(101 * DAY)),
            at(101 * DAY)
        );
        // A cloud clock that was set back is accepted.
        assert_eq!(trusted_time(at(99 * DAY), wall, old), at(99 * DAY));
    }
}
