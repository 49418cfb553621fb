//! Databases as the world has them: each test starts servers of its own.

mod failover;
mod interruptions;
mod pooler;
mod surroundings;

use std::time::Instant;

/// The servers' time is the real one.
#[expect(clippy::disallowed_methods, reason = "other processes go by the real clock: there is none to inject")]
fn now() -> Instant {
    Instant::now()
}
