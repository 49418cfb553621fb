//! The rules for every store, on every database.

use auth_core::conformance::store;
use auth_core::conformance::store::race::{self, Load};
use auth_sqlx::SqliteStore;

use crate::database::{Isolation, SqliteFile, TestDatabase, on_each_database, on_each_server};

/// More than calls that race, so that none of them waits for another one's connection.
const CONNECTIONS: u32 = 40;

async fn every_rule_is_kept<D: TestDatabase>() {
    let database = D::migrated().await;
    let store = database.store().await;
    store::run_rules(&store).await;
    store::prune::run_all(&store).await;
}

async fn every_rule_is_kept_at_the_strictest_isolation<D: TestDatabase>() {
    let database = D::migrated().await;
    let store = database.patient_store(CONNECTIONS, Isolation::Serializable).await;
    store::run_rules(&store).await;
    store::prune::run_all(&store).await;
}

/// As behind a pooler, where there is none: no call may begin a transaction in another one.
async fn every_rule_is_kept_with_a_transaction_for_each_call<D: TestDatabase>() {
    let database = D::migrated().await;
    store::run_rules(&database.store().await.behind_transaction_pooler()).await;
}

/// Two pools take each other's locks as two processes do.
async fn two_processes_keep_every_rule<D: TestDatabase>() {
    let database = D::migrated().await;
    let (one, other) = (
        database.patient_store(CONNECTIONS, Isolation::Default).await,
        database.patient_store(CONNECTIONS, Isolation::Default).await,
    );
    let load = Load { rounds: 4, ..Load::default() };
    tokio::join!(store::run_rules(&one), store::run_rules(&other));
    tokio::join!(race::run_all(&one, load), race::run_all(&other, load));
}

on_each_database! {
    every_rule_is_kept,
    every_rule_is_kept_with_a_transaction_for_each_call,
    two_processes_keep_every_rule,
}

mod strictest {
    use super::{every_rule_is_kept_at_the_strictest_isolation, on_each_server};

    on_each_server! { every_rule_is_kept_at_the_strictest_isolation }
}

/// Each with as many connections as calls, and with as many rounds as it takes to lose a race that can be lost.
mod races {
    use super::{CONNECTIONS, Isolation, Load, TestDatabase, on_each_server, race};

    async fn hold<D: TestDatabase>() {
        let database = D::migrated().await;
        let store = database.patient_store(CONNECTIONS, Isolation::Default).await;
        race::run_all(&store, Load::default()).await;
    }

    async fn hold_at_the_strictest_isolation<D: TestDatabase>() {
        let database = D::migrated().await;
        let store = database.patient_store(CONNECTIONS, Isolation::Serializable).await;
        race::run_all(&store, Load::default()).await;
    }

    on_each_server! { hold, hold_at_the_strictest_isolation }
}

/// A file has one writer at a time, so fewer rounds show as much.
#[tokio::test(flavor = "multi_thread")]
async fn races_hold_in_a_file() {
    race_in_a_file(Load { rounds: 10, ..Load::default() }).await;
}

async fn race_in_a_file(load: Load) {
    let database = SqliteFile::migrated().await;
    let store = database.patient_store(CONNECTIONS, Isolation::Default).await;
    race::run_all(&store, load).await;
}

mod thorough {
    use super::{Load, race_in_a_file};

    #[tokio::test(flavor = "multi_thread")]
    async fn races_of_many_rounds_hold_in_a_file() {
        race_in_a_file(Load::default()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_keeps_every_rule() {
    let memory = SqliteStore::connect("sqlite::memory:").await.unwrap();
    memory.migrate().await.unwrap();
    store::run_all(&memory).await;
}
