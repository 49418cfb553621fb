//! What a process measures of itself: every metric by its name, and nothing of it elsewhere.
//!
//! This is the one file that knows the `metrics` facade. Without the feature of that name its functions do nothing, so
//! that no flow asks whether there is one. Labels come from closed sets of words; nothing that a user typed is one.
//! `docs/operating.md` says what each metric tells.

#[cfg(not(feature = "metrics"))]
mod disabled;

#[cfg(not(feature = "metrics"))]
use disabled as metrics;

use std::sync::Arc;
use std::time::Duration;

use crate::audit::AuditKind;
use crate::clock::Clock;
use crate::error::ErrorKind;
use crate::store::{DeadRows, StoreErrorKind};

const HASH_QUEUE_CAPACITY: &str = "auth_hash_queue_capacity";
const HASH_QUEUE_DEPTH: &str = "auth_hash_queue_depth";
const HASH_REFUSALS: &str = "auth_hash_refusals_total";
const HASH_RUN: &str = "auth_hash_run_seconds";
const HASH_WAIT: &str = "auth_hash_wait_seconds";
const PRUNED_ROWS: &str = "auth_pruned_rows_total";
const PRUNES: &str = "auth_prunes_total";
const RATE_LIMITED: &str = "auth_rate_limited_total";
const REFRESHES: &str = "auth_refreshes_total";
const REFUSALS: &str = "auth_refusals_total";
const SESSION_CHECKS: &str = "auth_session_checks_total";
const SIGN_INS: &str = "auth_sign_ins_total";
const SIGN_OUTS: &str = "auth_sign_outs_total";
const SIGN_UPS: &str = "auth_sign_ups_total";
const STORE_CALL: &str = "auth_store_call_seconds";
const STORE_ERRORS: &str = "auth_store_errors_total";

/// The words for how a flow can end that is counted by that.
const OUTCOMES: [(&str, &[&str]); 5] = [
    (PRUNES, &["internal", "pruned", "unavailable"]),
    (REFRESHES, &["internal", "rate_limited", "refreshed", "reuse_detected", "unauthenticated", "unavailable"]),
    (SIGN_INS, &["account_disabled", "internal", "invalid_credentials", "overloaded", "signed_in", "unavailable"]),
    (SIGN_OUTS, &["already_over", "internal", "reuse_detected", "signed_out", "unauthenticated", "unavailable"]),
    (
        SIGN_UPS,
        &["email_taken", "internal", "invalid_input", "overloaded", "password_rejected", "signed_up", "unavailable"],
    ),
];

const CHECK_OUTCOMES: [&str; 3] = ["accepted", "unauthenticated", "unavailable"];

/// Says what each metric means, and begins what is counted by closed sets at zero: a monitor sees the first of a kind
/// only if it has seen none before.
pub(crate) fn describe(hash_queue: usize) {
    describe_all();
    for (name, outcomes) in OUTCOMES {
        for &outcome in outcomes {
            metrics::counter!(name, "outcome" => outcome).increment(0);
        }
    }
    for source in CheckSource::ALL.map(CheckSource::as_str) {
        for outcome in CHECK_OUTCOMES {
            metrics::counter!(SESSION_CHECKS, "source" => source, "outcome" => outcome).increment(0);
        }
    }
    for call in StoreCall::ALL.map(StoreCall::as_str) {
        for kind in STORE_ERROR_KINDS.map(error_kind) {
            metrics::counter!(STORE_ERRORS, "call" => call, "kind" => kind).increment(0);
        }
    }
    for reason in HashRefusal::ALL.map(HashRefusal::as_str) {
        metrics::counter!(HASH_REFUSALS, "reason" => reason).increment(0);
    }
    for kind in AuditKind::COUNTED.map(AuditKind::as_str) {
        metrics::counter!(REFUSALS, "kind" => kind).increment(0);
    }
    for table in DeadRows::ALL.map(table) {
        metrics::counter!(PRUNED_ROWS, "table" => table).increment(0);
    }
    metrics::gauge!(HASH_QUEUE_CAPACITY).set(f64::from(u32::try_from(hash_queue).unwrap_or(u32::MAX)));
    metrics::gauge!(HASH_QUEUE_DEPTH).increment(0.0);
}

