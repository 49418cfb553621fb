//! A database in a file.

use std::path::PathBuf;
use std::time::Duration;

use auth_sqlx::{SqliteStore, SqlxStore};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use sqlx::{Pool, Sqlite};
use tempfile::TempDir;

use super::{Isolation, Recording, TestDatabase, queries};

/// A file that goes with this value.
pub(crate) struct SqliteFile {
    folder: TempDir,
}

impl SqliteFile {
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("auth.db")
    }

    pub(crate) fn url_with(&self, mode: &str) -> String {
        format!("sqlite://{}?mode={mode}", self.path().display())
    }

    /// Opens the file with a pool that the application made, and that waits for no lock for long.
    pub(crate) async fn store_with(&self, change: fn(SqliteConnectOptions) -> SqliteConnectOptions) -> SqliteStore {
        let options = SqliteConnectOptions::new().filename(self.path()).busy_timeout(Duration::from_millis(250));
        SqliteStore::new(SqlitePoolOptions::new().max_connections(4).connect_with(change(options)).await.unwrap())
    }
}

impl TestDatabase for SqliteFile {
    type Driver = Sqlite;

    const RECORDING: Recording = Recording::OneCall;

    /// A column here keeps its type.
    const ALTER_ROLES: [&str; 2] = [""; 2];

    async fn none() -> Self {
        Self { folder: TempDir::new().unwrap() }
    }

    fn url(&self) -> String {
        self.url_with("rwc")
    }

    /// Every transaction in a file sees all of those before it and none of the others.
    async fn patient_store(&self, connections: u32, _isolation: Isolation) -> SqlxStore<Sqlite> {
        let options = SqliteConnectOptions::new().filename(self.path()).busy_timeout(Duration::from_mins(1));
        let pool = SqlitePoolOptions::new().max_connections(connections).acquire_timeout(Duration::from_mins(1));
        SqlxStore::new(pool.connect_with(options).await.unwrap())
    }

    queries!();
}
