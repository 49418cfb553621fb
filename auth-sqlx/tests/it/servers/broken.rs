//! A server that is killed, cut off, full or silent: 503, no half of anything, and no restart to recover.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use auth_core::auth::SignOutScope;
use auth_core::{Auth, Client, Credential, ErrorKind};
use auth_sqlx::SqlxStore;
use sqlx::Pool;
use throwaway::Proxy;
use tokio::time::Instant;

use crate::account::{ADA, assert_unavailable, auth, sign_in, sign_up};
use crate::database::TestDatabase;
use crate::servers::own::{Server, on_each_own_server};

/// As long as any call may take, and a little more for a busy machine.
const PATIENCE: Duration = Duration::from_secs(15);

/// Killed again and again under eight who sign up as fast as they can: whoever was told that they have an account has
/// one, with all that belongs to it, and whoever was not may try again.
async fn what_was_acknowledged_survives_a_crash<S: Server>() {
    let mut server = S::begin();
    let store = server.store().await;
    let auth = auth(store.clone());
    let acknowledged = Arc::new(std::sync::Mutex::new(Vec::new()));
    let failures = Arc::new(AtomicU64::new(0));
    let stop = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..8)
        .map(|writer| {
            let (auth, acknowledged) = (auth.clone(), Arc::clone(&acknowledged));
            let (failures, stop) = (Arc::clone(&failures), Arc::clone(&stop));
            tokio::spawn(async move {
                for number in 0.. {
                    if stop.load(Ordering::SeqCst) {
                        return;
                    }
                    let email = format!("user-{writer}-{number}@example.com");
                    match sign_up(&auth, &email).await {
                        Ok(signed_up) => acknowledged.lock().unwrap().push((email, signed_up)),
                        Err(error) => {
                            assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
                            failures.fetch_add(1, Ordering::SeqCst);
                        }
                    }
                }
            })
        })
        .collect();
    for _ in 0..4 {
        let before = acknowledged.lock().unwrap().len();
        wait_until(|| acknowledged.lock().unwrap().len() > before + 10).await;
        server.crash();
        let failed = failures.load(Ordering::SeqCst);
        wait_until(|| failures.load(Ordering::SeqCst) > failed).await;
        server.come_back();
    }
    let before = acknowledged.lock().unwrap().len();
    wait_until(|| acknowledged.lock().unwrap().len() > before + 10).await;
    stop.store(true, Ordering::SeqCst);
    for writer in writers {
        writer.await.unwrap();
    }

    let [users, passwords, sessions, events] = S::Queries::rows(store.pool()).await;
    assert_eq!([passwords, sessions], [users; 2], "no user without all that comes with one");
    assert!(events >= users);
    let acknowledged = std::mem::take(&mut *acknowledged.lock().unwrap());
    assert!(usize::try_from(users).unwrap() >= acknowledged.len());
    for (email, signed_up) in acknowledged {
        let access = Credential::Access(signed_up.access_token.expose());
        assert_eq!(auth.authenticate(&access).await.unwrap().user.email.as_ref().unwrap().as_str(), email);
    }
}