fn describe_all() {
    metrics::describe_gauge!(HASH_QUEUE_CAPACITY, "Passwords that may wait to be hashed.");
    metrics::describe_gauge!(HASH_QUEUE_DEPTH, "Passwords that wait to be hashed.");
    metrics::describe_counter!(HASH_REFUSALS, "Passwords that were not hashed, by the reason.");
    metrics::describe_histogram!(HASH_RUN, "How long hashing a password took, without the wait before.");
    metrics::describe_histogram!(HASH_WAIT, "How long a password waited until its hashing began.");
    metrics::describe_counter!(PRUNED_ROWS, "Dead rows that were deleted, by their table.");
    metrics::describe_counter!(PRUNES, "Runs of the pruning, by how they ended.");
    metrics::describe_counter!(RATE_LIMITED, "Requests that a rate limit refused, by its name.");
    metrics::describe_counter!(REFRESHES, "Refresh tokens that were presented, by what became of them.");
    metrics::describe_counter!(REFUSALS, "Requests that were refused and are counted in the audit log, by its kind.");
    metrics::describe_counter!(SESSION_CHECKS, "Checks of a request's credential, by what decided and how.");
    metrics::describe_counter!(SIGN_INS, "Sign-ins, by how they ended.");
    metrics::describe_counter!(SIGN_OUTS, "Sign-outs, by how they ended.");
    metrics::describe_counter!(SIGN_UPS, "Sign-ups, by how they ended.");
    metrics::describe_histogram!(STORE_CALL, "How long a call of the store took, by its method.");
    metrics::describe_counter!(STORE_ERRORS, "Calls of the store that failed, by their method and how.");
}

pub(crate) fn sign_in(outcome: &'static str) {
    metrics::counter!(SIGN_INS, "outcome" => outcome).increment(1);
}

pub(crate) fn sign_up(outcome: &'static str) {
    metrics::counter!(SIGN_UPS, "outcome" => outcome).increment(1);
}

pub(crate) fn sign_out(outcome: &'static str) {
    metrics::counter!(SIGN_OUTS, "outcome" => outcome).increment(1);
}

pub(crate) fn refresh(outcome: &'static str) {
    metrics::counter!(REFRESHES, "outcome" => outcome).increment(1);
}

pub(crate) fn prune(outcome: &'static str) {
    metrics::counter!(PRUNES, "outcome" => outcome).increment(1);
}

pub(crate) fn pruned(rows: DeadRows, count: u64) {
    metrics::counter!(PRUNED_ROWS, "table" => table(rows)).increment(count);
}

/// A request was refused, and the audit log counts it.
pub(crate) fn refused(kind: AuditKind) {
    metrics::counter!(REFUSALS, "kind" => kind.as_str()).increment(1);
}

/// A request was refused by a limit, whose name the application chose in its program.
pub(crate) fn rate_limited(bucket: &'static str) {
    metrics::counter!(RATE_LIMITED, "bucket" => bucket).increment(1);
}

/// What decided about the credential of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CheckSource {
    /// A session that this process remembers.
    Cache,
    /// The store.
    Database,
    /// The access token by itself.
    Token,
}

impl CheckSource {
    const ALL: [Self; 3] = [Self::Cache, Self::Database, Self::Token];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Cache => "cache",
            Self::Database => "database",
            Self::Token => "token",
        }
    }
}

/// A request's credential was checked. Each label is written out, so that the check allocates nothing for it.
pub(crate) fn session_check(source: CheckSource, error: Option<ErrorKind>) {
    macro_rules! by_source {
        ($outcome:literal) => {
            match source {
                CheckSource::Cache => metrics::counter!(SESSION_CHECKS, "source" => "cache", "outcome" => $outcome),
                CheckSource::Database => {
                    metrics::counter!(SESSION_CHECKS, "source" => "database", "outcome" => $outcome)
                }
                CheckSource::Token => metrics::counter!(SESSION_CHECKS, "source" => "token", "outcome" => $outcome),
            }
        };
    }
    let counter = if error.is_none() {
        by_source!("accepted")
    } else if error == Some(ErrorKind::Unauthenticated) {
        by_source!("unauthenticated")
    } else {
        by_source!("unavailable")
    };
    counter.increment(1);
}

/// Why a password was not hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HashRefusal {
    /// As many wait as may.
    QueueFull,
    /// Its turn came too late.
    WaitedTooLong,
}

impl HashRefusal {
    const ALL: [Self; 2] = [Self::QueueFull, Self::WaitedTooLong];

    const fn as_str(self) -> &'static str {
        match self {
            Self::QueueFull => "queue_full",
            Self::WaitedTooLong => "waited_too_long",
        }
    }
}

pub(crate) fn hash_refused(reason: HashRefusal) {
    metrics::counter!(HASH_REFUSALS, "reason" => reason.as_str()).increment(1);
}

