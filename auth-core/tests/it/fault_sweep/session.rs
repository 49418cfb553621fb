//! Checking, listing and ending sessions under faults.

use auth_core::audit::AuditKind;
use auth_core::auth::SignOutScope;
use auth_core::policy::SessionPolicy;
use auth_core::{Credential, Error, ErrorKind, SessionId};
use futures_util::FutureExt;

use super::flow::{
    Answer, Flow, Prepare, Run, Scene, Then, ada, ada_by, connected, expired, rotated, stolen, two_sessions,
};
use crate::fixture::{DAY, HOUR, MINUTE, access, fails, refresh, unknown_session};

const TOUCH: (&str, &str) = ("touch_session", "the request has proved what it had to; the next one notes the use");
const EXPIRED: (&str, &str) = ("delete_session", "the session is refused by its time, and the next request deletes it");

pub(super) fn flows() -> Vec<Flow> {
    [checks(), rechecks(), lists(), sign_outs(), late_sign_outs()].into_iter().flatten().collect()
}

fn checks() -> Vec<Flow> {
    let (finds, touches) = (&["find_session"], &["find_session", "touch_session"]);
    let ends = &["find_session", "delete_session"];
    vec![
        Flow::new("authenticate", || ada().boxed(), BY_ACCESS, finds, "authenticated"),
        Flow::new("authenticate by refresh token", || ada().boxed(), BY_REFRESH, finds, "authenticated"),
        Flow::new("authenticate and touch", || unused().boxed(), BY_ACCESS, touches, "authenticated")
            .ignores(TOUCH.0, TOUCH.1),
        Flow::new("authenticate and confirm", || rotated().boxed(), BY_ACCESS, touches, "authenticated")
            .ignores(TOUCH.0, TOUCH.1),
        Flow::new("authenticate by an expired session", || expired().boxed(), BY_REFRESH, ends, "Unauthenticated")
            .ignores(EXPIRED.0, EXPIRED.1)
            .then(SESSION_IS_OVER),
        Flow::new("authenticate by an idle session", || idle().boxed(), BY_REFRESH, ends, "Unauthenticated")
            .ignores(EXPIRED.0, EXPIRED.1)
            .then(SESSION_IS_OVER),
        Flow::new("authenticate by a stolen token", || stolen().boxed(), BY_FIRST_REFRESH, finds, "Unauthenticated"),
    ]
}

fn rechecks() -> Vec<Flow> {
    let (finds, ends) = (&["find_session"], &["find_session", "delete_session"]);
    vec![
        Flow::new("recheck", || connected().boxed(), RECHECK, finds, "authenticated"),
        Flow::new("recheck after the expiry", || outlived().boxed(), RECHECK, ends, "Unauthenticated")
            .ignores(EXPIRED.0, EXPIRED.1)
            .then(SESSION_IS_OVER),
    ]
}

fn lists() -> Vec<Flow> {
    let revokes = &["find_session", "delete_session"];
    vec![
        Flow::new("me", || ada().boxed(), ME, &["find_session", "find_profile"], "None"),
        Flow::new("sessions", || two_sessions().boxed(), LIST, &["find_session", "list_sessions"], "2 sessions"),
        Flow::new("revoke a session", || two_sessions().boxed(), REVOKE, revokes, "revoked")
            .again("NotFound", &[])
            .then(FIRST_IS_OVER),
        Flow::new("revoke no session", || two_sessions().boxed(), REVOKE_UNKNOWN, revokes, "NotFound"),
        Flow::new("revoke the current session", || two_sessions().boxed(), REVOKE_CURRENT, revokes, "revoked")
            .again("Unauthenticated", &[])
            .then(SESSION_IS_OVER),
    ]
}

fn sign_outs() -> Vec<Flow> {
    let (one, found) = (&["delete_session"], &["find_session", "delete_session"]);
    let (others, all) = (&["find_session", "delete_other_sessions"], &["find_session", "delete_all_sessions"]);
    let start: Prepare = || two_sessions().boxed();
    vec![
        Flow::new("sign-out", start, SIGN_OUT, one, "SignedOut").again("AlreadyOver", &[]).then(SESSION_IS_OVER),
        Flow::new("sign-out by refresh token", start, SIGN_OUT_BY_REFRESH, found, "SignedOut")
            .again("AlreadyOver", &[])
            .then(SESSION_IS_OVER),
        Flow::new("sign-out of the others", start, SIGN_OUT_OTHERS, others, "SignedOut")
            .again("SignedOut", &[AuditKind::SignOut])
            .then(FIRST_IS_OVER),
        Flow::new("sign-out of all", start, SIGN_OUT_ALL, all, "SignedOut")
            .again("AlreadyOver", &[])
            .then(SESSION_IS_OVER),
    ]
}

fn late_sign_outs() -> Vec<Flow> {
    let (deletes, ends) = (&["delete_session"], &["find_session", "delete_session"]);
    vec![
        Flow::new("sign-out by an expired access token", || lapsed().boxed(), SIGN_OUT, ends, "SignedOut")
            .again("AlreadyOver", &[])
            .then(SESSION_IS_OVER),
        Flow::new("sign-out of an expired session", || expired().boxed(), SIGN_OUT_BY_REFRESH, ends, "AlreadyOver")
            .ignores(EXPIRED.0, EXPIRED.1)
            .then(SESSION_IS_OVER),
        Flow::new("sign-out twice", || over().boxed(), SIGN_OUT, deletes, "AlreadyOver").then(SESSION_IS_OVER),
        Flow::new("sign-out by a stolen token", || stolen().boxed(), SIGN_OUT_BY_FIRST, ends, "AlreadyOver")
            .then(SESSION_IS_OVER),
    ]
}

