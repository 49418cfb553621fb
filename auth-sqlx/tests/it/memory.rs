//! Databases in memory, as the tests of applications open them.

use std::time::Duration;

use auth_core::auth::SignOutScope;
use auth_core::{Client, Credential};
use auth_sqlx::{MigrateError, SqliteStore};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};

use crate::account::{auth, sign_in, sign_up};

/// Twenty at once, with the driver's own settings, through another store than the one that has migrated.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_pool_in_memory_serves_many_at_once() {
    let pool = SqlitePoolOptions::new().connect("sqlite::memory:").await.unwrap();
    SqliteStore::new(pool.clone()).migrate().await.unwrap();
    let store = SqliteStore::new(pool);
    let auth = auth(store.clone());
    let users: Vec<_> = (0..20)
        .map(|number| {
            let auth = auth.clone();
            tokio::spawn(async move {
                let email = format!("user-{number}@example.com");
                let client = Client::default();
                let first = sign_up(&auth, &email).await.unwrap();
                let second = sign_in(&auth, &email).await.unwrap();
                let access = Credential::Access(second.access_token.expose());
                auth.authenticate(&access).await.unwrap();
                auth.refresh(&first.refresh_token, &client).await.unwrap();
                auth.sign_out(&access, SignOutScope::Session, &client).await.unwrap();
                auth.authenticate(&access).await.unwrap_err();
            })
        })
        .collect();
    for user in users {
        user.await.unwrap();
    }
    let users: i64 = sqlx::query_scalar("SELECT count(*) FROM auth_users").fetch_one(store.pool()).await.unwrap();
    assert_eq!(users, 20, "the application's pool sees the same database");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pool_whose_connections_share_no_database_is_refused() {
    let options = SqliteConnectOptions::new().in_memory(true);
    let pool = SqlitePoolOptions::new().max_connections(4).connect_with(options.clone()).await.unwrap();
    let refused = SqliteStore::new(pool).migrate().await.unwrap_err();
    assert!(matches!(&refused, MigrateError::Setting(text) if text.contains("of its own")), "{refused:?}");

    let one = SqlitePoolOptions::new().max_connections(1).acquire_timeout(Duration::from_secs(5));
    let store = SqliteStore::new(one.connect_with(options).await.unwrap());
    store.migrate().await.unwrap();
    sign_up(&auth(store), "ada@example.com").await.unwrap();
}
