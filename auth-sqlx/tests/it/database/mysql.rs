//! A database of the MySQL or MariaDB server that `TEST_MYSQL_URL` names.

use std::time::Duration;

use auth_sqlx::SqlxStore;
use sqlx::mysql::{MySqlConnection, MySqlPoolOptions};
use sqlx::{AssertSqlSafe, Connection, Executor, MySql, Pool};

use super::{Isolation, Recording, TestDatabase, fresh_name, queries, server, wait_for, with_database};

/// A database that goes with this value.
pub(crate) struct MySqlDatabase {
    name: String,
}

impl TestDatabase for MySqlDatabase {
    type Driver = MySql;

    const RECORDING: Recording = Recording::InSteps;

    const ALTER_ROLES: [&str; 2] = [
        "ALTER TABLE auth_users MODIFY roles VARCHAR(4000) NOT NULL",
        "ALTER TABLE auth_users MODIFY roles TEXT NOT NULL",
    ];

    async fn none() -> Self {
        let name = fresh_name();
        administer(format!("CREATE DATABASE {name}")).await;
        Self { name }
    }

    fn url(&self) -> String {
        with_database(&server("TEST_MYSQL_URL"), &self.name)
    }

    async fn patient_store(&self, connections: u32, isolation: Isolation) -> SqlxStore<MySql> {
        let pool = MySqlPoolOptions::new().max_connections(connections).acquire_timeout(Duration::from_mins(1));
        let pool = pool.after_connect(move |connection, _| {
            Box::pin(async move {
                if isolation == Isolation::Serializable {
                    connection.execute("SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE").await?;
                }
                Ok(())
            })
        });
        SqlxStore::new(pool.connect(&self.url()).await.unwrap())
    }

    queries!();
}

impl Drop for MySqlDatabase {
    fn drop(&mut self) {
        wait_for(administer(format!("DROP DATABASE IF EXISTS {}", self.name)));
    }
}

async fn administer(sql: String) {
    let mut connection = MySqlConnection::connect(&server("TEST_MYSQL_URL")).await.unwrap();
    connection.execute(AssertSqlSafe(sql)).await.unwrap();
}
