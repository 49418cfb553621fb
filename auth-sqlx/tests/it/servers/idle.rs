//! Connections that a network forgets while nobody uses them: neither end is told.

use std::time::Duration;

use auth_core::{Auth, Credential};
use auth_sqlx::SqlxStore;
use throwaway::Proxy;
use tokio::time::Instant;

use crate::account::{ADA, auth, sign_in, sign_up};
use crate::servers::own::{Server, on_each_own_server};

/// One of them is asked and does not answer. The others are not asked one after the other.
async fn forgotten_connections_cost_a_moment<S: Server>() {
    let server = S::begin();
    server.store().await;
    let proxy = Proxy::to(server.own_port()).unwrap();
    let store = SqlxStore::<S::Driver>::connect(&server.url_at(proxy.port())).await.unwrap();
    let auth = auth(store.clone());
    let ada = sign_up(&auth, ADA).await.unwrap();
    let access = ada.access_token.expose();
    open_connections(&store, 8).await;
    proxy.forget_connections();
    tokio::time::sleep(Duration::from_secs(6)).await;
    let begun = Instant::now();
    for _ in 0..8 {
        auth.authenticate(&Credential::Access(access)).await.unwrap();
    }
    sign_in(&auth, ADA).await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());

    open_connections(&store, 8).await;
    proxy.forget_connections();
    tokio::time::sleep(Duration::from_secs(6)).await;
    let begun = Instant::now();
    crowd(&auth, access).await;
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
}

async fn open_connections<DB: auth_sqlx::Backend>(store: &SqlxStore<DB>, connections: usize) {
    let mut held = Vec::new();
    for _ in 0..connections {
        held.push(store.pool().acquire().await.unwrap());
    }
    drop(held);
    while store.pool().num_idle() < connections {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

async fn crowd(auth: &Auth, access: &str) {
    let calls: Vec<_> = (0..20)
        .map(|_| {
            let (auth, access) = (auth.clone(), access.to_owned());
            tokio::spawn(async move { auth.authenticate(&Credential::Access(&access)).await.map(drop) })
        })
        .collect();
    for call in calls {
        call.await.unwrap().unwrap();
    }
}

on_each_own_server! { forgotten_connections_cost_a_moment }
