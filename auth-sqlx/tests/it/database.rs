//! Databases for one test each.

use std::path::PathBuf;

use auth_sqlx::SqliteStore;
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
}
