//! Connections that take no writes any more: after a failover, while new ones do; in a maintenance window, like new
//! ones.

use std::time::Duration;

use auth_core::auth::SignOutScope;
use auth_core::store::{CreateUserOutcome, UserStore};
use auth_core::{Client, Credential};
use auth_sqlx::SqlxStore;
use throwaway::Proxy;
use tokio::time::Instant;

use crate::account::{ADA, assert_unavailable, auth, sign_in, sign_up};
use crate::database::TestDatabase;
use crate::rows::new_user;
use crate::servers::own::{Server, on_each_own_server};

/// Each of the calls comes to a pool whose connections have all become read-only.
async fn connections_that_became_read_only_are_replaced<S: Server>() {
    let server = S::begin();
    let store = server.store().await;
    let auth = auth(store.clone());
    let client = Client::default();
    all_become_read_only::<S>(&store).await;
    let ada = sign_up(&auth, ADA).await.unwrap();
    all_become_read_only::<S>(&store).await;
    let other = sign_in(&auth, ADA).await.unwrap();
    all_become_read_only::<S>(&store).await;
    let ada = auth.refresh(&ada.refresh_token, &client).await.unwrap();
    all_become_read_only::<S>(&store).await;
    let other = Credential::Access(other.access_token.expose());
    auth.sign_out(&other, SignOutScope::Session, &client).await.unwrap();
    all_become_read_only::<S>(&store).await;
    let access = Credential::Access(ada.access_token.expose());
    auth.sign_out(&access, SignOutScope::All, &client).await.unwrap();
    all_become_read_only::<S>(&store).await;
    auth.prune().await.unwrap();
    assert!(auth.authenticate(&access).await.is_err());
    assert!(auth.authenticate(&other).await.is_err());
}

async fn all_become_read_only<S: Server>(store: &SqlxStore<S::Driver>) {
    let mut connections = Vec::new();
    for _ in 0..store.pool().options().get_max_connections() {
        connections.push(store.pool().acquire().await.unwrap());
    }
    for connection in &mut connections {
        S::run(connection, S::BECOME_READ_ONLY).await;
    }
    drop(connections);
    for _ in 0..10_000 {
        if store.pool().num_idle() == usize::try_from(store.pool().options().get_max_connections()).unwrap() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    panic!("they do not come back");
}

/// A crowd at the moment of a failover: everybody gets through, though there is always somebody who waits for a
/// connection that comes back refused.
async fn a_failover_under_load_is_not_noticed<S: Server>() {
    let server = S::begin();
    let store = server.store().await;
    all_become_read_only::<S>(&store).await;
    let crowd: Vec<_> = (0..200)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move { store.create_user(new_user()).await })
        })
        .collect();
    for caller in crowd {
        assert_eq!(caller.await.unwrap().unwrap(), CreateUserOutcome::Created);
    }
}

/// Reading goes on, writing is unavailable, and no connection is closed for it but those that were there before.
async fn a_read_only_window_does_not_use_up_connections<S: Server>() {
    let server = S::begin();
    let administrator = server.store().await;
    let proxy = Proxy::to(server.own_port()).unwrap();
    let store = SqlxStore::<S::Driver>::connect(&server.url_at(proxy.port())).await.unwrap();
    let auth = auth(store.clone());
    let ada = sign_up(&auth, ADA).await.unwrap();
    let access = Credential::Access(ada.access_token.expose());
    S::Queries::execute(administrator.pool(), S::BEGIN_READ_ONLY_WINDOW).await.unwrap();
    all_become_read_only::<S>(&store).await;
    let (opened, begun) = (proxy.connections(), Instant::now());
    let mut calls = 0;
    while begun.elapsed() < Duration::from_secs(3) {
        assert_unavailable(sign_in(&auth, ADA).await);
        assert_unavailable(auth.refresh(&ada.refresh_token, &Client::default()).await);
        assert_eq!(auth.authenticate(&access).await.unwrap().session.id, ada.session.id);
        calls += 2;
        // No faster than the limit of refreshes.
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let opened = proxy.connections() - opened;
    assert!(calls > 10 && opened <= 5, "{opened} connections for {calls} calls");

    S::Queries::execute(administrator.pool(), S::END_READ_ONLY_WINDOW).await.unwrap();
    let begun = Instant::now();
    while sign_in(&auth, ADA).await.is_err() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    auth.refresh(&ada.refresh_token, &Client::default()).await.unwrap();
}

on_each_own_server! {
    connections_that_became_read_only_are_replaced,
    a_failover_under_load_is_not_noticed,
    a_read_only_window_does_not_use_up_connections,
}
