//! Rate limits: how often one client may call what is worth guessing at, and how often an account may be tried.

mod account;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

pub use account::{Throttle, ThrottleKey};
use async_trait::async_trait;
use governor::middleware::NoOpMiddleware;
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
///
/// struct SharedCounter { /* a connection */ }
///
/// #[async_trait]
/// impl RateLimiter for SharedCounter {
///     async fn check(&self, bucket: &'static str, key: &str, quota: Quota) -> Result<Decision, Error> {
///         let answer: Result<u64, std::io::Error> = Ok(0); // Ask the store about `bucket`, `key` and `quota`.
///         match answer.map_err(Error::unavailable)? {
///             0 => Ok(Decision::Allowed),
///             millis => Ok(Decision::Limited { retry_after: std::time::Duration::from_millis(millis) }),
///         }
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

/// Whether a request may go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Decision {
    /// It may.
    Allowed,
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
///     assert_eq!(limiter.check("sign_in", "203.0.113.7", quota).await.unwrap(), Decision::Allowed);
/// }
/// assert_ne!(limiter.check("sign_in", "203.0.113.7", quota).await.unwrap(), Decision::Allowed);
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
        let outcome = tables.cell(&self.clock, self.max_keys, (bucket, quota), key).check();
        Ok(match outcome {
            Ok(()) => Decision::Allowed,
            Err(until) => Decision::Limited { retry_after: until.wait_time_from(self.clock.elapsed()) },
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
type Cell = governor::RateLimiter<NotKeyed, InMemoryState, Elapsed, NoOpMiddleware<Duration>>;

#[derive(Default)]
struct Tables {
    tables: HashMap<(&'static str, Quota), Table>,
    pruned_at: Option<Duration>,
}

struct Table {
    cells: HashMap<Box<str>, Cell>,
    overflow: Cell,
}

impl Tables {
    /// Returns the count of a key, which begins here when the key is new and there is room for it.
    fn cell(&mut self, clock: &Arc<dyn Clock>, max_keys: usize, name: (&'static str, Quota), key: &str) -> &Cell {
        let is_known = self.tables.get(&name).is_some_and(|table| table.cells.contains_key(key));
        let is_kept = is_known || (key.len() <= MAX_KEY_BYTES && self.has_room(clock.elapsed(), max_keys));
        let begin = || new_cell(name.1, clock);
        let table = self.tables.entry(name).or_insert_with(|| Table { cells: HashMap::new(), overflow: begin() });
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
        for ((_, quota), table) in &mut self.tables {
            // Taking the whole quota at once succeeds exactly then, and changes nothing otherwise.
            table.cells.retain(|_, cell| !matches!(cell.check_n(quota.burst), Ok(Ok(()))));
        }
    }

    fn key_count(&self) -> usize {
        self.tables.values().map(|table| table.cells.len()).sum()
    }
}

fn new_cell(quota: Quota, clock: &Arc<dyn Clock>) -> Cell {
    let interval = (quota.period.min(MAX_PERIOD) / quota.burst.get()).max(Duration::from_nanos(1));
    // Only an interval of zero has no quota, and this one is longer.
    let one_per_interval = governor::Quota::with_period(interval).unwrap_or(governor::Quota::per_hour(quota.burst));
    Cell::direct_with_clock(one_per_interval.allow_burst(quota.burst), Elapsed(Arc::clone(clock)))
}

/// Our clock's steady reading, as `governor` wants to see it.
#[derive(Clone)]
struct Elapsed(Arc<dyn Clock>);

impl governor::clock::Clock for Elapsed {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.elapsed()
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
    async fn check(&self, _bucket: &'static str, _key: &str, _quota: Quota) -> Result<Decision, Error> {
        Ok(Decision::Allowed)
    }
}

#[cfg(test)]
mod tests;
