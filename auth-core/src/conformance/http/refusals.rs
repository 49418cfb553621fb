//! What the audit log has of requests that were refused.

use std::time::Duration;

use serde_json::json;

use super::{Adapter, Call, EMAIL, HOME, World, credentials, delete, get, post};
use crate::audit::{AuditDetail, AuditEvent, AuditKind};
use crate::conformance::faulty::Moment;
use crate::store::{AuditQuery, AuditStore};

const AGENT: &str = "a browser";
const MINUTE: Duration = Duration::from_mins(1);

/// With the address and the user agent, and one event for all of a minute.
pub async fn sign_ins_over_the_limit_leave_an_event_a_minute_with_their_number(adapter: &dyn Adapter) {
    let world = World::new(adapter).await;
    for _ in 0..5 {
        world.send(guess()).await.problem(401, "invalid_credentials");
    }
    assert!(events(&world, AuditKind::RateLimited).await.is_empty());
    for _ in 0..40 {
        world.send(guess()).await.problem(429, "rate_limited");
    }
    let first = one(&world, AuditKind::RateLimited).await;
    assert_eq!((first.detail, first.count, first.user_id), (Some(AuditDetail::SignIn), 1, None));
    assert_eq!((first.client.ip, first.client.user_agent.as_deref()), (Some(HOME), Some(AGENT)));

    world.pass(MINUTE);
    for _ in 0..6 {
        world.send(guess()).await;
    }
    let [second, _first] = &events(&world, AuditKind::RateLimited).await[..] else { panic!("two events") };
    assert_eq!((second.detail, second.count), (Some(AuditDetail::SignIn), 40), "39 of the first minute, and this one");
}

/// Each address for itself, and each kind of request.
pub async fn refusals_are_counted_by_address_and_by_what_was_asked(adapter: &dyn Adapter) {
    let world = World::new(adapter).await;
    let foreign = |call: Call| call.header("origin", "https://evil.test");
    let sign_up = || post("/auth/signup").json(&credentials(EMAIL));
    let elsewhere = world.newcomer();
    for call in [guess(), guess().from(elsewhere), sign_up(), post("/auth/signout")] {
        for _ in 0..3 {
            world.send(foreign(call.clone())).await.problem(403, "cross_origin");
        }
    }
    let seen = events(&world, AuditKind::CrossOrigin).await;
    let seen: Vec<_> = seen.iter().map(|event| (event.client.ip, event.detail, event.count)).collect();
    let expected = [
        (Some(HOME), Some(AuditDetail::SignIn), 1),
        (Some(elsewhere), Some(AuditDetail::SignIn), 1),
        (Some(HOME), Some(AuditDetail::SignUp), 1),
        (Some(HOME), None, 1),
    ];
    assert!(seen.len() == expected.len() && expected.iter().all(|event| seen.contains(event)), "{seen:?}");
}

/// Whether an extractor, a guard or a limit of the application's own routes asked first.
pub async fn a_page_of_another_origin_leaves_an_event_on_every_route(adapter: &dyn Adapter) {
    let world = World::new(adapter).await;
    let mut browser = world.browser(EMAIL).await;
    let socket = |path: &str| get(path).header("upgrade", "websocket");
    for (seen, call) in (1..).zip([post("/note"), socket("/members/news"), socket("/mine")]) {
        let elsewhere = world.newcomer();
        browser.send(call.header("origin", "https://evil.test").from(elsewhere)).await.problem(403, "cross_origin");
        let events = events(&world, AuditKind::CrossOrigin).await;
        assert!(events.iter().any(|event| event.client.ip == Some(elsewhere)), "{events:?}");
        assert_eq!(events.len(), seen);
    }
}

/// With the user, who is known.
pub async fn a_user_without_the_role_leaves_an_event(adapter: &dyn Adapter) {
    let world = World::new(adapter).await;
    let member = world.tokens(EMAIL).await;
    for _ in 0..3 {
        world.send(get("/admin/users").bearer(&member.access)).await.problem(403, "forbidden");
    }
    let event = one(&world, AuditKind::Forbidden).await;
    let user = world.send(get("/private").bearer(&member.access)).await.is(200);
    assert_eq!(event.user_id.map(|id| id.to_string()), Some(user.text().to_owned()));
    assert_eq!((event.detail, event.count, event.client.ip), (None, 1, Some(HOME)));
}

