//! Databases for one test each.

use std::path::PathBuf;
use std::time::Duration;

use auth_sqlx::SqliteStore;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions};
use tempfile::TempDir;

/// A database in a file that goes with this value.
pub(crate) struct Database {
    folder: TempDir,
}

impl Database {
    /// Makes room for a file that is not there yet.
    pub(crate) fn none() -> Self {
        Self { folder: TempDir::new().unwrap() }
    }

    /// Creates the file with its tables.
    pub(crate) async fn migrated() -> Self {
        let database = Self::none();
        database.store().await.migrate().await.unwrap();
        database
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("auth.db")
    }

    pub(crate) fn url(&self, mode: &str) -> String {
        format!("sqlite://{}?mode={mode}", self.path().display())
    }

    /// Opens the file with a pool of its own, as another process would.
    pub(crate) async fn store(&self) -> SqliteStore {
        SqliteStore::connect(&self.url("rwc")).await.unwrap()
    }

    /// Opens the file with a pool that waits for as long as it takes.
    pub(crate) async fn patient_store(&self) -> SqliteStore {
        let options = SqliteConnectOptions::new().filename(self.path()).busy_timeout(Duration::from_mins(1));
        let pool = SqlitePoolOptions::new().max_connections(8).acquire_timeout(Duration::from_mins(1));
        SqliteStore::new(pool.connect_with(options).await.unwrap())
    }

    /// Opens the file with a pool that the application made, and that waits for no lock for long.
    pub(crate) async fn store_with(&self, change: fn(SqliteConnectOptions) -> SqliteConnectOptions) -> SqliteStore {
        let options = SqliteConnectOptions::new().filename(self.path()).busy_timeout(Duration::from_millis(50));
        SqliteStore::new(SqlitePoolOptions::new().max_connections(4).connect_with(change(options)).await.unwrap())
    }
}

/// Reads one number.
pub(crate) async fn number(pool: &SqlitePool, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(pool).await.unwrap()
}

/// Counts the rows of every table that a sign-up writes to, `_auth_migrations` aside.
pub(crate) async fn rows(pool: &SqlitePool) -> [i64; 4] {
    [
        number(pool, "SELECT count(*) FROM auth_users").await,
        number(pool, "SELECT count(*) FROM auth_passwords").await,
        number(pool, "SELECT count(*) FROM auth_sessions").await,
        number(pool, "SELECT count(*) FROM auth_audit_log").await,
    ]
}
