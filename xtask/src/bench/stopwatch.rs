//! Time as it passes for whoever waits.

use std::time::{Duration, Instant};

/// A stopwatch that runs.
#[derive(Clone, Copy)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts it.
    #[expect(clippy::disallowed_methods, reason = "a benchmark measures real time: no library code runs here")]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    /// Returns how long it has been running.
    pub(crate) fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}
