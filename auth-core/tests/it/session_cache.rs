//! Sessions that are kept in memory: on one node nothing changes but the number of queries.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use auth_core::auth::{SignOutScope, SignedIn};
use auth_core::clock::ManualClock;
use auth_core::conformance::faulty::{Fault, FaultKind, Moment};
use auth_core::policy::{HashPolicy, SessionCachePolicy, SessionPolicy};
use auth_core::{Auth, Credential, ErrorKind, MemoryStore, Role, SigningKeys};
use futures_util::FutureExt;

use crate::fixture::{
    ADA, Fixture, GRACE, HOUR, INSTANT, MINUTE, SECOND, SECRET, access, copy, fails, just_before, refresh,
};

const TTL: Duration = Duration::from_secs(5);

fn cached() -> Fixture {
    with_sessions(SessionPolicy::default())
}

fn with_sessions(policy: SessionPolicy) -> Fixture {
    Fixture::with(|builder| builder.session_policy(policy).session_cache(SessionCachePolicy::default()))
}

/// Signs up, and lets a request read the session.
async fn known(fixture: &Fixture) -> SignedIn {
    let signed_in = fixture.sign_up(ADA).await;
    fixture.authenticate(&signed_in).await.unwrap();
    fixture.store.take_calls();
    signed_in
}

/// Another node of the application: its own memory, the same store and time.
fn another_node(fixture: &Fixture) -> Auth {
    Auth::builder(fixture.store.clone(), SigningKeys::hs256(SECRET).unwrap())
        .clock(Arc::<ManualClock>::clone(&fixture.clock))
        .hash_policy(HashPolicy::insecure_for_tests())
        .build()
        .unwrap()
}

#[tokio::test]
async fn a_session_that_was_read_just_now_is_not_read_again() {
    let fixture = cached();
    let signed_in = known(&fixture).await;
    let current = fixture.authenticate(&signed_in).await.unwrap();
    assert_eq!((&*current.user, &*current.session), (&signed_in.user, &signed_in.session));
    fixture.clock.advance(just_before(TTL));
    assert!(fixture.authenticate(&signed_in).await.is_ok());
    assert_eq!(fixture.store.take_calls(), [""; 0]);

    fixture.clock.advance(INSTANT);
    assert!(fixture.authenticate(&signed_in).await.is_ok());
    assert_eq!(fixture.store.take_calls(), ["find_session"]);
}

#[tokio::test]
async fn without_the_setting_every_request_asks() {
    let fixture = Fixture::new();
    let signed_in = known(&fixture).await;
    assert!(fixture.authenticate(&signed_in).await.is_ok());
    assert_eq!(fixture.store.take_calls(), ["find_session"]);
}

#[tokio::test]
async fn a_refresh_token_and_an_open_connection_always_ask() {
    let fixture = cached();
    let signed_in = known(&fixture).await;
    assert!(fixture.authenticate_by_refresh(&signed_in).await.is_ok());
    let current = fixture.authenticate(&signed_in).await.unwrap();
    assert!(fixture.auth.recheck(&current).await.is_ok());
    assert_eq!(fixture.store.take_calls(), ["find_session", "find_session"]);
}

#[tokio::test]
async fn an_answer_of_the_store_that_a_sign_out_overtook_is_not_kept() {
    let fixture = cached();
    let signed_in = Arc::new(fixture.sign_up(ADA).await);
    let (auth, owner, client) = (fixture.auth.clone(), Arc::clone(&signed_in), fixture.client.clone());
    fixture.store.after("find_session", async move {
        auth.sign_out(&access(&owner), SignOutScope::Session, &client).await.unwrap();
    });
    assert!(fixture.authenticate(&signed_in).await.is_ok(), "it was asked before");
    fails(fixture.authenticate(&signed_in).await, ErrorKind::Unauthenticated);
}

