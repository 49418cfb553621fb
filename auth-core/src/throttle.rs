//! Rate limits: how often one client may call what is worth guessing at, and how often an account may be tried.

mod account;
mod window;

use std::collections::HashMap;
use std::fmt;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

pub use account::{Throttle, ThrottleKey};
use async_trait::async_trait;
use governor::middleware::StateInformationMiddleware;
use governor::state::{InMemoryState, NotKeyed};

use crate::clock::Clock;
use crate::error::Error;
use crate::policy::Quota;
use crate::throttle::window::Window;

/// Counts requests, and says when there were too many.
///
/// [`GovernorLimiter`] counts in this process. Where many processes serve one application, a shared store can count for
/// all of them. An implementor must
///
/// * count and decide in one step, so that requests of the same instant cannot all see the last free place;
/// * count each pair of `bucket` and `key` by itself, and count a request before it is answered;
/// * allow a [small quota](Quota::MAX_EXACT) at most `burst` requests in any span of `period`, wherever that span
///   begins, and a larger one fewer than twice as many;
/// * bound what it keeps: keys come from strangers, who can make up as many as they like. When there is no room, a new
///   key is limited together with others, and a key that is limited already stays so. What fills one bucket leaves the
///   room of another as it is, or strangers could use up what signed-in users need;
/// * fail when it cannot tell ([`Error::unavailable`]). The request is then refused, never let through.
///
/// ```
/// use async_trait::async_trait;
/// use auth_core::error::Error;
/// use auth_core::policy::Quota;
/// use auth_core::throttle::{Decision, RateLimiter};
/// use std::time::Duration;
///
/// struct SharedCounter { /* a connection */ }
///
/// #[async_trait]
/// impl RateLimiter for SharedCounter {
///     async fn check(&self, bucket: &'static str, key: &str, quota: Quota) -> Result<Decision, Error> {
///         // Ask the store about `bucket`, `key` and `quota`: what is left after this request, and when there is more.
///         let answer: Result<(i64, Duration), std::io::Error> = Ok((4, quota.period / quota.burst.get()));
///         let (remaining, wait) = answer.map_err(Error::unavailable)?;
///         Ok(match remaining.try_into() {
///             Ok(remaining) => Decision::Allowed { remaining, next_after: wait },
///             Err(_) => Decision::Limited { retry_after: wait },
///         })
///     }
/// }
/// ```
#[async_trait]
pub trait RateLimiter: Send + Sync + 'static {
    /// Counts one request, and decides whether it may go on.
    ///
    /// `bucket` names what is limited, such as a route: a name from the program, so that there are only so many. `key`
    /// tells clients apart.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unavailable`](crate::error::ErrorKind::Unavailable) when it is not known how often the client came.
    async fn check(&self, bucket: &'static str, key: &str, quota: Quota) -> Result<Decision, Error>;
}

/// Whether a request may go on, and what the client can expect of the next one.
///
/// Nothing but the choice between the two decides. The numbers are told to the client, so that it need not find out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Decision {
    /// It may.
    Allowed {
        /// How many more requests may come at once after this one.
        remaining: u32,
        /// How long until that is at least one more; zero when the whole quota is there.
        next_after: Duration,
    },
    /// It may not: the client came too often.
    Limited {
        /// How long until the next request is allowed, if none comes before.
        retry_after: Duration,
    },
}

/// Keys that [`GovernorLimiter`] keeps of each bucket by default: about 27 MB when they are that many.
pub const DEFAULT_MAX_KEYS: usize = 100_000;

/// A longer key is not kept but counted with the strangers; the library's own keys have at most 50 bytes.
const MAX_KEY_BYTES: usize = 256;

/// The least time between two searches for keys that can be forgotten, each of which looks at all of them.
const PRUNE_INTERVAL: Duration = Duration::from_secs(1);

/// Longer periods count as a year, so that arithmetic in nanoseconds stays far from its end.
const MAX_PERIOD: Duration = Duration::from_hours(365 * 24);

