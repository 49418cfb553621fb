//! Rate limits: how often one client may call what is worth guessing at, and how often an account may be tried.

mod account;

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

/// Counts requests, and says when there were too many.
///
/// [`GovernorLimiter`] counts in this process. Where many processes serve one application, a shared store can count for
/// all of them. An implementor must
///
/// * count and decide in one step, so that requests of the same instant cannot all see the last free place;
/// * count each pair of `bucket` and `key` by itself, and count a request before it is answered;
/// * earn requests back gradually or by a sliding window, so that no edge of a window allows twice the quota;
/// * bound what it keeps: keys come from strangers, who can make up as many as they like. When there is no room, a new
///   key is limited together with others, and a key that is limited already stays so;
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

/// Keys that [`GovernorLimiter`] keeps by default: about 15 MB when full.
pub const DEFAULT_MAX_KEYS: usize = 100_000;

/// A longer key is not kept but counted with the strangers; the library's own keys have at most 50 bytes.
const MAX_KEY_BYTES: usize = 256;

/// The least time between two searches for keys that can be forgotten, each of which looks at all of them.
const PRUNE_INTERVAL: Duration = Duration::from_secs(1);

/// Longer periods count as a year, so that arithmetic in nanoseconds stays far from its end.
const MAX_PERIOD: Duration = Duration::from_hours(365 * 24);

/// A rate limiter in this process's memory.
///
/// It counts by the generic cell rate algorithm of the `governor` crate, and measures by [`Clock::elapsed`], so that
/// setting the wall clock gives nobody a fresh start.
///
/// Memory is bounded. A key that has earned back its whole quota is forgotten when its place is needed. When no place
/// is left, all new keys of a bucket share one count until there is one: somebody who floods the limiter with made-up
/// addresses slows other newcomers down, but neither gets unlimited attempts nor pushes out a key that is counted.
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
    /// Creates a limiter that keeps up to [`DEFAULT_MAX_KEYS`] keys.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self::with_max_keys(clock, DEFAULT_MAX_KEYS)
    }

    /// Creates a limiter that keeps up to `max_keys` keys, of all buckets together.
    pub fn with_max_keys(clock: Arc<dyn Clock>, max_keys: usize) -> Self {
        Self { clock, max_keys, tables: Mutex::default() }
    }

    /// Returns how many keys are kept now.
    pub fn key_count(&self) -> usize {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner).key_count()
    }
}

#[async_trait]
impl RateLimiter for GovernorLimiter {
    async fn check(&self, bucket: &'static str, key: &str, quota: Quota) -> Result<Decision, Error> {
        let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.elapsed();
        tables.reading.set(now);
        let cell = tables.cell(now, self.max_keys, (bucket, quota), key);
        Ok(match cell.check() {
            Ok(state) => {
                let remaining = state.remaining_burst_capacity();
                Decision::Allowed { remaining, next_after: next_after(cell, remaining, now) }
            }
            Err(until) => Decision::Limited { retry_after: until.wait_time_from(now) },
        })
    }
}

impl fmt::Debug for GovernorLimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GovernorLimiter").field("max_keys", &self.max_keys).finish_non_exhaustive()
    }
}

/// One count. `governor` has stores of many counts, too, but they cannot tell a known key from a new one, which the
/// bound on memory turns on. So the map is ours, and each of its values is a limiter of one count.
type Cell = governor::RateLimiter<NotKeyed, InMemoryState, Reading, StateInformationMiddleware>;

#[derive(Default)]
struct Tables {
    by_name: HashMap<(&'static str, Quota), Table>,
    pruned_at: Option<Duration>,
    reading: Reading,
}

struct Table {
    cells: HashMap<Box<str>, Cell>,
    overflow: Cell,
}

impl Tables {
    /// Returns the count of a key, which begins here when the key is new and there is room for it.
    fn cell(&mut self, now: Duration, max_keys: usize, name: (&'static str, Quota), key: &str) -> &Cell {
        let is_known = self.by_name.get(&name).is_some_and(|table| table.cells.contains_key(key));
        let is_kept = is_known || (key.len() <= MAX_KEY_BYTES && self.has_room(now, max_keys));
        let begin = || new_cell(name.1, &self.reading);
        let table = self.by_name.entry(name).or_insert_with(|| Table { cells: HashMap::new(), overflow: begin() });
        if is_kept { table.cells.entry(key.into()).or_insert_with(begin) } else { &table.overflow }
    }

    fn has_room(&mut self, now: Duration, max_keys: usize) -> bool {
        let is_due = self.pruned_at.is_none_or(|at| now.saturating_sub(at) >= PRUNE_INTERVAL);
        if self.key_count() >= max_keys && is_due {
            self.pruned_at = Some(now);
            self.prune();
        }
        self.key_count() < max_keys
    }

    /// Forgets the keys that have earned back their whole quota: a new count says the same of them.
    fn prune(&mut self) {
        for ((_, quota), table) in &mut self.by_name {
            // Taking the whole quota at once succeeds exactly then, and changes nothing otherwise.
            table.cells.retain(|_, cell| !matches!(cell.check_n(quota.burst), Ok(Ok(_))));
        }
    }

    fn key_count(&self) -> usize {
        self.by_name.values().map(|table| table.cells.len()).sum()
    }
}

/// Asks for one request more than there are, which takes none: the answer is the time until there are as many.
fn next_after(cell: &Cell, remaining: u32, now: Duration) -> Duration {
    let Some(more) = NonZeroU32::new(remaining.saturating_add(1)) else { return Duration::ZERO };
    match cell.check_n(more) {
        Ok(Err(until)) => until.wait_time_from(now),
        Ok(Ok(_)) | Err(_) => Duration::ZERO,
    }
}

fn new_cell(quota: Quota, reading: &Reading) -> Cell {
    let interval = (quota.period.min(MAX_PERIOD) / quota.burst.get()).max(Duration::from_nanos(1));
    // Only an interval of zero has no quota, and this one is longer.
    let one_per_interval = governor::Quota::with_period(interval).unwrap_or(governor::Quota::per_hour(quota.burst));
    governor::RateLimiter::direct_with_clock(one_per_interval.allow_burst(quota.burst), reading.clone())
        .with_middleware::<StateInformationMiddleware>()
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
