//! `SqlxStore`: a pool, and the application's profile.

use std::fmt;
use std::sync::Arc;

use auth_core::store::StoreError;
use chrono::{DateTime, Utc};
use sqlx::pool::PoolConnection;
use sqlx::{Pool, Transaction};

use crate::backend::Backend;
use crate::error::{corrupt, store_error};
use crate::migrate::{self, MigrateError, Migration};
use crate::profile::{ErasedProfile, Profile};

/// Keeps users, sessions and the audit log in an SQL database. Clones share the connections.
pub struct SqlxStore<DB: Backend> {
    pool: Pool<DB>,
    writer: Pool<DB>,
    profile: Option<Arc<dyn ErasedProfile<DB>>>,
}

impl<DB: Backend> SqlxStore<DB> {
    /// Uses the pool that the application has.
    ///
    /// For SQLite it should be in WAL mode, with foreign keys on and a busy timeout of about two seconds, as
    /// [`connect`](Self::connect) sets them. The store reads through the pool, and writes through one more connection
    /// with the same settings, unless the pool has no more than one itself.
    pub fn new(pool: Pool<DB>) -> Self {
        Self { writer: DB::writer(&pool), pool, profile: None }
    }

    /// Opens a pool of its own.
    ///
    /// For SQLite: `sqlite://app.db?mode=rwc` creates the file, without `mode=rwc` it must be there, and
    /// `sqlite::memory:` is gone at the end.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the URL cannot be read or the database cannot be opened.
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        DB::open(url).await.map(Self::new).map_err(store_error::<DB>)
    }

    /// Creates and loads the application's own rows together with the user.
    pub fn with_profile(mut self, profile: impl Profile<DB>) -> Self {
        self.profile = Some(Arc::new(profile));
        self
    }

    /// Brings the schema up to date. It may be called at every start, from several processes at once.
    ///
    /// # Errors
    ///
    /// [`MigrateError`] when the database fails, is newer than this crate, or was changed by hand.
    pub async fn migrate(&self) -> Result<(), MigrateError> {
        migrate::run(&self.writer).await
    }

    /// Returns the schema step by step, for those who apply it with tools of their own.
    pub fn migrations() -> &'static [Migration] {
        DB::MIGRATIONS
    }

    /// Returns the pool, for the application's own queries. Closing it ends the store.
    pub fn pool(&self) -> &Pool<DB> {
        &self.pool
    }

    pub(crate) fn profile(&self) -> Option<&dyn ErasedProfile<DB>> {
        self.profile.as_deref()
    }

    pub(crate) async fn read(&self) -> Result<PoolConnection<DB>, StoreError> {
        self.pool.acquire().await.map_err(store_error::<DB>)
    }

    /// A connection for one statement that writes.
    pub(crate) async fn write(&self) -> Result<PoolConnection<DB>, StoreError> {
        self.writer()?.acquire().await.map_err(store_error::<DB>)
    }

    /// A transaction for several; nothing of it remains unless it is committed.
    pub(crate) async fn begin(&self) -> Result<Transaction<'static, DB>, StoreError> {
        DB::begin(self.writer()?).await.map_err(store_error::<DB>)
    }

    /// The pool to write through, which ends with the application's.
    fn writer(&self) -> Result<&Pool<DB>, StoreError> {
        if self.pool.is_closed() { Err(store_error::<DB>(sqlx::Error::PoolClosed)) } else { Ok(&self.writer) }
    }
}

impl<DB: Backend> Clone for SqlxStore<DB> {
    fn clone(&self) -> Self {
        Self { pool: self.pool.clone(), writer: self.writer.clone(), profile: self.profile.clone() }
    }
}

impl<DB: Backend> fmt::Debug for SqlxStore<DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqlxStore").field("database", &DB::NAME).finish_non_exhaustive()
    }
}

/// How an instant is stored: microseconds since the Unix epoch.
pub(crate) fn micros(instant: DateTime<Utc>) -> i64 {
    instant.timestamp_micros()
}

pub(crate) fn instant(micros: i64, column: &'static str) -> Result<DateTime<Utc>, StoreError> {
    DateTime::from_timestamp_micros(micros).ok_or_else(|| corrupt(column))
}
