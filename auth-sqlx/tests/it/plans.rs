//! Every statement finds its rows by an index, however many rows there are.

use auth_core::conformance::store;
use auth_core::store::{DeadRows, Prune, Store};
use auth_sqlx::{Backend, SqlxStore};
use chrono::DateTime;
use sqlx::{Executor, Pool};

use crate::crowd::{Crowd, Settle};
use crate::database::{Isolation, SqliteFile, TestDatabase, on_each_database};
use crate::explain::Explain;
use crate::plan::Plan;
use crate::recording::record;

/// So many that no planner reads a table to its end because it is short.
const CROWD: Crowd = Crowd { users: 20_000, sessions_each: 2 };

/// What the store sends today, in round figures: fewer would mean that the recording has become deaf.
const STATEMENTS: usize = 25;

async fn every_statement_uses_an_index<D: TestDatabase>()
where
    D::Driver: Explain + Settle,
    for<'c> &'c mut <D::Driver as sqlx::Database>::Connection: Executor<'c, Database = D::Driver>,
    for<'c> &'c Pool<D::Driver>: Executor<'c, Database = D::Driver>,
{
    let database = D::migrated().await;
    let store = database.patient_store(1, Isolation::Default).await;
    CROWD.settle(store.pool(), |_| ()).await.unwrap();
    store.pool().execute(D::Driver::ANALYZE).await.unwrap();
    let statements = sent(&store).await;
    assert_eq!(faults(&store, &statements).await, [""; 0]);
    a_missing_index_is_found::<D>(&store, &statements).await;
}

on_each_database! { every_statement_uses_an_index }

/// As it is where nobody has run ANALYZE, which SQLite does not do by itself.
#[tokio::test(flavor = "multi_thread")]
async fn every_statement_uses_an_index_of_a_file_without_statistics() {
    let database = SqliteFile::migrated().await;
    let store = database.patient_store(1, Isolation::Default).await;
    let statements = sent(&store).await;
    assert_eq!(faults(&store, &statements).await, [""; 0]);
}

/// It is the last thing that is done to the database.
async fn a_missing_index_is_found<D: TestDatabase>(store: &SqlxStore<D::Driver>, statements: &[String])
where
    D::Driver: Explain,
{
    if D::execute(store.pool(), "DROP INDEX auth_audit_log_time").await.is_err() {
        D::execute(store.pool(), "DROP INDEX auth_audit_log_time ON auth_audit_log").await.unwrap();
    }
    let faults = faults(store, statements).await;
    let is_found = |fault: &String| fault.contains("FROM auth_audit_log WHERE at <=");
    assert!(!faults.is_empty() && faults.iter().all(is_found), "{faults:?}");
}

/// Lets the store send whatever it ever sends: every method in every way, and the greatest batch of each kind of dead
/// rows.
async fn sent<DB>(store: &SqlxStore<DB>) -> Vec<String>
where
    DB: Backend,
    for<'c> &'c Pool<DB>: Executor<'c, Database = DB>,
{
    let every_call = async {
        store::run_rules(store).await;
        store::prune::run_all(store).await;
        prune_crowd(store).await;
    };
    record(store.pool(), every_call).await.1
}

async fn prune_crowd(store: &dyn Store) {
    for rows in DeadRows::ALL {
        let until = match rows {
            // The first half-year of a log that is kept for long.
            DeadRows::AuditEvents => 1_616_000_000,
            DeadRows::OneTimeTokens | DeadRows::Sessions | DeadRows::Throttles => 1_760_000_000,
        };
        let until = DateTime::from_timestamp_secs(until).unwrap();
        store.prune(Prune { rows, until, limit: 1_000 }).await.unwrap();
    }
}

async fn faults<DB: Backend + Explain>(store: &SqlxStore<DB>, statements: &[String]) -> Vec<String> {
    let plans = Plan::of_each(store.pool(), statements.to_vec()).await.unwrap();
    assert!(plans.len() >= STATEMENTS, "only {} statements were heard", plans.len());
    plans.iter().flat_map(Plan::faults).collect()
}
