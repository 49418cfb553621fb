//! What the operator may tune: plain structs whose `Default` is the recommended, safe choice.
//!
//! Every bound named here is checked when [`Auth`](crate::Auth) is built, so a value that weakens the library fails
//! at start-up and not in production.

mod password;

use std::fmt::Display;
use std::num::NonZeroU32;
use std::ops::RangeInclusive;
use std::time::Duration;

use crate::session::SessionKind;

pub use password::{CommonPasswords, HashFloor, HashPolicy, HashPriority, OwnWords, PasswordPolicy};
pub(crate) use password::{HASH_MAX_MEMORY_KIB, HASH_MAX_PARALLELISM, HASH_MAX_TIME_COST, PASSWORD_MAX_BYTES};

/// How long sessions live, and how forgiving refreshing is.
#[derive(Debug, Clone)]
pub struct SessionPolicy {
    /// Life of a browser session without "remember me"; refreshing extends it by as much again.
    /// Default 24 hours (OWASP: one working day at most), at least a minute.
    pub browser_ttl: Duration,
    /// Life of a browser session with "remember me". Default 30 days (NIST SP 800-63B: at most 30 days at AAL1), at
    /// least a minute.
    pub remembered_ttl: Duration,
    /// Life of a session of an API client. Default 7 days, at least a minute.
    pub bearer_ttl: Duration,
    /// The end of any session, counted from the sign-in, however often it is refreshed.
    /// Default 90 days, which is also the most that is accepted.
    pub absolute_ttl: Duration,
    /// Ends a session that was not used for so long. Default none; if set, at least 10 minutes, longer than the life of
    /// an access token, and at most `absolute_ttl`.
    ///
    /// What is answered by the access token alone (`Claims`) is no use that is noted: whoever calls nothing else is
    /// active only when they refresh, which is once in the life of an access token.
    pub idle_timeout: Option<Duration>,
    /// For how long after a refresh the token it replaced still yields the same successor, so that racing tabs and
    /// lost answers sign nobody out. Default 30 seconds, at most 60; zero is the strict policy.
    pub refresh_grace: Duration,
    /// How often in a row a lost answer may be repeated after the grace window. Default 3, at most 10; one more is
    /// theft. A row ends with a token that was exchanged for its successor and needed no such repetition.
    pub refresh_recoveries: u32,
    /// The least time between two writes of a session's `last_seen_at`. Default 60 seconds, at most 10 minutes; zero
    /// writes at every request. Where there is an `idle_timeout`, a tenth of that if it is less.
    pub touch_interval: Duration,
    /// Sessions of one user at the same time; one more ends the one not used for longest. Uses are noted every
    /// `touch_interval`, so sessions seen within it count as in use: they go last, the latest sign-in among them first.
    /// Default 20, between 1 and 100.
    pub max_per_user: u32,
}

impl Default for SessionPolicy {
    fn default() -> Self {
        Self {
            browser_ttl: HOUR * 24,
            remembered_ttl: DAY * 30,
            bearer_ttl: DAY * 7,
            absolute_ttl: DAY * 90,
            idle_timeout: None,
            refresh_grace: Duration::from_secs(30),
            refresh_recoveries: 3,
            touch_interval: Duration::from_mins(1),
            max_per_user: 20,
        }
    }
}

impl SessionPolicy {
    /// Returns how long a session of this kind lives from each refresh.
    pub fn ttl(&self, kind: SessionKind) -> Duration {
        match kind {
            SessionKind::Bearer => self.bearer_ttl,
            SessionKind::Browser => self.browser_ttl,
            SessionKind::Remembered => self.remembered_ttl,
        }
    }
}

/// Sessions kept in the memory of the process, so that a request whose session was read a moment ago asks no database.
///
/// What it costs: a session that another node ended, or whose user it changed, is accepted here for up to `ttl` longer.
/// Changes through the same [`Auth`](crate::Auth) and its clones are seen at once, as without; one whose answer was
/// lost too, as long as the store ends every call within a minute, so let the database bound how long a statement may
/// take. It only ever accepts: what it would refuse, the store is asked. Refreshing, signing out, `me` and the list of
/// devices always ask the store.
#[derive(Debug, Clone)]
pub struct SessionCachePolicy {
    /// For how long a session counts that was read. Default 5 seconds, above zero and at most 60.
    pub ttl: Duration,
    /// How many sessions are kept. Default 10 000, which take about 10 MiB when they are that many; between 1 and
    /// 1 000 000.
    pub capacity: usize,
}

