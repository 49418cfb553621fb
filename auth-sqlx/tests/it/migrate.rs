//! The schema: how it comes about, and what it holds.

use std::error::Error;

use auth_sqlx::{MigrateError, SqliteStore};
use sqlx::Executor;
use sqlx::sqlite::SqlitePool;

use crate::database::{Database, number};

async fn texts(pool: &SqlitePool, sql: &'static str) -> Vec<String> {
    sqlx::query_scalar(sql).fetch_all(pool).await.unwrap()
}

#[tokio::test]
async fn to_migrate_twice_changes_nothing() {
    let database = Database::migrated().await;
    let store = database.store().await;
    let schema = "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name";
    let before = texts(store.pool(), schema).await;
    store.migrate().await.unwrap();
    assert_eq!(texts(store.pool(), schema).await, before);
    let applied = number(store.pool(), "SELECT count(*) FROM _auth_migrations").await;
    assert_eq!(applied, i64::try_from(SqliteStore::migrations().len()).unwrap());
}

/// The first start of eight processes on one new file.
#[tokio::test(flavor = "multi_thread")]
async fn eight_processes_may_migrate_at_once() {
    for _ in 0..20 {
        let database = Database::none();
        let starts: Vec<_> = (0..8)
            .map(|_| {
                let url = database.url("rwc");
                tokio::spawn(async move { SqliteStore::connect(&url).await.unwrap().migrate().await })
            })
            .collect();
        for start in starts {
            start.await.unwrap().unwrap();
        }
        let store = database.store().await;
        assert_eq!(number(store.pool(), "SELECT max(version) - count(*) FROM _auth_migrations").await, 0);
    }
}

#[tokio::test]
async fn a_database_of_a_later_release_is_refused() {
    let database = Database::migrated().await;
    let store = database.store().await;
    store.pool().execute("INSERT INTO _auth_migrations VALUES (99, 'later', '00')").await.unwrap();
    let error = store.migrate().await.unwrap_err();
    assert!(matches!(error, MigrateError::Newer { found: 99, .. }), "{error:?}");
    assert!(error.to_string().contains("migration 99"), "{error}");
    assert!(error.to_string().contains("update the application"), "{error}");
}

#[tokio::test]
async fn a_step_that_is_not_ours_is_refused() {
    let database = Database::migrated().await;
    let store = database.store().await;
    store.pool().execute("UPDATE _auth_migrations SET checksum = '00' WHERE version = 1").await.unwrap();
    let error = store.migrate().await.unwrap_err();
    assert!(matches!(error, MigrateError::Changed { version: 1 }), "{error:?}");
    assert!(error.to_string().contains("migration 1 "), "{error}");
}

/// A table of the application's stands in the way: none of ours is made, and the history stays empty.
#[tokio::test]
async fn a_step_that_fails_leaves_nothing() {
    let database = Database::none();
    let store = database.store().await;
    store.pool().execute("CREATE TABLE auth_audit_log (own INTEGER)").await.unwrap();
    let error = store.migrate().await.unwrap_err();
    assert!(matches!(error, MigrateError::Database(_)), "{error:?}");
    assert!(error.source().unwrap().to_string().contains("auth_audit_log"), "{error:?}");
    assert_eq!(texts(store.pool(), "SELECT name FROM sqlite_schema WHERE type = 'table'").await, ["auth_audit_log"]);

    store.pool().execute("DROP TABLE auth_audit_log").await.unwrap();
    store.migrate().await.unwrap();
}

/// Two programs that each keep a history in `_sqlx_migrations` would each find the other's steps in it.
#[tokio::test]
async fn the_history_is_beside_the_applications() {
    let database = Database::none();
    let store = database.store().await;
    let history = "CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY); INSERT INTO _sqlx_migrations VALUES (7)";
    store.pool().execute(history).await.unwrap();
    store.migrate().await.unwrap();
    assert_eq!(number(store.pool(), "SELECT max(version) FROM _sqlx_migrations").await, 7);
}

#[tokio::test]
async fn tables_are_strict() {
    let database = Database::migrated().await;
    let store = database.store().await;
    let loose = "SELECT name FROM pragma_table_list WHERE name LIKE '%auth%' AND type = 'table' AND strict = 0";
    assert_eq!(texts(store.pool(), loose).await, [""; 0]);
    let strict = "SELECT count(*) FROM pragma_table_list WHERE name LIKE '%auth%' AND strict = 1";
    assert_eq!(number(store.pool(), strict).await, 5);
}

#[tokio::test]
async fn every_connection_has_the_settings_that_the_store_relies_on() {
    let database = Database::migrated().await;
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

#[tokio::test]
async fn rows_of_nobody_are_refused() {
    let database = Database::migrated().await;
    let store = database.store().await;
    let orphan = "INSERT INTO auth_passwords (user_id, hash, changed_at) VALUES (zeroblob(16), '', 0)";
    let error = store.pool().execute(orphan).await.unwrap_err();
    assert!(error.as_database_error().unwrap().is_foreign_key_violation(), "{error:?}");
}

/// Sessions and passwords go with their user; what was recorded of them stays.
#[tokio::test]
async fn a_deleted_user_leaves_the_audit_log_alone() {
    let database = Database::migrated().await;
    let store = database.store().await;
    auth_core::conformance::store::user::a_user_comes_with_password_session_and_event(&store).await;
    store.pool().execute("DELETE FROM auth_users").await.unwrap();
    for (table, rows) in [
        ("SELECT count(*) FROM auth_passwords", 0),
        ("SELECT count(*) FROM auth_sessions", 0),
        ("SELECT count(*) FROM auth_audit_log", 1),
    ] {
        assert_eq!(number(store.pool(), table).await, rows, "{table}");
    }
}
