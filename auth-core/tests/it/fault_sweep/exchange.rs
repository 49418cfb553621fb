//! Refreshing under faults: a storage error is never evidence of theft.

use auth_core::auth::{SignOutScope, SignedIn};
use auth_core::{Client, ErrorKind};
use futures_util::FutureExt;

use super::flow::{Answer, Flow, Run, Scene, Then, ada, expired, rotated, stolen};
use crate::fixture::{HOUR, access, fails, same};

pub(super) fn flows() -> Vec<Flow> {
    let (finds, swaps) = (&["find_session"], &["find_session", "swap_refresh"]);
    let (touches, ends) = (&["find_session", "touch_session"], &["find_session", "delete_session"]);
    vec![
        Flow::new("refresh", || ada().boxed(), FIRST, swaps, "signed in").then(ONE_LEAF),
        Flow::new("refresh again in the grace window", || rotated().boxed(), FIRST, finds, "signed in").then(ONE_LEAF),
        Flow::new("refresh by a new token", || rotated().boxed(), LAST, touches, "signed in").then(ONE_LEAF),
        Flow::new("refresh again from elsewhere", || rotated().boxed(), FIRST_ELSEWHERE, swaps, "signed in")
            .then(ONE_LEAF),
        Flow::new("refresh by a new token from elsewhere", || rotated().boxed(), LAST_ELSEWHERE, swaps, "signed in")
            .then(ONE_LEAF),
        Flow::new("refresh whose answer was lost", || lost().boxed(), FIRST, swaps, "signed in").then(ONE_LEAF),
        Flow::new("refresh by a stolen token", || stolen().boxed(), FIRST, ends, "Unauthenticated").then(NO_LEAF),
        Flow::new("refresh of an expired session", || expired().boxed(), FIRST, ends, "Unauthenticated")
            .ignores("delete_session", "the session is refused by its time, and the next request deletes it")
            .then(NO_LEAF),
        Flow::new("refresh of a session that is over", || over().boxed(), FIRST, finds, "Unauthenticated")
            .then(NO_LEAF),
    ]
}

/// The second token never arrived, and an hour has passed.
async fn lost() -> Scene {
    let scene = rotated().await;
    scene.fixture.clock.advance(HOUR);
    scene
}

async fn over() -> Scene {
    let scene = ada().await;
    let credential = access(&scene.tokens[0]);
    scene.fixture.auth.sign_out(&credential, SignOutScope::Session, &scene.fixture.client).await.unwrap();
    scene
}

pub(super) const FIRST: Run = |scene| async move { exchange(scene, &scene.tokens[0]).await }.boxed();
const LAST: Run = |scene| async move { exchange(scene, scene.tokens.last().unwrap()).await }.boxed();

const FIRST_ELSEWHERE: Run = |scene| async move { exchange_elsewhere(scene, &scene.tokens[0]).await }.boxed();
const LAST_ELSEWHERE: Run =
    |scene| async move { exchange_elsewhere(scene, scene.tokens.last().unwrap()).await }.boxed();

async fn exchange(scene: &Scene, signed_in: &SignedIn) -> Result<Answer, auth_core::Error> {
    scene.fixture.refresh(&signed_in.refresh_token).await.map(Answer::from)
}

async fn exchange_elsewhere(scene: &Scene, signed_in: &SignedIn) -> Result<Answer, auth_core::Error> {
    let client = Client { ip: Some([198, 51, 100, 9].into()), user_agent: None };
    scene.fixture.auth.refresh(&signed_in.refresh_token, &client).await.map(Answer::from)
}

/// Whoever presents the first token or its successor is given one and the same, and it is good.
pub(super) const ONE_LEAF: Then = |scene, signed_in| {
    async move {
        let leaf = signed_in.unwrap();
        for token in [&scene.tokens[0].refresh_token, &leaf.refresh_token] {
            same(&scene.fixture.refresh(token).await.unwrap().refresh_token, &leaf.refresh_token);
        }
        scene.fixture.authenticate(leaf).await.unwrap();
        scene.fixture.authenticate_by_refresh(leaf).await.unwrap();
        assert_eq!(leaf.session.id, scene.tokens[0].session.id);
    }
    .boxed()
};

const NO_LEAF: Then = |scene, _| {
    async move {
        for signed_in in &scene.tokens {
            fails(scene.fixture.refresh(&signed_in.refresh_token).await, ErrorKind::Unauthenticated);
            fails(scene.fixture.authenticate_by_refresh(signed_in).await, ErrorKind::Unauthenticated);
        }
        assert!(!scene.fixture.exists(scene.tokens[0].session.id).await);
    }
    .boxed()
};