async fn wait_until(is_so: impl Fn() -> bool) {
    for _ in 0..3_000 {
        if is_so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("it took more than a minute");
}

/// As if nothing had been: no family is revoked, nobody is signed out, and one who was in the middle of it goes on.
async fn a_dead_server_is_unavailable_and_then_as_it_was<S: Server>() {
    let mut server = S::begin();
    let store = server.store().await;
    let auth = auth(store.clone());
    let ada = sign_up(&auth, ADA).await.unwrap();
    let access = Credential::Access(ada.access_token.expose());
    let before = S::Queries::rows(store.pool()).await;
    server.crash();
    for _ in 0..2 {
        let calls = async {
            let client = Client::default();
            tokio::join!(
                async { assert_unavailable(sign_in(&auth, ADA).await) },
                async { assert_unavailable(sign_up(&auth, "grace@example.com").await) },
                async { assert_unavailable(auth.authenticate(&access).await) },
                async { assert_unavailable(auth.refresh(&ada.refresh_token, &client).await) },
                async { assert_unavailable(auth.prune().await) },
            )
        };
        tokio::time::timeout(PATIENCE, Box::pin(calls)).await.unwrap();
    }
    server.come_back();
    // The first one already, although every connection of the pool is dead.
    assert_eq!(auth.authenticate(&access).await.unwrap().session.id, ada.session.id);
    assert_eq!(S::Queries::rows(store.pool()).await, before, "nothing was written");
    let refreshed = auth.refresh(&ada.refresh_token, &Client::default()).await.unwrap();
    assert_eq!(refreshed.session.id, ada.session.id, "the session and its token are as they were");
    sign_in(&auth, ADA).await.unwrap();
    sign_up(&auth, "grace@example.com").await.unwrap();
}

/// A call that waits for the only connection, after ten seconds in which each attempt to open it was refused.
async fn a_server_that_was_away_for_a_while_is_found_at_once<S: Server>() {
    let mut server = S::begin();
    let ada = sign_up(&auth(server.store().await), ADA).await.unwrap();
    let access = Credential::Access(ada.access_token.expose());
    let store = SqlxStore::<S::Driver>::connect(&format!("{}&connection_limit=1", server.url())).await.unwrap();
    let auth = auth(store);
    server.crash();
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(10) {
        assert_unavailable(auth.authenticate(&access).await);
    }
    server.come_back();
    assert_eq!(auth.authenticate(&access).await.unwrap().session.id, ada.session.id);
}

/// The server restarts while nobody is looking: nobody notices.
async fn a_restart_between_two_requests_is_not_noticed<S: Server>() {
    let mut server = S::begin();
    let auth = auth(server.store().await);
    let ada = sign_up(&auth, ADA).await.unwrap();
    let access = ada.access_token.expose();
    // All connections of the pool, in use at the same time.
    authenticate_at_once(&auth, access, 10).await;
    server.crash();
    server.come_back();
    authenticate_at_once(&auth, access, 10).await;
    server.crash();
    server.come_back();
    sign_in(&auth, ADA).await.unwrap();
}

/// An orderly restart and an idle time-out say goodbye to each connection, which is read at its next use.
async fn connections_that_the_server_ends_are_replaced<S: Server>() {
    let server = S::begin();
    let auth = auth(server.store().await);
    let administrator = server.narrow_store(1).await;
    let ada = sign_up(&auth, ADA).await.unwrap();
    let access = ada.access_token.expose();
    for _ in 0..3 {
        authenticate_at_once(&auth, access, 10).await;
        server.end_connections(administrator.pool()).await;
        authenticate_at_once(&auth, access, 10).await;
        server.end_connections(administrator.pool()).await;
        sign_in(&auth, ADA).await.unwrap();
        server.end_connections(administrator.pool()).await;
        let nobody = sign_in(&auth, "nobody@example.com").await.unwrap_err();
        assert_eq!(nobody.kind(), ErrorKind::InvalidCredentials, "a failure is recorded, and told as one");
        server.end_connections(administrator.pool()).await;
        auth.refresh(&ada.refresh_token, &Client::default()).await.unwrap();
    }
}

async fn authenticate_at_once(auth: &Auth, access: &str, calls: usize) {
    let calls: Vec<_> = (0..calls)
        .map(|_| {
            let (auth, access) = (auth.clone(), access.to_owned());
            tokio::spawn(async move { auth.authenticate(&Credential::Access(&access)).await.map(drop) })
        })
        .collect();
    for call in calls {
        call.await.unwrap().unwrap();
    }
}

/// Also in the middle of a transaction: of what was not acknowledged all is there or nothing.
async fn a_network_that_drops_connections_leaves_all_or_nothing<S: Server>() {
    let server = S::begin();
    server.store().await;
    let proxy = Arc::new(Proxy::to(server.own_port()).unwrap());
    let store = SqlxStore::<S::Driver>::connect(&server.url_at(proxy.port())).await.unwrap();
    let auth = auth(store.clone());
    let dropping = Arc::clone(&proxy);
    let dropper = tokio::spawn(async move {
        for wait in (1..=60).cycle() {
            tokio::time::sleep(Duration::from_millis(wait)).await;
            dropping.drop_connections();
        }
    });
    let mut created = 0;
    for number in 0..200 {
        match sign_up(&auth, &format!("user-{number}@example.com")).await {
            Ok(_) => created += 1,
            Err(error) => assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}"),
        }
    }
    dropper.abort();
    assert!((1..200).contains(&created), "{created} of 200 got through");
    let direct = server.store().await;
    let [users, passwords, sessions, _] = S::Queries::rows(direct.pool()).await;
    assert_eq!([passwords, sessions], [users; 2]);
    assert!(users >= created);

    proxy.cut();
    let cut = tokio::time::timeout(PATIENCE, sign_up(&auth, ADA)).await.unwrap();
    assert_unavailable(cut);
    proxy.mend();
    sign_up(&auth, ADA).await.unwrap();
}

/// Nothing is refused, nothing is answered: the wait has an end, and so has the silence.
async fn a_silent_server_is_not_waited_for_for_ever<S: Server>() {
    let server = S::begin();
    let store = server.store().await;
    let auth = auth(store.clone());
    let ada = sign_up(&auth, ADA).await.unwrap();
    let access = Credential::Access(ada.access_token.expose());
    server.fall_silent();
    let calls = async {
        tokio::join!(
            async { assert_unavailable(auth.authenticate(&access).await) },
            async { assert_unavailable(sign_up(&auth, "grace@example.com").await) },
            async { assert_unavailable(auth.refresh(&ada.refresh_token, &Client::default()).await) },
        )
    };
    tokio::time::timeout(PATIENCE, Box::pin(calls)).await.unwrap();
    server.go_on();
    assert_eq!(auth.authenticate(&access).await.unwrap().session.id, ada.session.id);
    // What was sent before the silence may have been done since, whole.
    let [users, passwords, sessions, _] = S::Queries::rows(store.pool()).await;
    assert_eq!([passwords, sessions], [users; 2]);
    sign_up(&auth, "hopper@example.com").await.unwrap();
}

