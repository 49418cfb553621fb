//! Deleting rows that nothing will ask for again.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::store::StoreError;

/// Deletes dead rows.
#[async_trait]
pub trait PruneStore: Send + Sync + 'static {
    /// Deletes dead rows of one kind, the deadest first, and returns how many.
    ///
    /// One call is one short transaction, so it deletes no more than its limit. Several nodes may prune at the same
    /// time: a row that another one deletes is not counted twice.
    async fn prune(&self, prune: Prune) -> Result<u64, StoreError>;
}

/// Which rows to delete.
#[derive(Debug, Clone, Copy)]
pub struct Prune {
    /// Their kind.
    pub rows: DeadRows,
    /// They ended at this instant or before.
    pub until: DateTime<Utc>,
    /// At most so many.
    pub limit: u32,
}

/// A kind of rows that die.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeadRows {
    /// Audit events, by when they happened.
    AuditEvents,
    /// One-time tokens, by when they expire.
    OneTimeTokens,
    /// Sessions, by when they expire.
    Sessions,
    /// The state of the throttle, by when it expires.
    Throttles,
}

impl DeadRows {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::AuditEvents, Self::OneTimeTokens, Self::Sessions, Self::Throttles];
}
