//! Whether connections may be left over from before a failover.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use auth_core::clock::{Clock, SystemClock};

/// Lasts for a while after a failover was noticed.
#[derive(Debug, Default)]
pub(crate) struct Suspicion {
    clock: SystemClock,
    /// Its end, in milliseconds of the clock's elapsed time; 0 before the first failover.
    ends_at: AtomicU64,
}

/// Longer than a call takes that was under way when the failover was noticed. A connection that comes back later is
/// refused once more, which is noticed in its turn.
const LASTS: Duration = Duration::from_secs(15);

impl Suspicion {
    /// Begins the time of suspicion, or begins it anew.
    pub(crate) fn begin(&self) {
        self.ends_at.store(millis(self.clock.elapsed() + LASTS), Ordering::Relaxed);
    }

    pub(crate) fn lasts(&self) -> bool {
        match self.ends_at.load(Ordering::Relaxed) {
            0 => false,
            end => millis(self.clock.elapsed()) < end,
        }
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