impl Default for SessionCachePolicy {
    fn default() -> Self {
        Self { ttl: Duration::from_secs(5), capacity: 10_000 }
    }
}

/// What becomes of the audit log.
#[derive(Debug, Clone)]
pub struct AuditPolicy {
    /// For how long events are kept before [pruning](crate::Auth::prune) deletes them. Default 365 days, at least 90:
    /// intrusions are often found months after (OWASP ASVS 16.1.1 asks for a retention that is decided on). At most
    /// 100 years, which is for ever.
    pub retention: Duration,
}

impl Default for AuditPolicy {
    fn default() -> Self {
        Self { retention: DAY * 365 }
    }
}

/// The most access tokens, and the most sessions, that are kept in memory.
const MAX_KEPT: usize = 1_000_000;

/// How access tokens are made and checked.
#[derive(Debug, Clone)]
pub struct TokenPolicy {
    /// Life of an access token. Default 15 minutes, between 1 and 15: it is the time by which
    /// `Claims` may lag behind a revocation (RFC 9700).
    pub access_ttl: Duration,
    /// How far another node's clock may run ahead of this one. Default 30 seconds, at most 60.
    /// It forgives a token from the near future, never one that has expired.
    pub leeway: Duration,
    /// How many tokens are remembered whose signature has been checked, so that it is checked once per token and not
    /// once per request. Default 10 000, which take 10 MiB when they are that many; at most 1 000 000; zero remembers
    /// none. It is never asked whether a token has expired: the clock is.
    pub verified_tokens: usize,
}

impl Default for TokenPolicy {
    fn default() -> Self {
        Self { access_ttl: Duration::from_mins(15), leeway: Duration::from_secs(30), verified_tokens: 10_000 }
    }
}

/// How often one client address may call what is worth guessing at.
#[derive(Debug, Clone)]
pub struct RateLimitPolicy {
    /// Sign-ins per client address. Default 5 a minute; at most 60 at once, and one a second.
    pub sign_in: Quota,
    /// Sign-ups per client address. Default 5 a minute; at most 60 at once, and one a second.
    pub sign_up: Quota,
    /// Refreshes of one session. Default 300 an hour, at most 100 a second.
    ///
    /// A token that proves nothing (made up, or of a session that is over) counts by the client's address instead,
    /// under a quota of the same size. Who has spent that gets 429 for such tokens, and is refreshed as before with a
    /// good one.
    pub refresh: Quota,
}

impl Default for RateLimitPolicy {
    fn default() -> Self {
        Self { sign_in: Quota::per_minute(5), sign_up: Quota::per_minute(5), refresh: Quota::per_hour(300) }
    }
}

/// A number of requests in a span of time, all of which may come at once.
///
/// A quota of up to [`MAX_EXACT`](Self::MAX_EXACT) requests holds in *any* span of `period`: a request may come as soon
/// as the one that came `burst` requests before is `period` ago. For larger quotas the instants of single requests are
/// not kept: one more request is earned every `period / burst`, so that a client that takes them all at once and then
/// each as it is earned gets `2 * burst - 1` within the worst span of `period`, and `burst` in each one after that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Quota {
    /// Requests that may come at once.
    pub burst: NonZeroU32,
    /// The time in which that many are earned again.
    pub period: Duration,
}

impl Quota {
    /// The largest `burst` for which no span of `period` allows more: 16.
    pub const MAX_EXACT: u32 = 16;

    /// Allows `burst` requests a minute. Zero counts as one: a route that nobody may call is better not mounted.
    ///
    /// ```
    /// use auth_core::policy::Quota;
    ///
    /// const SEARCHES: Quota = Quota::per_minute(30);
    /// assert_eq!(SEARCHES.burst.get(), 30);
    /// assert_eq!(Quota::per_minute(0), Quota::per_minute(1));
    /// ```
    pub const fn per_minute(burst: u32) -> Self {
        Self::per(Duration::from_mins(1), burst)
    }

    /// Allows `burst` requests an hour. Zero counts as one.
    pub const fn per_hour(burst: u32) -> Self {
        Self::per(HOUR, burst)
    }

    const fn per(period: Duration, burst: u32) -> Self {
        let burst = match NonZeroU32::new(burst) {
            Some(burst) => burst,
            None => NonZeroU32::MIN,
        };
        Self { burst, period }
    }

    pub(crate) const fn is_exact(self) -> bool {
        self.burst.get() <= Self::MAX_EXACT
    }
}

