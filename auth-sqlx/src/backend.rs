//! What the databases differ in, and every bound on their types: the other files are plain `impl<DB: Backend>`.

use std::future::Future;
use std::str::Split;

use sqlx::{ColumnIndex, Database, Decode, Encode, Pool, QueryBuilder, Row, Transaction, Type};
use uuid::Uuid;

use crate::migrate::Migration;

#[cfg(feature = "sqlite")]
mod sqlite;

/// A database that this crate stores in. Implemented here for those that it supports, and for no other.
pub trait Backend:
    Run
    + Holds<Uuid>
    + Holds<Option<Uuid>>
    + Holds<String>
    + Holds<Option<String>>
    + Holds<Vec<u8>>
    + Holds<Option<Vec<u8>>>
    + Holds<i64>
    + Holds<Option<i64>>
{
}

impl<DB> Backend for DB where
    DB: Run
        + Holds<Uuid>
        + Holds<Option<Uuid>>
        + Holds<String>
        + Holds<Option<String>>
        + Holds<Vec<u8>>
        + Holds<Option<Vec<u8>>>
        + Holds<i64>
        + Holds<Option<i64>>
{
}

/// A database that can bind and read a `T`.
pub trait Holds<T>: Database {
    /// Appends the value as the query's next argument.
    fn bind(query: &mut QueryBuilder<Self>, value: T);

    /// Reads the value of a column.
    ///
    /// # Errors
    ///
    /// When there is no such column, or it holds something else.
    fn get(row: &Self::Row, column: &str) -> sqlx::Result<T>;
}

impl<DB, T> Holds<T> for DB
where
    DB: Database,
    for<'i> &'i str: ColumnIndex<DB::Row>,
    T: for<'q> Encode<'q, DB> + for<'r> Decode<'r, DB> + Type<DB> + 'static,
{
    fn bind(query: &mut QueryBuilder<Self>, value: T) {
        query.push_bind(value);
    }

    fn get(row: &DB::Row, column: &str) -> sqlx::Result<T> {
        row.try_get(column)
    }
}

/// What `sqlx` cannot express for any database at once, and what is different by nature.
pub trait Run: Database {
    /// The schema, step by step.
    const MIGRATIONS: &'static [Migration];

    /// Creates the table of applied migrations, if it is not there.
    const MIGRATION_TABLE: &'static str;

    /// Opens a pool with the settings that this crate relies on.
    fn open(url: &str) -> impl Future<Output = sqlx::Result<Pool<Self>>> + Send;

    /// Returns the pool that writes go through: the same one, where writers do not stand in each other's way.
    fn writer(pool: &Pool<Self>) -> Pool<Self>;

    /// Begins a transaction that is going to write.
    fn begin(pool: &Pool<Self>) -> impl Future<Output = sqlx::Result<Transaction<'static, Self>>> + Send;

    /// Runs a statement and returns how many rows it matched.
    fn execute(
        query: QueryBuilder<Self>,
        connection: &mut Self::Connection,
    ) -> impl Future<Output = sqlx::Result<u64>> + Send;

    /// Runs several statements without arguments.
    fn execute_script(
        script: &'static str,
        connection: &mut Self::Connection,
    ) -> impl Future<Output = sqlx::Result<()>> + Send;

    /// Runs a query for at most one row.
    fn fetch_optional(
        query: QueryBuilder<Self>,
        connection: &mut Self::Connection,
    ) -> impl Future<Output = sqlx::Result<Option<Self::Row>>> + Send;

    /// Runs a query for all its rows.
    fn fetch_all(
        query: QueryBuilder<Self>,
        connection: &mut Self::Connection,
    ) -> impl Future<Output = sqlx::Result<Vec<Self::Row>>> + Send;

    /// Returns whether the database gave this error because it is busy, full, read-only or gone.
    fn is_unavailable(error: &dyn sqlx::error::DatabaseError) -> bool;
}

/// Writes the methods of [`Run`] that read the same for every driver, but for the driver's own types.
#[cfg(feature = "sqlite")]
macro_rules! run_queries {
    () => {
        async fn execute(mut query: QueryBuilder<Self>, connection: &mut Self::Connection) -> sqlx::Result<u64> {
            query.build().execute(connection).await.map(|done| done.rows_affected())
        }

        async fn execute_script(script: &'static str, connection: &mut Self::Connection) -> sqlx::Result<()> {
            sqlx::raw_sql(script).execute(connection).await.map(|_| ())
        }

        async fn fetch_optional(
            mut query: QueryBuilder<Self>,
            connection: &mut Self::Connection,
        ) -> sqlx::Result<Option<Self::Row>> {
            query.build().fetch_optional(connection).await
        }

        async fn fetch_all(
            mut query: QueryBuilder<Self>,
            connection: &mut Self::Connection,
        ) -> sqlx::Result<Vec<Self::Row>> {
            query.build().fetch_all(connection).await
        }
    };
}
#[cfg(feature = "sqlite")]
pub(crate) use run_queries;

/// A statement with `?` for each argument, whatever the database calls them.
pub(crate) struct Statement<DB: Backend> {
    query: QueryBuilder<DB>,
    rest: Split<'static, char>,
}

impl<DB: Backend> Statement<DB> {
    pub(crate) fn new(sql: &'static str) -> Self {
        let mut rest = sql.split('?');
        let first = rest.next().unwrap_or_default();
        Self { query: QueryBuilder::new(first), rest }
    }

    /// Binds the next `?`.
    pub(crate) fn bind<T>(mut self, value: T) -> Self
    where
        DB: Holds<T>,
    {
        DB::bind(&mut self.query, value);
        self.query.push(self.rest.next().unwrap_or_default());
        self
    }

    pub(crate) async fn execute(self, connection: &mut DB::Connection) -> sqlx::Result<u64> {
        DB::execute(self.query, connection).await
    }

    pub(crate) async fn fetch_optional(self, connection: &mut DB::Connection) -> sqlx::Result<Option<DB::Row>> {
        DB::fetch_optional(self.query, connection).await
    }

    pub(crate) async fn fetch_all(self, connection: &mut DB::Connection) -> sqlx::Result<Vec<DB::Row>> {
        DB::fetch_all(self.query, connection).await
    }
}
