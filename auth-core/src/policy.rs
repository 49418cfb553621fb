//! What the operator may tune: plain structs whose `Default` is the recommended, safe choice.
//!
//! Every bound named here is checked when [`Auth`](crate::Auth) is built, so a value that weakens the library fails
//! at start-up and not in production.

use std::fmt::Display;
use std::num::NonZeroU32;
use std::ops::RangeInclusive;
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
    /// Sessions of one user at the same time; one more ends the one not used for longest. Default 20, between 1 and 100.
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
/// Changes through the same [`Auth`](crate::Auth) and its clones are seen at once, as without. It only ever accepts:
/// what it would refuse, the store is asked. Refreshing, signing out, `me` and the list of devices always ask the store.
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

/// What a new password must be like. There are no composition rules: they make passwords worse (NIST SP 800-63B).
#[derive(Debug, Clone)]
pub struct PasswordPolicy {
    /// The fewest code points, counted after NFC. Default 8 (OWASP ASVS 6.2.1), never less.
    pub min_chars: usize,
    /// The most code points. Default 256, between 64 (ASVS 6.2.9) and 1 024. Whatever stands here, a password has at
    /// most 1 024 bytes of UTF-8, so that nobody can make the server hash novels.
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

    /// Returns what makes these values unacceptable, if anything does: the field, its value and its bounds.
    pub(crate) fn problem(&self) -> Option<String> {
        let longest = 64.max(self.min_chars)..=PASSWORD_MAX_BYTES;
        outside("PasswordPolicy::min_chars", &self.min_chars, &(8..=PASSWORD_MAX_BYTES))
            .or_else(|| outside("PasswordPolicy::max_chars", &self.max_chars, &longest))
    }
}

/// Whether the embedded list of common passwords is consulted.
///
/// The list has 16 285 entries of eight or more characters: all such of Django's list and of zxcvbn's. It adds
/// 80 KiB to the binary, as hashes, so a password that is not on it is refused once in 67 million times. Upper and
/// lower case are the same to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommonPasswords {
    /// Any password is taken that is long enough: for demonstrations, where people type `password123`.
    Allow,
    /// Passwords on the list (ASVS 6.2.4) and the account's own words (ASVS 6.2.11) are refused: the e-mail address,
    /// its parts and the name, each when it is the whole password.
    Refuse,
}

/// What one password hash costs, and how many are made at the same time.
///
/// Hashing occupies `threads` times `memory_kib`, however many requests arrive. Only while a thread verifies a dearer
/// hash that another system made does it take what that one asks for, at most 256 MiB.
///
/// A thread takes its memory in one piece and keeps it. On Linux hashing is about a tenth faster where that memory lies
/// on huge pages, which this library cannot ask for. Set `/sys/kernel/mm/transparent_hugepage/enabled` to `always`; or
/// where it says `madvise`, start the process with `GLIBC_TUNABLES=glibc.malloc.hugetlb=1` (glibc 2.35 or later). Then
/// see whether `AnonHugePages` in `/proc/<pid>/smaps_rollup` has grown by the threads' memory after the first
/// sign-ins: glibc 2.36 misreads the system's setting at some starts.
#[derive(Debug, Clone)]
pub struct HashPolicy {
    /// Memory of one hash in KiB. Default 19 456 (OWASP's first choice with `time_cost` 2), at most 262 144; at least
    /// 47 104 with a `time_cost` of 1, 19 456 with 2, 12 288 with 3 or more (ASVS appendix C).
    pub memory_kib: u32,
    /// Passes over that memory. Default 2, between 1 and 16.
    pub time_cost: u32,
    /// Lanes, computed one after the other. Default 1, between 1 and 16.
    pub parallelism: u32,
    /// Hashing threads; each keeps one block of `memory_kib`. Default one per core, between 1 and 1 024.
    pub threads: usize,
    /// Requests that may wait for a thread; one more is refused at once. Default 64, between 1 and 65 536.
    pub queue: usize,
    /// A request that waited longer is refused instead of hashed. Default 3 seconds, never zero.
    pub max_wait: Duration,
    /// Which share of the processor the threads get when others want it too. Default [`HashPriority::Lowest`].
    pub priority: HashPriority,
    /// How weak the three costs may be. Default [`HashFloor::Asvs`].
    pub floor: HashFloor,
}

impl Default for HashPolicy {
    fn default() -> Self {
        Self {
            memory_kib: 19_456,
            time_cost: 2,
            parallelism: 1,
            threads: std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(HASH_MAX_THREADS),
            queue: 64,
            max_wait: Duration::from_secs(3),
            priority: HashPriority::Lowest,
            floor: HashFloor::Asvs,
        }
    }
}

impl HashPolicy {
    /// The cheapest argon2id there is, for test suites that sign in thousands of times.
    ///
    /// # Security
    ///
    /// Whoever steals hashes of this cost tries thousands of times as many passwords a second as with the default.
    /// Never let real passwords near it.
    pub fn insecure_for_tests() -> Self {
        Self { memory_kib: 8, time_cost: 1, threads: 2, floor: HashFloor::InsecureForTests, ..Self::default() }
    }

    /// Returns what makes these values unacceptable, if anything does: the field, its value and its bounds.
    pub(crate) fn problem(&self) -> Option<String> {
        outside("HashPolicy::time_cost", &self.time_cost, &(1..=HASH_MAX_TIME_COST))
            .or_else(|| outside("HashPolicy::parallelism", &self.parallelism, &(1..=HASH_MAX_PARALLELISM)))
            .or_else(|| {
                outside("HashPolicy::memory_kib", &self.memory_kib, &(self.least_memory()..=HASH_MAX_MEMORY_KIB))
            })
            .or_else(|| outside("HashPolicy::threads", &self.threads, &(1..=HASH_MAX_THREADS)))
            .or_else(|| outside("HashPolicy::queue", &self.queue, &(1..=65_536)))
            .or_else(|| self.max_wait.is_zero().then(|| "HashPolicy::max_wait is zero: nothing would be hashed".into()))
    }

