//! Limits in an application that mounts none of the library's routes.

use std::array::from_fn;

use auth_axum::{Auth, Quota, RateLimitLayer, RequestHead};
use auth_core::conformance;
use auth_core::conformance::http::{Answer, Call, World};
use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http::HeaderValue;

use super::assert_shown;
use crate::app::{Axum, answer};

/// Counts each client address.
fn search(auth: &Auth, quota: Quota) -> Router {
    let limit = RateLimitLayer::new(auth, "search", quota);
    Router::new().route("/search", get(|| async { "found" })).route_layer(limit)
}

/// Counts each user, wherever they come from; who is not signed in counts by address.
fn export(auth: &Auth, quota: Quota) -> Router {
    let limit = RateLimitLayer::new(auth, "export", quota).per_user();
    Router::new().route("/export", get(|| async { "all of it" })).route_layer(limit)
}

/// Counts each tenant, by a header that a proxy sets, whatever the client sent; without it, each address.
fn report(auth: &Auth, quota: Quota) -> Router {
    let tenant = |head: RequestHead<'_>| Some(head.headers.get("x-tenant")?.to_str().ok()?.to_owned());
    let limit = RateLimitLayer::new(auth, "report", quota).by(tenant);
    Router::new().route("/report", get(|| async { "sums" })).route_layer(limit)
}

/// A world, and beside its application one that has limits and nothing else of the library.
async fn app() -> (World, Router) {
    let world = World::new(&Axum).await;
    let quota = Quota::per_minute(2);
    let app = search(&world.auth, quota).merge(export(&world.auth, quota)).merge(report(&world.auth, quota));
    (world, app)
}

fn call(path: &str) -> Call {
    conformance::http::get(path)
}

async fn send(app: &Router, call: Call) -> Answer {
    let (peer, request) = call.into_request(&HeaderValue::from_static("app.test"));
    Answer::new(answer(app, peer, request.map(Body::from)).await)
}

/// Asks twice, which everybody may, and once more.
async fn ask_thrice(app: &Router, calls: [Call; 3]) -> Answer {
    let [first, second, third] = calls;
    send(app, first).await.is(200);
    send(app, second).await.is(200);
    send(app, third).await
}

#[test]
fn the_page_shows_this_code() {
    assert_shown(include_str!("../../../docs/rate_limit.md"), include_str!("rate_limit.rs"));
}

#[tokio::test]
async fn an_application_without_our_routes_limits_its_own_by_address() {
    let (world, app) = app().await;
    let limited = ask_thrice(&app, from_fn(|_| call("/search"))).await.problem(429, "rate_limited");
    assert_eq!(limited.header("ratelimit-policy"), Some("\"search\";q=2;w=60"));
    assert_eq!(limited.header("ratelimit"), Some("\"search\";r=0;t=60"));
    assert_eq!(limited.header("retry-after"), Some("60"));
    let passed = send(&app, call("/search").from(world.newcomer())).await.is(200);
    assert_eq!(passed.header("ratelimit"), Some("\"search\";r=1;t=60"));
}

#[tokio::test]
async fn an_application_without_our_routes_limits_its_own_by_user() {
    let (world, app) = app().await;
    let (ada, grace) = (world.tokens("ada@example.com").await, world.tokens("grace@example.com").await);
    let export = |token: &String| call("/export").from(world.newcomer()).bearer(token);
    ask_thrice(&app, from_fn(|_| export(&ada.access))).await.problem(429, "rate_limited");
    ask_thrice(&app, [&grace.access, &grace.access, &ada.access].map(export)).await.problem(429, "rate_limited");
}

#[tokio::test]
async fn an_application_without_our_routes_limits_its_own_by_a_function() {
    let (world, app) = app().await;
    let report = |tenant: &str| call("/report").from(world.newcomer()).header("x-tenant", tenant);
    ask_thrice(&app, from_fn(|_| report("a"))).await.problem(429, "rate_limited");
    ask_thrice(&app, ["b", "b", "a"].map(report)).await.problem(429, "rate_limited");
}