/// The user who tried, who is known.
pub async fn revoking_a_foreign_session_leaves_an_event(adapter: &dyn Adapter) {
    let world = World::new(adapter).await;
    let (ada, eve) = (world.tokens(EMAIL).await, world.tokens("eve@example.com").await);
    let sessions = world.send(get("/api/auth/sessions").bearer(&ada.access)).await.is(200).json();
    let path = format!("/api/auth/sessions/{}", sessions["sessions"][0]["id"].as_str().unwrap());
    for _ in 0..3 {
        world.send(delete(&path).bearer(&eve.access)).await.problem(404, "not_found");
    }
    let event = one(&world, AuditKind::Forbidden).await;
    let eve = world.send(get("/private").bearer(&eve.access)).await.is(200);
    assert_eq!(event.user_id.map(|id| id.to_string()), Some(eve.text().to_owned()));
    assert_eq!((event.detail, event.client.ip), (Some(AuditDetail::UnknownSession), Some(HOME)));
}

/// Made up or of a session that is over, and once a minute.
pub async fn a_refresh_token_that_no_session_has_leaves_an_event(adapter: &dyn Adapter) {
    let world = World::new(adapter).await;
    let tokens = world.tokens(EMAIL).await;
    world.send(post("/api/auth/signout").bearer(&tokens.access)).await.is(204);
    for (token, detail) in
        [(tokens.refresh, AuditDetail::UnknownSession), ("no token".to_owned(), AuditDetail::UnknownToken)]
    {
        for _ in 0..3 {
            let refresh = post("/api/auth/refresh").json(&json!({ "refresh_token": token }));
            world.send(refresh).await.problem(401, "unauthenticated");
        }
        let mut events = events(&world, AuditKind::RefreshFailed).await;
        events.retain(|event| event.detail == Some(detail));
        let [event] = &events[..] else { panic!("{detail}: {events:?}") };
        assert_eq!((event.count, event.client.ip), (1, Some(HOME)));
    }
    assert_eq!(events(&world, AuditKind::RefreshFailed).await.len(), 2);
    // Whoever shows nothing has failed at nothing: pages ask at every start.
    world.send(post("/auth/refresh")).await.problem(401, "unauthenticated");
    assert_eq!(events(&world, AuditKind::RefreshFailed).await.len(), 2);
}

/// It is the same answer, and the event is told of later.
pub async fn a_refusal_that_cannot_be_recorded_is_no_failure(adapter: &dyn Adapter) {
    let world = World::new(adapter).await;
    let foreign = || guess().header("origin", "https://evil.test");
    world.store.fail_method("record_event", Moment::BeforeEffect);
    for _ in 0..3 {
        world.send(foreign()).await.problem(403, "cross_origin");
    }
    world.store.heal();
    assert!(events(&world, AuditKind::CrossOrigin).await.is_empty());
    world.pass(MINUTE);
    world.send(foreign()).await.problem(403, "cross_origin");
    assert_eq!(one(&world, AuditKind::CrossOrigin).await.count, 4);
}

/// By the next refusal of anybody, or by the pruning.
pub async fn the_end_of_a_burst_is_told_of(adapter: &dyn Adapter) {
    let world = World::new(adapter).await;
    let foreign = || guess().header("origin", "https://evil.test");
    for _ in 0..3 {
        world.send(foreign()).await.problem(403, "cross_origin");
    }
    world.pass(MINUTE);
    world.send(foreign().from(world.newcomer())).await.problem(403, "cross_origin");
    let mut counts: Vec<_> = events(&world, AuditKind::CrossOrigin).await.iter().map(|event| event.count).collect();
    counts.sort_unstable();
    assert_eq!(counts, [1, 1, 2], "two at once, and the two that had waited");

    world.send(foreign()).await.problem(403, "cross_origin");
    world.pass(MINUTE);
    world.auth.prune().await.unwrap();
    assert_eq!(events(&world, AuditKind::CrossOrigin).await.len(), 4);
}

fn guess() -> Call {
    post("/auth/signin").json(&json!({ "email": EMAIL, "password": "wrong" })).header("user-agent", AGENT)
}

/// The events of a kind, the newest first.
async fn events(world: &World, kind: AuditKind) -> Vec<AuditEvent> {
    let query = AuditQuery { user_id: None, before: None, limit: u32::MAX };
    let mut events = world.store.inner().list_events(query).await.unwrap();
    events.retain(|event| event.kind == kind);
    events
}

/// The one event of a kind.
async fn one(world: &World, kind: AuditKind) -> AuditEvent {
    let mut events = events(world, kind).await;
    assert_eq!(events.len(), 1, "{events:?}");
    events.remove(0)
}
