//! The record of what was refused: audit events of which each may stand for many requests.

use std::time::Duration;

use crate::audit::{AuditEvent, DueRefusal, Refusal};
use crate::auth::Auth;
use crate::error::Error;
use crate::telemetry;

/// The most audit events that one refused request waits for. The rest is left to the next, and to the pruning.
const MOST_AT_ONCE: usize = 16;

impl Auth {
    /// Records that a request was refused: the first refusal of its kind, user and client at once, further ones by one
    /// audit event a minute.
    ///
    /// It never fails. The request is refused whether that can be recorded or not, so a store that fails is a line in
    /// the log, and the count is told of with the next audit event.
    pub(crate) async fn record_refusal(&self, refusal: Refusal) {
        telemetry::refused(refusal.kind);
        let now = self.base().clock.elapsed();
        if self.base().refusals.count(refusal, now) {
            self.record_due_refusals(now, MOST_AT_ONCE).await;
        }
    }

    /// Records what has waited for its minute, and nobody else came after it.
    pub(super) async fn record_overdue_refusals(&self) {
        self.record_due_refusals(self.base().clock.elapsed(), usize::MAX).await;
    }

    async fn record_due_refusals(&self, now: Duration, most: usize) {
        let Some(recorder) = self.base().refusals.recorder() else { return };
        for _ in 0..most {
            let Some(due) = recorder.next_due(now) else { return };
            if let Err(error) = self.record_refusals(&due).await {
                let DueRefusal { refusal, count, .. } = &due;
                let (kind, ip) = (refusal.kind.as_str(), refusal.client.ip.map(tracing::field::display));
                tracing::warn!(target: "auth", kind, ip, count, cause = ?error, "a refusal could not be recorded");
                return;
            }
            due.told();
        }
    }

    async fn record_refusals(&self, due: &DueRefusal<'_>) -> Result<(), Error> {
        let Refusal { kind, detail, user_id, client } = &due.refusal;
        let event = AuditEvent::new(*kind, client, self.now())?;
        self.base().record(AuditEvent { detail: *detail, user_id: *user_id, count: due.count, ..event }).await
    }
}
