//! From what `sqlx` reports to what the contract of stores knows.

use std::io;

use auth_core::store::{StoreError, StoreErrorKind};
use sqlx::error::DatabaseError;

use crate::backend::{Backend, Fault};
use crate::migration::MigrateError;

/// Why a call did not get to its end.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The driver reported it.
    Database(sqlx::Error),
    /// The driver reported it of a statement of the application's profile.
    Profile(sqlx::Error),
    /// We found it.
    Store(StoreError),
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Failure {
    /// A value that this crate cannot have written.
    pub(crate) fn corrupt(column: &'static str) -> Self {
        StoreError::new(StoreErrorKind::Corrupt, format!("the column {column} holds an unknown value")).into()
    }

    /// Nothing was heard for too long.
    pub(crate) fn silence() -> Self {
        sqlx::Error::Io(io::ErrorKind::TimedOut.into()).into()
    }

    /// Whether a row with the same unique value is there.
    pub(crate) fn is_unique_violation(&self) -> bool {
        matches!(self.cause(), Some(sqlx::Error::Database(error)) if error.is_unique_violation())
    }

    /// Says what the caller may do about it.
    pub(crate) fn into_store_error<DB: Backend>(self) -> StoreError {
        match self {
            Self::Database(error) => store_error::<DB>(error),
            Self::Profile(error) => StoreError::new(kind::<DB>(&error), ProfileFailed(error)),
            Self::Store(error) => error,
        }
    }
}

/// An error of a call that may be run again.
pub(crate) trait Retried {
    /// Returns what the driver reported; `None` where we found the problem.
    fn cause(&self) -> Option<&sqlx::Error>;

    /// Returns what the driver's error means for the call.
    fn fault<DB: Backend>(&self) -> Fault {
        match self.cause() {
            Some(sqlx::Error::Database(error)) => DB::fault(error.as_ref()),
            Some(error) if is_lost_connection(error) => Fault::Gone,
            _ => Fault::Other,
        }
    }
}

impl Retried for Failure {
    fn cause(&self) -> Option<&sqlx::Error> {
        match self {
            Self::Database(error) | Self::Profile(error) => Some(error),
            Self::Store(_) => None,
        }
    }
}

impl Retried for MigrateError {
    fn cause(&self) -> Option<&sqlx::Error> {
        match self {
            Self::Database(error) | Self::Denied(error) => Some(error),
            Self::Changed { .. } | Self::Newer { .. } | Self::Setting(_) => None,
        }
    }
}

impl Retried for sqlx::Error {
    fn cause(&self) -> Option<&sqlx::Error> {
        Some(self)
    }
}

/// Says of a driver's error what the caller may do about it.
pub(crate) fn store_error<DB: Backend>(error: sqlx::Error) -> StoreError {
    let is_missing = error.as_database_error().is_some_and(DB::is_missing);
    let kind = kind::<DB>(&error);
    if is_missing { StoreError::new(kind, NotMigrated(error)) } else { StoreError::new(kind, error) }
}

fn kind<DB: Backend>(error: &sqlx::Error) -> StoreErrorKind {
    if let sqlx::Error::Database(database) = error {
        database_error_kind::<DB>(database.as_ref())
    } else if is_connection_error(error) {
        StoreErrorKind::Unavailable
    } else if is_decode_error(error) {
        StoreErrorKind::Corrupt
    } else {
        StoreErrorKind::Other
    }
}

/// A table or a column that a statement names is not there.
#[derive(Debug, thiserror::Error)]
#[error("the database's schema is missing or older than this release: call `SqlxStore::migrate` at every start")]
struct NotMigrated(#[source] sqlx::Error);

/// A statement of the application's own failed.
#[derive(Debug, thiserror::Error)]
#[error("a statement of the application's profile failed")]
struct ProfileFailed(#[source] sqlx::Error);

fn database_error_kind<DB: Backend>(error: &dyn DatabaseError) -> StoreErrorKind {
    if error.is_unique_violation() {
        return StoreErrorKind::Conflict;
    }
    match DB::fault(error) {
        // Run again, it may succeed.
        Fault::Conflict | Fault::Gone | Fault::Outdated | Fault::Refused | Fault::Unavailable => {
            StoreErrorKind::Unavailable
        }
        Fault::Other => StoreErrorKind::Other,
    }
}

fn is_connection_error(error: &sqlx::Error) -> bool {
    use sqlx::Error::{BeginFailed, Io, PoolClosed, PoolTimedOut, Tls, WorkerCrashed};
    matches!(error, BeginFailed | Io(_) | PoolClosed | PoolTimedOut | Tls(_) | WorkerCrashed)
}

/// Whether the connection broke, so that another one may do.
fn is_lost_connection(error: &sqlx::Error) -> bool {
    use io::ErrorKind::{
        BrokenPipe, ConnectionAborted, ConnectionReset, HostUnreachable, NetworkDown, NetworkUnreachable, NotConnected,
        TimedOut, UnexpectedEof,
    };
    #[rustfmt::skip]
    let lost = [
        BrokenPipe, ConnectionAborted, ConnectionReset, HostUnreachable, NetworkDown, NetworkUnreachable, NotConnected,
        TimedOut, UnexpectedEof,
    ];
    matches!(error, sqlx::Error::Io(error) if lost.contains(&error.kind()))
}

fn is_decode_error(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_))
}
