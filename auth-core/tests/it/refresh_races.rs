use std::time::Duration;

use std::collections::BTreeSet;
use std::sync::Barrier;

use auth_core::audit::AuditKind;
use auth_core::auth::{SignOutScope, SignedIn};
use auth_core::clock::Clock;
use auth_core::policy::SessionPolicy;
use auth_core::token::RefreshToken;
use auth_core::user::UserStatus;
use auth_core::{Credential, Error, ErrorKind, Password, Role};
use futures_util::FutureExt;

use crate::fixture::{ADA, Fixture, HOUR, MINUTE, PASSWORD, SECOND, access, copy, email, fails, refresh, same};

/// Lets many clients present the same token at the same time, each on a thread of its own.
fn race(fixture: &Fixture, token: &RefreshToken, clients: usize) -> Vec<Result<SignedIn, Error>> {
    let barrier = Barrier::new(clients);
    let present = || {
        let token = copy(token);
        barrier.wait();
        fixture.refresh(&token).now_or_never().expect("memory does not wait")
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..clients).map(|_| scope.spawn(present)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

fn tokens(answers: &[Result<SignedIn, Error>]) -> BTreeSet<String> {
    answers.iter().map(|answer| answer.as_ref().unwrap().refresh_token.expose().to_string()).collect()
}

#[tokio::test]
async fn fifty_concurrent_refreshes_are_one_rotation() {
    for _ in 0..20 {
        let fixture = Fixture::new();
        let signed_in = fixture.sign_up(ADA).await;
        let answers = race(&fixture, &signed_in.refresh_token, 50);
        assert_eq!(tokens(&answers).len(), 1);
        fixture.event(AuditKind::Refresh).await;
        for answer in &answers {
            assert!(fixture.authenticate(answer.as_ref().unwrap()).await.is_ok());
        }
    }
}

#[tokio::test]
async fn tabs_that_wake_together_after_a_lost_answer_are_one_recovery() {
    for _ in 0..20 {
        let fixture = Fixture::new();
        let first = fixture.sign_up(ADA).await;
        let second = fixture.refresh(&first.refresh_token).await.unwrap();
        fixture.clock.advance(HOUR);
        let answers = race(&fixture, &first.refresh_token, 50);
        assert_eq!(tokens(&answers), BTreeSet::from([second.refresh_token.expose().to_string()]));
        assert_eq!(fixture.events(AuditKind::Refresh).await.len(), 2);
    }
}

#[tokio::test]
async fn of_concurrent_refreshes_under_the_strict_policy_one_wins_and_the_session_dies() {
    let strict = SessionPolicy { refresh_grace: Duration::ZERO, refresh_recoveries: 0, ..SessionPolicy::default() };
    for _ in 0..20 {
        let fixture = Fixture::with_sessions(strict.clone());
        let signed_in = fixture.sign_up(ADA).await;
        let answers = race(&fixture, &signed_in.refresh_token, 20);
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
        assert!(!fixture.exists(signed_in.session.id).await);
        fixture.event(AuditKind::RefreshReuseDetected).await;
    }
}

#[tokio::test]
async fn a_refresh_that_loses_to_another_gives_the_winners_token() {
    let fixture = Fixture::new();
    let signed_in = fixture.sign_up(ADA).await;
    let (auth, client, token) = (fixture.auth.clone(), fixture.client.clone(), copy(&signed_in.refresh_token));
    fixture.store.before("swap_refresh", async move { drop(auth.refresh(&token, &client).await.unwrap()) });
    let loser = fixture.refresh(&signed_in.refresh_token).await.unwrap();
    same(&loser.refresh_token, &fixture.refresh(&signed_in.refresh_token).await.unwrap().refresh_token);
    fixture.event(AuditKind::Refresh).await;
}

#[tokio::test]
async fn no_refresh_survives_what_ends_its_session_in_the_meantime() {
    for (case, scope) in [SignOutScope::Session, SignOutScope::All].into_iter().enumerate() {
        for call in ["find_session", "swap_refresh"] {
            let fixture = Fixture::new();
            let signed_in = fixture.sign_up(ADA).await;
            let (auth, client, own) = (fixture.auth.clone(), fixture.client.clone(), refresh(&signed_in));
            fixture.store.before(call, async move {
                auth.sign_out(&own, scope, &client).await.unwrap();
            });
            fails(fixture.refresh(&signed_in.refresh_token).await, ErrorKind::Unauthenticated);
            assert!(!fixture.exists(signed_in.session.id).await, "{case}: {call}");
            assert_eq!(fixture.events(AuditKind::Refresh).await, []);
        }
    }
}

#[tokio::test]
async fn no_refresh_survives_what_happens_to_its_user_in_the_meantime() {
    let fixture = Fixture::new();
    let signed_in = fixture.sign_up(ADA).await;
    let (memory, user) = (fixture.store.inner().clone(), signed_in.user.id);
    fixture.store.before("swap_refresh", async move { memory.set_status(user, UserStatus::Disabled) });
    fails(fixture.refresh(&signed_in.refresh_token).await, ErrorKind::Unauthenticated);
    fixture.store.inner().set_status(user, UserStatus::Active);

    let auth = fixture.auth.clone();
    fixture.store.before("swap_refresh", async move {
        auth.ensure_role(&email(ADA), &Password::new(PASSWORD), Role::ADMIN).await.unwrap();
    });
    fails(fixture.refresh(&signed_in.refresh_token).await, ErrorKind::Unauthenticated);
    assert_eq!(fixture.events(AuditKind::Refresh).await, []);
}

#[tokio::test]
async fn a_request_in_flight_brings_no_ended_session_back() {
    let fixture = Fixture::new();
    let signed_in = fixture.sign_up(ADA).await;
    fixture.clock.advance(MINUTE);
    let (auth, client, own) = (fixture.auth.clone(), fixture.client.clone(), refresh(&signed_in));
    fixture.store.before("touch_session", async move {
        auth.sign_out(&own, SignOutScope::Session, &client).await.unwrap();
    });
    fixture.authenticate(&signed_in).await.unwrap();
    assert!(!fixture.exists(signed_in.session.id).await);
    fails(fixture.authenticate(&signed_in).await, ErrorKind::Unauthenticated);
}

#[tokio::test]
async fn a_confirmation_on_the_way_does_not_disturb_a_rotation() {
    let fixture = Fixture::new();
    let first = fixture.sign_up(ADA).await;
    let second = fixture.refresh(&first.refresh_token).await.unwrap();
    fixture.clock.advance(MINUTE);
    let (auth, own) = (fixture.auth.clone(), second.access_token.expose().to_owned());
    fixture.store.before("swap_refresh", async move {
        auth.authenticate(&Credential::Access(&own)).await.unwrap();
    });
    let third = fixture.refresh(&second.refresh_token).await.unwrap();
    assert!(fixture.authenticate(&third).await.is_ok());
    assert_eq!(fixture.events(AuditKind::Refresh).await.len(), 2);
}

/// A sequence of numbers that looks random and is the same in each run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }
}

/// Presents any token of a chain at any time, uses any of them, and checks that there is one leaf, or none for ever.
async fn walk(seed: u64) {
    let fixture = Fixture::new();
    let mut dice = Dice(seed);
    let mut chain = vec![fixture.sign_up(ADA).await];
    for _ in 0..60 {
        fixture.clock.advance([SECOND, 10 * SECOND, 31 * SECOND, HOUR][dice.below(4)]);
        // Mostly one of the newest three, which is where the rules differ.
        let back = [0, 0, 1, 1, 2, dice.below(chain.len())][dice.below(6)];
        let presented = &chain[chain.len() - 1 - back.min(chain.len() - 1)];
        if dice.below(3) == 0 {
            let live = fixture.auth.verify_access_token(presented.access_token.expose()).is_ok();
            assert_eq!(fixture.auth.authenticate(&access(presented)).await.is_ok(), live);
            continue;
        }
        let leaf = chain.last().unwrap().refresh_token.expose();
        match fixture.refresh(&presented.refresh_token).await {
            Ok(answer) => {
                let is_leaf = *answer.refresh_token.expose() == *leaf;
                let is_new = chain.iter().all(|known| *known.refresh_token.expose() != *answer.refresh_token.expose());
                let from_leaf = *presented.refresh_token.expose() == *leaf;
                assert!(is_leaf || (is_new && from_leaf), "seed {seed}: a second leaf at {}", fixture.clock.now());
                if is_new {
                    chain.push(answer);
                }
            }
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Unauthenticated);
                assert_ne!(*presented.refresh_token.expose(), *leaf, "seed {seed}: the leaf was refused");
                fixture.event(AuditKind::RefreshReuseDetected).await;
                for dead in &chain {
                    fails(fixture.refresh(&dead.refresh_token).await, ErrorKind::Unauthenticated);
                    fails(fixture.authenticate_by_refresh(dead).await, ErrorKind::Unauthenticated);
                }
                return;
            }
        }
    }
}

#[tokio::test]
async fn there_is_one_live_leaf_and_after_theft_none() {
    for seed in 0..200 {
        walk(seed).await;
    }
}
