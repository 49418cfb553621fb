//! What a refused write means: the whole database takes none, or the connection leads to a server that no longer does.

use std::sync::Arc;
use std::time::Duration;

use auth_core::clock::{Clock, SystemClock};
use sqlx::{Connection, Pool};
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::backend::{Backend, Prepared};
use crate::statement::Statement;
use crate::suspicion::Suspicion;
use crate::texts::Texts;

/// What a new connection said last.
#[derive(Debug, Default)]
pub(crate) struct Failover {
    clock: SystemClock,
    last: Mutex<Option<Look>>,
    suspicion: Arc<Suspicion>,
}

#[derive(Debug, Clone, Copy)]
struct Look {
    at: Duration,
    takes_writes: bool,
}

/// How long a look counts. A read-only database costs one more connection in this time, and a failover is noticed so
/// much later.
const VERDICT: Duration = Duration::from_secs(1);

/// How long a look may take.
const PATIENCE: Duration = Duration::from_secs(2);

impl Failover {
    /// Whether a call whose write was refused may succeed on another connection: a new one takes writes, so those of
    /// the pool are left over from before a failover. They are closed, for what they read may be out of date as well.
    pub(crate) async fn has_happened<DB: Backend>(&self, pool: &Pool<DB>) -> bool {
        // Others whose writes were refused meanwhile wait here for the one look.
        let mut last = self.last.lock().await;
        let now = self.clock.elapsed();
        let takes_writes = match *last {
            Some(look) if now.saturating_sub(look.at) < VERDICT => look.takes_writes,
            _ => {
                let takes_writes = takes_writes(pool).await;
                *last = Some(Look { at: self.clock.elapsed(), takes_writes });
                takes_writes
            }
        };
        if takes_writes {
            self.suspicion.begin();
            close_idle(pool);
        }
        takes_writes
    }

    /// Returns whether connections in use may be left over from before a failover.
    pub(crate) fn suspicion(&self) -> &Arc<Suspicion> {
        &self.suspicion
    }
}

/// Asks a connection that is not one of the pool's. Where none can be had, for instance because the pool has all that
/// the server grants, the pool gets the benefit of the doubt.
async fn takes_writes<DB: Backend>(pool: &Pool<DB>) -> bool {
    let look = async {
        let Some(query) = DB::READ_ONLY else { return Ok(false) };
        let options = pool.connect_options();
        let mut connection = DB::Connection::connect_with(&options).await?;
        let texts = Texts::default();
        let row = Statement::<DB>::new(query, &texts, Prepared::Once).fetch_optional(&mut connection).await?;
        connection.close().await.map(|()| row.is_none())
    };
    match timeout(PATIENCE, look).await {
        Ok(Ok(false)) => {
            tracing::warn!("the database is read-only, also on a new connection");
            false
        }
        Ok(Ok(true)) => {
            tracing::warn!(
                "the database takes writes on new connections only, as after a failover: closing the old ones"
            );
            true
        }
        Ok(Err(error)) => {
            tracing::warn!(%error, "the database refused a write, and a new connection cannot be had");
            true
        }
        Err(_) => true,
    }
}

/// Closes what nobody uses at the moment, without a word to the server, which may not listen any more.
fn close_idle<DB: Backend>(pool: &Pool<DB>) {
    for _ in 0..pool.size() {
        let Some(idle) = pool.try_acquire() else { return };
        drop(idle.detach());
    }
}
