//! A database that does not answer: nothing is granted, nothing is taken away, and nobody is taken for a stranger.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;

use super::{Adapter, Answer, Call, EMAIL, World, credentials, delete, get, post};
use crate::conformance::faulty::CAUSE;
use crate::policy::HashPolicy;

const ANY_ID: &str = "0198c5d8-3f6a-7b2c-8d4e-5f6a7b8c9d0e";

/// With 503, and afterwards everything is as it was.
pub async fn every_endpoint_and_extractor_says_so(adapter: &dyn Adapter) {
    let world = World::new(adapter).await;
    let mut browser = world.browser(EMAIL).await;
    let tokens = world.more_tokens(EMAIL).await;
    world.store.fail_all();
    for call in calls_with_a_session() {
        is_an_outage(browser.send(call.clone()).await);
        is_an_outage(world.send(call.bearer(&tokens.access)).await);
    }
    is_an_outage(browser.post("/auth/refresh").await);
    is_an_outage(world.send(post("/api/auth/refresh").json(&json!({ "refresh_token": tokens.refresh }))).await);
    for path in ["/auth/signin", "/api/auth/signin", "/auth/signup", "/api/auth/signup"] {
        is_an_outage(world.send(post(path).json(&credentials("new@example.com"))).await);
        is_an_outage(world.send(post(path).json(&credentials(EMAIL))).await);
    }

    world.store.heal();
    browser.get("/private").await.is(200);
    browser.post("/auth/refresh").await.is(200);
    world.send(get("/private").bearer(&tokens.access)).await.is(200);
    world.send(post("/auth/signup").json(&credentials("new@example.com"))).await.is(201);
}

/// The refresh cookie needs the database even for claims.
pub async fn a_lapsed_access_cookie_changes_nothing_about_that(adapter: &dyn Adapter) {
    let world = World::new(adapter).await;
    let mut browser = world.browser(EMAIL).await;
    world.pass(Duration::from_hours(1));
    world.store.fail_all();
    for call in calls_with_a_session() {
        is_an_outage(browser.send(call).await);
    }
    is_an_outage(browser.get("/claims").await);
    world.store.heal();
    browser.get("/claims").await.is(200);
}

/// So a public page survives the outage.
pub async fn who_shows_nothing_is_a_stranger_without_a_query(adapter: &dyn Adapter) {
    let world = World::new(adapter).await;
    world.store.fail_all();
    assert_eq!(world.send(get("/maybe")).await.is(200).text(), "nobody");
    world.send(get("/private")).await.problem(401, "unauthenticated");
    world.send(get("/members/news")).await.problem(401, "unauthenticated");
    world.send(get("/auth/.well-known/jwks.json")).await.is(200);
    assert_eq!(world.store.calls(), [""; 0]);
}

/// That is what they are for.
pub async fn claims_need_no_database(adapter: &dyn Adapter) {
    let world = World::new(adapter).await;
    let tokens = world.tokens(EMAIL).await;
    world.store.fail_all();
    let calls = world.store.calls();
    world.send(get("/claims").bearer(&tokens.access)).await.is(200);
    assert_eq!(world.store.calls(), calls);
}

/// It is no evidence of theft.
pub async fn a_refresh_that_failed_may_be_tried_again(adapter: &dyn Adapter) {
    let world = World::new(adapter).await;
    let mut browser = world.browser(EMAIL).await;
    let cookies = browser.cookie_header();
    world.store.fail_all();
    for _ in 0..5 {
        is_an_outage(browser.post("/auth/refresh").await);
    }
    assert_eq!(browser.cookie_header(), cookies);
    world.store.heal();
    world.pass(Duration::from_mins(5));
    browser.post("/auth/refresh").await.is(200);
}

/// More passwords than can be hashed in time: the rest is told to come back, and nothing else happens to them.
pub async fn more_than_can_be_hashed_is_an_overload(adapter: &dyn Adapter) {
    let world = World::with(adapter, |builder| {
        builder.hash_policy(HashPolicy { threads: 1, queue: 1, ..HashPolicy::default() })
    })
    .await;
    world.tokens(EMAIL).await;
    let sign_ins = (0..20).map(|_| world.send(post("/auth/signin").json(&credentials(EMAIL)).from(world.newcomer())));
    let answers = join_all(sign_ins).await;
    assert!(answers.iter().any(|answer| answer.status == 200), "{answers:?}");
    assert!(answers.iter().any(|answer| answer.status == 503), "{answers:?}");
    for answer in answers {
        if answer.status != 200 {
            assert!(answer.problem(503, "overloaded").header("retry-after").is_some());
        }
    }
    world.more_tokens(EMAIL).await;
}

fn calls_with_a_session() -> Vec<Call> {
    vec![
        get("/auth/me"),
        get("/auth/sessions"),
        delete(&format!("/auth/sessions/{ANY_ID}")),
        post("/auth/signout"),
        post("/auth/signout").json(&json!({ "scope": "others" })),
        post("/auth/signout").json(&json!({ "scope": "all" })),
        get("/private"),
        get("/maybe"),
        get("/mine"),
        get("/session"),
        post("/note"),
        get("/members/news"),
        get("/admin/users"),
    ]
}

#[track_caller]
fn is_an_outage(answer: Answer) {
    let answer = answer.problem(503, "unavailable");
    assert_eq!(answer.header("retry-after"), Some("2"));
    assert!(!answer.text().contains("internal") && !answer.text().contains(CAUSE));
}
