//! A connection of the pool, for a while.

use std::ops::{Deref, DerefMut};

use sqlx::pool::PoolConnection;
use sqlx::{Database, Transaction};

/// A connection, with or without a transaction around what it does.
#[derive(Debug)]
pub enum Lease<DB: Database> {
    /// Each statement takes effect by itself.
    Connection(PoolConnection<DB>),
    /// Nothing takes effect unless it is committed.
    Transaction(Transaction<'static, DB>),
}

impl<DB: Database> Lease<DB> {
    /// Holds the connection for a call that must not end halfway.
    pub(crate) fn hold(&mut self) -> Held<'_, DB> {
        Held(self)
    }

    /// Makes what was done take effect, where it has not done so already.
    pub(crate) async fn commit(self) -> sqlx::Result<()> {
        match self {
            Self::Connection(_) => Ok(()),
            Self::Transaction(transaction) => transaction.commit().await,
        }
    }
}

impl<DB: Database> Deref for Lease<DB> {
    type Target = DB::Connection;

    fn deref(&self) -> &DB::Connection {
        match self {
            Self::Connection(connection) => connection,
            Self::Transaction(transaction) => transaction,
        }
    }
}

impl<DB: Database> DerefMut for Lease<DB> {
    fn deref_mut(&mut self) -> &mut DB::Connection {
        match self {
            Self::Connection(connection) => connection,
            Self::Transaction(transaction) => transaction,
        }
    }
}

/// A connection that may be in a transaction which nobody else knows of. Unless it is released, it is closed, and that ends
/// the transaction: whoever waited for the call is gone, with its runtime.
#[derive(Debug)]
pub(crate) struct Held<'l, DB: Database>(&'l mut Lease<DB>);

impl<DB: Database> Held<'_, DB> {
    pub(crate) fn connection(&mut self) -> &mut DB::Connection {
        self.0
    }

    /// The call has ended, and so has what it began.
    pub(crate) fn release(self) {
        std::mem::forget(self);
    }
}

impl<DB: Database> Drop for Held<'_, DB> {
    fn drop(&mut self) {
        if let Lease::Connection(connection) = self.0 {
            connection.close_on_drop();
        }
    }
}
