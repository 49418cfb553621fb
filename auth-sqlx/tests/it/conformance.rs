//! The rules for every store, on SQLite.

use auth_core::conformance::store;
use auth_sqlx::SqliteStore;

use crate::database::Database;

#[tokio::test(flavor = "multi_thread")]
async fn a_file_keeps_every_rule() {
    let database = Database::migrated().await;
    store::run_all(&database.store().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_keeps_every_rule() {
    let memory = SqliteStore::connect("sqlite::memory:").await.unwrap();
    memory.migrate().await.unwrap();
    store::run_all(&memory).await;
}

/// Two pools take each other's locks as two processes do. They have the patience of a test: on a busy machine two
/// crowds of writers may keep each other waiting for longer than a user would.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_two_processes_share_keeps_every_rule() {
    let database = Database::migrated().await;
    let (one, other) = (database.patient_store().await, database.patient_store().await);
    tokio::join!(store::run_all(&one), store::run_all(&other));
}