impl SessionPolicy {
    /// What is wrong about the values, if anything.
    pub(crate) fn problem(&self, access_ttl: Duration) -> Option<String> {
        let spans = [
            ("browser_ttl", self.browser_ttl),
            ("remembered_ttl", self.remembered_ttl),
            ("bearer_ttl", self.bearer_ttl),
        ];
        let lives = MINUTE..=self.absolute_ttl;
        if let Some((name, ttl)) = spans.into_iter().find(|(_, ttl)| !lives.contains(ttl)) {
            return Some(format!("{name} must be at least a minute and at most absolute_ttl, not {ttl:?}"));
        }
        if self.absolute_ttl > DAY * 90 {
            return Some(format!("absolute_ttl must be at most 90 days, not {:?}", self.absolute_ttl));
        }
        if self.refresh_grace > MINUTE {
            return Some(format!("refresh_grace must be at most 60 seconds, not {:?}", self.refresh_grace));
        }
        if self.touch_interval > MINUTE * 10 {
            return Some(format!("touch_interval must be at most 10 minutes, not {:?}", self.touch_interval));
        }
        self.idle_problem(access_ttl)
            .or_else(|| outside("SessionPolicy::refresh_recoveries", &self.refresh_recoveries, &(0..=10)))
            .or_else(|| outside("SessionPolicy::max_per_user", &self.max_per_user, &(1..=100)))
    }

    fn idle_problem(&self, access_ttl: Duration) -> Option<String> {
        let idle = self.idle_timeout?;
        if idle < MINUTE * 10 || idle > self.absolute_ttl {
            return Some(format!("idle_timeout must be at least 10 minutes and at most absolute_ttl, not {idle:?}"));
        }
        (idle <= access_ttl).then(|| {
            format!(
                "idle_timeout must be above access_ttl, which is {access_ttl:?}, not {idle:?}: a client that refreshes when its \
                 access token ends would be signed out while it is active"
            )
        })
    }
}

impl RateLimitPolicy {
    /// What is wrong about the values, if anything.
    pub(crate) fn problem(&self) -> Option<String> {
        let all = [("sign_in", self.sign_in), ("sign_up", self.sign_up), ("refresh", self.refresh)];
        if let Some((name, quota)) = all.into_iter().find(|(_, quota)| quota.period > DAY) {
            return Some(format!("{name} must be earned again within a day, not {:?}", quota.period));
        }
        let guessed = [("sign_in", self.sign_in), ("sign_up", self.sign_up)];
        let too_fast =
            |quota: &Quota| quota.burst.get() > 60 || quota.period / quota.burst.get() < Duration::from_secs(1);
        if let Some((name, quota)) = guessed.into_iter().find(|(_, quota)| too_fast(quota)) {
            return Some(format!("{name} must be at most 60 at once and one a second, not {quota:?}"));
        }
        let too_fast = self.refresh.period / self.refresh.burst.get() < Duration::from_millis(10);
        too_fast.then(|| format!("refresh must be at most 100 a second, not {:?}", self.refresh))
    }
}

impl AuditPolicy {
    /// What is wrong about the values, if anything.
    pub(crate) fn problem(&self) -> Option<String> {
        let retention = self.retention;
        let bounds = DAY * 90..=DAY * 36_525;
        (!bounds.contains(&retention))
            .then(|| format!("retention must be between 90 and 36525 days, not {retention:?}"))
    }
}

impl SessionCachePolicy {
    /// What is wrong about the values, if anything.
    pub(crate) fn problem(&self) -> Option<String> {
        if self.ttl.is_zero() || self.ttl > Duration::from_mins(1) {
            return Some(format!("ttl must be above 0 and at most 60 seconds, not {:?}", self.ttl));
        }
        outside("SessionCachePolicy::capacity", &self.capacity, &(1..=MAX_KEPT))
    }
}

impl TokenPolicy {
    /// What is wrong about the values, if anything.
    pub(crate) fn problem(&self) -> Option<String> {
        if !(MINUTE..=MINUTE * 15).contains(&self.access_ttl) {
            return Some(format!("access_ttl must be between 1 and 15 minutes, not {:?}", self.access_ttl));
        }
        if self.leeway > MINUTE {
            return Some(format!("leeway must be at most 60 seconds, not {:?}", self.leeway));
        }
        outside("TokenPolicy::verified_tokens", &self.verified_tokens, &(0..=MAX_KEPT))
    }
}

fn outside<T: PartialOrd + Display>(field: &str, value: &T, bounds: &RangeInclusive<T>) -> Option<String> {
    let (least, most) = (bounds.start(), bounds.end());
    (!bounds.contains(value)).then(|| format!("{field} is {value}: it must lie between {least} and {most}"))
}

const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

#[cfg(test)]
mod tests;
