//! Flows that another node overtakes, under faults. What the store holds on the way depends on the moment at which
//! the other one comes, so these are held against what comes of them in the end.

use auth_core::auth::SignedIn;
use auth_core::policy::HashPolicy;
use auth_core::user::UserStatus;
use auth_core::{Auth, Password, Role, SigningKeys};
use futures_util::FutureExt;

use super::exchange::{FIRST, ONE_LEAF};
use super::flow::{Flow, Scene, Then, ada, nobody};
use super::{account, operator};
use crate::fixture::{ADA, PASSWORD, SECRET, copy, email};

pub(super) fn flows() -> Vec<Flow> {
    let swaps = &["find_session", "swap_refresh", "find_session"];
    let opens = &["find_credentials", "open_session", "record_event"];
    let creates = &["find_credentials", "create_user", "find_credentials"];
    let sets = &["find_credentials", "set_roles", "find_credentials", "set_roles"];
    vec![
        Flow::new("refresh after another", || rotated_meanwhile().boxed(), FIRST, swaps, "signed in").then(ONE_LEAF),
        Flow::new("sign-in during a ban", || disabled().boxed(), account::SIGN_IN, opens, "InvalidCredentials")
            .again("AccountDisabled", &[]),
        Flow::new("first start beside another", || created().boxed(), operator::ENSURE, creates, "Unchanged")
            .then(operator::ADA_IS_ADMIN),
        Flow::new("two roles at once", || granted().boxed(), operator::ENSURE, sets, "Granted")
            .again("Unchanged", &[])
            .then(ADA_HAS_BOTH_ROLES),
    ]
}

async fn rotated_meanwhile() -> Scene {
    let scene = ada().await;
    let SignedIn { refresh_token, .. } = &scene.tokens[0];
    let (other, token, client) = (other_node(&scene), copy(refresh_token), scene.fixture.client.clone());
    scene.fixture.store.before("swap_refresh", async move { drop(other.refresh(&token, &client).await.unwrap()) });
    scene
}

async fn disabled() -> Scene {
    let scene = ada().await;
    let (memory, user) = (scene.fixture.store.inner().clone(), scene.tokens[0].user.id);
    scene.fixture.store.before("open_session", async move { memory.set_status(user, UserStatus::Disabled) });
    scene
}

async fn created() -> Scene {
    let scene = nobody().await;
    grant_before(&scene, "create_user", Role::ADMIN);
    scene
}

async fn granted() -> Scene {
    let scene = ada().await;
    grant_before(&scene, "set_roles", Role::new("editor").unwrap());
    scene
}

fn grant_before(scene: &Scene, call: &'static str, role: Role) {
    let other = other_node(scene);
    scene.fixture.store.before(call, async move {
        other.ensure_role(&email(ADA), &Password::new(PASSWORD), role).await.unwrap();
    });
}

/// Another node of the application, whose own way to the database works.
fn other_node(scene: &Scene) -> Auth {
    Auth::builder(scene.fixture.store.inner().clone(), SigningKeys::hs256(SECRET).unwrap())
        .clock(std::sync::Arc::<auth_core::clock::ManualClock>::clone(&scene.fixture.clock))
        .hash_policy(HashPolicy::insecure_for_tests())
        .build()
        .unwrap()
}

const ADA_HAS_BOTH_ROLES: Then = |scene, _| {
    async move {
        let editor = Role::new("editor").unwrap();
        assert_eq!(scene.fixture.sign_in(ADA).await.user.roles, [editor, Role::ADMIN]);
    }
    .boxed()
};