/// A rate limiter in this process's memory.
///
/// A [small quota](Quota::MAX_EXACT) is counted by a sliding window, which keeps the instant of each request; a larger
/// one by the generic cell rate algorithm (GCRA) of the `governor` crate. Both measure by [`Clock::elapsed`], so that
/// setting the wall clock gives nobody a fresh start.
///
/// Memory is bounded. A key takes at most 270 bytes with one request, and 360 with all of a small quota. A key that has
/// earned back its whole quota is forgotten when its place is needed. When a bucket has no place left, all its new keys
/// share one count until there is one: somebody who floods the limiter with made-up addresses slows other newcomers to
/// that bucket down, but neither gets unlimited attempts nor pushes out a key that is counted.
///
/// ```
/// use auth_core::clock::ManualClock;
/// use auth_core::policy::RateLimitPolicy;
/// use auth_core::throttle::{Decision, GovernorLimiter, RateLimiter};
/// use std::sync::Arc;
///
/// # futures_util::FutureExt::now_or_never(async {
/// let limiter = GovernorLimiter::new(Arc::new(ManualClock::new()));
/// let quota = RateLimitPolicy::default().sign_in;
/// for _ in 0..5 {
///     assert!(matches!(limiter.check("sign_in", "203.0.113.7", quota).await.unwrap(), Decision::Allowed { .. }));
/// }
/// assert!(matches!(limiter.check("sign_in", "203.0.113.7", quota).await.unwrap(), Decision::Limited { .. }));
/// # }).unwrap();
/// ```
pub struct GovernorLimiter {
    clock: Arc<dyn Clock>,
    max_keys: usize,
    tables: Mutex<Tables>,
}

impl GovernorLimiter {
    /// Creates a limiter that keeps up to [`DEFAULT_MAX_KEYS`] keys of each bucket.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self::with_max_keys(clock, DEFAULT_MAX_KEYS)
    }

    /// Creates a limiter that keeps up to `max_keys` keys of each bucket and quota.
    pub fn with_max_keys(clock: Arc<dyn Clock>, max_keys: usize) -> Self {
        Self { clock, max_keys, tables: Mutex::default() }
    }

    /// Returns how many keys are kept now, of all buckets together.
    pub fn key_count(&self) -> usize {
        let tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        tables.by_name.values().map(|table| table.cells.len()).sum()
    }
}

#[async_trait]
impl RateLimiter for GovernorLimiter {
    async fn check(&self, bucket: &'static str, key: &str, quota: Quota) -> Result<Decision, Error> {
        let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.elapsed();
        let Tables { by_name, reading } = &mut *tables;
        reading.set(now);
        let table = by_name.entry((bucket, quota)).or_insert_with(|| Table::new(quota, reading));
        Ok(table.cell(now, self.max_keys, key, reading).check(now, quota))
    }
}

impl fmt::Debug for GovernorLimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GovernorLimiter").field("max_keys", &self.max_keys).finish_non_exhaustive()
    }
}

#[derive(Default)]
struct Tables {
    by_name: HashMap<(&'static str, Quota), Table>,
    reading: Reading,
}

/// The counts of one bucket and quota.
struct Table {
    quota: Quota,
    cells: HashMap<Box<str>, Cell>,
    overflow: Cell,
    pruned_at: Option<Duration>,
}

impl Table {
    fn new(quota: Quota, reading: &Reading) -> Self {
        Self { quota, cells: HashMap::new(), overflow: Cell::new(quota, reading), pruned_at: None }
    }

    /// Returns the count of a key, which begins here when the key is new and there is room for it.
    fn cell(&mut self, now: Duration, max_keys: usize, key: &str, reading: &Reading) -> &mut Cell {
        let is_kept = self.cells.contains_key(key) || (key.len() <= MAX_KEY_BYTES && self.has_room(now, max_keys));
        let begin = || Cell::new(self.quota, reading);
        if is_kept { self.cells.entry(key.into()).or_insert_with(begin) } else { &mut self.overflow }
    }

    fn has_room(&mut self, now: Duration, max_keys: usize) -> bool {
        let is_due = self.pruned_at.is_none_or(|at| now.saturating_sub(at) >= PRUNE_INTERVAL);
        if self.cells.len() >= max_keys && is_due {
            self.pruned_at = Some(now);
            self.prune(now);
        }
        self.cells.len() < max_keys
    }

