//! How often one client may try.

use std::time::Duration;

use async_trait::async_trait;
use serde_json::json;

use super::{Adapter, Answer, Call, EMAIL, Tokens, World, credentials, get, post};
use crate::auth::AuthBuilder;
use crate::error::Error;
use crate::policy::Quota;
use crate::throttle::{Decision, RateLimiter};

/// Before any work, and until the very second that it is told.
pub async fn the_sixth_sign_in_within_a_minute_is_refused(adapter: &dyn Adapter) {
    let world = World::new(adapter).await;
    world.tokens(EMAIL).await;
    for _ in 0..5 {
        world.send(sign_in()).await.is(200);
    }
    let (hashes, calls) = (world.auth.password_hashes_run(), world.store.calls());
    let wait = seconds_to_wait(&world.send(sign_in()).await);
    seconds_to_wait(&world.send(sign_in()).await);
    assert_eq!(world.auth.password_hashes_run(), hashes, "refused before any work");
    assert_eq!(world.store.calls(), [calls, vec!["record_event"]].concat(), "the record of the first refusal");
    world.pass(Duration::from_secs(wait - 1));
    seconds_to_wait(&world.send(sign_in()).await);
    world.pass(Duration::from_secs(1));
    for _ in 0..5 {
        world.send(sign_in()).await.is(200);
    }
    seconds_to_wait(&world.send(sign_in()).await);
}

/// However they are spread: who waits for the edge of a minute gains nothing.
pub async fn no_minute_has_more_than_five_sign_ins(adapter: &dyn Adapter) {
    let world = World::new(adapter).await;
    world.tokens(EMAIL).await;
    let mut answered = 0;
    for _ in 0..60 {
        answered += usize::from(world.send(sign_in()).await.status == 200);
        world.pass(Duration::from_secs(1));
    }
    assert_eq!(answered, 5, "in the first minute");
    world.send(sign_in()).await.is(200);
}

/// For this client, and nobody else.
pub async fn the_sixth_sign_up_within_a_minute_is_refused(adapter: &dyn Adapter) {
    let world = World::new(adapter).await;
    for number in 0..5 {
        world.send(sign_up(number)).await.is(201);
    }
    seconds_to_wait(&world.send(sign_up(5)).await);
    world.send(sign_up(5).from(world.newcomer())).await.is(201);
}

/// Or each of them would be five more guesses.
pub async fn both_mounts_and_every_alias_count_together(adapter: &dyn Adapter) {
    let world = World::new(adapter).await;
    world.tokens(EMAIL).await;
    for path in ["/auth/signin", "/auth/login", "/api/auth/signin", "/api/auth/login", "/auth/signin"] {
        world.send(post(path).json(&credentials(EMAIL))).await.is(200);
    }
    seconds_to_wait(&world.send(post("/api/auth/signin").json(&credentials(EMAIL))).await);
    world.send(sign_up(0)).await.is(201);
}

/// One who guesses locks nobody else out.
pub async fn another_address_is_not_affected(adapter: &dyn Adapter) {
    let world = World::new(adapter).await;
    world.tokens(EMAIL).await;
    for _ in 0..6 {
        world.send(sign_in()).await;
    }
    seconds_to_wait(&world.send(sign_in()).await);
    world.send(sign_in().from(world.newcomer())).await.is(200);
}

/// Or the limit would tell who has an account.
pub async fn the_limit_is_the_same_for_known_and_unknown_users(adapter: &dyn Adapter) {
    let world = World::new(adapter).await;
    world.tokens(EMAIL).await;
    let mut refusals = Vec::new();
    for email in [EMAIL, "nobody@example.com"] {
        let peer = world.newcomer();
        let guess = || post("/auth/signin").json(&json!({ "email": email, "password": "wrong" })).from(peer);
        for _ in 0..5 {
            world.send(guess()).await.problem(401, "invalid_credentials");
        }
        refusals.push(world.send(guess()).await);
    }
    assert_eq!(refusals[0], refusals[1]);
}

/// What cannot be a sign-in is none.
pub async fn a_typing_error_costs_no_attempt(adapter: &dyn Adapter) {
    let world = World::new(adapter).await;
    world.tokens(EMAIL).await;
    for _ in 0..10 {
        for path in ["/auth/signin", "/auth/signup"] {
            world.send(post(path).json(&json!({ "email": "ada", "password": "x" }))).await.is(422);
            world.send(post(path).json(&json!({ "email": EMAIL }))).await.is(422);
            world.send(post(path).body("application/json", "{")).await.is(400);
            world.send(post(path).body("text/plain", "{}")).await.is(415);
        }
        world.send(post("/auth/signup").json(&json!({ "email": EMAIL, "password": "short" }))).await.is(422);
    }
    for number in 0..5 {
        world.send(sign_in()).await.is(200);
        world.send(sign_up(number)).await.is(201);
    }
}

