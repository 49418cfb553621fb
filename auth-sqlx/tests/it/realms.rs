//! Several applications on one database.

use auth_core::policy::HashPolicy;
use auth_core::store::Store;
use auth_core::{Auth, Client, Credential, ErrorKind, SigningKeys};

use crate::account::{ADA, sign_up};
use crate::database::{TestDatabase, on_each_database};

fn application(store: impl Store, base_url: &str) -> Auth {
    let keys = SigningKeys::hs256("an example secret of 32 bytes or more").unwrap();
    Auth::builder(store, keys).base_url(base_url).hash_policy(HashPolicy::insecure_for_tests()).build().unwrap()
}

async fn applications_on_one_database_refuse_each_others_tokens<D: TestDatabase>() {
    let database = D::migrated().await;
    let store = database.store().await;
    let one = application(store.clone(), "https://one.example.com");
    let two = application(store.clone(), "https://two.example.com");
    let first = sign_up(&one, ADA).await.unwrap();
    let client = Client::default();
    let second = one.refresh(&first.refresh_token, &client).await.unwrap();

    // The current token, and the one that it replaced.
    for foreign in [&second, &first] {
        let error = two.refresh(&foreign.refresh_token, &client).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    }
    let thefts = "SELECT count(*) FROM auth_audit_log WHERE kind = 'refresh_reuse_detected'";
    assert_eq!(D::number(store.pool(), thefts).await, 0);
    one.authenticate(&Credential::Access(second.access_token.expose())).await.unwrap();
}

on_each_database! {
    applications_on_one_database_refuse_each_others_tokens,
}
