//! What the operator may tune: plain structs whose `Default` is the recommended, safe choice.
//!
//! Every bound named here is checked when [`Auth`](crate::Auth) is built, so a value that weakens the library fails
//! at start-up and not in production.

use std::num::NonZeroU32;
use std::time::Duration;

use crate::session::SessionKind;

/// How long sessions live, and how forgiving refreshing is.
#[derive(Debug, Clone)]
pub struct SessionPolicy {
    /// Life of a browser session without "remember me"; refreshing extends it by as much again.
    /// Default 24 hours (OWASP: one working day at most).
    pub browser_ttl: Duration,
    /// Life of a browser session with "remember me". Default 30 days (NIST SP 800-63B: at most 30 days at AAL1).
    pub remembered_ttl: Duration,
    /// Life of a session of an API client. Default 7 days.
    pub bearer_ttl: Duration,
    /// The end of any session, counted from the sign-in, however often it is refreshed.
    /// Default 90 days, which is also the most that is accepted.
    pub absolute_ttl: Duration,
    /// Ends a session that was not used for so long. Default none; if set, at least 10 minutes.
    pub idle_timeout: Option<Duration>,
    /// For how long after a refresh the token it replaced still yields the same successor, so that racing tabs and
    /// lost answers sign nobody out. Default 30 seconds, at most 60; zero is the strict policy.
    pub refresh_grace: Duration,
    /// How often in a row a lost answer may be repeated after the grace window. Default 3; one more is theft.
    pub refresh_recoveries: u32,
    /// The least time between two writes of a session's `last_seen_at`. Default 60 seconds.
    pub touch_interval: Duration,
    /// Sessions of one user at the same time; one more ends the oldest. Default 20, between 1 and 100.
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
            touch_interval: Duration::from_secs(60),
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

/// How access tokens are made and checked.
#[derive(Debug, Clone)]
pub struct TokenPolicy {
    /// Life of an access token. Default 15 minutes, between 1 and 15: it is the time by which
    /// `Claims` may lag behind a revocation (RFC 9700).
    pub access_ttl: Duration,
    /// How far another node's clock may run ahead of this one. Default 30 seconds, at most 60.
    /// It forgives a token from the near future, never one that has expired.
    pub leeway: Duration,
}

impl Default for TokenPolicy {
    fn default() -> Self {
        Self { access_ttl: Duration::from_secs(15 * 60), leeway: Duration::from_secs(30) }
    }
}

/// What a new password must be like. There are no composition rules: they make passwords worse (NIST SP 800-63B).
#[derive(Debug, Clone)]
pub struct PasswordPolicy {
    /// The fewest code points, counted after NFC. Default 8 (OWASP ASVS 6.2.1), never less.
    pub min_chars: usize,
    /// The most code points. Default 256, at least 64 (ASVS 6.2.9). Also at most 1 024 bytes, so that nobody can
    /// make the server hash novels.
    pub max_chars: usize,
    /// What is done about passwords that everybody uses. Default [`CommonPasswords::Refuse`].
    pub common: CommonPasswords,
}

impl Default for PasswordPolicy {
    fn default() -> Self {
        Self { min_chars: 8, max_chars: 256, common: CommonPasswords::Refuse }
    }
}

impl PasswordPolicy {
    /// The minimum of NIST SP 800-63B-4 for passwords that are the only factor: 15 characters.
    pub fn nist() -> Self {
        Self { min_chars: 15, ..Self::default() }
    }
}

/// Whether the embedded list of common passwords is consulted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommonPasswords {
    /// Any password is taken that is long enough: for demonstrations, where people type `password123`.
    Allow,
    /// Passwords on the list, and the account's own words, are refused (ASVS 6.2.4).
    Refuse,
}

/// What one password hash costs, and how many are made at the same time.
#[derive(Debug, Clone)]
pub struct HashPolicy {
    /// Memory of one hash in KiB. Default 19 456 (OWASP's first choice with `time_cost` 2).
    pub memory_kib: u32,
    /// Passes over that memory. Default 2.
    pub time_cost: u32,
    /// Lanes. Default 1.
    pub parallelism: u32,
    /// Hashing threads; each keeps one block of `memory_kib`. Default one per core.
    pub threads: usize,
    /// Requests that may wait for a thread; one more is refused at once. Default 64.
    pub queue: usize,
    /// A request that waited longer is refused instead of hashed. Default 3 seconds.
    pub max_wait: Duration,
}

impl Default for HashPolicy {
    fn default() -> Self {
        Self {
            memory_kib: 19_456,
            time_cost: 2,
            parallelism: 1,
            threads: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            queue: 64,
            max_wait: Duration::from_secs(3),
        }
    }
}

/// How often one client address may call what is worth guessing at.
#[derive(Debug, Clone)]
pub struct RateLimitPolicy {
    /// Sign-ins per client address. Default 5 a minute.
    pub sign_in: Quota,
    /// Sign-ups per client address. Default 5 a minute.
    pub sign_up: Quota,
    /// Refreshes per client address. Default 300 an hour: a household behind one address never meets it.
    pub refresh: Quota,
}

impl Default for RateLimitPolicy {
    fn default() -> Self {
        Self { sign_in: Quota::per_minute(FIVE), sign_up: Quota::per_minute(FIVE), refresh: Quota::per_hour(REFRESHES) }
    }
}

/// A number of requests in a span of time: all of them may come at once, then one more every `period / burst`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Quota {
    /// Requests that may come at once.
    pub burst: NonZeroU32,
    /// The time in which that many are earned again.
    pub period: Duration,
}

impl Quota {
    /// Allows `burst` requests a minute.
    pub const fn per_minute(burst: NonZeroU32) -> Self {
        Self { burst, period: Duration::from_secs(60) }
    }

    /// Allows `burst` requests an hour.
    pub const fn per_hour(burst: NonZeroU32) -> Self {
        Self { burst, period: HOUR }
    }
}

const FIVE: NonZeroU32 = NonZeroU32::new(5).expect("5 is not zero");
const REFRESHES: NonZeroU32 = NonZeroU32::new(300).expect("300 is not zero");
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);
