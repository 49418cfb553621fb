//! From what `sqlx` reports to what the contract of stores knows.

use auth_core::store::{StoreError, StoreErrorKind};

use sqlx::error::DatabaseError;

use crate::backend::Backend;

/// Says of a driver's error whether it is worth trying again.
pub(crate) fn store_error<DB: Backend>(error: sqlx::Error) -> StoreError {
    let kind = if let sqlx::Error::Database(database) = &error {
        database_error_kind::<DB>(database.as_ref())
    } else if is_connection_error(&error) {
        StoreErrorKind::Unavailable
    } else if is_decode_error(&error) {
        StoreErrorKind::Corrupt
    } else {
        StoreErrorKind::Other
    };
    StoreError::new(kind, error)
}

fn database_error_kind<DB: Backend>(error: &dyn DatabaseError) -> StoreErrorKind {
    if error.is_unique_violation() {
        StoreErrorKind::Conflict
    } else if DB::is_unavailable(error) {
        StoreErrorKind::Unavailable
    } else {
        StoreErrorKind::Other
    }
}

fn is_connection_error(error: &sqlx::Error) -> bool {
    use sqlx::Error::{BeginFailed, Io, PoolClosed, PoolTimedOut, Tls, WorkerCrashed};
    matches!(error, BeginFailed | Io(_) | PoolClosed | PoolTimedOut | Tls(_) | WorkerCrashed)
}

fn is_decode_error(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_))
}

/// A value that this crate cannot have written.
pub(crate) fn corrupt(column: &'static str) -> StoreError {
    StoreError::new(StoreErrorKind::Corrupt, format!("the column {column} holds an unknown value"))
}
