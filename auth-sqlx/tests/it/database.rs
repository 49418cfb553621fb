//! Databases for one test each, on every server that the store supports.

mod mysql;
mod postgres;
mod sqlite;

use std::env;

use auth_sqlx::{Backend, SqlxStore};
use sqlx::Pool;

pub(crate) use mysql::MySqlDatabase;
pub(crate) use postgres::PostgresDatabase;
pub(crate) use sqlite::SqliteFile;

/// How a change is sent together with the record of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Recording {
    /// Each by itself, in a transaction.
    InSteps,
    /// As one call with a transaction of its own.
    OneCall,
    /// As one statement.
    OneStatement,
}

/// A database that goes with this value.
pub(crate) trait TestDatabase: Sized + Send + Sync + 'static {
    /// Its driver.
    type Driver: Backend;

    /// How a change is sent together with the record of it.
    const RECORDING: Recording;

    /// Give the column with the roles another type, and then the one that it had.
    const ALTER_ROLES: [&'static str; 2];

    /// Makes an empty one.
    async fn none() -> Self;

    /// Returns its URL, for a store that has to find it by that alone.
    fn url(&self) -> String;

    /// Opens a pool of this many connections that has the patience of a test.
    async fn patient_store(&self, connections: u32, isolation: Isolation) -> SqlxStore<Self::Driver>;

    /// Runs statements without arguments.
    async fn execute(pool: &Pool<Self::Driver>, script: &'static str) -> sqlx::Result<()>;

    /// Reads one number.
    async fn number(pool: &Pool<Self::Driver>, sql: &'static str) -> i64;

    /// Reads a column of text.
    async fn texts(pool: &Pool<Self::Driver>, sql: &'static str) -> Vec<String>;

    /// Opens the database with a pool of its own, as another process would.
    async fn store(&self) -> SqlxStore<Self::Driver> {
        SqlxStore::connect(&self.url()).await.unwrap()
    }

    /// Makes one with its tables.
    async fn migrated() -> Self {
        let database = Self::none().await;
        database.store().await.migrate().await.unwrap();
        database
    }

    /// Counts the rows of every table that a sign-up writes to, `_auth_migrations` aside.
    async fn rows(pool: &Pool<Self::Driver>) -> [i64; 4] {
        [
            Self::number(pool, "SELECT count(*) FROM auth_users").await,
            Self::number(pool, "SELECT count(*) FROM auth_passwords").await,
            Self::number(pool, "SELECT count(*) FROM auth_sessions").await,
            Self::number(pool, "SELECT count(*) FROM auth_audit_log").await,
        ]
    }
}

/// How much transactions see of one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Isolation {
    /// As the server has it.
    Default,
    /// As little as the server can: they behave as if they ran one after the other.
    Serializable,
}

/// Makes a test of each function on each database.
macro_rules! on_each_database {
    ($($test:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $test() {
                super::$test::<crate::database::SqliteFile>().await;
            })+
        }
        $crate::database::on_each_server! { $($test),+ }
    };
}

/// The same for what makes no sense within one file.
macro_rules! on_each_server {
    ($($test:ident),+ $(,)?) => {
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $test() {
                super::$test::<crate::database::PostgresDatabase>().await;
            })+
        }
        mod mysql {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $test() {
                super::$test::<crate::database::MySqlDatabase>().await;
            })+
        }
    };
}

pub(crate) use {on_each_database, on_each_server};

/// The methods of [`TestDatabase`] that read the same for every driver.
macro_rules! queries {
    () => {
        async fn execute(pool: &Pool<Self::Driver>, script: &'static str) -> sqlx::Result<()> {
            sqlx::raw_sql(script).execute(pool).await.map(|_| ())
        }

        async fn number(pool: &Pool<Self::Driver>, sql: &'static str) -> i64 {
            sqlx::query_scalar(sql).fetch_one(pool).await.unwrap()
        }

        async fn texts(pool: &Pool<Self::Driver>, sql: &'static str) -> Vec<String> {
            sqlx::query_scalar(sql).fetch_all(pool).await.unwrap()
        }
    };
}
use queries;

/// The server to make databases on.
fn server(variable: &str) -> String {
    env::var(variable)
        .unwrap_or_else(|_| panic!("{variable} is not set: run `cargo xtask test`, which starts a server"))
}

/// The same server, and another database of it.
fn with_database(url: &str, name: &str) -> String {
    let (address, parameters) = url.split_once('?').map_or((url, String::new()), |(a, p)| (a, format!("?{p}")));
    let (server, _) = address.rsplit_once('/').unwrap();
    format!("{server}/{name}{parameters}")
}

/// A name that no other test has.
fn fresh_name() -> String {
    format!("auth_test_{}", uuid::Uuid::new_v4().simple())
}

/// Waits for something asynchronous where there is no `async`, in a destructor.
fn wait_for(work: impl Future<Output = ()> + Send + 'static) {
    let waiting = std::thread::spawn(|| {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work);
    });
    waiting.join().unwrap();
}
