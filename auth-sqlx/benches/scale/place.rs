//! Where the databases are, for as long as they are measured.

use std::env;
use std::path::PathBuf;

use auth_sqlx::{Backend, SqlxStore};
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use sqlx::{AssertSqlSafe, Connection, Executor, Pool, Postgres, Sqlite};
use tempfile::TempDir;
use uuid::Uuid;

/// A database that is deleted with this value.
pub(crate) trait Place: Sized {
    /// Its driver.
    type Driver: Backend;

    /// What to call it.
    const NAME: &'static str;

    /// Says in one line which version with which settings is measured.
    const SETTINGS: &'static str;

    /// Writes out what the filling has left to be written, so that it does not happen while calls are measured.
    const CHECKPOINT: &'static str;

    /// Makes an empty one.
    async fn new(name: &str) -> Self;

    /// Opens it as an application does.
    async fn store(&self) -> SqlxStore<Self::Driver>;

    /// Opens it with one connection.
    async fn one_connection(&self) -> Pool<Self::Driver>;

    /// Reads one text.
    async fn text(pool: &Pool<Self::Driver>, sql: &'static str) -> String;

    /// Reads the live one-time token of a user.
    async fn token_hash(pool: &Pool<Self::Driver>, user: Uuid) -> Vec<u8>;

    /// Reads the first key of a throttle from here on.
    async fn throttle_key(pool: &Pool<Self::Driver>, from: [u8; 32]) -> Vec<u8>;
}

/// The methods of [`Place`] that read the same for every driver.
macro_rules! queries {
    () => {
        async fn text(pool: &Pool<Self::Driver>, sql: &'static str) -> String {
            sqlx::query_scalar(sql).fetch_one(pool).await.unwrap()
        }

        async fn token_hash(pool: &Pool<Self::Driver>, user: Uuid) -> Vec<u8> {
            let sql = "SELECT token_hash FROM auth_one_time_tokens WHERE user_id = $1";
            sqlx::query_scalar(sql).bind(user).fetch_one(pool).await.unwrap()
        }

        async fn throttle_key(pool: &Pool<Self::Driver>, from: [u8; 32]) -> Vec<u8> {
            let sql =
                "SELECT COALESCE((SELECT key_hash FROM auth_throttle WHERE key_hash >= $1 ORDER BY key_hash LIMIT 1),
                                       (SELECT key_hash FROM auth_throttle ORDER BY key_hash LIMIT 1))";
            sqlx::query_scalar(sql).bind(from.to_vec()).fetch_one(pool).await.unwrap()
        }
    };
}

/// A file.
pub(crate) struct SqlitePlace {
    folder: TempDir,
}

impl SqlitePlace {
    fn path(&self) -> PathBuf {
        self.folder.path().join("auth.db")
    }
}

impl Place for SqlitePlace {
    type Driver = Sqlite;

    const NAME: &'static str = "SQLite";

    const SETTINGS: &'static str = "SELECT 'SQLite ' || sqlite_version() || ', journal_mode ' || \
         (SELECT journal_mode FROM pragma_journal_mode) || ', synchronous ' || \
         (SELECT synchronous FROM pragma_synchronous) || ' (2 is FULL), cache_size ' || \
         (SELECT cache_size FROM pragma_cache_size) || ', page_size ' || (SELECT page_size FROM pragma_page_size)";

    const CHECKPOINT: &'static str = "PRAGMA wal_checkpoint(TRUNCATE)";

    async fn new(name: &str) -> Self {
        let parent = env::var_os("SCALE_DIR").map_or_else(env::temp_dir, PathBuf::from);
        Self { folder: TempDir::with_prefix_in(format!("auth-scale-{name}-"), parent).unwrap() }
    }

    async fn store(&self) -> SqlxStore<Sqlite> {
        SqlxStore::connect(&format!("sqlite://{}?mode=rwc", self.path().display())).await.unwrap()
    }

    async fn one_connection(&self) -> Pool<Sqlite> {
        let options = SqliteConnectOptions::new().filename(self.path());
        SqlitePoolOptions::new().max_connections(1).connect_with(options).await.unwrap()
    }

    queries!();
}

/// A database on the server that `TEST_POSTGRES_URL` names.
pub(crate) struct PostgresPlace {
    name: String,
}

fn server() -> String {
    env::var("TEST_POSTGRES_URL").unwrap_or_else(|_| panic!("TEST_POSTGRES_URL names no server to make databases on"))
}

async fn administer(sql: String) {
    let mut connection = PgConnection::connect(&server()).await.unwrap();
    connection.execute(AssertSqlSafe(sql)).await.unwrap();
}

impl Place for PostgresPlace {
    type Driver = Postgres;

    const NAME: &'static str = "PostgreSQL";

    const SETTINGS: &'static str = "SELECT 'PostgreSQL ' || current_setting('server_version') || ', fsync ' || \
         current_setting('fsync') || ', synchronous_commit ' || current_setting('synchronous_commit') || \
         ', full_page_writes ' || current_setting('full_page_writes') || ', shared_buffers ' || \
         current_setting('shared_buffers')";

    const CHECKPOINT: &'static str = "CHECKPOINT";

    async fn new(name: &str) -> Self {
        let name = format!("auth_scale_{name}");
        administer(format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
        administer(format!("CREATE DATABASE {name}")).await;
        Self { name }
    }

    async fn store(&self) -> SqlxStore<Postgres> {
        let (address, parameters) =
            server().split_once('?').map_or((server(), String::new()), |(a, p)| (a.to_owned(), format!("?{p}")));
        let (server, _) = address.rsplit_once('/').unwrap();
        SqlxStore::connect(&format!("{server}/{}{parameters}", self.name)).await.unwrap()
    }

    async fn one_connection(&self) -> Pool<Postgres> {
        let options: PgConnectOptions = server().parse().unwrap();
        PgPoolOptions::new().max_connections(1).connect_with(options.database(&self.name)).await.unwrap()
    }

    queries!();
}

impl Drop for PostgresPlace {
    fn drop(&mut self) {
        let drop = administer(format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
        let waiting = std::thread::spawn(|| {
            tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(drop);
        });
        waiting.join().unwrap();
    }
}
