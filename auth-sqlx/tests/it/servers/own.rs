//! A server of a test's own, whichever it is.

use std::time::Duration;

use auth_sqlx::{Backend, SqlxStore};
use sqlx::mysql::MySqlPoolOptions;
use sqlx::pool::PoolConnection;
use sqlx::postgres::PgPoolOptions;
use sqlx::{Pool, Transaction};
use throwaway::{MariaDb, Postgres};

use crate::database::{MySqlDatabase, PostgresDatabase, TestDatabase};

/// A server of a test's own.
pub(crate) trait Server: Sized + Send + Sync + 'static {
    type Driver: Backend;
    /// Where the queries of the tests are.
    type Queries: TestDatabase<Driver = Self::Driver>;

    /// Makes the connection read-only, as a failover leaves those to the server that was the primary.
    const BECOME_READ_ONLY: &'static str;
    /// Makes new connections read-only.
    const BEGIN_READ_ONLY_WINDOW: &'static str;
    const END_READ_ONLY_WINDOW: &'static str;

    fn begin() -> Self;
    /// Runs a statement on a connection of the pool.
    async fn run(connection: &mut PoolConnection<Self::Driver>, sql: &'static str);
    /// Its URL at this port.
    fn url_at(&self, port: u16) -> String;
    fn own_port(&self) -> u16;
    fn crash(&mut self);
    fn come_back(&mut self);
    fn fall_silent(&self);
    fn go_on(&self);
    /// Ends every connection but the one that says so, as an administrator or an idle time-out does.
    async fn end_connections(&self, pool: &Pool<Self::Driver>);
    /// Locks the row of a user, as an operator does who forgets to commit.
    async fn hold_user(lock: &mut Transaction<'static, Self::Driver>, email: &'static str);
    /// Counts the transactions that are open and in which nothing happens.
    async fn idle_transactions(&self, pool: &Pool<Self::Driver>) -> i64;
    /// A store with a pool of so many connections, at this port.
    async fn narrow_store_at(&self, port: u16, connections: u32) -> SqlxStore<Self::Driver>;

    async fn narrow_store(&self, connections: u32) -> SqlxStore<Self::Driver> {
        self.narrow_store_at(self.own_port(), connections).await
    }

    /// A store with the settings of `connect`, and one connection.
    async fn single_store_at(&self, port: u16) -> SqlxStore<Self::Driver> {
        let store = SqlxStore::<Self::Driver>::connect(&self.url_at(port)).await.unwrap();
        let one = store.pool().options().clone().max_connections(1);
        SqlxStore::new(one.connect_with(store.pool().connect_options().as_ref().clone()).await.unwrap())
    }

    fn url(&self) -> String {
        self.url_at(self.own_port())
    }

    async fn store(&self) -> SqlxStore<Self::Driver> {
        let store = SqlxStore::connect(&self.url()).await.unwrap();
        store.migrate().await.unwrap();
        store
    }
}

/// Makes a test of each function on each server.
macro_rules! on_each_own_server {
    ($($test:ident),+ $(,)?) => {
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $test() {
                super::$test::<throwaway::Postgres>().await;
            })+
        }
        mod mysql {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $test() {
                super::$test::<throwaway::MariaDb>().await;
            })+
        }
    };
}
pub(crate) use on_each_own_server;

/// What reads the same for both, since `throwaway` calls it the same; a failure of the server is one of the test.
macro_rules! own_server {
    ($pool:ty) => {
        fn begin() -> Self {
            Self::start().unwrap()
        }

        async fn run(connection: &mut PoolConnection<Self::Driver>, sql: &'static str) {
            sqlx::raw_sql(sql).execute(&mut **connection).await.unwrap();
        }

        fn own_port(&self) -> u16 {
            self.port()
        }

        fn crash(&mut self) {
            self.kill().unwrap();
        }

        fn come_back(&mut self) {
            self.restart().unwrap();
        }

        fn fall_silent(&self) {
            self.pause().unwrap();
        }

        fn go_on(&self) {
            self.resume().unwrap();
        }

        async fn narrow_store_at(&self, port: u16, connections: u32) -> SqlxStore<Self::Driver> {
            let pool = <$pool>::new().max_connections(connections).acquire_timeout(Duration::from_secs(1));
            SqlxStore::new(pool.connect(&self.url_at(port)).await.unwrap())
        }
    };
}

impl Server for Postgres {
    type Driver = sqlx::Postgres;
    type Queries = PostgresDatabase;

    const BECOME_READ_ONLY: &'static str = "SET default_transaction_read_only = on";
    const BEGIN_READ_ONLY_WINDOW: &'static str = "ALTER DATABASE postgres SET default_transaction_read_only = on";
    const END_READ_ONLY_WINDOW: &'static str = "ALTER DATABASE postgres RESET default_transaction_read_only";

    own_server!(PgPoolOptions);

    fn url_at(&self, port: u16) -> String {
        format!("postgres://postgres@127.0.0.1:{port}/postgres?sslmode=disable")
    }

    async fn end_connections(&self, pool: &Pool<sqlx::Postgres>) {
        let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                   WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'";
        sqlx::query(end).execute(pool).await.unwrap();
    }

    async fn hold_user(lock: &mut Transaction<'static, sqlx::Postgres>, email: &'static str) {
        for hold in [
            "UPDATE auth_users SET name = 'held' WHERE email_canonical = $1",
            "UPDATE auth_sessions SET user_agent = 'held' \
             WHERE user_id = (SELECT id FROM auth_users WHERE email_canonical = $1)",
        ] {
            sqlx::query(hold).bind(email).execute(&mut **lock).await.unwrap();
        }
    }

    async fn idle_transactions(&self, pool: &Pool<sqlx::Postgres>) -> i64 {
        PostgresDatabase::number(pool, "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'")
            .await
    }
}

impl Server for MariaDb {
    type Driver = sqlx::MySql;
    type Queries = MySqlDatabase;

    const BECOME_READ_ONLY: &'static str = "SET SESSION TRANSACTION READ ONLY";
    const BEGIN_READ_ONLY_WINDOW: &'static str = "SET GLOBAL tx_read_only = 1";
    const END_READ_ONLY_WINDOW: &'static str = "SET GLOBAL tx_read_only = 0";

    own_server!(MySqlPoolOptions);

    fn url_at(&self, port: u16) -> String {
        format!("mysql://root@127.0.0.1:{port}/mysql?ssl-mode=DISABLED")
    }

    async fn end_connections(&self, pool: &Pool<sqlx::MySql>) {
        let others = "SELECT id FROM information_schema.processlist WHERE id <> CONNECTION_ID() AND user = 'root'";
        let others: Vec<i64> = sqlx::query_scalar(others).fetch_all(pool).await.unwrap();
        for other in others {
            sqlx::raw_sql(sqlx::AssertSqlSafe(format!("KILL CONNECTION {other}"))).execute(pool).await.unwrap();
        }
    }

    async fn hold_user(lock: &mut Transaction<'static, sqlx::MySql>, email: &'static str) {
        for hold in [
            "UPDATE auth_users SET name = 'held' WHERE email_canonical = ?",
            "UPDATE auth_sessions SET user_agent = 'held' \
             WHERE user_id = (SELECT id FROM auth_users WHERE email_canonical = ?)",
        ] {
            sqlx::query(hold).bind(email).execute(&mut **lock).await.unwrap();
        }
    }

    async fn idle_transactions(&self, pool: &Pool<sqlx::MySql>) -> i64 {
        MySqlDatabase::number(pool, "SELECT count(*) FROM information_schema.innodb_trx").await
    }
}
