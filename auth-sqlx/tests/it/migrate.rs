//! The schema: how it comes about, and what it holds.

use std::error::Error;

use auth_core::conformance::store::{token, user};
use auth_sqlx::{MigrateError, MySqlStore, SqlxStore};
use sqlx::mysql::MySqlPoolOptions;
use sqlx::{Executor, Pool};

use crate::account::{ADA, auth, sign_in, sign_up};
use crate::database::{MySqlDatabase, PostgresDatabase, SqliteFile, TestDatabase, on_each_database};

async fn to_migrate_twice_changes_nothing<D: TestDatabase>() {
    let database = D::migrated().await;
    let store = database.store().await;
    sign_up(&auth(store.clone()), ADA).await.unwrap();
    store.migrate().await.unwrap();
    let applied = D::number(store.pool(), "SELECT count(*) FROM _auth_migrations").await;
    assert_eq!(applied, i64::try_from(SqlxStore::<D::Driver>::migrations().len()).unwrap());
    sign_in(&auth(store), ADA).await.unwrap();
}

/// The first start of eight processes on one new database.
async fn eight_processes_may_migrate_at_once<D: TestDatabase>() {
    for _ in 0..5 {
        let database = D::none().await;
        let starts: Vec<_> = (0..8)
            .map(|_| {
                let url = database.url();
                tokio::spawn(async move { SqlxStore::<D::Driver>::connect(&url).await.unwrap().migrate().await })
            })
            .collect();
        for start in starts {
            start.await.unwrap().unwrap();
        }
        let store = database.store().await;
        assert_eq!(D::number(store.pool(), "SELECT max(version) - count(*) FROM _auth_migrations").await, 0);
        sign_up(&auth(store), ADA).await.unwrap();
    }
}

async fn a_database_of_a_later_release_is_refused<D: TestDatabase>() {
    let database = D::migrated().await;
    let store = database.store().await;
    D::execute(store.pool(), "INSERT INTO _auth_migrations VALUES (99, 'later', '00')").await.unwrap();
    let error = store.migrate().await.unwrap_err();
    assert!(matches!(error, MigrateError::Newer { found: 99, .. }), "{error:?}");
    assert!(error.to_string().contains("migration 99"), "{error}");
    assert!(error.to_string().contains("update the application"), "{error}");
}

async fn a_step_that_is_not_ours_is_refused<D: TestDatabase>() {
    let database = D::migrated().await;
    let store = database.store().await;
    D::execute(store.pool(), "UPDATE _auth_migrations SET checksum = '00' WHERE version = 1").await.unwrap();
    let error = store.migrate().await.unwrap_err();
    assert!(matches!(error, MigrateError::Changed { version: 1 }), "{error:?}");
    assert!(error.to_string().contains("migration 1 "), "{error}");
}

/// A table of the application's stands in the way: none of ours is made, and the history stays empty.
async fn a_step_that_fails_leaves_nothing<D: TestDatabase>() {
    let database = D::none().await;
    let store = database.store().await;
    D::execute(store.pool(), "CREATE TABLE auth_audit_log (own INTEGER)").await.unwrap();
    let error = store.migrate().await.unwrap_err();
    assert!(format!("{error:?}").contains("auth_"), "{error:?}");
    D::execute(store.pool(), "SELECT count(*) FROM auth_users").await.unwrap_err();

    D::execute(store.pool(), "DROP TABLE auth_audit_log").await.unwrap();
    store.migrate().await.unwrap();
    sign_up(&auth(store), ADA).await.unwrap();
}

/// Two programs that each keep a history in `_sqlx_migrations` would each find the other's steps in it.
async fn the_history_is_beside_the_applications<D: TestDatabase>() {
    let database = D::none().await;
    let store = database.store().await;
    let history = "CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY); INSERT INTO _sqlx_migrations VALUES (7)";
    D::execute(store.pool(), history).await.unwrap();
    store.migrate().await.unwrap();
    assert_eq!(D::number(store.pool(), "SELECT max(version) FROM _sqlx_migrations").await, 7);
}

/// By people who run the exported SQL with tools of their own, and never call `migrate`.
async fn the_exported_sql_makes_the_same_tables<D: TestDatabase>() {
    let database = D::none().await;
    let store = database.store().await;
    for step in SqlxStore::<D::Driver>::migrations() {
        D::execute(store.pool(), step.sql).await.unwrap();
    }
    sign_up(&auth(store.clone()), ADA).await.unwrap();
    token::a_token_is_used_once(&store).await;
}

async fn rows_of_nobody_are_refused<D: TestDatabase>() {
    let database = D::migrated().await;
    let store = database.store().await;
    user::a_user_comes_with_password_session_and_event(&store).await;
    // The id of an event is not one of a user's.
    let orphan = "INSERT INTO auth_passwords (user_id, hash, changed_at) SELECT id, '', 0 FROM auth_audit_log";
    let error = D::execute(store.pool(), orphan).await.unwrap_err();
    assert!(error.as_database_error().unwrap().is_foreign_key_violation(), "{error:?}");
}

/// Sessions and passwords go with their user; what was recorded of them stays.
async fn a_deleted_user_leaves_the_audit_log_alone<D: TestDatabase>() {
    let database = D::migrated().await;
    let store = database.store().await;
    user::a_user_comes_with_password_session_and_event(&store).await;
    D::execute(store.pool(), "DELETE FROM auth_users").await.unwrap();
    assert_eq!(D::rows(store.pool()).await, [0, 0, 0, 1]);
}