    /// The least memory that is allowed with the passes at hand.
    fn least_memory(&self) -> u32 {
        match (self.floor, self.time_cost) {
            // RFC 9106 asks for eight blocks a lane.
            (HashFloor::InsecureForTests, _) => 8 * self.parallelism,
            (HashFloor::Asvs, 0 | 1) => 47_104,
            (HashFloor::Asvs, 2) => 19_456,
            (HashFloor::Asvs, 3..) => 12_288,
        }
    }
}

/// How weak the costs in a [`HashPolicy`] may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HashFloor {
    /// Nothing below the parameters that OWASP ASVS lists in its appendix C.
    Asvs,
    /// Anything that argon2id can compute, for [`HashPolicy::insecure_for_tests`].
    InsecureForTests,
}

/// Which share of the processor the hashing threads get when other threads want it too.
///
/// It takes effect on Linux, where a thread has a priority of its own that it may always lower. On other systems the
/// threads have the priority of the process, whatever is chosen here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HashPriority {
    /// The least that there is (nice 19): a flood of sign-ins does not slow down the requests that hash nothing.
    ///
    /// The price is paid where the other threads leave no core idle: beside one of them a hashing thread gets a
    /// seventieth of a core, so that one hash takes more than a second, and requests that waited longer than
    /// [`HashPolicy::max_wait`] are refused (503). Only threads of the same control group count, so in a container or
    /// a systemd service of its own these are the threads of the application.
    Lowest,
    /// That of the thread that builds [`Auth`](crate::Auth): for machines that are always busy with other work and
    /// where sign-ins must not wait behind it.
    Normal,
}

/// How often one client address may call what is worth guessing at.
#[derive(Debug, Clone)]
pub struct RateLimitPolicy {
    /// Sign-ins per client address. Default 5 a minute; at most 60 at once, and one a second.
    pub sign_in: Quota,
    /// Sign-ups per client address. Default 5 a minute; at most 60 at once, and one a second.
    pub sign_up: Quota,
    /// Refreshes per client address. Default 300 an hour: a household behind one address never meets it.
    /// At most 100 a second.
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
        Self { burst, period: Duration::from_mins(1) }
    }

    /// Allows `burst` requests an hour.
    pub const fn per_hour(burst: NonZeroU32) -> Self {
        Self { burst, period: HOUR }
    }
}

impl SessionPolicy {
    /// What is wrong about the values, if anything.
    pub(crate) fn problem(&self) -> Option<String> {
        let spans = [
            ("browser_ttl", self.browser_ttl),
            ("remembered_ttl", self.remembered_ttl),
            ("bearer_ttl", self.bearer_ttl),
        ];
        let longest = spans.into_iter().find(|(_, ttl)| ttl.is_zero() || *ttl > self.absolute_ttl);
        if let Some((name, ttl)) = longest {
            return Some(format!("{name} must be above 0 and at most absolute_ttl, not {ttl:?}"));
        }
        if self.absolute_ttl > DAY * 90 {
            return Some(format!("absolute_ttl must be at most 90 days, not {:?}", self.absolute_ttl));
        }
        if let Some(idle) = self.idle_timeout.filter(|idle| *idle < Duration::from_mins(10)) {
            return Some(format!("idle_timeout must be at least 10 minutes, not {idle:?}"));
        }
        if self.refresh_grace > Duration::from_mins(1) {
            return Some(format!("refresh_grace must be at most 60 seconds, not {:?}", self.refresh_grace));
        }
        let sessions = self.max_per_user;
        (!(1..=100).contains(&sessions)).then(|| format!("max_per_user must be between 1 and 100, not {sessions}"))
    }
}

impl RateLimitPolicy {
    /// What is wrong about the values, if anything.
    pub(crate) fn problem(&self) -> Option<String> {
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
        let minute = Duration::from_mins(1);
        if !(minute..=minute * 15).contains(&self.access_ttl) {
            return Some(format!("access_ttl must be between 1 and 15 minutes, not {:?}", self.access_ttl));
        }
        if self.leeway > minute {
            return Some(format!("leeway must be at most 60 seconds, not {:?}", self.leeway));
        }
        outside("TokenPolicy::verified_tokens", &self.verified_tokens, &(0..=MAX_KEPT))
    }
}

/// The most bytes of a new password, whatever the policy says.
pub(crate) const PASSWORD_MAX_BYTES: usize = 1_024;
const HASH_MAX_THREADS: usize = 1_024;
/// The dearest argon2id that is made, and that is verified for a hash from elsewhere: a stored hash is data, and
/// `m=4294967295` in it would be one request that takes the machine down.
pub(crate) const HASH_MAX_MEMORY_KIB: u32 = 262_144;
pub(crate) const HASH_MAX_TIME_COST: u32 = 16;
pub(crate) const HASH_MAX_PARALLELISM: u32 = 16;

fn outside<T: PartialOrd + Display>(field: &str, value: &T, bounds: &RangeInclusive<T>) -> Option<String> {
    let (least, most) = (bounds.start(), bounds.end());
    (!bounds.contains(value)).then(|| format!("{field} is {value}: it must lie between {least} and {most}"))
}

const FIVE: NonZeroU32 = NonZeroU32::new(5).expect("5 is not zero");
const REFRESHES: NonZeroU32 = NonZeroU32::new(300).expect("300 is not zero");
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

#[cfg(test)]
mod tests;
