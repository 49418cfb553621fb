//! Limits in an application that mounts none of the library's routes.

use std::array::from_fn;

use actix_web::dev::HttpServiceFactory;
use actix_web::test::init_service;
use actix_web::{App, web};
use auth_actix::{Auth, Quota, RateLimitLayer, RequestHead};
use auth_core::conformance::http::{Answer, Call, World, get};
use http::HeaderValue;

use super::assert_shown;
use crate::app::{Actix, actix_request, answer, quota};

/// Counts each client address.
fn search(auth: &Auth, quota: Quota) -> impl HttpServiceFactory + use<> {
    let limit = RateLimitLayer::new(auth, "search", quota);
    web::resource("/search").wrap(limit).get(|| async { "found" })
}

/// Counts each user, wherever they come from; who is not signed in counts by address.
fn export(auth: &Auth, quota: Quota) -> impl HttpServiceFactory + use<> {
    let limit = RateLimitLayer::new(auth, "export", quota).per_user();
    web::resource("/export").wrap(limit).get(|| async { "all of it" })
}

/// Counts each tenant, by a header that a proxy sets, whatever the client sent; without it, each address.
fn report(auth: &Auth, quota: Quota) -> impl HttpServiceFactory + use<> {
    let tenant = |head: RequestHead<'_>| Some(head.headers.get("x-tenant")?.to_str().ok()?.to_owned());
    let limit = RateLimitLayer::new(auth, "report", quota).by(tenant);
    web::resource("/report").wrap(limit).get(|| async { "sums" })
}

/// Sends a call to an application that has limits and nothing else of the library.
async fn send(world: &World, call: Call) -> Answer {
    let (auth, quota) = (&world.auth, quota());
    let limited = App::new().service(search(auth, quota)).service(export(auth, quota)).service(report(auth, quota));
    let (peer, request) = call.into_request(&HeaderValue::from_static("app.test"));
    Answer::new(answer(&init_service(limited).await, actix_request(peer, request)).await)
}

/// Asks twice, which everybody may, and once more.
async fn ask_thrice(world: &World, calls: [Call; 3]) -> Answer {
    let [first, second, third] = calls;
    send(world, first).await.is(200);
    send(world, second).await.is(200);
    send(world, third).await
}

#[test]
fn the_page_shows_this_code() {
    assert_shown(include_str!("../../../docs/rate_limit.md"), include_str!("rate_limit.rs"));
}

#[actix_web::test]
async fn an_application_without_our_routes_limits_its_own_by_address() {
    let world = World::new(&Actix).await;
    let limited = ask_thrice(&world, from_fn(|_| get("/search"))).await.problem(429, "rate_limited");
    assert_eq!(limited.header("ratelimit-policy"), Some("\"search\";q=2;w=60"));
    assert_eq!(limited.header("ratelimit"), Some("\"search\";r=0;t=60"));
    assert_eq!(limited.header("retry-after"), Some("60"));
    let passed = send(&world, get("/search").from(world.newcomer())).await.is(200);
    assert_eq!(passed.header("ratelimit"), Some("\"search\";r=1;t=60"));
}

#[actix_web::test]
async fn an_application_without_our_routes_limits_its_own_by_user() {
    let world = World::new(&Actix).await;
    let (ada, grace) = (world.tokens("ada@example.com").await, world.tokens("grace@example.com").await);
    let export = |token: &String| get("/export").from(world.newcomer()).bearer(token);
    ask_thrice(&world, from_fn(|_| export(&ada.access))).await.problem(429, "rate_limited");
    ask_thrice(&world, [&grace.access, &grace.access, &ada.access].map(export)).await.problem(429, "rate_limited");
}

#[actix_web::test]
async fn an_application_without_our_routes_limits_its_own_by_a_function() {
    let world = World::new(&Actix).await;
    let report = |tenant: &str| get("/report").from(world.newcomer()).header("x-tenant", tenant);
    ask_thrice(&world, from_fn(|_| report("a"))).await.problem(429, "rate_limited");
    ask_thrice(&world, ["b", "b", "a"].map(report)).await.problem(429, "rate_limited");
}
