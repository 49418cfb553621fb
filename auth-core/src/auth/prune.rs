//! Housekeeping: deleting what nothing will ask for again.

use crate::auth::Auth;
use crate::auth::flow::Flow;
use crate::error::Error;
use crate::store::{DeadRows, Prune};
use crate::telemetry;

/// How many rows one transaction deletes: few enough that nobody waits for it.
const BATCH: u32 = 1_000;

/// How many rows were deleted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Audit events past their retention.
    pub audit_events: u64,
    /// One-time tokens that had expired.
    pub one_time_tokens: u64,
    /// Sessions that had expired.
    pub sessions: u64,
    /// States of the throttle that had expired.
    pub throttles: u64,
}

impl Auth {
    /// Deletes expired sessions and tokens, forgotten throttles, and audit events past
    /// [their retention](crate::policy::AuditPolicy::retention). Before it, refusals that were counted and have waited
    /// for their audit event for a minute get it.
    ///
    /// It works in batches of 1 000 rows, each in a transaction of its own, and ends when there is no more: dropping
    /// it, or a failure, loses nothing that was done. Call it from a scheduler, on one node or on all of them. What is
    /// left undone costs space alone, since every check reads the clock.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use auth_core::auth::Pruned;
    /// use auth_core::{Auth, MemoryStore, SigningKeys};
    ///
    /// let keys = SigningKeys::hs256("an example secret of 32 bytes or more")?;
    /// let auth = Auth::builder(MemoryStore::new(), keys).build()?;
    /// assert_eq!(auth.prune().await?, Pruned::default(), "nothing to do yet");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unavailable`](crate::ErrorKind::Unavailable) when the store fails; the next call goes on from
    /// there.
    pub async fn prune(&self) -> Result<Pruned, Error> {
        Flow::Prune.run(|_| "pruned", self.prune_all()).await
    }

    async fn prune_all(&self) -> Result<Pruned, Error> {
        self.record_overdue_refusals().await;
        Ok(Pruned {
            sessions: self.prune_rows(DeadRows::Sessions).await?,
            one_time_tokens: self.prune_rows(DeadRows::OneTimeTokens).await?,
            throttles: self.prune_rows(DeadRows::Throttles).await?,
            audit_events: self.prune_rows(DeadRows::AuditEvents).await?,
        })
    }

    async fn prune_rows(&self, rows: DeadRows) -> Result<u64, Error> {
        let now = self.now();
        let until = match rows {
            DeadRows::AuditEvents => now - self.base().audit.retention,
            DeadRows::OneTimeTokens | DeadRows::Sessions | DeadRows::Throttles => now,
        };
        let mut deleted = 0;
        loop {
            let batch = self.store().prune(Prune { rows, until, limit: BATCH }).await?;
            telemetry::pruned(rows, batch);
            deleted += batch;
            if batch < u64::from(BATCH) {
                return Ok(deleted);
            }
            tracing::info!(?rows, deleted, "pruning");
        }
    }
}
