//! What the databases behind a network have in common: how their pools are opened.

use std::time::Duration;

use sqlx::pool::PoolOptions;
use sqlx::{Connection, Database, Pool};

/// How long a request waits for a connection: short against a user's patience.
const QUEUE_WAIT: Duration = Duration::from_secs(3);

const CONNECTIONS: u32 = 10;

/// After so long without use a connection is tried before it is used: a proxy or a restart may have ended it.
const IDLE: Duration = Duration::from_secs(5);

/// How long it may take to learn why a pool could not connect.
const DIAGNOSIS: Duration = Duration::from_secs(1);

/// Returns the settings of a pool.
pub(super) fn pool<DB: Database>() -> PoolOptions<DB> {
    let pool = PoolOptions::new().max_connections(CONNECTIONS).acquire_timeout(QUEUE_WAIT);
    pool.test_before_acquire(false).before_acquire(|connection: &mut DB::Connection, state| {
        Box::pin(async move {
            if state.idle_for > IDLE {
                connection.ping().await?;
            }
            Ok(true)
        })
    })
}

/// Opens a pool, or says why that cannot be done. A pool tries until its time is up, and then it knows no more than that;
/// one connection by itself is told the reason.
pub(super) async fn open<DB: Database>(
    pool: PoolOptions<DB>,
    options: <DB::Connection as Connection>::Options,
) -> sqlx::Result<Pool<DB>> {
    match pool.connect_with(options.clone()).await {
        Err(sqlx::Error::PoolTimedOut) => {}
        opened => return opened,
    }
    match tokio::time::timeout(DIAGNOSIS, DB::Connection::connect_with(&options)).await {
        Ok(Err(reason)) => Err(reason),
        Ok(Ok(_)) | Err(_) => Err(sqlx::Error::PoolTimedOut),
    }
}
