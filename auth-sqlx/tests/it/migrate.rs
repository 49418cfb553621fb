//! The schema: how it comes about, and what it holds.

mod alone;

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

/// And not only that the service is unavailable, at every request.
async fn a_store_that_was_not_migrated_says_what_to_call<D: TestDatabase>() {
    let database = D::none().await;
    let auth = auth(database.store().await);
    for error in [sign_up(&auth, ADA).await.unwrap_err(), sign_in(&auth, ADA).await.unwrap_err()] {
        let logged = format!("{error:?}");
        assert!(logged.contains("call `SqlxStore::migrate` at every start"), "{logged}");
        assert!(logged.contains("auth_"), "the driver's own words name the table: {logged}");
    }
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
    a_store_that_was_not_migrated_says_what_to_call,
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
