//! A database of the PostgreSQL server that `TEST_POSTGRES_URL` names.

use std::time::Duration;

use auth_sqlx::SqlxStore;
use sqlx::postgres::{PgConnection, PgPoolOptions};
use sqlx::{AssertSqlSafe, Connection, Executor, Pool, Postgres};

use super::{Isolation, Recording, TestDatabase, fresh_name, queries, server, wait_for, with_database};

/// A database that goes with this value.
pub(crate) struct PostgresDatabase {
    name: String,
}

impl TestDatabase for PostgresDatabase {
    type Driver = Postgres;

    const RECORDING: Recording = Recording::OneStatement;

    const ALTER_ROLES: [&str; 2] = [
        "ALTER TABLE auth_users ALTER COLUMN roles TYPE varchar(4000)",
        "ALTER TABLE auth_users ALTER COLUMN roles TYPE text",
    ];

    async fn none() -> Self {
        let name = fresh_name();
        administer(format!("CREATE DATABASE {name}")).await;
        Self { name }
    }

    fn url(&self) -> String {
        with_database(&server("TEST_POSTGRES_URL"), &self.name)
    }

    async fn patient_store(&self, connections: u32, isolation: Isolation) -> SqlxStore<Postgres> {
        let pool = PgPoolOptions::new().max_connections(connections).acquire_timeout(Duration::from_mins(1));
        let pool = pool.after_connect(move |connection, _| {
            Box::pin(async move {
                let strictest = "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL SERIALIZABLE";
                if isolation == Isolation::Serializable {
                    connection.execute(strictest).await?;
                }
                Ok(())
            })
        });
        SqlxStore::new(pool.connect(&self.url()).await.unwrap())
    }

    queries!();
}

impl Drop for PostgresDatabase {
    fn drop(&mut self) {
        wait_for(administer(format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name)));
    }
}

async fn administer(sql: String) {
    let mut connection = PgConnection::connect(&server("TEST_POSTGRES_URL")).await.unwrap();
    connection.execute(AssertSqlSafe(sql)).await.unwrap();
}
