//! What the databases differ in, and every bound on their types: the other files are plain `impl<DB: Backend>`.

mod exact;
#[cfg(feature = "mysql")]
mod mysql;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(any(feature = "mysql", feature = "postgres"))]
mod server;
mod setting;
#[cfg(feature = "sqlite")]
mod sqlite;
mod url;

use std::future::{self, Future};

use sqlx::database::HasStatementCache;
use sqlx::error::{BoxDynError, DatabaseError};
use sqlx::{Arguments, ColumnIndex, Database, Decode, Encode, Pool, Row, SqlStr, Type};
use uuid::Uuid;

pub(crate) use exact::Exact;

use crate::lease::Lease;
use crate::migration::{MigrateError, Migration};
use crate::schema::Schema;
use crate::texts::Texts;

/// A database that this crate stores in. Implemented here for those that it supports, and for no other.
///
/// What it is made of is no part of the API: it may change in any release.
pub trait Backend:
    Run
    + Holds<Uuid>
    + Holds<Option<Uuid>>
    + Holds<String>
    + Holds<Option<String>>
    + Holds<Exact>
    + Holds<Option<Exact>>
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
        + Holds<Exact>
        + Holds<Option<Exact>>
        + Holds<Vec<u8>>
        + Holds<Option<Vec<u8>>>
        + Holds<i64>
        + Holds<Option<i64>>
{
}

/// A database that can bind and read a `T`.
pub trait Holds<T>: Database {
    /// Appends the value as the query's next argument.
    ///
    /// # Errors
    ///
    /// When it cannot be written as the database has it.
    fn bind(arguments: &mut Self::Arguments, value: T) -> Result<(), BoxDynError>;

    /// Reads the value of a column.
    ///
    /// # Errors
    ///
    /// When there is no such column, or it holds something else.
    fn get(row: &Self::Row, column: &str) -> sqlx::Result<T>;

    /// Reads the value of the column at a place.
    ///
    /// # Errors
    ///
    /// When there is no such column, or it holds something else.
    fn get_at(row: &Self::Row, place: usize) -> sqlx::Result<T>;
}

impl<DB, T> Holds<T> for DB
where
    DB: Database,
    for<'i> &'i str: ColumnIndex<DB::Row>,
    usize: ColumnIndex<DB::Row>,
    T: for<'q> Encode<'q, DB> + for<'r> Decode<'r, DB> + Type<DB> + 'static,
{
    fn bind(arguments: &mut DB::Arguments, value: T) -> Result<(), BoxDynError> {
        arguments.add(value)
    }

    fn get(row: &DB::Row, column: &str) -> sqlx::Result<T> {
        row.try_get(column)
    }

    fn get_at(row: &DB::Row, place: usize) -> sqlx::Result<T> {
        row.try_get(place)
    }
}

/// What `sqlx` cannot express for any database at once, and what is different by nature.
pub trait Run: Database + HasStatementCache {
    /// The schema, step by step.
    const MIGRATIONS: &'static [Migration];

    /// Creates the table of applied migrations, if it is not there.
    const MIGRATION_TABLE: &'static str;

    /// Finds a row if the table of applied migrations is there.
    const HISTORY_IS_THERE: &'static str;

    /// Finds the tables with secrets on which somebody else holds a privilege, and who does; `None` where privileges
    /// are given by hand alone.
    const STRANGERS: Option<&'static str>;

    /// Whether the arguments of a statement are `$1`, `$2` and so on, and not each a `?`.
    const NUMBERS_ARGUMENTS: bool;

    /// What makes a SELECT wait for those who are changing the row, and those who come after wait for it. SQLite has
    /// one writer at a time, so that there is nobody to wait for.
    const LOCK_ROW: &'static str;

    /// How a change and the insertion of its record are one call; `None` where they are not.
    const RECORDED: Option<Recorded>;

    /// A condition that always holds, and that lets a statement outside of a transaction wait no longer for a lock than
    /// one inside.
    const BOUND_WAIT: &'static str;

    /// Whether it may stop answering, as a server or a network between does, so that a call needs a limit of its own.
    const MAY_FALL_SILENT: bool;

    /// Whether the driver recovers when the future of a SELECT is dropped, wherever it is.
    const SURVIVES_DROPPED_READS: bool;

    /// A query that returns a row where the connection's server or session takes no writes. `None` where nothing but
    /// the database itself can be read-only.
    const READ_ONLY: Option<&'static str>;

    /// Opens a pool with the settings that this crate relies on.
    fn open(url: &str) -> impl Future<Output = sqlx::Result<Pool<Self>>> + Send;

    /// Returns whether the URL names a pooler that hands out another connection for each transaction.
    fn is_transaction_pooler(url: &str) -> bool;

    /// Returns the pool that writes go through: the same one, where writers do not stand in each other's way.
    fn writer(pool: &Pool<Self>) -> Pool<Self>;

    /// Whether several connections share a database in the memory of this process, where they do not wait for each
    /// other's locks.
    fn is_shared_memory(_pool: &Pool<Self>) -> impl Future<Output = sqlx::Result<bool>> + Send {
        future::ready(Ok(false))
    }

