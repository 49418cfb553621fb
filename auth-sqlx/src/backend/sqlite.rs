//! SQLite: one file beside the application, one writer at a time.

mod session;

use std::io;
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use sqlx::error::DatabaseError;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use sqlx::{Connection, Executor, Pool, SqlStr, Sqlite, SqliteConnection};

use crate::backend::url::check_scheme;
use crate::backend::{Fault, Prepared, Recorded, Run, run_queries};
use crate::lease::Lease;
use crate::migration::{MigrateError, Migration};
use crate::schema::Schema;
use crate::texts::Texts;

/// How long a writer waits for one of another process. A transaction takes milliseconds, so who holds the lock for
/// longer than this is stuck, or is an operator at work.
const LOCK_WAIT: Duration = Duration::from_secs(2);

/// How long a request waits for a connection, and so for its turn to write: long against a crowd that writes at the
/// same time on a slow disk, short against a user's patience.
const QUEUE_WAIT: Duration = Duration::from_secs(3);

const CONNECTIONS: u32 = 8;

/// The result code that says that somebody else holds the lock (<https://www.sqlite.org/rescode.html>).
const BUSY: u32 = 5;

/// The result code of a file that is not there, or not to be opened.
const CANNOT_OPEN: u32 = 14;

impl Run for Sqlite {
    const MIGRATIONS: &'static [Migration] = &[
        Migration {
            version: 1,
            name: "initial",
            sql: include_str!("../../migrations/sqlite/0001_initial.sql"),
            former_checksums: &[],
        },
        Migration {
            version: 2,
            name: "server defaults",
            sql: include_str!("../../migrations/sqlite/0002_server_defaults.sql"),
            former_checksums: &[],
        },
    ];

    const MIGRATION_TABLE: &'static str = "CREATE TABLE IF NOT EXISTS _auth_migrations (\
        version INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL) STRICT";

    const HISTORY_IS_THERE: &'static str = "SELECT 1 FROM sqlite_schema WHERE name = '_auth_migrations'";

    const STRANGERS: Option<&'static str> = None;

    const NUMBERS_ARGUMENTS: bool = false;

    const LOCK_ROW: &'static str = "";

    /// Its connections have a limit.
    const BOUND_WAIT: &'static str = "";

    /// One call wakes the connection's thread once. Its only row comes last, so that there is none unless COMMIT is
    /// done; `changes()` is then still that of the insertion.
    ///
    /// `sqlx` 0.9 takes several statements with arguments from SQLite alone, and means to stop. From then on this is
    /// `None`.
    const RECORDED: Option<Recorded> = Some(Recorded {
        begin: "BEGIN IMMEDIATE; ",
        before: "",
        between: "; ",
        after: " SELECT ?, ?, ?, ?, ?, ?, ?, ? WHERE changes() > 0",
        commit: "; COMMIT; SELECT 1 WHERE changes() > 0",
        rollback: "ROLLBACK",
    });

    /// It is a file: the waits for a connection and for a lock have limits of their own.
    const MAY_FALL_SILENT: bool = false;

    const READ_ONLY: Option<&'static str> = None;

    /// Its thread stops at the next row that nobody takes.
    const SURVIVES_DROPPED_READS: bool = true;

    /// `synchronous` stays FULL: after a power cut, a sign-out that was answered is still a sign-out.
    async fn open(url: &str) -> sqlx::Result<Pool<Self>> {
        check_scheme(url, &["sqlite:"])?;
        let options = SqliteConnectOptions::from_str(url)?.foreign_keys(true).busy_timeout(LOCK_WAIT);
        let pool = SqlitePoolOptions::new().acquire_timeout(QUEUE_WAIT).test_before_acquire(false);
        if is_in_memory(url) {
            // With its last connection the database is lost, and connections that share it do not wait for another.
            let pool = pool.max_connections(1).min_connections(1).idle_timeout(None).max_lifetime(None);
            return pool.connect_with(options).await;
        }
        let file = options.get_filename().to_owned();
        let pool = pool.max_connections(CONNECTIONS).connect_with(options).await;
        let pool = pool.map_err(|error| explain(error, &file))?;
        switch_to_wal(&pool).await?;
        Ok(pool)
    }

    fn is_transaction_pooler(_url: &str) -> bool {
        false
    }

    /// One connection to write with, for which writers queue. SQLite itself lets them poll for its lock: some are
    /// passed over until their time is up, and all the while they keep connections from those who read.
    fn writer(pool: &Pool<Self>) -> Pool<Self> {
        if pool.options().get_max_connections() == 1 {
            return pool.clone();
        }
        let one = pool.options().clone().max_connections(1).min_connections(0).idle_timeout(None).max_lifetime(None);
        one.connect_lazy_with(pool.connect_options().as_ref().clone())
    }

    async fn is_shared_memory(pool: &Pool<Self>) -> sqlx::Result<bool> {
        if pool.options().get_max_connections() == 1 {
            return Ok(false);
        }
        let file = "SELECT coalesce(file, '') FROM pragma_database_list WHERE name = 'main'";
        sqlx::query_scalar::<_, String>(file).fetch_one(pool).await.map(|file| file.is_empty())
    }

    /// IMMEDIATE takes the writer's lock at once. A transaction that reads first and then writes would fail when
    /// another one wrote in between, and no waiting helps there.
    async fn begin(lease: &mut Lease<Self>) -> sqlx::Result<()> {
        match lease.begin("BEGIN IMMEDIATE").await {
            Err(sqlx::Error::InvalidSavePointStatement) => {
                end_lost_transaction(lease).await;
                lease.begin("BEGIN IMMEDIATE").await
            }
            begun => begun,
        }
    }

    async fn begin_migration(pool: &Pool<Self>, _schema: &Schema) -> Result<Lease<Self>, MigrateError> {
        let mut lease = Lease::of(pool.acquire().await?);
        Self::begin(&mut lease).await?;
        Ok(lease)
    }

    /// A file is the same one at each transaction.
    async fn forget_statements(_connection: &mut SqliteConnection) -> sqlx::Result<()> {
        Ok(())
    }

    async fn check_settings(connection: &mut SqliteConnection, _texts: &Texts) -> Result<(), MigrateError> {
        session::check(connection).await
    }

    run_queries!();

    /// SQLite has no code for it.
    fn is_missing(error: &dyn DatabaseError) -> bool {
        ["no such table", "no such column"].iter().any(|text| error.message().starts_with(text))
    }

    /// Primary result codes: BUSY, LOCKED, READONLY, IOERR, FULL, CANTOPEN. None is a conflict: a writer has the lock
    /// from the beginning.
    fn fault(error: &dyn DatabaseError) -> Fault {
        match primary_code(error) {
            Some(BUSY | 6 | 8 | 10 | 13 | 14) => Fault::Unavailable,
            // SCHEMA, after SQLite itself has prepared the statement many times in vain.
            Some(17) => Fault::Outdated,
            _ => Fault::Other,
        }
    }

    /// A file has no roles.
    fn is_denied(_error: &dyn DatabaseError) -> bool {
        false
    }
}