/// Each way in which a session ends through this node, and what it leaves behind.
#[tokio::test]
async fn every_end_of_a_session_is_seen_at_once() {
    for end in ["sign out", "others", "all", "revoke", "roles", "theft", "room"] {
        // After a second without a use, a session is no longer taken for one in use, and may have to make room.
        let policy = SessionPolicy { max_per_user: 2, touch_interval: SECOND, ..SessionPolicy::default() };
        let fixture = with_sessions(policy);
        let signed_in = known(&fixture).await;
        end_session(&fixture, &signed_in, end).await;
        fixture.store.take_calls();
        fails(fixture.authenticate(&signed_in).await, ErrorKind::Unauthenticated);
        assert_eq!(fixture.store.take_calls(), ["find_session"], "{end}: the store is who refuses");
    }
}

async fn end_session(fixture: &Fixture, signed_in: &SignedIn, end: &str) {
    let sign_out = async |signed_in: &SignedIn, scope| {
        fixture.auth.sign_out(&access(signed_in), scope, &fixture.client).await.unwrap();
    };
    match end {
        "sign out" => sign_out(signed_in, SignOutScope::Session).await,
        "others" => sign_out(&fixture.sign_in(ADA).await, SignOutScope::Others).await,
        "all" => sign_out(&fixture.sign_in(ADA).await, SignOutScope::All).await,
        "revoke" => {
            let other = fixture.authenticate(&fixture.sign_in(ADA).await).await.unwrap();
            fixture.auth.revoke_session(&other, signed_in.session.id, &fixture.client).await.unwrap();
        }
        "roles" => fixture.grant(ADA, Role::ADMIN).await,
        "theft" => {
            let stolen = copy(&signed_in.refresh_token);
            let second = fixture.refresh(&signed_in.refresh_token).await.unwrap();
            fixture.clock.advance(MINUTE);
            fixture.refresh(&second.refresh_token).await.unwrap();
            fixture.clock.advance(MINUTE);
            fixture.authenticate(signed_in).await.unwrap();
            fails(fixture.refresh(&stolen).await, ErrorKind::Unauthenticated);
        }
        "room" => {
            fixture.clock.advance(SECOND);
            fixture.sign_in(ADA).await;
            fixture.sign_in(ADA).await;
        }
        _ => unreachable!(),
    }
}

#[tokio::test]
async fn another_node_is_believed_again_within_the_time_to_live() {
    let fixture = cached();
    let signed_in = known(&fixture).await;
    another_node(&fixture).sign_out(&access(&signed_in), SignOutScope::Session, &fixture.client).await.unwrap();
    fixture.clock.advance(just_before(TTL));
    assert!(fixture.authenticate(&signed_in).await.is_ok(), "the price, as documented");
    fixture.clock.advance(INSTANT);
    fails(fixture.authenticate(&signed_in).await, ErrorKind::Unauthenticated);
}

#[tokio::test]
async fn what_another_node_issued_is_accepted_at_once() {
    let fixture = cached();
    let before = known(&fixture).await;
    let node = another_node(&fixture);
    fixture.clock.advance(SECOND);
    let renewed = node.refresh(&copy(&before.refresh_token), &fixture.client).await.unwrap();
    assert!(fixture.authenticate(&renewed).await.is_ok());
    assert_eq!(fixture.store.take_calls().last(), Some(&"touch_session"), "its arrival was confirmed");
}

#[tokio::test]
async fn a_session_that_is_kept_expires_with_the_clock() {
    let fixture = with_sessions(SessionPolicy { bearer_ttl: MINUTE * 2, ..SessionPolicy::default() });
    let signed_in = fixture.sign_up(ADA).await;
    fixture.clock.advance(SECOND * 119);
    fixture.authenticate(&signed_in).await.unwrap();
    fixture.authenticate(&signed_in).await.unwrap();
    fixture.clock.advance(SECOND);
    fails(fixture.authenticate(&signed_in).await, ErrorKind::Unauthenticated);
}