    /// Begins a transaction that is going to write.
    fn begin(lease: &mut Lease<Self>) -> impl Future<Output = sqlx::Result<()>> + Send;

    /// Waits for the turn to migrate, so that several processes do it one after the other.
    fn begin_migration(
        pool: &Pool<Self>,
        schema: &Schema,
    ) -> impl Future<Output = Result<Lease<Self>, MigrateError>> + Send;

    /// Forgets what the driver has prepared, here and on this server, which is another one than at the last
    /// transaction.
    fn forget_statements(connection: &mut Self::Connection) -> impl Future<Output = sqlx::Result<()>> + Send;

    /// Refuses a connection that is set up so that the statements would mean something else.
    fn check_settings(
        connection: &mut Self::Connection,
        texts: &Texts,
    ) -> impl Future<Output = Result<(), MigrateError>> + Send;

    /// Runs a statement and returns how many rows it matched.
    fn execute(
        text: SqlStr,
        arguments: Self::Arguments,
        prepared: Prepared,
        connection: &mut Self::Connection,
    ) -> impl Future<Output = sqlx::Result<u64>> + Send;

    /// Runs several statements without arguments.
    fn execute_script(
        script: &'static str,
        connection: &mut Self::Connection,
    ) -> impl Future<Output = sqlx::Result<()>> + Send;

    /// Runs a query for at most one row.
    fn fetch_optional(
        text: SqlStr,
        arguments: Self::Arguments,
        prepared: Prepared,
        connection: &mut Self::Connection,
    ) -> impl Future<Output = sqlx::Result<Option<Self::Row>>> + Send;

    /// Runs a query for all its rows.
    fn fetch_all(
        text: SqlStr,
        arguments: Self::Arguments,
        prepared: Prepared,
        connection: &mut Self::Connection,
    ) -> impl Future<Output = sqlx::Result<Vec<Self::Row>>> + Send;

    /// Returns whether an error says that a table or a column is not there.
    fn is_missing(error: &dyn DatabaseError) -> bool;

    /// Returns what an error of the database means for whoever called.
    fn fault(error: &dyn DatabaseError) -> Fault;

    /// Whether an error says that the role lacks a privilege.
    fn is_denied(error: &dyn DatabaseError) -> bool;
}

/// What stands around a change and the insertion of its record, so that they are one call. By itself the call returns a
/// row if there was something to change. The insertion ends before its values.
#[derive(Debug, Clone, Copy)]
pub struct Recorded {
    /// Before all of it, unless it is part of a transaction.
    pub begin: &'static str,
    /// Before the change.
    pub before: &'static str,
    /// Between the two.
    pub between: &'static str,
    /// After the insertion: what selects its values, if anything was changed.
    pub after: &'static str,
    /// After all of it, unless it is part of a transaction.
    pub commit: &'static str,
    /// What undoes a call that failed halfway.
    pub rollback: &'static str,
}

/// What an error of the database means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The transaction stood in another one's way and was undone: it may well succeed when it is run again.
    Conflict,
    /// The server ended this connection; another one may do.
    Gone,
    /// None of the others.
    Other,
    /// The statement was prepared before the schema changed, or the server has forgotten it. Nothing was done: it has
    /// to be prepared again.
    Outdated,
    /// The server takes no writes on this connection, and did nothing of what it was asked: it is read-only, as a
    /// primary is after a failover. A new connection may lead to a server that takes them.
    Refused,
    /// The database is busy, full or gone.
    Unavailable,
}

/// Whether the server keeps a statement for the next time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prepared {
    /// For as long as the connection lives.
    Kept,
    /// For this once: the next time may see another connection of a pooler, or another number of arguments.
    Once,
}

/// Writes the methods of [`Run`] that read the same for every driver, but for the driver's own types.
macro_rules! run_queries {
    () => {
        async fn execute(
            text: SqlStr,
            arguments: Self::Arguments,
            prepared: Prepared,
            connection: &mut Self::Connection,
        ) -> sqlx::Result<u64> {
            let query = sqlx::query_with(text, arguments).persistent(prepared == Prepared::Kept);
            query.execute(connection).await.map(|done| done.rows_affected())
        }

        async fn execute_script(script: &'static str, connection: &mut Self::Connection) -> sqlx::Result<()> {
            sqlx::raw_sql(script).execute(connection).await.map(|_| ())
        }

        async fn fetch_optional(
            text: SqlStr,
            arguments: Self::Arguments,
            prepared: Prepared,
            connection: &mut Self::Connection,
        ) -> sqlx::Result<Option<Self::Row>> {
            sqlx::query_with(text, arguments).persistent(prepared == Prepared::Kept).fetch_optional(connection).await
        }

        async fn fetch_all(
            text: SqlStr,
            arguments: Self::Arguments,
            prepared: Prepared,
            connection: &mut Self::Connection,
        ) -> sqlx::Result<Vec<Self::Row>> {
            sqlx::query_with(text, arguments).persistent(prepared == Prepared::Kept).fetch_all(connection).await
        }
    };
}
pub(crate) use run_queries;