/// Or any page could lock its visitors out.
pub async fn a_page_of_another_origin_uses_up_nobodys_attempts(adapter: &dyn Adapter) {
    let world = World::new(adapter).await;
    world.tokens(EMAIL).await;
    for _ in 0..10 {
        world.send(sign_in().header("origin", "https://evil.test")).await.problem(403, "cross_origin");
        world.send(sign_up(0).header("sec-fetch-site", "cross-site")).await.problem(403, "cross_origin");
    }
    for number in 0..5 {
        world.send(sign_in()).await.is(200);
        world.send(sign_up(number)).await.is(201);
    }
}

/// Wherever it is refreshed from; one more has to wait for twelve seconds.
pub async fn a_session_is_refreshed_three_hundred_times_an_hour(adapter: &dyn Adapter) {
    let world = World::new(adapter).await;
    let (ada, eve) = (world.tokens(EMAIL).await, world.tokens("eve@example.com").await);
    for _ in 0..300 {
        world.send(refresh(&ada.refresh).from(world.newcomer())).await.is(200);
    }
    let answer = world.send(refresh(&ada.refresh)).await.problem(429, "rate_limited");
    assert_eq!(answer.header("retry-after"), Some("12"));
    world.send(refresh(&eve.refresh)).await.is(200);
}

/// An office, a mobile carrier, a server that renders pages.
pub async fn many_users_behind_one_address_refresh_as_they_like(adapter: &dyn Adapter) {
    let world = World::new(adapter).await;
    for number in 0..75 {
        let elsewhere = world.newcomer();
        let tokens = Tokens::of(&world.send(bearer_sign_up(number).from(elsewhere)).await.is(201));
        for _ in 0..5 {
            world.send(refresh(&tokens.refresh)).await.is(200);
        }
    }
}

/// Or a neighbour with made-up tokens could lock out everybody who shares their address.
pub async fn a_token_that_proves_nothing_spends_nobodys_refreshes(adapter: &dyn Adapter) {
    let world = World::new(adapter).await;
    let tokens = world.tokens(EMAIL).await;
    let mut browser = world.browser("eve@example.com").await;
    let made_up = |number: u32| refresh(&format!("{number:0>85}A"));
    for number in 0..300 {
        world.send(made_up(number)).await.problem(401, "unauthenticated");
    }
    let answer = world.send(made_up(300)).await.problem(429, "rate_limited");
    assert_eq!(answer.header("retry-after"), Some("12"));
    let garbled = post("/auth/refresh").header("cookie", "__Host-refresh=no-token");
    world.send(garbled).await.problem(429, "rate_limited");
    world.send(refresh(&tokens.refresh)).await.is(200);
    browser.post("/auth/refresh").await.is(200);
    world.send(made_up(301).from(world.newcomer())).await.problem(401, "unauthenticated");
}

/// One read by its key, and none where it is none.
pub async fn a_token_that_proves_nothing_costs_one_read_at_most(adapter: &dyn Adapter) {
    let world = World::new(adapter).await;
    let (one, none) = (&["find_session"][..], &[][..]);
    for (token, reads) in [("A".repeat(86), one), ("A".repeat(85), none), ("B".repeat(86), none), (String::new(), none)]
    {
        // The first may have to be recorded.
        world.send(refresh(&token)).await.problem(401, "unauthenticated");
        world.store.take_calls();
        world.send(refresh(&token)).await.problem(401, "unauthenticated");
        assert_eq!(world.store.take_calls(), reads, "{token}");
    }
}

/// A counter that is gone is an outage, and no permission.
pub async fn a_limiter_that_cannot_tell_lets_nobody_through(adapter: &dyn Adapter) {
    let world = World::with(adapter, |builder| builder.rate_limiter(Broken)).await;
    for call in [sign_in(), sign_up(0), get("/search"), get("/mine"), get("/tenant")] {
        let answer = world.send(call).await.problem(503, "unavailable");
        assert!(!answer.text().contains("counter"));
        assert_eq!((answer.header("ratelimit"), answer.header("ratelimit-policy")), (None, None));
    }
    assert_eq!(world.auth.password_hashes_run(), 0);
}

/// By a name that says what it does.
pub async fn limits_can_be_switched_off_for_load_tests(adapter: &dyn Adapter) {
    let world = World::with(adapter, AuthBuilder::dangerously_without_rate_limits).await;
    for number in 0..20 {
        world.send(sign_up(number)).await.is(201);
    }
}

fn sign_in() -> Call {
    post("/auth/signin").json(&credentials(EMAIL))
}

fn refresh(token: &str) -> Call {
    post("/api/auth/refresh").json(&json!({ "refresh_token": token }))
}

fn bearer_sign_up(number: u32) -> Call {
    post("/api/auth/signup").json(&credentials(&format!("ada{number}@example.com")))
}

fn sign_up(number: u32) -> Call {
    post("/auth/signup").json(&credentials(&format!("ada{number}@example.com")))
}

#[track_caller]
pub(super) fn seconds_to_wait(answer: &Answer) -> u64 {
    answer.clone().problem(429, "rate_limited");
    let seconds = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
    seconds
}

struct Broken;

#[async_trait]
impl RateLimiter for Broken {
    async fn check(&self, _bucket: &'static str, _key: &str, _quota: Quota) -> Result<Decision, Error> {
        Err(Error::unavailable("the counter is gone"))
    }
}
