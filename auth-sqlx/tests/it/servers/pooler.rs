//! PgBouncer in transaction mode: every transaction may see another connection to the server.

mod postgres {
    use auth_core::conformance::store;
    use auth_core::conformance::store::race::{self, Load};
    use auth_sqlx::PostgresStore;
    use throwaway::{PgBouncer, Postgres};

    use crate::account::{ADA, auth, sign_in, sign_up};

    /// So few connections that clients do get different ones.
    const BY_TRANSACTIONS: &[(&str, &str)] = &[("pool_mode", "transaction"), ("default_pool_size", "5")];

    /// This version hands no prepared statements on, so nothing may count on one.
    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn a_transaction_pooler_keeps_every_rule() {
        let server = Postgres::start().unwrap();
        let pooler = PgBouncer::start_with(&server, BY_TRANSACTIONS).unwrap();
        let url = format!("{}?statement-cache-capacity=0", pooler.url());
        let one = PostgresStore::connect(&url).await.unwrap();
        one.migrate().await.unwrap();
        one.migrate().await.unwrap();
        // Several clients, so that the pooler does hand out different connections.
        let other = PostgresStore::connect(&url).await.unwrap();
        tokio::join!(store::run_rules(&one), store::run_rules(&other));
        let load = Load { rounds: 10, ..Load::default() };
        tokio::join!(race::run_all(&one, load), race::run_all(&other, load));
        store::prune::run_all(&one).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn a_schema_is_found_through_a_transaction_pooler() {
        let server = Postgres::start().unwrap();
        let pooler = PgBouncer::start_with(&server, BY_TRANSACTIONS).unwrap();
        let url = format!("{}?sslmode=prefer&statement-cache-capacity=0", pooler.url());
        let store = PostgresStore::connect(&url).await.unwrap().in_schema("accounts").unwrap();
        store.migrate().await.unwrap();
        let auth = auth(store);
        let ada = sign_up(&auth, ADA).await.unwrap();
        let calls: Vec<_> = (0..40)
            .map(|_| {
                let auth = auth.clone();
                tokio::spawn(async move { sign_in(&auth, ADA).await })
            })
            .collect();
        for call in calls {
            assert_eq!(call.await.unwrap().unwrap().user.id, ada.user.id);
        }
    }
}
