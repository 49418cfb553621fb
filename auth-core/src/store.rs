//! What a storage backend supplies: a few narrow traits of atomic intents.
//!
//! The contract that holds for every method:
//!
//! * One call is one transaction. It happens whole or not at all, and the audit events it carries commit with it.
//! * "Not found" and "somebody was faster" are outcomes. [`StoreError`] is for infrastructure only, and after it
//!   the caller assumes nothing: a change may have happened or not. Reads, and the two writes that say the same twice
//!   (`touch_session`, `record_event`), may be repeated as they are; other changes only with new ids.
//! * A store reads no clock, makes no ids and decides no policy: all of that arrives in the arguments.
//! * Identities and hashes are compared byte by byte. A collation must never make two of them equal.
//!
//! [`your_own`] says how to write one. The suite in the module `conformance`, a cargo feature, proves it right, races
//! included.

mod audit;
mod prune;
mod session;
mod session_cache;
mod throttle;
mod token;
mod user;
mod watched;

use std::error::Error as StdError;
use std::fmt;

#[doc = include_str!("../docs/your-own-store.md")]
pub mod your_own {}

pub use audit::{AuditQuery, AuditStore};
pub use prune::{DeadRows, Prune, PruneStore};
pub use session::{
    DeleteSessionOutcome, NewSession, OpenSession, OpenSessionOutcome, SessionStore, SwapRefresh, SwapRefreshOutcome,
    Touch,
};
pub(crate) use session_cache::{Look, SessionCache};
pub use throttle::{SwapThrottle, SwapThrottleOutcome, ThrottleStore};
pub use token::{ConsumeToken, ConsumeTokenOutcome, CreateTokenOutcome, NewOneTimeToken, TokenStore};
pub use user::{
    CreateUserOutcome, Credentials, NewUser, ProfileFields, ReplacePassword, ReplacePasswordOutcome, SetRoles,
    SetRolesOutcome, UserStore,
};
pub(crate) use watched::WatchedStore;

use crate::error::{Error, fmt_chain};
use crate::user::TooManyRoles;

/// All that authentication needs to remember.
pub trait Store: UserStore + SessionStore + TokenStore + ThrottleStore + AuditStore + PruneStore {}

impl<T: UserStore + SessionStore + TokenStore + ThrottleStore + AuditStore + PruneStore> Store for T {}

/// The infrastructure under a store failed.
pub struct StoreError {
    kind: StoreErrorKind,
    source: Box<dyn StdError + Send + Sync>,
}

/// How the infrastructure under a store failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// A constraint was violated that no outcome of the method stands for.
    Conflict,
    /// What was read cannot be what was written.
    Corrupt,
    /// Anything else.
    Other,
    /// The database cannot be reached, is busy, full or read-only: worth trying again.
    Unavailable,
}

impl StoreError {
    /// Creates an error of a kind, with its cause.
    pub fn new(kind: StoreErrorKind, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { kind, source: source.into() }
    }

    /// Returns how the infrastructure failed.
    pub fn kind(&self) -> StoreErrorKind {
        self.kind
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            StoreErrorKind::Conflict => "the store refused a conflicting change",
            StoreErrorKind::Corrupt => "the store holds a value that cannot be read",
            StoreErrorKind::Other => "the store failed",
            StoreErrorKind::Unavailable => "the store is not available",
        })
    }
}

impl fmt::Debug for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt_chain(self, f)
    }
}

impl StdError for StoreError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(self.source.as_ref())
    }
}

/// The roles were refused, and nothing was written.
impl From<TooManyRoles> for StoreError {
    fn from(cause: TooManyRoles) -> Self {
        Self::new(StoreErrorKind::Other, cause)
    }
}

/// Whatever the reason: the request may be right, the store could not say.
impl From<StoreError> for Error {
    fn from(cause: StoreError) -> Self {
        Self::unavailable(cause)
    }
}
