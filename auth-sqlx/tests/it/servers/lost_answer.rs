//! A connection that ends when the server has done what it was asked, and before it could say so.

mod postgres {
    use std::time::Duration;

    use auth_core::policy::{HashPolicy, SessionPolicy};
    use auth_core::{Auth, Client, Credential, SigningKeys};
    use throwaway::{Postgres, Proxy};

    use crate::account::{ADA, sign_up};
    use crate::database::{PostgresDatabase, TestDatabase};
    use crate::servers::own::Server;

    /// A change and the record of it are one statement, which is sent again. The policy is the strict one: who came
    /// with a token for the second time would be taken for a thief.
    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn a_refresh_whose_answer_is_lost_is_made_once() {
        let server = Postgres::begin();
        server.store().await;
        let proxy = Proxy::to(server.own_port()).unwrap();
        let store = server.single_store_at(proxy.port()).await;
        let keys = SigningKeys::hs256("an example secret of 32 bytes or more").unwrap();
        let strict = SessionPolicy { refresh_grace: Duration::ZERO, refresh_recoveries: 0, ..SessionPolicy::default() };
        let builder = Auth::builder(store.clone(), keys).hash_policy(HashPolicy::insecure_for_tests());
        let auth = builder.session_policy(strict).build().unwrap();
        let mut ada = sign_up(&auth, ADA).await.unwrap();
        // From the first answer on to some that are given when all is done.
        for answer in 1..=12 {
            proxy.lose_answer(answer);
            ada = auth.refresh(&ada.refresh_token, &Client::default()).await.unwrap();
        }
        proxy.lose_answer(0);
        let refreshed = "SELECT count(*) FROM auth_audit_log WHERE kind = 'refresh'";
        assert_eq!(PostgresDatabase::number(store.pool(), refreshed).await, 12);
        auth.authenticate(&Credential::Access(ada.access_token.expose())).await.unwrap();
    }
}