    /// Forgets the keys that have earned back their whole quota: a new count says the same of them.
    fn prune(&mut self, now: Duration) {
        let quota = self.quota;
        self.cells.retain(|_, cell| !cell.is_idle(now, quota));
    }
}

/// One count.
enum Cell {
    /// Of a quota that is too large to keep every instant.
    Gradual(Gcra),
    /// Of a small quota.
    Window(Window),
}

/// `governor` has stores of many counts, too, but they cannot tell a known key from a new one, which the bound on
/// memory turns on. So the map is ours, and each of its values is a limiter of one count.
type Gcra = governor::RateLimiter<NotKeyed, InMemoryState, Reading, StateInformationMiddleware>;

impl Cell {
    fn new(quota: Quota, reading: &Reading) -> Self {
        if quota.is_exact() { Self::Window(Window::default()) } else { Self::Gradual(gcra(quota, reading)) }
    }

    fn check(&mut self, now: Duration, quota: Quota) -> Decision {
        match self {
            Self::Gradual(gcra) => match gcra.check() {
                Ok(state) => {
                    let remaining = state.remaining_burst_capacity();
                    Decision::Allowed { remaining, next_after: next_after(gcra, remaining, now) }
                }
                Err(until) => Decision::Limited { retry_after: until.wait_time_from(now) },
            },
            Self::Window(window) => window.check(now, quota.burst.get(), period(quota)),
        }
    }

    /// Returns whether the whole quota is there, so that a new count says the same.
    fn is_idle(&mut self, now: Duration, quota: Quota) -> bool {
        match self {
            // Taking the whole quota at once succeeds exactly then, and changes nothing otherwise.
            Self::Gradual(gcra) => matches!(gcra.check_n(quota.burst), Ok(Ok(_))),
            Self::Window(window) => window.is_idle(now, period(quota)),
        }
    }
}

/// Asks for one request more than there are, which takes none: the answer is the time until there are as many.
fn next_after(gcra: &Gcra, remaining: u32, now: Duration) -> Duration {
    let Some(more) = NonZeroU32::new(remaining.saturating_add(1)) else { return Duration::ZERO };
    match gcra.check_n(more) {
        Ok(Err(until)) => until.wait_time_from(now),
        Ok(Ok(_)) | Err(_) => Duration::ZERO,
    }
}

fn gcra(quota: Quota, reading: &Reading) -> Gcra {
    let interval = (period(quota) / quota.burst.get()).max(Duration::from_nanos(1));
    // Only an interval of zero has no quota, and this one is longer.
    let one_per_interval = governor::Quota::with_period(interval).unwrap_or(governor::Quota::per_hour(quota.burst));
    governor::RateLimiter::direct_with_clock(one_per_interval.allow_burst(quota.burst), reading.clone())
        .with_middleware::<StateInformationMiddleware>()
}

fn period(quota: Quota) -> Duration {
    quota.period.min(MAX_PERIOD)
}

/// The time of a decision, in nanoseconds of [`Clock::elapsed`]. It stands still in between, so that all that is asked
/// about one request is answered for one instant.
#[derive(Clone, Default)]
struct Reading(Arc<AtomicU64>);

impl Reading {
    fn set(&self, now: Duration) {
        self.0.store(now.as_nanos().try_into().unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}

impl governor::clock::Clock for Reading {
    type Instant = Duration;

    fn now(&self) -> Duration {
        Duration::from_nanos(self.0.load(Ordering::Relaxed))
    }
}

/// Limits nothing: for load tests, where all requests come from one address.
///
/// # Security
///
/// With it, nothing but the cost of hashing stands between a stranger and the guessing of passwords.
#[derive(Debug, Clone, Copy, Default)]
pub struct DangerouslyUnlimited;

#[async_trait]
impl RateLimiter for DangerouslyUnlimited {
    async fn check(&self, _bucket: &'static str, _key: &str, quota: Quota) -> Result<Decision, Error> {
        Ok(Decision::Allowed { remaining: quota.burst.get(), next_after: Duration::ZERO })
    }
}

#[cfg(test)]
mod tests;