/// The session has not been used for as long as it takes for a use to be written down.
async fn unused() -> Scene {
    let scene = ada().await;
    scene.fixture.clock.advance(MINUTE);
    scene
}

async fn idle() -> Scene {
    let scene = ada_by(SessionPolicy { idle_timeout: Some(20 * MINUTE), ..SessionPolicy::default() }).await;
    scene.fixture.clock.advance(20 * MINUTE);
    scene
}

/// The access token has expired, and its session has not.
async fn lapsed() -> Scene {
    let scene = ada().await;
    scene.fixture.clock.advance(HOUR);
    scene
}

/// A connection is open whose session has expired.
async fn outlived() -> Scene {
    let scene = connected().await;
    scene.fixture.clock.advance(7 * DAY);
    scene
}

async fn over() -> Scene {
    let scene = ada().await;
    sign_out(&scene, &access(&scene.tokens[0]), SignOutScope::Session).await.unwrap();
    scene
}

const BY_ACCESS: Run = |scene| async move { authenticate(scene, access(scene.tokens.last().unwrap())).await }.boxed();
const BY_REFRESH: Run = |scene| async move { authenticate(scene, refresh(scene.tokens.last().unwrap())).await }.boxed();
const BY_FIRST_REFRESH: Run = |scene| async move { authenticate(scene, refresh(&scene.tokens[0])).await }.boxed();

const RECHECK: Run = |scene| {
    async move {
        scene.fixture.auth.recheck(scene.opened.as_ref().unwrap()).await?;
        Ok(Answer::new("authenticated"))
    }
    .boxed()
};

const ME: Run = |scene| {
    async move {
        let current = scene.fixture.authenticate(&scene.tokens[0]).await?;
        let profile = scene.fixture.auth.profile(current.user.id).await?;
        Ok(Answer::new(format!("{profile:?}")))
    }
    .boxed()
};

const LIST: Run = |scene| {
    async move {
        let current = scene.fixture.authenticate(&scene.tokens[0]).await?;
        let sessions = scene.fixture.auth.sessions(&current).await?;
        Ok(Answer::new(format!("{} sessions", sessions.len())))
    }
    .boxed()
};

const REVOKE: Run = |scene| async move { revoke(scene, scene.tokens[0].session.id).await }.boxed();
const REVOKE_CURRENT: Run = |scene| async move { revoke(scene, scene.tokens[1].session.id).await }.boxed();
const REVOKE_UNKNOWN: Run =
    |scene| async move { revoke(scene, unknown_session(scene.tokens[0].user.id)).await }.boxed();

const SIGN_OUT: Run =
    |scene| async move { sign_out(scene, &access(scene.tokens.last().unwrap()), SignOutScope::Session).await }.boxed();
const SIGN_OUT_BY_REFRESH: Run =
    |scene| async move { sign_out(scene, &refresh(scene.tokens.last().unwrap()), SignOutScope::Session).await }.boxed();
const SIGN_OUT_BY_FIRST: Run =
    |scene| async move { sign_out(scene, &refresh(&scene.tokens[0]), SignOutScope::Session).await }.boxed();
const SIGN_OUT_OTHERS: Run =
    |scene| async move { sign_out(scene, &access(&scene.tokens[1]), SignOutScope::Others).await }.boxed();
const SIGN_OUT_ALL: Run =
    |scene| async move { sign_out(scene, &access(&scene.tokens[1]), SignOutScope::All).await }.boxed();

async fn authenticate(scene: &Scene, credential: Credential<'_>) -> Result<Answer, Error> {
    scene.fixture.auth.authenticate(&credential).await?;
    Ok(Answer::new("authenticated"))
}

/// Ends a session from the last one.
async fn revoke(scene: &Scene, id: SessionId) -> Result<Answer, Error> {
    let current = scene.fixture.authenticate(scene.tokens.last().unwrap()).await?;
    scene.fixture.auth.revoke_session(&current, id, &scene.fixture.client).await?;
    Ok(Answer::new("revoked"))
}

async fn sign_out(scene: &Scene, credential: &Credential<'_>, scope: SignOutScope) -> Result<Answer, Error> {
    let outcome = scene.fixture.auth.sign_out(credential, scope, &scene.fixture.client).await?;
    Ok(Answer::new(format!("{outcome:?}")))
}

/// Nothing that the last session was given opens anything.
const SESSION_IS_OVER: Then = |scene, _| async move { is_over(scene, scene.tokens.len() - 1).await }.boxed();

/// The first session is over, and the last goes on.
const FIRST_IS_OVER: Then = |scene, _| {
    async move {
        is_over(scene, 0).await;
        scene.fixture.authenticate(scene.tokens.last().unwrap()).await.unwrap();
    }
    .boxed()
};

async fn is_over(scene: &Scene, number: usize) {
    let signed_in = &scene.tokens[number];
    fails(scene.fixture.authenticate(signed_in).await, ErrorKind::Unauthenticated);
    fails(scene.fixture.authenticate_by_refresh(signed_in).await, ErrorKind::Unauthenticated);
    fails(scene.fixture.refresh(&signed_in.refresh_token).await, ErrorKind::Unauthenticated);
    assert!(!scene.fixture.exists(signed_in.session.id).await);
}
