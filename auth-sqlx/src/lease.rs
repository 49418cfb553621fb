//! A connection of the pool, for a while.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use sqlx::pool::PoolConnection;
use sqlx::{Database, SqlStr};
use sqlx_core::transaction::TransactionManager;

use crate::failover::Failover;

/// A connection, with or without a transaction around what it does. Not `sqlx`'s `Transaction`, which gives its
/// connection back to the pool whatever it is known to be.
pub struct Lease<DB: Database> {
    connection: PoolConnection<DB>,
    /// Whether there may be a transaction, of which nothing takes effect unless it is committed.
    in_transaction: bool,
    /// What it may have run into, until its work is done.
    failover: Option<Arc<Failover>>,
}

impl<DB: Database> Lease<DB> {
    /// Each call takes effect by itself, until a transaction is begun.
    pub(crate) fn of(connection: PoolConnection<DB>) -> Self {
        Self { connection, in_transaction: false, failover: None }
    }

    /// Closes the connection in the end if its work comes to nothing shortly after a failover, because it may be one of
    /// those that lead to the former primary.
    pub(crate) fn wary_of(mut self, failover: &Arc<Failover>) -> Self {
        self.failover = Some(Arc::clone(failover));
        self
    }

    /// Begins a transaction.
    pub(crate) async fn begin(&mut self, statement: &'static str) -> sqlx::Result<()> {
        self.in_transaction = true;
        DB::TransactionManager::begin(&mut self.connection, Some(SqlStr::from_static(statement))).await
    }

    /// Closes the connection in the end, rather than to give it back.
    pub(crate) fn close(&mut self) {
        self.connection.close_on_drop();
    }

    /// Makes what was done take effect, where it has not done so already.
    pub(crate) async fn commit(mut self) -> sqlx::Result<()> {
        if self.in_transaction {
            DB::TransactionManager::commit(&mut self.connection).await?;
        }
        self.in_transaction = false;
        self.failover = None;
        Ok(())
    }
}

impl<DB: Database> Drop for Lease<DB> {
    fn drop(&mut self) {
        if self.in_transaction {
            DB::TransactionManager::start_rollback(&mut self.connection);
        }
        if self.failover.as_ref().is_some_and(|failover| failover.was_recent()) {
            self.close();
        }
    }
}

impl<DB: Database> Deref for Lease<DB> {
    type Target = DB::Connection;

    fn deref(&self) -> &DB::Connection {
        &self.connection
    }
}

impl<DB: Database> DerefMut for Lease<DB> {
    fn deref_mut(&mut self) -> &mut DB::Connection {
        &mut self.connection
    }
}

impl<DB: Database> fmt::Debug for Lease<DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease").field("in_transaction", &self.in_transaction).finish_non_exhaustive()
    }
}
