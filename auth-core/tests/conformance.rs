//! The store in memory, by the rules for every store.

use auth_core::MemoryStore;
use auth_core::conformance::store;
use auth_core::conformance::store::race::Load;

#[tokio::test]
async fn the_store_in_memory_keeps_every_rule() {
    let memory = MemoryStore::new();
    store::run_all(&memory).await;
    store::run_rules(&memory).await;
}

/// Among the rules' own futures nothing waits; on threads of their own, calls do meet. Pruning is left out: it is for
/// the whole store, so of two suites one would find nothing left.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_store_in_memory_keeps_them_on_many_threads() {
    let memory = MemoryStore::new();
    let suites: Vec<_> = (0..4)
        .map(|_| {
            let memory = memory.clone();
            tokio::spawn(async move {
                store::run_rules(&memory).await;
                store::race::run_all(&memory, Load { rounds: 20, ..Load::default() }).await;
            })
        })
        .collect();
    for suite in suites {
        suite.await.unwrap();
    }
}
