//! `SqlxStore`: a pool, and the application's profile.

use std::fmt;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::time::Duration;

use auth_core::store::StoreError;
use chrono::{DateTime, Utc};
use sqlx::Pool;
use sqlx::pool::PoolConnection;
use tokio::sync::OnceCell;
use tokio::time::timeout;
use tracing::instrument::{Instrument, WithSubscriber};

use crate::backend::{Backend, Fault, Prepared};
use crate::error::{Failure, Retried, store_error};
use crate::failover::Failover;
use crate::housekeeping::fraction;
use crate::lease::Lease;
use crate::profile::{ErasedProfile, Profile};
use crate::statement::Statement;
use crate::texts::Texts;

/// Keeps users, sessions and the audit log in an SQL database. Clones share the connections.
pub struct SqlxStore<DB: Backend> {
    pool: Pool<DB>,
    writer: Pool<DB>,
    /// Whether reads go through the writer as well, since several connections share a database in memory.
    shared_memory: Arc<OnceCell<bool>>,
    /// How long a call waits for a connection.
    queue_wait: Duration,
    profile: Option<Arc<dyn ErasedProfile<DB>>>,
    texts: Arc<Texts>,
    pooling: Pooling,
    failover: Arc<Failover>,
}

/// For how long a connection of the pool is one connection to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pooling {
    /// For as long as it lives.
    Session,
    /// Until the end of the transaction.
    Transaction,
}

/// How long a call may take in all: the waits for a connection and for a lock are shorter where
/// [`connect`](SqlxStore::connect) sets them, so this is for a server or a network that has gone silent.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a call waits for a connection where `connect` has made the pool: long against a crowd, short against a
/// user's patience.
const QUEUE_WAIT: Duration = Duration::from_secs(3);

/// How often a call is run again that stood in another one's way: more often than there are others.
const CONFLICTS: u32 = 100;

/// From the third time on it waits for a part of this, so that those who collide do not go on colliding.
const PAUSE: Duration = Duration::from_millis(8);

impl<DB: Backend> SqlxStore<DB> {
    /// Uses the pool that the application has.
    ///
    /// The pages of [`manual`](crate::manual) say how to set it up. On SQLite the store reads through the pool, and
    /// writes through one more connection with the same settings, unless the pool has no more than one itself.
    pub fn new(pool: Pool<DB>) -> Self {
        let writer = DB::writer(&pool);
        let queue_wait = pool.options().get_acquire_timeout();
        Self {
            pool,
            writer,
            shared_memory: Arc::default(),
            queue_wait,
            profile: None,
            texts: Arc::default(),
            pooling: Pooling::Session,
            failover: Arc::default(),
        }
    }

