//! Idle connections that a network has forgotten, or whose server is gone without a word.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use auth_core::clock::{Clock, SystemClock};
use sqlx::pool::PoolConnectionMetadata;
use sqlx::{Connection, Database};
use tokio::time::timeout;

/// When a connection of the pool was last found silent. Those that were idle by then most likely are silent as well.
#[derive(Debug, Default)]
pub(super) struct Silence {
    clock: SystemClock,
    /// In microseconds of the clock's time; 0 for never.
    found_at: Arc<AtomicU64>,
}

/// After so long without use a connection is tried before it is used: a proxy or a restart may have ended it.
const IDLE: Duration = Duration::from_secs(5);

/// How long an idle connection may take to answer: long against any network that a session check could be served over.
const ANSWER: Duration = Duration::from_millis(500);

/// What the pool is told: an error ends the connection at once, without a farewell that nobody may read.
type Verdict<'c> = Pin<Box<dyn Future<Output = sqlx::Result<bool>> + Send + 'c>>;

impl Silence {
    /// Tries a connection that was not used for a while.
    ///
    /// One that was idle already when another was found silent is not even tried: opening a new one takes less time
    /// than to wait for each.
    pub(super) fn check<'c, DB: Database>(
        &self,
        connection: &'c mut DB::Connection,
        used: &PoolConnectionMetadata,
    ) -> Verdict<'c> {
        let (now, idle_for) = (self.clock.elapsed(), used.idle_for);
        let found_at = Arc::clone(&self.found_at);
        let is_suspect = now.saturating_sub(idle_for) < Duration::from_micros(found_at.load(Ordering::Relaxed));
        Box::pin(async move {
            if is_suspect {
                return Err(silent());
            }
            if idle_for <= IDLE {
                return Ok(true);
            }
            if let Ok(answer) = timeout(ANSWER, connection.ping()).await {
                return answer.map(|()| true);
            }
            found_at.fetch_max(u64::try_from(now.as_micros()).unwrap_or(0), Ordering::Relaxed);
            Err(silent())
        })
    }
}

fn silent() -> sqlx::Error {
    sqlx::Error::Io(io::Error::new(io::ErrorKind::TimedOut, "an idle connection does not answer"))
}
