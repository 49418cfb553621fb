//! What the databases behind a network have in common: how their pools are opened, and which idle connections are
//! trusted.

mod silence;

use std::io;
use std::pin::pin;
use std::time::Duration;

use sqlx::pool::PoolOptions;
use sqlx::{Connection, Database, Pool};
use tokio::time::{sleep, timeout};

use crate::backend::url::ServerUrl;
use crate::lease::Lease;
use silence::Silence;

/// How long a database is waited for at the start: one that was paused, or starts together with the application, takes
/// seconds.
const START_WAIT: Duration = Duration::from_secs(30);

/// How long opening a connection may take, unless the URL says otherwise. A request waits less long, and the next one
/// finds the connection.
///
/// While a server refuses connections, `sqlx` tries again after pauses of up to a fifth of this, and whatever holds one
/// of the pool's places does not see sooner that the server is back.
const CONNECT_WAIT: Duration = Duration::from_secs(10);

const CONNECTIONS: u32 = 10;

/// How long nobody is told at the start that the database is waited for.
const NOTICE: Duration = Duration::from_secs(1);

/// The pause before another attempt at the start.
const PAUSE: Duration = Duration::from_millis(250);

/// How long it may take to learn why a pool could not connect.
const DIAGNOSIS: Duration = Duration::from_secs(1);

/// Begins a transaction, or closes the connection: part of the statement may have been done, and the driver not know.
pub(super) async fn begin<DB: Database>(lease: &mut Lease<DB>, statement: &'static str) -> sqlx::Result<()> {
    lease.begin(statement).await.inspect_err(|_| lease.close())
}

/// Returns the settings of a pool.
pub(super) fn pool<DB: Database>(url: &ServerUrl<'_>) -> sqlx::Result<PoolOptions<DB>> {
    let silence = Silence::default();
    let pool = PoolOptions::new()
        .max_connections(url.connection_limit()?.unwrap_or(CONNECTIONS))
        .acquire_timeout(url.connect_timeout()?.unwrap_or(CONNECT_WAIT))
        .test_before_acquire(false);
    Ok(pool.before_acquire(move |connection, used| silence.check::<DB>(connection, &used)))
}

/// Opens a pool, or says why that cannot be done. A database that is not there yet is waited for; the log says so.
pub(super) async fn open<DB: Database>(
    url: &ServerUrl<'_>,
    pool: PoolOptions<DB>,
    options: <DB::Connection as Connection>::Options,
    host: &str,
) -> sqlx::Result<Pool<DB>> {
    let patience = url.connect_timeout()?.unwrap_or(START_WAIT);
    let mut opening = pin!(timeout(patience, open_when_there(&pool, &options)));
    let opened = if let Ok(opened) = timeout(NOTICE, &mut opening).await {
        opened
    } else {
        tracing::warn!(host, seconds = patience.as_secs(), "the database does not answer yet: waiting for it");
        opening.await
    };
    match opened {
        Err(_) => Err(diagnose::<DB>(&options, host, patience).await),
        Ok(opened) => opened.map_err(|error| at(host, error)),
    }
}

/// A pool waits for a server that refuses connections, for a while, and not for one that ends them, or a name that is
/// not known yet.
async fn open_when_there<DB: Database>(
    pool: &PoolOptions<DB>,
    options: &<DB::Connection as Connection>::Options,
) -> sqlx::Result<Pool<DB>> {
    use io::ErrorKind::{InvalidData, InvalidInput, NotFound, PermissionDenied};
    let lasting = [InvalidData, InvalidInput, NotFound, PermissionDenied];
    loop {
        match pool.clone().connect_with(options.clone()).await {
            Err(sqlx::Error::PoolTimedOut) => {}
            Err(sqlx::Error::Io(error)) if !lasting.contains(&error.kind()) => sleep(PAUSE).await,
            opened => return opened,
        }
    }
}

/// A pool that ran out of time knows no more than that; one connection by itself is told the reason.
async fn diagnose<DB: Database>(
    options: &<DB::Connection as Connection>::Options,
    host: &str,
    patience: Duration,
) -> sqlx::Error {
    match timeout(DIAGNOSIS, DB::Connection::connect_with(options)).await {
        Ok(Err(reason)) => at(host, reason),
        Ok(Ok(_)) => timed_out(format!("{host} let nobody in who can use it within {} s", patience.as_secs())),
        Err(_) => timed_out(format!("{host} did not answer within {} s", patience.as_secs())),
    }
}

/// Says of an error of the network whom it was about.
fn at(host: &str, error: sqlx::Error) -> sqlx::Error {
    if let sqlx::Error::Io(error) = error {
        return sqlx::Error::Io(io::Error::new(error.kind(), format!("{host}: {error}")));
    }
    error
}

fn timed_out(problem: String) -> sqlx::Error {
    sqlx::Error::Io(io::Error::new(io::ErrorKind::TimedOut, problem))
}
