//! What passwords must be like, and what hashing them costs.

use std::time::Duration;

use super::outside;

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
    /// What is done about passwords that are the account's own words. Default [`OwnWords::Refuse`].
    pub own_words: OwnWords,
}

impl Default for PasswordPolicy {
    fn default() -> Self {
        Self { min_chars: 8, max_chars: 256, common: CommonPasswords::Refuse, own_words: OwnWords::Refuse }
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
    /// Passwords on the list are refused (ASVS 6.2.4).
    Refuse,
}

/// Whether a password may be a word of its own account: the e-mail address, a part of it, or the name.
///
/// Only the whole password is compared, in any case of letters. It is a setting of its own beside [`CommonPasswords`],
/// because whoever knows the account knows these words, also in a demonstration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnWords {
    /// They are taken.
    Allow,
    /// They are refused (ASVS 6.2.11).
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
    /// A request that waited longer is refused instead of hashed. Default 3 seconds, between 100 milliseconds and a
    /// minute.
    pub max_wait: Duration,
    /// Which share of the processor the threads get when others want it too. Default [`HashPriority::Low`].
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
            priority: HashPriority::Low,
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
            .or_else(|| self.wait_problem())
    }

    /// Less than a thread takes to wake up would refuse everybody, and nobody waits longer for a page than a minute.
    fn wait_problem(&self) -> Option<String> {
        let (wait, bounds) = (self.max_wait, Duration::from_millis(100)..=Duration::from_mins(1));
        (!bounds.contains(&wait))
            .then(|| format!("HashPolicy::max_wait is {wait:?}: it must lie between 100ms and 60s"))
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
    /// A small share that is always there (nice 10): neither a flood of sign-ins nor one of other requests starves the
    /// other.
    ///
    /// Beside one thread that never rests a hashing thread gets a tenth of a core, so that the worst that cheap
    /// requests can do to a sign-in is to make its hash take ten times as long: on two cores 0.44 seconds were seen
    /// where nice 19 made it 2.9, and 0.05 on an idle machine (`docs/performance.md`). Only threads of the same control
    /// group count, so in a container or a systemd service of its own these are the threads of the application.
    Low,
    /// The least that there is (nice 19): a flood of sign-ins does not slow down the requests that hash nothing.
    ///
    /// The price is paid where the other threads leave no core idle: beside one of them a hashing thread gets a
    /// seventieth of a core, so that one hash takes more than a second, and requests that waited longer than
    /// [`HashPolicy::max_wait`] are refused (503): whoever keeps the server busy with cheap requests keeps everybody
    /// from signing in.
    Lowest,
    /// That of the thread that builds [`Auth`](crate::Auth): for machines that are always busy with other work and
    /// where sign-ins must not wait behind it.
    Normal,
}

/// The most bytes of a new password, whatever the policy says.
pub(crate) const PASSWORD_MAX_BYTES: usize = 1_024;
const HASH_MAX_THREADS: usize = 1_024;
/// The dearest argon2id that is made, and that is verified for a hash from elsewhere: a stored hash is data, and
/// `m=4294967295` in it would be one request that takes the machine down.
pub(crate) const HASH_MAX_MEMORY_KIB: u32 = 262_144;
pub(crate) const HASH_MAX_TIME_COST: u32 = 16;
pub(crate) const HASH_MAX_PARALLELISM: u32 = 16;