/// A password's place in the queue, from when it asks to be hashed until it is, is refused, or nobody waits for it.
///
/// It belongs to the work itself, so it is given up exactly when that leaves the queue, however it does.
pub(crate) struct HashPlace {
    clock: Arc<dyn Clock>,
    stopwatch: Stopwatch,
}

impl HashPlace {
    pub(crate) fn new(clock: &Arc<dyn Clock>) -> Self {
        metrics::gauge!(HASH_QUEUE_DEPTH).increment(1.0);
        Self { clock: Arc::clone(clock), stopwatch: Stopwatch::start(clock.as_ref()) }
    }

    /// Ends the wait and measures the work.
    pub(crate) fn run<T>(self, work: impl FnOnce() -> T) -> T {
        metrics::histogram!(HASH_WAIT).record(self.stopwatch.read(self.clock.as_ref()));
        let clock = Arc::clone(&self.clock);
        drop(self);
        let stopwatch = Stopwatch::start(clock.as_ref());
        let done = work();
        metrics::histogram!(HASH_RUN).record(stopwatch.read(clock.as_ref()));
        done
    }
}

impl Drop for HashPlace {
    fn drop(&mut self) {
        metrics::gauge!(HASH_QUEUE_DEPTH).decrement(1.0);
    }
}

/// When something began. It reads the clock only where something is measured.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stopwatch(Duration);

impl Stopwatch {
    pub(crate) fn start(clock: &dyn Clock) -> Self {
        Self(if cfg!(feature = "metrics") { clock.elapsed() } else { Duration::ZERO })
    }

    fn read(self, clock: &dyn Clock) -> f64 {
        if cfg!(feature = "metrics") { clock.elapsed().saturating_sub(self.0).as_secs_f64() } else { 0.0 }
    }
}

/// A call of the store has ended, well or not. One that its caller gave up is not measured.
pub(crate) fn store_call(call: StoreCall, stopwatch: Stopwatch, clock: &dyn Clock, error: Option<StoreErrorKind>) {
    call.seconds(stopwatch.read(clock));
    if let Some(kind) = error {
        metrics::counter!(STORE_ERRORS, "call" => call.as_str(), "kind" => error_kind(kind)).increment(1);
    }
}

const STORE_ERROR_KINDS: [StoreErrorKind; 4] =
    [StoreErrorKind::Conflict, StoreErrorKind::Corrupt, StoreErrorKind::Other, StoreErrorKind::Unavailable];

const fn error_kind(kind: StoreErrorKind) -> &'static str {
    match kind {
        StoreErrorKind::Conflict => "conflict",
        StoreErrorKind::Corrupt => "corrupt",
        StoreErrorKind::Other => "other",
        StoreErrorKind::Unavailable => "unavailable",
    }
}

const fn table(rows: DeadRows) -> &'static str {
    match rows {
        DeadRows::AuditEvents => "audit_events",
        DeadRows::OneTimeTokens => "one_time_tokens",
        DeadRows::Sessions => "sessions",
        DeadRows::Throttles => "throttles",
    }
}

macro_rules! store_calls {
    ($count:literal: $($variant:ident = $word:literal,)+) => {
        /// A method of the store.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum StoreCall { $($variant,)+ }

        impl StoreCall {
            const ALL: [Self; $count] = [$(Self::$variant,)+];

            /// Returns the method's name.
            pub(crate) const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            /// Notes how long it took. Each label is written out: the per-request check allocates nothing for it.
            fn seconds(self, seconds: f64) {
                match self { $(Self::$variant => metrics::histogram!(STORE_CALL, "call" => $word).record(seconds),)+ }
            }
        }
    };
}

store_calls! { 20:
    ConsumeToken = "consume_token",
    CreateToken = "create_token",
    CreateUser = "create_user",
    DeleteAllSessions = "delete_all_sessions",
    DeleteOtherSessions = "delete_other_sessions",
    DeleteSession = "delete_session",
    FindCredentials = "find_credentials",
    FindProfile = "find_profile",
    FindSession = "find_session",
    FindThrottle = "find_throttle",
    ListEvents = "list_events",
    ListSessions = "list_sessions",
    OpenSession = "open_session",
    Prune = "prune",
    RecordEvent = "record_event",
    ReplacePassword = "replace_password",
    SetRoles = "set_roles",
    SwapRefresh = "swap_refresh",
    SwapThrottle = "swap_throttle",
    TouchSession = "touch_session",
}

#[cfg(all(test, feature = "metrics"))]
mod tests;