    /// Opens a pool of its own, with the settings that the pages of [`manual`](crate::manual) recommend.
    ///
    /// * `sqlite://app.db?mode=rwc` creates the file, without `mode=rwc` it must be there, and `sqlite::memory:` is
    ///   gone at the end.
    /// * `postgres://user:password@host/database?sslmode=verify-full`; with `statement-cache-capacity=0` as
    ///   [`behind_transaction_pooler`](Self::behind_transaction_pooler).
    /// * `mysql://user:password@host/database?ssl-mode=VERIFY_IDENTITY`.
    ///
    /// A server that does not answer yet is waited for, 30 seconds or the URL's `connect_timeout`, and the log says so.
    /// Parameters that hosts and other clients add to their URLs are read where they have a meaning here, and otherwise
    /// named in the log.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the URL cannot be read, has a parameter that is not known and may be about safety, or the
    /// database cannot be opened; its source says which server was tried.
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        // In a box: what it takes to open a pool is large, and callers hold it for as long as they run.
        let mut store = Box::pin(DB::open(url)).await.map(Self::new).map_err(store_error::<DB>)?;
        // The pool's own wait is longer, for a connection that has to be opened.
        store.queue_wait = store.queue_wait.min(QUEUE_WAIT);
        Ok(if DB::is_transaction_pooler(url) { store.behind_transaction_pooler() } else { store })
    }

    /// Creates and loads the application's own rows together with the user.
    pub fn with_profile(mut self, profile: impl Profile<DB>) -> Self {
        self.profile = Some(Arc::new(profile));
        self
    }

    /// Works through a pooler that hands out another connection to the server for each transaction, and that does not
    /// carry prepared statements over: `PgBouncer` in transaction mode, before its `max_prepared_statements`.
    ///
    /// Every statement then runs in a transaction and is prepared for that once, which costs two more round trips for
    /// a read. The statements of a [`Profile`] need nothing for it.
    pub fn behind_transaction_pooler(mut self) -> Self {
        self.pooling = Pooling::Transaction;
        self
    }

    /// Returns the pool, for the application's own queries. Once it is closed, every call to the store fails.
    pub fn pool(&self) -> &Pool<DB> {
        &self.pool
    }

    pub(crate) fn texts(&self) -> &Texts {
        &self.texts
    }

    pub(crate) fn profile(&self) -> Option<&dyn ErasedProfile<DB>> {
        self.profile.as_deref()
    }

    pub(crate) fn sql(&self, sql: &'static str) -> Statement<'_, DB> {
        let prepared = match self.pooling {
            Pooling::Session => Prepared::Kept,
            Pooling::Transaction => Prepared::Once,
        };
        Statement::new(sql, &self.texts, prepared)
    }

    /// Whether a call that reads may be dropped anywhere, so that it need not [run to its end](to_its_end).
    ///
    /// The statement may, on some databases. Taking a connection may where nothing is asked of it first, and none has
    /// to be opened: whoever hangs up while one is being tried or opened would lose it to the pool.
    pub(crate) fn may_drop_reads(&self) -> bool {
        let Some(shared_memory) = self.shared_memory.get() else { return false };
        let (reader, options) = (self.reader(*shared_memory), self.pool.options());
        let is_there = reader.num_idle() > 0 || reader.size() >= reader.options().get_max_connections();
        DB::SURVIVES_DROPPED_READS && !self.is_behind_pooler() && !options.get_test_before_acquire() && is_there
    }

    /// Whether a call that reads needs a limit, because nothing else bounds its waits.
    pub(crate) fn may_take_long(&self) -> bool {
        DB::MAY_FALL_SILENT || self.queue_wait > PATIENCE
    }

    /// Prepares a connection for the statements of a [`Profile`], which the driver keeps and names. Behind a pooler
    /// this server may know other statements by these names, and does not know those that the driver remembers.
    pub(crate) async fn forget_statements(&self, connection: &mut DB::Connection) -> sqlx::Result<()> {
        match self.pooling {
            Pooling::Session => Ok(()),
            Pooling::Transaction => DB::forget_statements(connection).await,
        }
    }

    /// Whether each connection comes with a transaction.
    pub(crate) fn is_behind_pooler(&self) -> bool {
        self.pooling == Pooling::Transaction
    }

    /// A connection for one statement that reads.
    pub(crate) async fn read(&self) -> sqlx::Result<Lease<DB>> {
        match self.pooling {
            Pooling::Session => {
                self.acquire(self.open(self.reader(self.is_shared_memory().await?))?).await.map(Lease::of)
            }
            Pooling::Transaction => self.begin_once().await,
        }
    }

    /// A connection for one call that writes.
    pub(crate) async fn write(&self) -> sqlx::Result<Lease<DB>> {
        let lease = match self.pooling {
            Pooling::Session => self.acquire(self.writer()?).await.map(Lease::of),
            Pooling::Transaction => self.begin_once().await,
        };
        lease.map(|lease| lease.under(self.failover.suspicion()))
    }

    /// A transaction for several; nothing of it remains unless it is committed.
    ///
    /// A connection that the server has closed in the meantime shows it here, where another one can be taken.
    pub(crate) async fn begin(&self) -> sqlx::Result<Lease<DB>> {
        let lease = self.retry(|| self.begin_once()).await;
        lease.map(|lease| lease.under(self.failover.suspicion()))
    }

    async fn begin_once(&self) -> sqlx::Result<Lease<DB>> {
        let mut lease = Lease::of(self.acquire(self.writer()?).await?);
        Box::pin(DB::begin(&mut lease)).await?;
        Ok(lease)
    }

    /// Takes a connection of a pool. One that has to be opened is opened to its end, also where that takes longer than
    /// a request waits, as with a host that wakes up: the next request finds it.
    async fn acquire(&self, pool: &Pool<DB>) -> sqlx::Result<PoolConnection<DB>> {
        let has_to_be_opened = pool.num_idle() == 0 && pool.size() < pool.options().get_max_connections();
        let own = pool.clone();
        // In a box that goes as soon as the connection is there: what it takes to open one is several times as large as
        // all the rest of a call. 4 KiB for each request that waits are worth an allocation.
        let connection = Box::pin(async move { own.acquire().await });
        let taken = if has_to_be_opened {
            let opening = tokio::spawn(connection.in_current_span().with_current_subscriber());
            let opened = timeout(self.queue_wait, opening).await;
            opened.map(|opened| opened.unwrap_or(Err(sqlx::Error::WorkerCrashed)))
        } else {
            timeout(self.queue_wait, connection).await
        };
        taken.unwrap_or(Err(sqlx::Error::PoolTimedOut))
    }

    /// The pool to read through.
    fn reader(&self, shared_memory: bool) -> &Pool<DB> {
        if shared_memory { &self.writer } else { &self.pool }
    }

    /// The pool to write through, which ends with the application's.
    pub(crate) fn writer(&self) -> sqlx::Result<&Pool<DB>> {
        self.open(&self.writer)
    }

    fn open<'p>(&self, pool: &'p Pool<DB>) -> sqlx::Result<&'p Pool<DB>> {
        if self.pool.is_closed() { Err(sqlx::Error::PoolClosed) } else { Ok(pool) }
    }

    /// Whether several connections use a database in memory, of which each may have its own. The first call asks it.
    pub(crate) async fn is_shared_memory(&self) -> sqlx::Result<bool> {
        self.shared_memory.get_or_try_init(|| DB::is_shared_memory(&self.pool)).await.copied()
    }

    /// Runs a call that may be made twice, since it reads, or writes the same again. One whose connection was lost is
    /// run again on another one, besides those that [`change`](Self::change) runs again.
    pub(crate) async fn repeat<T, E, W>(&self, work: impl Fn() -> W + Send) -> Result<T, StoreError>
    where
        W: Future<Output = Result<T, E>> + Send,
        E: Into<Failure> + Retried,
    {
        self.retry(work).await.map_err(|error| error.into().into_store_error::<DB>())
    }

    /// As [`repeat`](Self::repeat), with the error as it is.
    pub(crate) async fn retry<T, E, W>(&self, work: impl Fn() -> W + Send) -> Result<T, E>
    where
        W: Future<Output = Result<T, E>> + Send,
        E: Retried,
    {
        self.again(work, self.connections()).await
    }

    /// Runs a call that makes a change and [records](Self::record) it. Where these are one call, it may be made twice:
    /// it knows its own record.
    pub(crate) async fn change_recorded<T, E, W>(&self, work: impl Fn() -> W + Send) -> Result<T, StoreError>
    where
        W: Future<Output = Result<T, E>> + Send,
        E: Into<Failure> + Retried,
    {
        if DB::RECORDED.is_some() { self.repeat(work).await } else { self.change(work).await }
    }

    /// Runs a call that writes. One that stood in another one's way was undone, and is run again.
    pub(crate) async fn change<T, E, W>(&self, work: impl Fn() -> W + Send) -> Result<T, StoreError>
    where
        W: Future<Output = Result<T, E>> + Send,
        E: Into<Failure> + Retried,
    {
        self.again(work, 0).await.map_err(|error| error.into().into_store_error::<DB>())
    }

    /// Runs the work until it succeeds, or fails in a way that is not worth another time. So many connections may be
    /// lost on the way.
    async fn again<T, E, W>(&self, work: impl Fn() -> W + Send, mut losses: u32) -> Result<T, E>
    where
        W: Future<Output = Result<T, E>> + Send,
        E: Retried,
    {
        let mut conflicts = CONFLICTS;
        loop {
            let done = work().await;
            let Err(error) = &done else { return done };
            let left = match error.fault::<DB>() {
                Fault::Conflict | Fault::Outdated => &mut conflicts,
                Fault::Gone => &mut losses,
                Fault::Refused if self.failover.has_happened(&self.pool).await => &mut conflicts,
                Fault::Other | Fault::Refused | Fault::Unavailable => return done,
            };
            let Some(rest) = left.checked_sub(1) else { return done };
            *left = rest;
            if conflicts + 2 < CONFLICTS {
                tokio::time::sleep(PAUSE.mul_f64(fraction())).await;
            }
        }
    }

    /// The number of connections that may all be dead, or lead to a server that takes no writes any more.
    fn connections(&self) -> u32 {
        self.pool.options().get_max_connections()
    }
}

