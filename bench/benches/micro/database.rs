//! The databases that are here, and a store on each.

use std::env;
use std::fmt;
use std::process;

use auth_core::SessionKind;
use auth_core::policy::HashPolicy;
use auth_core::session::SessionRecord;
use auth_core::store::Store;
use auth_sqlx::{MySqlStore, PostgresStore, SqliteStore};
use bench::ours::on;
use bench::seed::sign_up;
use sqlx::{AssertSqlSafe, Connection, Executor, MySqlConnection, PgConnection};
use tempfile::TempDir;

use crate::wait;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Database {
    MySql,
    Postgres,
    Sqlite,
}

impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MySql => "mysql",
            Self::Postgres => "postgres",
            Self::Sqlite => "sqlite",
        })
    }
}

impl Database {
    /// Returns those that can be measured: SQLite, and the servers that the environment names.
    pub(crate) fn here() -> impl Iterator<Item = Self> {
        [Self::Sqlite, Self::Postgres, Self::MySql].into_iter().filter(|one| one.variable().is_none_or(is_set))
    }

    /// Returns the others, and what would name their servers.
    pub(crate) fn missing() -> impl Iterator<Item = (Self, &'static str)> {
        let with_server = [Self::Postgres, Self::MySql].into_iter();
        with_server.filter_map(|one| Some((one, one.variable()?))).filter(|(_, variable)| !is_set(variable))
    }

    fn variable(self) -> Option<&'static str> {
        match self {
            Self::MySql => Some("TEST_MYSQL_URL"),
            Self::Postgres => Some("TEST_POSTGRES_URL"),
            Self::Sqlite => None,
        }
    }
}

fn is_set(variable: &str) -> bool {
    env::var_os(variable).is_some()
}

/// A database of its own with one session, gone with this value.
pub(crate) struct Place {
    pub(crate) store: Box<dyn Store>,
    pub(crate) record: SessionRecord,
    database: Database,
    _folder: TempDir,
}

/// Connects a store, and signs a user up on it.
macro_rules! prepare {
    ($store:ty, $url:expr) => {{
        let store = <$store>::connect(&$url).await.unwrap();
        store.migrate().await.unwrap();
        let auth = on(store.clone(), HashPolicy::insecure_for_tests());
        let seeded = sign_up(&auth, &store, 0, SessionKind::Browser).await;
        (Box::new(store) as Box<dyn Store>, seeded.record)
    }};
}

impl Place {
    pub(crate) async fn create(database: Database) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (store, record) = match database {
            Database::MySql => prepare!(MySqlStore, new_database(database).await),
            Database::Postgres => prepare!(PostgresStore, new_database(database).await),
            Database::Sqlite => {
                prepare!(SqliteStore, format!("sqlite://{}?mode=rwc", folder.path().join("bench.db").display()))
            }
        };
        Self { store, record, database, _folder: folder }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        match self.database {
            Database::MySql => wait(administer(self.database, format!("DROP DATABASE {}", name()))),
            Database::Postgres => wait(administer(self.database, format!("DROP DATABASE {} WITH (FORCE)", name()))),
            Database::Sqlite => {}
        }
    }
}

/// Makes a database on a server, and returns its URL.
async fn new_database(database: Database) -> String {
    administer(database, format!("CREATE DATABASE {}", name())).await;
    let server = server(database);
    let (address, parameters) = server.split_once('?').unwrap_or((&server, ""));
    let (address, _) = address.rsplit_once('/').unwrap();
    format!("{address}/{}?{parameters}", name())
}

/// There is one at a time.
fn name() -> String {
    format!("auth_micro_{}", process::id())
}

fn server(database: Database) -> String {
    env::var(database.variable().unwrap()).unwrap()
}

async fn administer(database: Database, sql: String) {
    let (server, sql) = (server(database), AssertSqlSafe(sql));
    if database == Database::MySql {
        MySqlConnection::connect(&server).await.unwrap().execute(sql).await.unwrap();
    } else {
        PgConnection::connect(&server).await.unwrap().execute(sql).await.unwrap();
    }
}
