//! Groups of routes for the signed-in, and for those with a role.

use serde_json::json;
use uuid::Uuid;

use super::{Adapter, EMAIL, PASSWORD, Tokens, World, credentials, get, post};
use crate::audit::{AuditEvent, AuditKind};
use crate::auth::EnsureRoleOutcome;
use crate::clock::Clock;
use crate::email::Email;
use crate::id::{AuditEventId, UserId};
use crate::password::Password;
use crate::role::Role;
use crate::session::Client;
use crate::store::{SetRoles, SetRolesOutcome, UserStore};
use crate::user::UserStatus;

/// From sign-up until sign-out.
pub async fn a_guarded_group_is_for_the_signed_in(adapter: &dyn Adapter) {
    let world = World::new(adapter).await;
    world.send(get("/members/news")).await.problem(401, "unauthenticated");
    let mut browser = world.browser(EMAIL).await;
    assert_eq!(browser.get("/members/news").await.is(200).text(), "news");
    browser.post("/auth/signout").await.is(204);
    browser.get("/members/news").await.problem(401, "unauthenticated");
}

/// 401 for nobody, 403 for somebody else.
pub async fn a_role_is_asked_for_after_the_session(adapter: &dyn Adapter) {
    let world = World::new(adapter).await;
    let tokens = admin(&world).await;
    let member = world.tokens("eve@example.com").await;
    world.send(get("/admin/users")).await.problem(401, "unauthenticated");
    world.send(get("/admin/users").bearer("x.y.z")).await.problem(401, "unauthenticated");
    world.send(get("/admin/users").bearer(&member.access)).await.problem(403, "forbidden");
    assert_eq!(world.send(get("/admin/users").bearer(&tokens.access)).await.is(200).text(), "all");
    let me = world.send(get("/auth/me").bearer(&tokens.access)).await.is(200).json();
    assert_eq!(me["roles"], json!(["admin"]));
}

/// It is a 404 for everybody.
pub async fn a_path_that_does_not_exist_is_no_matter_of_a_guard(adapter: &dyn Adapter) {
    let world = World::new(adapter).await;
    world.send(get("/members/nothing")).await.is(404);
    world.send(get("/admin/nothing")).await.is(404);
}

/// And so are the sessions that were opened with it.
pub async fn a_role_that_is_taken_away_is_gone_at_once(adapter: &dyn Adapter) {
    let world = World::new(adapter).await;
    let tokens = admin(&world).await;
    let (user_id, at) = (id_of(&world, &tokens).await, world.clock.now());
    let event = AuditEvent {
        id: AuditEventId::from_uuid(Uuid::from_u128(7)),
        at,
        kind: AuditKind::RoleChanged,
        user_id: Some(user_id),
        session_id: None,
        client: Client::default(),
        detail: None,
        count: 1,
    };
    let set = SetRoles { user_id, expected_epoch: 0, roles: vec![], at, event };
    assert_eq!(world.store.set_roles(set).await.unwrap(), SetRolesOutcome::Set);
    world.send(get("/admin/users").bearer(&tokens.access)).await.problem(401, "unauthenticated");
    let tokens = world.more_tokens(EMAIL).await;
    world.send(get("/admin/users").bearer(&tokens.access)).await.problem(403, "forbidden");
}

/// Wherever the database is asked.
pub async fn a_disabled_user_is_out_at_once(adapter: &dyn Adapter) {
    let world = World::new(adapter).await;
    let tokens = admin(&world).await;
    let mut browser = world.another_browser(EMAIL).await;
    world.store.inner().set_status(id_of(&world, &tokens).await, UserStatus::Disabled);
    for path in ["/admin/users", "/members/news", "/private", "/auth/me"] {
        world.send(get(path).bearer(&tokens.access)).await.problem(401, "unauthenticated");
        browser.get(path).await.problem(401, "unauthenticated");
    }
    browser.post("/auth/refresh").await.problem(401, "unauthenticated");
    assert_eq!(browser.get("/maybe").await.is(200).text(), "nobody");
    world.send(post("/auth/signin").json(&credentials(EMAIL))).await.problem(403, "account_disabled");
}

async fn admin(world: &World) -> Tokens {
    let outcome = world.auth.ensure_role(&Email::parse(EMAIL).unwrap(), &Password::new(PASSWORD), Role::ADMIN).await;
    assert_eq!(outcome.unwrap(), EnsureRoleOutcome::Created);
    world.more_tokens(EMAIL).await
}

async fn id_of(world: &World, tokens: &Tokens) -> UserId {
    let id = world.send(get("/private").bearer(&tokens.access)).await.text().parse::<Uuid>();
    UserId::from_uuid(id.unwrap())
}
