//! SQLite: one file beside the application, one writer at a time.

use std::str::FromStr;
use std::time::Duration;

use sqlx::error::DatabaseError;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions};
use sqlx::{Pool, QueryBuilder, Sqlite, Transaction};

use crate::backend::{Run, run_queries};
use crate::migrate::Migration;

/// How long a writer waits for the one before it, and a request for a connection: long against a transaction of a
/// millisecond, short against a user's patience.
const WAIT: Duration = Duration::from_secs(2);

const CONNECTIONS: u32 = 8;

impl Run for Sqlite {
    const MIGRATIONS: &'static [Migration] =
        &[Migration { version: 1, name: "initial", sql: include_str!("../../migrations/sqlite/0001_initial.sql") }];

    const MIGRATION_TABLE: &'static str = "CREATE TABLE IF NOT EXISTS _auth_migrations (\
        version INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL) STRICT";

    /// `synchronous` stays FULL: after a power cut, a sign-out that was answered is still a sign-out.
    async fn open(url: &str) -> sqlx::Result<Pool<Self>> {
        let options = SqliteConnectOptions::from_str(url)?.foreign_keys(true).busy_timeout(WAIT);
        let pool = SqlitePoolOptions::new().acquire_timeout(WAIT).test_before_acquire(false);
        if is_in_memory(url) {
            // Each connection to memory would be a database of its own, and a closed one is lost.
            let pool = pool.max_connections(1).min_connections(1).idle_timeout(None).max_lifetime(None);
            return pool.connect_with(options).await;
        }
        pool.max_connections(CONNECTIONS).connect_with(options.journal_mode(SqliteJournalMode::Wal)).await
    }

    /// IMMEDIATE takes the writer's lock at once. A transaction that reads first and then writes would fail when
    /// another one wrote in between, and no waiting helps there.
    async fn begin(pool: &Pool<Self>) -> sqlx::Result<Transaction<'static, Self>> {
        pool.begin_with("BEGIN IMMEDIATE").await
    }

    run_queries!();

    /// Primary result codes (<https://www.sqlite.org/rescode.html>): BUSY, LOCKED, READONLY, IOERR, FULL, CANTOPEN.
    fn is_unavailable(error: &dyn DatabaseError) -> bool {
        let code = error.code().and_then(|code| code.parse::<u32>().ok());
        code.is_some_and(|code| matches!(code & 0xff, 5 | 6 | 8 | 10 | 13 | 14))
    }
}

fn is_in_memory(url: &str) -> bool {
    url.contains(":memory:") || url.contains("mode=memory")
}
