//! The pools of the servers without the library: with the very settings that its own have.

use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use sqlx::{Connection, PgPool, SqlitePool};

/// A database, as somebody opens it who knows what the library's authors know.
#[derive(Clone)]
pub enum Database {
    Postgres(PgPool),
    Sqlite {
        reader: SqlitePool,
        /// One connection for all that write, so that they queue instead of polling for SQLite's lock.
        writer: SqlitePool,
    },
}

impl Database {
    pub async fn open(url: &str) -> Self {
        if url.starts_with("postgres") {
            return Self::Postgres(postgres(url).await);
        }
        let options =
            SqliteConnectOptions::from_str(url).unwrap().foreign_keys(true).busy_timeout(Duration::from_secs(2));
        let pool = SqlitePoolOptions::new().acquire_timeout(Duration::from_secs(3)).test_before_acquire(false);
        Self::Sqlite {
            reader: pool.clone().max_connections(8).connect_with(options.clone()).await.unwrap(),
            writer: pool.max_connections(1).connect_with(options).await.unwrap(),
        }
    }
}

async fn postgres(url: &str) -> PgPool {
    let pool = PgPoolOptions::new().max_connections(10).acquire_timeout(Duration::from_secs(3));
    let pool = pool.test_before_acquire(false).before_acquire(|connection, state| {
        Box::pin(async move {
            if state.idle_for > Duration::from_secs(5) {
                connection.ping().await?;
            }
            Ok(true)
        })
    });
    pool.connect(url).await.unwrap()
}

/// Now, as the tables have it: microseconds since the Unix epoch.
pub fn now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros()).unwrap()
}