/// At any moment, over a network that lets each answer take its time: the one connection there is comes back, and with
/// no transaction that nobody knows of.
async fn a_client_that_hangs_up_leaves_nothing_behind<S: Server>() {
    let server = S::begin();
    let administrator = server.store().await;
    let proxy = Proxy::with_delay(server.own_port(), Duration::from_millis(5)).unwrap();
    let auth = auth(server.narrow_store_at(proxy.port(), 1).await);
    let ada = sign_up(&auth, ADA).await.unwrap();
    let access = Credential::Access(ada.access_token.expose());
    // Up to the limit of sessions and over it, so that there is one to evict.
    for _ in 0..21 {
        sign_in(&auth, ADA).await.unwrap();
    }
    let mut cut_short = 0;
    for patience in 1..=60 {
        let wait = Duration::from_millis(patience);
        cut_short += u32::from(tokio::time::timeout(wait, sign_in(&auth, ADA)).await.is_err());
        cut_short +=
            u32::from(tokio::time::timeout(wait, auth.refresh(&ada.refresh_token, &Client::default())).await.is_err());
    }
    assert!(cut_short > 20, "{cut_short} of 120 were cut short");
    drop(auth.authenticate(&access).await);
    sign_in(&auth, ADA).await.unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(server.idle_transactions(administrator.pool()).await, 0);
    assert_eq!(S::Queries::number(administrator.pool(), "SELECT count(*) FROM auth_sessions").await, 20);
}

/// One row that somebody holds costs those who need it a 503, and nobody else anything.
async fn a_locked_row_does_not_take_the_connections_of_others<S: Server>() {
    let server = S::begin();
    let store = server.store().await;
    let auth = auth(store.clone());
    let grace = sign_up(&auth, "grace@example.com").await.unwrap();
    let ada = sign_up(&auth, ADA).await.unwrap();
    let mut lock = store.pool().begin().await.unwrap();
    S::hold_user(&mut lock, "ada@example.com").await;
    let crowd: Vec<_> = (0..12)
        .map(|_| {
            let auth = auth.clone();
            tokio::spawn(async move { sign_in(&auth, ADA).await })
        })
        .collect();
    for caller in crowd {
        assert_unavailable(caller.await.unwrap());
    }
    let access = Arc::new(ada.access_token);
    let crowd: Vec<_> = (0..12)
        .map(|_| {
            let (auth, access) = (auth.clone(), Arc::clone(&access));
            let sign_out = async move {
                auth.sign_out(&Credential::Access(access.expose()), SignOutScope::Session, &Client::default()).await
            };
            tokio::spawn(sign_out)
        })
        .collect();
    for caller in crowd {
        assert_unavailable(caller.await.unwrap());
    }
    auth.authenticate(&Credential::Access(grace.access_token.expose())).await.unwrap();
    lock.rollback().await.unwrap();
    sign_in(&auth, ADA).await.unwrap();
}

/// A pool whose connections are all in use, by the application or by a stuck statement.
async fn an_exhausted_pool_is_unavailable_and_recovers<S: Server>() {
    let server = S::begin();
    server.store().await;
    let store = server.narrow_store(2).await;
    let auth = auth(store.clone());
    let ada = sign_up(&auth, ADA).await.unwrap();
    let access = Credential::Access(ada.access_token.expose());
    let held = hold_all(store.pool(), 2).await;
    assert_unavailable(auth.authenticate(&access).await);
    assert_unavailable(sign_in(&auth, ADA).await);
    assert_unavailable(sign_up(&auth, "grace@example.com").await);
    drop(held);
    assert_eq!(auth.authenticate(&access).await.unwrap().session.id, ada.session.id);
    sign_up(&auth, "grace@example.com").await.unwrap();
}

async fn hold_all<DB: sqlx::Database>(pool: &Pool<DB>, connections: usize) -> Vec<sqlx::pool::PoolConnection<DB>> {
    let mut held = Vec::new();
    for _ in 0..connections {
        held.push(pool.acquire().await.unwrap());
    }
    held
}

on_each_own_server! {
    what_was_acknowledged_survives_a_crash,
    a_dead_server_is_unavailable_and_then_as_it_was,
    a_server_that_was_away_for_a_while_is_found_at_once,
    a_restart_between_two_requests_is_not_noticed,
    connections_that_the_server_ends_are_replaced,
    a_network_that_drops_connections_leaves_all_or_nothing,
    a_silent_server_is_not_waited_for_for_ever,
    an_exhausted_pool_is_unavailable_and_recovers,
    a_client_that_hangs_up_leaves_nothing_behind,
    a_locked_row_does_not_take_the_connections_of_others,
}
