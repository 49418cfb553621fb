//! Sign-up and sign-in under faults.

use auth_core::audit::AuditKind;
use auth_core::policy::SessionPolicy;
use auth_core::store::SessionStore;
use bcrypt::Version;
use futures_util::FutureExt;

use super::flow::{Answer, Flow, Run, Scene, Then, ada, nobody, two_sessions_by};
use crate::fixture::{ADA, PASSWORD, sign_up};
use crate::password_upgrade::bcrypt;

pub(super) fn flows() -> Vec<Flow> {
    [sign_ups(), sign_ins(), refused()].into_iter().flatten().collect()
}

fn sign_ups() -> Vec<Flow> {
    let taken = &["create_user", "record_event"];
    vec![
        Flow::new("sign-up", || nobody().boxed(), SIGN_UP, &["create_user"], "signed in")
            .again("EmailTaken", &[AuditKind::SignUpFailed])
            .then(ADA_SIGNS_IN),
        Flow::new("sign-up with a taken address", || ada().boxed(), SIGN_UP, taken, "EmailTaken")
            .again("EmailTaken", &[AuditKind::SignUpFailed])
            .then(ADA_SIGNS_IN),
    ]
}

/// A session whose answer was lost stays until it expires: nobody has its tokens.
fn sign_ins() -> Vec<Flow> {
    let opens = &["find_credentials", "open_session"];
    let upgrades = &["find_credentials", "replace_password", "open_session"];
    vec![
        Flow::new("sign-in", || ada().boxed(), SIGN_IN, opens, "signed in")
            .again("signed in", &[AuditKind::SignInSuccess])
            .then(SESSION_WORKS),
        Flow::new("sign-in that makes room", || full().boxed(), SIGN_IN, opens, "signed in")
            .again("signed in", &[AuditKind::SessionRevoked, AuditKind::SignInSuccess])
            .then(TWO_SESSIONS),
        Flow::new("sign-in with an imported password", || imported().boxed(), SIGN_IN, upgrades, "signed in")
            .ignores("replace_password", "the password was right, and the next sign-in replaces its hash")
            .in_steps("the better hash is worth keeping, whatever becomes of the session")
            .again("signed in", &[AuditKind::SignInSuccess])
            .then(SESSION_WORKS),
    ]
}

fn refused() -> Vec<Flow> {
    const FAILED: &[AuditKind] = &[AuditKind::SignInFailed];
    let calls = &["find_credentials", "record_event"];
    vec![
        Flow::new("sign-in with a wrong password", || ada().boxed(), WRONG_PASSWORD, calls, "InvalidCredentials")
            .again("InvalidCredentials", FAILED),
        Flow::new("sign-in of nobody", || nobody().boxed(), SIGN_IN, calls, "InvalidCredentials")
            .again("InvalidCredentials", FAILED),
        Flow::new("sign-in of a disabled user", || disabled().boxed(), SIGN_IN, calls, "AccountDisabled")
            .again("AccountDisabled", FAILED),
    ]
}

/// The user has as many sessions as are allowed.
async fn full() -> Scene {
    two_sessions_by(SessionPolicy { max_per_user: 2, ..SessionPolicy::default() }).await
}

async fn imported() -> Scene {
    let scene = ada().await;
    scene.fixture.store.inner().import_password(scene.tokens[0].user.id, bcrypt(PASSWORD, Version::TwoB));
    scene
}

async fn disabled() -> Scene {
    let scene = ada().await;
    scene.fixture.disable(&scene.tokens[0].user);
    scene
}

const SIGN_UP: Run =
    |scene| async move { scene.fixture.try_sign_up(sign_up(ADA, PASSWORD)).await.map(Answer::from) }.boxed();

pub(super) const SIGN_IN: Run =
    |scene| async move { scene.fixture.try_sign_in(ADA, PASSWORD).await.map(Answer::from) }.boxed();

const WRONG_PASSWORD: Run =
    |scene| async move { scene.fixture.try_sign_in(ADA, "a long walk in the sun").await.map(Answer::from) }.boxed();

const ADA_SIGNS_IN: Then = |scene, _| async move { drop(scene.fixture.sign_in(ADA).await) }.boxed();

const SESSION_WORKS: Then =
    |scene, signed_in| async move { drop(scene.fixture.authenticate(signed_in.unwrap()).await.unwrap()) }.boxed();

const TWO_SESSIONS: Then = |scene, signed_in| {
    async move {
        let user = scene.tokens[0].user.id;
        assert_eq!(scene.fixture.store.inner().list_sessions(user).await.unwrap().len(), 2);
        scene.fixture.authenticate(signed_in.unwrap()).await.unwrap();
    }
    .boxed()
};
