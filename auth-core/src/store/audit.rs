//! The audit log's rows: written with the change they tell of, never changed after.

use async_trait::async_trait;

use crate::audit::AuditEvent;
use crate::id::{AuditEventId, UserId};
use crate::store::StoreError;

/// Keeps audit events.
#[async_trait]
pub trait AuditStore: Send + Sync + 'static {
    /// Records an event that comes with no change: a failure.
    async fn record_event(&self, event: AuditEvent) -> Result<(), StoreError>;

    /// Reads events, the newest first.
    async fn list_events(&self, query: AuditQuery) -> Result<Vec<AuditEvent>, StoreError>;
}

/// Which events to read.
#[derive(Debug, Clone, Copy)]
pub struct AuditQuery {
    /// Only those of this user.
    pub user_id: Option<UserId>,
    /// Only those older than this one: the last of the previous page.
    pub before: Option<AuditEventId>,
    /// At most so many.
    pub limit: u32,
}