#[tokio::test]
async fn its_use_is_noted_as_often_as_without() {
    let notes = async |fixture: Fixture| {
        let signed_in = fixture.sign_up(ADA).await;
        fixture.store.take_calls();
        for _ in 0..600 {
            fixture.clock.advance(SECOND);
            fixture.authenticate(&signed_in).await.unwrap();
        }
        let calls = fixture.store.take_calls();
        (calls.iter().filter(|call| **call == "touch_session").count(), calls.len())
    };
    let (with, queries) = notes(cached()).await;
    let (without, all_queries) = notes(Fixture::new()).await;
    assert_eq!((with, without, all_queries), (10, 10, 610));
    assert!(queries < 150, "{queries} calls for 600 requests");
}

#[tokio::test]
async fn a_change_whose_answer_was_lost_is_seen_at_once() {
    for moment in [Moment::BeforeEffect, Moment::AfterEffect] {
        for kind in [FaultKind::Fail, FaultKind::Hang] {
            let fixture = cached();
            let signed_in = known(&fixture).await;
            fixture.store.fault_at(1, Fault { kind, moment });
            let credential = access(&signed_in);
            let gone = fixture.auth.sign_out(&credential, SignOutScope::Session, &fixture.client).now_or_never();
            assert!(gone.is_none_or(|outcome| outcome.is_err()));
            fixture.store.take_calls();
            let found = fixture.authenticate(&signed_in).await;
            assert_eq!(found.is_ok(), fixture.exists(signed_in.session.id).await, "{kind:?} {moment:?}");
            assert_eq!(fixture.store.take_calls(), ["find_session"]);
        }
    }
}

#[tokio::test]
async fn somebody_elses_token_gets_nothing_from_what_is_kept() {
    let fixture = cached();
    known(&fixture).await;
    fails(fixture.auth.authenticate(&Credential::Access("nonsense")).await, ErrorKind::Unauthenticated);
    let other = fixture.sign_up(GRACE).await;
    assert_eq!(*fixture.authenticate(&other).await.unwrap().user, other.user);
    fails(fixture.auth.authenticate(&refresh(&known_elsewhere().await)).await, ErrorKind::Unauthenticated);
}

async fn known_elsewhere() -> SignedIn {
    Fixture::new().sign_up(ADA).await
}

/// Requests come without a pause while somebody signs out: none that comes after the answer is accepted.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_request_after_a_sign_out_is_accepted() {
    let policy = SessionCachePolicy { ttl: MINUTE, ..SessionCachePolicy::default() };
    let fixture = Fixture::with(|builder| builder.session_cache(policy));
    fixture.sign_up(ADA).await;
    for _ in 0..200 {
        let signed_in = Arc::new(fixture.sign_in(ADA).await);
        let is_over = Arc::new(AtomicBool::new(false));
        let requests: Vec<_> = (0..4)
            .map(|_| {
                let (auth, signed_in, is_over) = (fixture.auth.clone(), Arc::clone(&signed_in), Arc::clone(&is_over));
                tokio::spawn(async move {
                    loop {
                        let was_over = is_over.load(Ordering::Acquire);
                        let found = auth.authenticate(&access(&signed_in)).await;
                        assert!(!(was_over && found.is_ok()), "accepted after the sign-out was answered");
                        if was_over {
                            return;
                        }
                        tokio::task::yield_now().await;
                    }
                })
            })
            .collect();
        tokio::task::yield_now().await;
        fixture.auth.sign_out(&access(&signed_in), SignOutScope::Session, &fixture.client).await.unwrap();
        is_over.store(true, Ordering::Release);
        for request in requests {
            request.await.unwrap();
        }
    }
}

#[test]
fn its_bounds_are_checked_at_start_up() {
    let build = |ttl, capacity| {
        let builder = Auth::builder(MemoryStore::new(), SigningKeys::hs256(SECRET).unwrap());
        let built = builder.session_cache(SessionCachePolicy { ttl, capacity }).build();
        built.map(drop).map_err(|error| error.setting())
    };
    assert_eq!(build(MINUTE, 1_000_000), Ok(()));
    for (ttl, capacity) in [(Duration::ZERO, 1), (MINUTE + INSTANT, 1), (HOUR, 1), (SECOND, 0), (SECOND, 1_000_001)] {
        assert_eq!(build(ttl, capacity), Err("session_cache"), "{ttl:?} {capacity}");
    }
}
