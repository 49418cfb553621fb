//! What a process measures of itself: every metric by its name, and nothing of it elsewhere.
//!
//! This is the one file that knows the `metrics` facade. Without the feature of that name its functions do nothing, so
//! that no flow asks whether there is one. Labels come from closed sets of words; nothing that a user typed is one.

use crate::clock::Clock;
use crate::store::StoreErrorKind;

#[cfg(feature = "metrics")]
mod name {
    pub(super) const STORE_ERRORS: &str = "auth_store_errors_total";
}

/// When something began. It reads the clock only where something is measured.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stopwatch {
    #[cfg(feature = "metrics")]
    started: std::time::Duration,
}

#[cfg(feature = "metrics")]
impl Stopwatch {
    pub(crate) fn start(clock: &dyn Clock) -> Self {
        Self { started: clock.elapsed() }
    }

    fn read(self, clock: &dyn Clock) -> f64 {
        clock.elapsed().saturating_sub(self.started).as_secs_f64()
    }
}

#[cfg(not(feature = "metrics"))]
impl Stopwatch {
    pub(crate) fn start(_clock: &dyn Clock) -> Self {
        Self {}
    }
}

/// A call of the store has ended, well or not. One whose caller gave up is not measured.
#[cfg(feature = "metrics")]
pub(crate) fn store_call(call: StoreCall, stopwatch: Stopwatch, clock: &dyn Clock, error: Option<StoreErrorKind>) {
    call.seconds().record(stopwatch.read(clock));
    if let Some(kind) = error {
        metrics::counter!(name::STORE_ERRORS, "call" => call.as_str(), "kind" => word_of(kind)).increment(1);
    }
}

#[cfg(not(feature = "metrics"))]
pub(crate) fn store_call(_: StoreCall, _: Stopwatch, _: &dyn Clock, _: Option<StoreErrorKind>) {}

#[cfg(feature = "metrics")]
const fn word_of(kind: StoreErrorKind) -> &'static str {
    match kind {
        StoreErrorKind::Conflict => "conflict",
        StoreErrorKind::Corrupt => "corrupt",
        StoreErrorKind::Other => "other",
        StoreErrorKind::Unavailable => "unavailable",
    }
}

macro_rules! store_calls {
    ($($variant:ident = $word:literal,)+) => {
        /// A method of the store.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum StoreCall { $($variant,)+ }

        #[cfg(feature = "metrics")]
        impl StoreCall {
            /// Returns the method's name.
            const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            /// One static key for each method: the per-request check allocates nothing here.
            fn seconds(self) -> metrics::Histogram {
                match self { $(Self::$variant => metrics::histogram!("auth_store_call_seconds", "call" => $word),)+ }
            }
        }
    };
}

store_calls! {
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