on_each_database! {
    to_migrate_twice_changes_nothing,
    eight_processes_may_migrate_at_once,
    a_database_of_a_later_release_is_refused,
    a_step_that_is_not_ours_is_refused,
    a_step_that_fails_leaves_nothing,
    the_history_is_beside_the_applications,
    the_exported_sql_makes_the_same_tables,
    rows_of_nobody_are_refused,
    a_deleted_user_leaves_the_audit_log_alone,
}

/// What only SQLite has.
mod sqlite_alone {
    use super::{SqliteFile, TestDatabase};

    #[tokio::test]
    async fn tables_are_strict() {
        let database = SqliteFile::migrated().await;
        let store = database.store().await;
        let loose = "SELECT name FROM pragma_table_list WHERE name LIKE '%auth%' AND type = 'table' AND strict = 0";
        assert_eq!(SqliteFile::texts(store.pool(), loose).await, [""; 0]);
        let strict = "SELECT count(*) FROM pragma_table_list WHERE name LIKE '%auth%' AND strict = 1";
        assert_eq!(SqliteFile::number(store.pool(), strict).await, 7);
    }

    #[tokio::test]
    async fn every_connection_has_the_settings_that_the_store_relies_on() {
        let database = SqliteFile::migrated().await;
        let store = database.store().await;
        let mut connections = Vec::new();
        for _ in 0..8 {
            connections.push(store.pool().acquire().await.unwrap());
        }
        for connection in &mut connections {
            let journal: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut **connection).await.unwrap();
            let keys: i64 = sqlx::query_scalar("PRAGMA foreign_keys").fetch_one(&mut **connection).await.unwrap();
            // 2 is FULL.
            let synchronous: i64 = sqlx::query_scalar("PRAGMA synchronous").fetch_one(&mut **connection).await.unwrap();
            assert_eq!((journal.as_str(), keys, synchronous), ("wal", 1, 2));
        }
    }
}

/// What only PostgreSQL has: schemas within a database.
mod postgres_alone {
    use super::{ADA, Pool, PostgresDatabase, TestDatabase, auth, sign_in, sign_up};

    async fn tables(pool: &Pool<sqlx::Postgres>, schema: &str) -> Vec<String> {
        let query = "SELECT table_name::text FROM information_schema.tables WHERE table_schema = $1 ORDER BY 1";
        sqlx::query_scalar(query).bind(schema).fetch_all(pool).await.unwrap()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn two_stores_in_two_schemas_of_one_database_know_nothing_of_each_other() {
        let database = PostgresDatabase::none().await;
        let one = database.store().await.in_schema("one").unwrap();
        let other = database.store().await.in_schema("other_2").unwrap();
        for store in [&one, &other] {
            store.migrate().await.unwrap();
            store.migrate().await.unwrap();
        }
        let (one_auth, other_auth) = (auth(one.clone()), auth(other.clone()));
        let ada = sign_up(&one_auth, ADA).await.unwrap();
        assert_ne!(sign_up(&other_auth, ADA).await.unwrap().user.id, ada.user.id);
        assert_eq!(sign_in(&one_auth, ADA).await.unwrap().user.id, ada.user.id);
        assert_eq!(tables(one.pool(), "public").await, [""; 0]);
        assert_eq!(tables(one.pool(), "one").await, tables(one.pool(), "other_2").await);
        assert_eq!(tables(one.pool(), "one").await.len(), 7);
        auth_core::conformance::store::run_rules(&one).await;
    }

    #[tokio::test]
    async fn a_schema_whose_name_needs_care_is_refused() {
        let database = PostgresDatabase::none().await;
        let error = database.store().await.in_schema("Public; DROP").unwrap_err();
        assert!(error.to_string().contains("lower-case letters"), "{error}");
    }
}

/// What only MySQL has: changes of the schema that are committed one by one, and settings that lose data.
mod mysql_alone {
    use super::{
        ADA, Error, Executor, MigrateError, MySqlDatabase, MySqlPoolOptions, MySqlStore, TestDatabase, auth, sign_up,
    };

    #[tokio::test(flavor = "multi_thread")]
    async fn an_interrupted_step_is_finished_by_the_next_start() {
        let database = MySqlDatabase::none().await;
        let store = database.store().await;
        let sql = MySqlStore::migrations()[0].sql;
        for (end, _) in sql.match_indices(";\n").take(6) {
            MySqlDatabase::execute(store.pool(), sql[..end].to_owned().leak()).await.unwrap();
            let again = database.store().await;
            again.migrate().await.unwrap();
            again.migrate().await.unwrap();
            let undo = "DROP TABLE auth_audit_log, auth_throttle, auth_one_time_tokens, _auth_migrations";
            MySqlDatabase::execute(store.pool(), undo).await.unwrap();
        }
        store.migrate().await.unwrap();
        sign_up(&auth(store), ADA).await.unwrap();
    }

    #[tokio::test]
    async fn a_mode_that_cuts_values_off_is_refused() {
        let database = MySqlDatabase::none().await;
        let pool = MySqlPoolOptions::new().max_connections(1).after_connect(|connection, _| {
            Box::pin(async move { connection.execute("SET SESSION sql_mode = ''").await.map(drop) })
        });
        let store = MySqlStore::new(pool.connect(&database.url()).await.unwrap());
        let error = store.migrate().await.unwrap_err();
        assert!(matches!(error, MigrateError::Setting(_)), "{error:?}");
        assert!(error.to_string().contains("sql_mode"), "{error}");
        assert!(error.source().is_none());
    }

    #[tokio::test]
    async fn a_url_without_a_database_is_refused() {
        let database = MySqlDatabase::none().await;
        let (server, _) = database.url().rsplit_once('/').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
        let error = MySqlStore::connect(&server).await.unwrap().migrate().await.unwrap_err();
        assert!(error.to_string().contains("names no database"), "{error}");
    }
}
