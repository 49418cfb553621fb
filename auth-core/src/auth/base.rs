//! What every flow works with, whichever capability it belongs to: the store, the clock, passwords, tokens and
//! policies; and how an event is recorded.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use chrono::{DateTime, Utc};

use crate::audit::{AuditDetail, AuditEvent, AuditSink, Refusals};
use crate::clock::Clock;
use crate::error::Error;
use crate::id::{SessionId, UserId};
use crate::password::Passwords;
use crate::policy::{AuditPolicy, SessionPolicy};
use crate::store::{DeleteSessionOutcome, SessionCache, Store, WatchedStore};
use crate::token::{AccessTokens, Realm};

/// What every flow works with.
pub(crate) struct Base {
    pub(super) store: WatchedStore,
    pub(super) cache: Option<Arc<SessionCache>>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) sink: Option<Arc<dyn AuditSink>>,
    pub(super) passwords: Passwords,
    pub(super) tokens: AccessTokens,
    pub(super) realm: Realm,
    pub(super) sessions: SessionPolicy,
    pub(super) audit: AuditPolicy,
    pub(super) refusals: Refusals,
    /// Until when, in milliseconds of the clock's `elapsed`, no use of a session is written down.
    pub(super) touches_resume_at: AtomicU64,
}

impl Base {
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    pub(crate) fn store(&self) -> &dyn Store {
        &self.store
    }

    /// Records an event that comes with no change, before the response leaves.
    pub(crate) async fn record(&self, event: AuditEvent) -> Result<(), Error> {
        self.store().record_event(event.clone()).await?;
        self.publish(&event);
        Ok(())
    }

    /// Deletes a session of the user, and publishes the event if there was one.
    pub(crate) async fn delete_session(
        &self,
        id: SessionId,
        user: UserId,
        event: AuditEvent,
    ) -> Result<DeleteSessionOutcome, Error> {
        let outcome = self.store().delete_session(id, user, event.clone()).await?;
        if outcome == DeleteSessionOutcome::Deleted {
            self.publish(&event);
        }
        Ok(outcome)
    }

    /// Tells the log and the application of an event that is committed.
    pub(crate) fn publish(&self, event: &AuditEvent) {
        tracing::info!(
            target: "auth::audit",
            kind = event.kind.as_str(),
            user = event.user_id.map(tracing::field::display),
            session = event.session_id.map(tracing::field::display),
            detail = event.detail.map(AuditDetail::as_str),
            count = event.count,
            ip = event.client.ip.map(tracing::field::display),
            "audit event",
        );
        if let Some(sink) = &self.sink {
            sink.accept(event);
        }
    }
}
