//! Where time comes from: a trait, the system's clock, and one for tests.

use std::fmt;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use chrono::{DateTime, TimeDelta, Utc};

/// Tells the time, so that tests can hold it still.
///
/// Two readings, because they answer two questions: [`now`](Clock::now) dates things (sessions, tokens, audit
/// events) and follows the wall clock, also when an administrator sets it back; [`elapsed`](Clock::elapsed) measures
/// waiting (rate limits, queues) and never runs backwards.
pub trait Clock: Send + Sync + fmt::Debug + 'static {
    /// Returns the current instant in UTC, in whole microseconds, which every supported database can hold.
    fn now(&self) -> DateTime<Utc>;

    /// Returns the time since an arbitrary fixed moment; never less than an earlier reading.
    fn elapsed(&self) -> Duration;
}

/// The machine's own clock.
#[derive(Debug, Clone)]
pub struct SystemClock {
    started: Instant,
}

impl SystemClock {
    /// Creates the clock; its `elapsed` counts from here.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the system's clocks")]
    pub fn new() -> Self {
        Self { started: Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the system's clocks")]
    fn now(&self) -> DateTime<Utc> {
        // A clock that stands before 1970 reads as 1970.
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let seconds = i64::try_from(since.as_secs()).unwrap_or(i64::MAX);
        DateTime::from_timestamp(seconds, since.subsec_micros() * 1_000).unwrap_or_default()
    }

    fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }
}

/// A clock that moves only when it is told to, for tests.
///
/// ```
/// use auth_core::clock::{Clock, ManualClock};
/// use std::time::Duration;
///
/// let clock = ManualClock::new();
/// let before = clock.now();
/// clock.advance(Duration::from_secs(60));
/// assert_eq!((clock.now() - before).num_seconds(), 60);
/// ```
#[derive(Debug)]
pub struct ManualClock {
    reading: Mutex<Reading>,
}

#[derive(Debug, Clone, Copy)]
struct Reading {
    now: DateTime<Utc>,
    elapsed: Duration,
}

impl ManualClock {
    /// Creates a clock that stands at 2030-01-01 00:00:00 UTC.
    pub fn new() -> Self {
        let start = DateTime::from_timestamp(1_893_456_000, 0).unwrap_or_default();
        Self { reading: Mutex::new(Reading { now: start, elapsed: Duration::ZERO }) }
    }

    /// Moves both readings forward.
    pub fn advance(&self, by: Duration) {
        let mut reading = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        reading.now += TimeDelta::from_std(by).unwrap_or(TimeDelta::MAX);
        reading.elapsed += by;
    }

    /// Sets the wall clock back, as an administrator or a time server may; `elapsed` goes on from where it was.
    pub fn step_back(&self, by: Duration) {
        let mut reading = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        reading.now -= TimeDelta::from_std(by).unwrap_or(TimeDelta::MAX);
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for ManualClock {
    fn now(&self) -> DateTime<Utc> {
        self.reading.lock().unwrap_or_else(PoisonError::into_inner).now
    }

    fn elapsed(&self) -> Duration {
        self.reading.lock().unwrap_or_else(PoisonError::into_inner).elapsed
    }
}
