//! PgBouncer in transaction mode: every transaction may see another connection to the server.

mod postgres {
    use auth_core::conformance::store;
    use auth_core::conformance::store::race::{self, Load};
    use auth_sqlx::PostgresStore;
    use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
    use throwaway::{PgBouncer, Postgres};

    use crate::account::{ADA, auth, sign_in, sign_up, sign_up_with};
    use crate::database::{PostgresDatabase, TestDatabase};
    use crate::profile::{Backgrounds, ProfileDatabase, background};

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

    /// The statements of the profile are as everybody writes them: the driver keeps them, and gives them names that
    /// another connection to the same server has given to others.
    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn a_profile_need_not_know_of_the_pooler() {
        let server = Postgres::start().unwrap();
        let direct = PostgresStore::connect(&server.url()).await.unwrap();
        direct.migrate().await.unwrap();
        PostgresDatabase::execute(direct.pool(), PostgresDatabase::TABLES).await.unwrap();
        let pooler = PgBouncer::start_with(&server, BY_TRANSACTIONS).unwrap();
        let mut stores = vec![
            PostgresStore::connect(&format!("{}?statement-cache-capacity=0", pooler.url())).await.unwrap(),
            PostgresStore::connect(&format!("{}?statement-cache-capacity=0", pooler.url())).await.unwrap(),
        ];
        for kept in [0, 100] {
            let options: PgConnectOptions = pooler.url().parse().unwrap();
            let options = options.extra_float_digits(None).statement_cache_capacity(kept);
            let pool = PgPoolOptions::new().max_connections(4).connect_with(options).await.unwrap();
            stores.push(PostgresStore::new(pool).behind_transaction_pooler());
        }
        let applications: Vec<_> = stores
            .into_iter()
            .enumerate()
            .map(|(application, store)| {
                let auth = auth(store.with_profile(Backgrounds));
                tokio::spawn(async move {
                    for number in 0..50 {
                        let name = format!("user-{application}-{number}");
                        let new = sign_up_with(&auth, &format!("{name}@example.com"), background(&name)).await.unwrap();
                        assert!(auth.profile(new.user.id).await.unwrap().is_some());
                    }
                })
            })
            .collect();
        for application in applications {
            application.await.unwrap();
        }
    }
}
