//! A database for one test, of each kind that the example stores in.

use std::{env, thread};

use sqlx::mysql::MySqlConnection;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection, Executor};
use tempfile::TempDir;

/// Makes a test of each function on each kind of database.
macro_rules! on_each_database {
    ($($test:ident),+ $(,)?) => {
        mod mysql {
            $(#[test]
            fn $test() {
                super::$test(&$crate::suite::database::Kind::MySql);
            })+
        }
        mod postgres {
            $(#[test]
            fn $test() {
                super::$test(&$crate::suite::database::Kind::Postgres);
            })+
        }
        mod sqlite {
            $(#[test]
            fn $test() {
                super::$test(&$crate::suite::database::Kind::Sqlite);
            })+
        }
    };
}
pub(crate) use on_each_database;

/// Where a test gets its databases.
pub(crate) trait Place {
    /// Makes an empty database, or one with the tables that somebody else has to create.
    fn database(&self) -> Database;
}

/// The servers of all tests, which are as they were installed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    MySql,
    Postgres,
    Sqlite,
}

impl Place for Kind {
    fn database(&self) -> Database {
        let name = format!("auth_example_{}", uuid::Uuid::new_v4().simple());
        administer(*self, format!("CREATE DATABASE {name}")).unwrap();
        let folder = TempDir::new().unwrap();
        let url = match self {
            Self::MySql => with_database(&mysql_server(), &name),
            Self::Postgres => with_database(&postgres_server(), &name),
            Self::Sqlite => format!("sqlite://{}?mode=rwc", folder.path().join("app.db").display()),
        };
        Database { url, drop: Some((*self, name)), _folder: Some(folder) }
    }
}

/// A new database, which goes with this value.
pub(crate) struct Database {
    url: String,
    /// What is to be dropped on a server that outlives the test.
    drop: Option<(Kind, String)>,
    _folder: Option<TempDir>,
}

impl Database {
    /// Returns the database at a URL, which goes with its server.
    pub(crate) fn at(url: String) -> Self {
        Self { url, drop: None, _folder: None }
    }

    pub(crate) fn url(&self) -> String {
        self.url.clone()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let Some((kind, name)) = self.drop.take() else { return };
        let by_force = if kind == Kind::Postgres { " WITH (FORCE)" } else { "" };
        let dropped = administer(kind, format!("DROP DATABASE {name}{by_force}"));
        assert!(dropped.is_ok() || thread::panicking(), "{dropped:?}");
    }
}

/// Runs a statement about a database on its server; an SQLite file needs none, and goes with its folder.
fn administer(kind: Kind, sql: String) -> sqlx::Result<()> {
    match kind {
        Kind::MySql => wait_for(execute::<MySqlConnection>(mysql_server(), sql)),
        Kind::Postgres => wait_for(execute::<PgConnection>(postgres_server(), sql)),
        Kind::Sqlite => Ok(()),
    }
}

pub(crate) fn mysql_server() -> String {
    server("TEST_MYSQL_URL")
}

pub(crate) fn postgres_server() -> String {
    server("TEST_POSTGRES_URL")
}

fn server(variable: &str) -> String {
    env::var(variable).unwrap_or_else(|_| panic!("{variable} is not set: run cargo xtask test, which starts a server"))
}

/// The same server, and another database of it.
pub(crate) fn with_database(url: &str, name: &str) -> String {
    let (address, parameters) = url.split_once('?').map_or((url, String::new()), |(a, p)| (a, format!("?{p}")));
    let (server, _) = address.rsplit_once('/').unwrap();
    format!("{server}/{name}{parameters}")
}

async fn execute<C: Connection>(url: String, sql: String) -> sqlx::Result<()>
where
    for<'c> &'c mut C: Executor<'c>,
{
    let mut connection = C::connect(&url).await?;
    connection.execute(AssertSqlSafe(sql)).await?;
    connection.close().await
}

pub(crate) fn wait_for<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}