/// Runs a call to its end, whether or not somebody waits for it that long.
///
/// A client that hangs up drops the future of its request, anywhere. Not every driver recovers from that: dropped while
/// BEGIN is under way, a connection goes back to the pool with a transaction that nobody knows of, and on MySQL one
/// that was preparing a statement does not go back at all.
///
/// No `async fn`: the call then moves once, to where it runs, and whoever waits does not carry room for it.
pub(crate) fn to_its_end<DB: Backend, T: Send + 'static>(
    call: impl Future<Output = Result<T, StoreError>> + Send + 'static,
) -> impl Future<Output = Result<T, StoreError>> + Send {
    // What it logs belongs to the request, as if it ran there.
    let call = tokio::spawn(call.in_current_span().with_current_subscriber());
    in_time::<DB, _>(async {
        match call.await {
            Ok(done) => done,
            Err(ended) if ended.is_panic() => resume_unwind(ended.into_panic()),
            // The runtime is shutting down.
            Err(_) => Err(Failure::silence().into_store_error::<DB>()),
        }
    })
}

/// Fails when nothing was heard for too long.
pub(crate) async fn in_time<DB: Backend, T>(
    call: impl Future<Output = Result<T, StoreError>> + Send,
) -> Result<T, StoreError> {
    let done = timeout(PATIENCE, call).await;
    done.unwrap_or_else(|_| Err(Failure::silence().into_store_error::<DB>()))
}

#[cfg(feature = "postgres")]
impl SqlxStore<sqlx::Postgres> {
    /// Keeps the tables in another schema than the first of the connection's `search_path`. [`migrate`](Self::migrate)
    /// creates it, if it is not there.
    ///
    /// # Errors
    ///
    /// [`InvalidSchema`](crate::InvalidSchema) when the name is not one of lower-case letters, digits and underscores.
    pub fn in_schema(mut self, name: &str) -> Result<Self, crate::InvalidSchema> {
        self.texts = Arc::new(Texts::new(crate::schema::Schema::named(name)?));
        Ok(self)
    }
}

impl<DB: Backend> Clone for SqlxStore<DB> {
    fn clone(&self) -> Self {
        Self {
            pool: self.pool.clone(),
            writer: self.writer.clone(),
            shared_memory: Arc::clone(&self.shared_memory),
            queue_wait: self.queue_wait,
            profile: self.profile.clone(),
            texts: Arc::clone(&self.texts),
            pooling: self.pooling,
            failover: Arc::clone(&self.failover),
        }
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
