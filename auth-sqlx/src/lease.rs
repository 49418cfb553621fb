//! A connection of the pool, for a while.

use std::ops::{Deref, DerefMut};

use sqlx::pool::PoolConnection;
use sqlx::{Database, Transaction};

/// A connection, with or without a transaction around what it does.
#[derive(Debug)]
pub enum Lease<DB: Database> {
    /// Each call takes effect by itself.
    Connection(PoolConnection<DB>),
    /// Nothing takes effect unless it is committed.
    Transaction(Transaction<'static, DB>),
}

impl<DB: Database> Lease<DB> {
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
