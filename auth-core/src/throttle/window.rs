//! The requests of one key within the last period, each by its instant.

use std::collections::VecDeque;
use std::time::Duration;

use super::Decision;

/// A sliding window: a request counts for exactly one period after it was allowed, so that in no span of that length
/// more than the quota are allowed.
///
/// It keeps eight bytes for each request that counts, and is meant for small quotas.
#[derive(Debug, Default)]
pub(super) struct Window {
    /// Nanoseconds of [`Clock::elapsed`](crate::clock::Clock::elapsed), the oldest first.
    allowed_at: VecDeque<u64>,
}

impl Window {
    /// Counts one request, if there is room for it.
    pub(super) fn check(&mut self, now: Duration, burst: u32, period: Duration) -> Decision {
        self.forget_before(now, period);
        let room = usize::try_from(burst).unwrap_or(usize::MAX).saturating_sub(self.allowed_at.len());
        if room == 0 {
            return Decision::Limited { retry_after: self.next_after(now, period) };
        }
        self.allowed_at.push_back(nanos(now));
        let remaining = u32::try_from(room).unwrap_or(u32::MAX).saturating_sub(1);
        Decision::Allowed { remaining, next_after: self.next_after(now, period) }
    }

    /// Returns whether no request counts any more, so that a new window says the same.
    pub(super) fn is_idle(&mut self, now: Duration, period: Duration) -> bool {
        self.forget_before(now, period);
        self.allowed_at.is_empty()
    }

    fn forget_before(&mut self, now: Duration, period: Duration) {
        while self.allowed_at.front().is_some_and(|at| nanos(now).saturating_sub(*at) >= nanos(period)) {
            self.allowed_at.pop_front();
        }
    }

    /// The time until the oldest request counts no more.
    fn next_after(&self, now: Duration, period: Duration) -> Duration {
        let end = self.allowed_at.front().map(|at| at.saturating_add(nanos(period)));
        end.map_or(Duration::ZERO, |end| Duration::from_nanos(end.saturating_sub(nanos(now))))
    }
}

fn nanos(time: Duration) -> u64 {
    time.as_nanos().try_into().unwrap_or(u64::MAX)
}
