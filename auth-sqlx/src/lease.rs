//! A connection of the pool, for a while.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use sqlx::pool::PoolConnection;
use sqlx::{Database, SqlStr};
use sqlx_core::transaction::TransactionManager;

use crate::suspicion::Suspicion;

/// A connection, with or without a transaction around what it does. Not `sqlx`'s `Transaction`, which gives its
/// connection back to the pool whatever it is known to be.
pub struct Lease<DB: Database> {
    connection: PoolConnection<DB>,
    /// Whether there may be a transaction, of which nothing takes effect unless it is committed.
    in_transaction: bool,
    /// Whether the connection may lead to a former primary; `None` once its work is done, and for reads.
    suspicion: Option<Arc<Suspicion>>,
}

impl<DB: Database> Lease<DB> {
    /// Each call takes effect by itself, until a transaction is begun.
    pub(crate) fn of(connection: PoolConnection<DB>) -> Self {
        Self { connection, in_transaction: false, suspicion: None }
    }

    /// Closes the connection in the end if its work comes to nothing while the suspicion lasts.
    pub(crate) fn under(mut self, suspicion: &Arc<Suspicion>) -> Self {
        self.suspicion = Some(Arc::clone(suspicion));
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
        self.suspicion = None;
        Ok(())
    }
}

impl<DB: Database> Drop for Lease<DB> {
    fn drop(&mut self) {
        if self.in_transaction {
            DB::TransactionManager::start_rollback(&mut self.connection);
        }
        if self.suspicion.as_ref().is_some_and(|suspicion| suspicion.lasts()) {
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
