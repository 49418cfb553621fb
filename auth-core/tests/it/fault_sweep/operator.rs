//! What an operator does, under faults.

use auth_core::audit::AuditKind;
use auth_core::store::{NewOneTimeToken, SwapThrottle, ThrottleStore, TokenStore};
use auth_core::throttle::Throttle;
use auth_core::token::{OneTimeTokenRecord, TokenPurpose};
use auth_core::{Error, Password, Role, TokenHash};
use futures_util::FutureExt;

use super::flow::{Answer, Flow, Run, Scene, Then, ada, nobody};
use super::state::THROTTLE;
use crate::fixture::{ADA, DAY, PASSWORD, email};

pub(super) fn flows() -> Vec<Flow> {
    let find = &["find_credentials"];
    let (create, grant) = (&["find_credentials", "create_user"], &["find_credentials", "set_roles"]);
    vec![
        Flow::new("ensure a role of nobody", || nobody().boxed(), ENSURE, create, "Created")
            .again("Unchanged", &[])
            .then(ADA_IS_ADMIN),
        Flow::new("ensure a role of a user", || ada().boxed(), ENSURE, grant, "Granted")
            .again("Unchanged", &[])
            .then(ADA_IS_ADMIN),
        Flow::new("ensure a role that is there", || admin().boxed(), ENSURE, find, "Unchanged").then(ADA_IS_ADMIN),
        Flow::new("ensure a role of a squatter", || ada().boxed(), ENSURE_WRONG, find, "WrongPassword"),
        Flow::new("prune", || old().boxed(), PRUNE, &["prune"; 4], "pruned")
            .in_steps("a dead row that is gone need not wait for the next one"),
    ]
}

async fn admin() -> Scene {
    let scene = ada().await;
    scene.fixture.grant(ADA, Role::ADMIN).await;
    scene
}

/// There is a dead row of each kind, and one of most kinds that is not.
async fn old() -> Scene {
    let scene = ada().await;
    let (store, user, now) = (scene.fixture.store.inner(), &scene.tokens[0].user, scene.fixture.now());
    let throttle = Throttle { failures: 1, blocked_until: now, expires_at: now };
    let swap = SwapThrottle { key: THROTTLE, expected: None, next: Some(throttle) };
    store.swap_throttle(swap).await.unwrap();
    let event = scene.fixture.event(AuditKind::SignUpSuccess).await;
    for (purpose, days) in [(TokenPurpose::EmailVerification, 1), (TokenPurpose::PasswordReset, 400)] {
        let token = OneTimeTokenRecord {
            hash: TokenHash::from_bytes([7; 32]),
            purpose,
            user_id: user.id,
            auth_epoch: user.auth_epoch,
            payload: None,
            created_at: now,
            expires_at: now + days * DAY,
        };
        store.create_token(NewOneTimeToken { token, event: event.clone() }).await.unwrap();
    }
    scene.fixture.clock.advance(366 * DAY);
    scene.fixture.sign_in(ADA).await;
    scene
}

pub(super) const ENSURE: Run = |scene| async move { ensure(scene, PASSWORD).await }.boxed();
const ENSURE_WRONG: Run = |scene| async move { ensure(scene, "what the operator set").await }.boxed();

async fn ensure(scene: &Scene, password: &str) -> Result<Answer, Error> {
    let outcome = scene.fixture.auth.ensure_role(&email(ADA), &Password::new(password), Role::ADMIN).await?;
    Ok(Answer::new(format!("{outcome:?}")))
}

const PRUNE: Run = |scene| {
    async move {
        scene.fixture.auth.prune().await?;
        Ok(Answer::new("pruned"))
    }
    .boxed()
};

pub(super) const ADA_IS_ADMIN: Then =
    |scene, _| async move { assert_eq!(scene.fixture.sign_in(ADA).await.user.roles, [Role::ADMIN]) }.boxed();