/// Names the file that cannot be opened, which SQLite does not, and what is most often forgotten.
fn explain(error: sqlx::Error, file: &Path) -> sqlx::Error {
    let cannot = error.as_database_error().is_some_and(|error| primary_code(error) == Some(CANNOT_OPEN));
    if !cannot {
        return error;
    }
    let file = file.display();
    let next = "if it is to be created, add `?mode=rwc` to the URL, and let its folder be there";
    io::Error::new(io::ErrorKind::NotFound, format!("unable to open database file {file}: {next}")).into()
}

/// Makes the file use a write-ahead log, which it remembers: readers and the writer then do not wait for each other.
///
/// Of several processes that open a new file at the same time, one makes the switch, and SQLite tells the others that
/// the file is locked, without waiting as it does for a writer. So they wait as a writer and look again.
async fn switch_to_wal(pool: &Pool<Sqlite>) -> sqlx::Result<()> {
    let mut connection = pool.acquire().await?;
    for _ in 0..WAL_ATTEMPTS {
        match connection.execute("PRAGMA journal_mode = WAL").await {
            Err(sqlx::Error::Database(error)) if primary_code(error.as_ref()) == Some(BUSY) => {
                drop(connection.begin_with("BEGIN IMMEDIATE").await?);
            }
            switched => return switched.map(drop),
        }
    }
    Err(sqlx::Error::PoolTimedOut)
}

/// More than there will be processes that open a new file at the same time.
const WAL_ATTEMPTS: u32 = 100;

/// The low byte of a result code, which says what happened; the rest says where.
fn primary_code(error: &dyn DatabaseError) -> Option<u32> {
    error.code()?.parse::<u32>().ok().map(|code| code & 0xff)
}

/// Lets the writer's connection begin again after SQLite has ended a transaction by itself.
///
/// A full disk, an I/O error or a trigger's `RAISE(ROLLBACK)` does that
/// (<https://www.sqlite.org/lang_transaction.html>, section 3). The driver's ROLLBACK then finds nothing to end and
/// fails, so it counts the transaction as open, and would begin no other on this connection, ever.
async fn end_lost_transaction(connection: &mut SqliteConnection) {
    tracing::warn!("SQLite has ended a transaction by itself");
    // One that can be ended, unless there is one. The next is refused and, being dropped, rolls this one back.
    connection.execute("BEGIN").await.map(drop).unwrap_or_default();
    drop(connection.begin_with("BEGIN IMMEDIATE").await);
}

fn is_in_memory(url: &str) -> bool {
    let (path, options) = url.split_once('?').unwrap_or((url, ""));
    path.ends_with(":memory:") || options.split('&').any(|option| option == "mode=memory")
}
