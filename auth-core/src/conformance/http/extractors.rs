//! Who is behind a request: what the application's handlers get.

use std::time::Duration;

use serde_json::json;

use super::{Adapter, Browser, EMAIL, World, credentials, get, post};

/// By every extractor that is not optional.
pub async fn a_user_is_needed_where_a_user_is_asked_for(adapter: &dyn Adapter) {
    let world = World::new(adapter).await;
    for path in ["/private", "/claims", "/session"] {
        world.send(get(path)).await.problem(401, "unauthenticated");
    }
    world.send(post("/note")).await.problem(401, "unauthenticated");
}

/// Revoked, or expired.
pub async fn an_optional_user_is_nobody_without_a_session_and_after_one(adapter: &dyn Adapter) {
    let world = World::new(adapter).await;
    let mut browser = world.browser(EMAIL).await;
    assert_eq!(world.send(get("/maybe")).await.is(200).text(), "nobody");
    assert_eq!(browser.get("/maybe").await.text(), browser.get("/private").await.text());

    let mut other = world.another_browser(EMAIL).await;
    browser.send(post("/auth/signout").json(&json!({ "scope": "others" }))).await.is(204);
    assert_eq!(other.get("/maybe").await.is(200).text(), "nobody", "revoked");
    world.pass(Duration::from_hours(24));
    assert_eq!(browser.get("/maybe").await.is(200).text(), "nobody", "expired");
}

/// By 15 minutes at most.
pub async fn a_revocation_is_seen_at_once_by_the_user_and_later_by_the_claims(adapter: &dyn Adapter) {
    let world = World::new(adapter).await;
    let tokens = world.tokens(EMAIL).await;
    world.send(post("/api/auth/signout").bearer(&tokens.access)).await.is(204);
    for path in ["/private", "/session", "/api/auth/me"] {
        world.send(get(path).bearer(&tokens.access)).await.problem(401, "unauthenticated");
    }
    world.send(get("/claims").bearer(&tokens.access)).await.is(200);
    world.pass(Duration::from_mins(15));
    world.send(get("/claims").bearer(&tokens.access)).await.is(401);
}

/// By whichever extractor or guard.
pub async fn a_user_costs_one_query(adapter: &dyn Adapter) {
    let world = World::new(adapter).await;
    let tokens = world.tokens(EMAIL).await;
    for path in ["/private", "/maybe", "/session", "/members/news"] {
        world.store.take_calls();
        world.send(get(path).bearer(&tokens.access)).await.is(200);
        assert_eq!(world.store.take_calls(), ["find_session"], "{path}");
    }
}

/// Guard, limit and all extractors, by either cookie or a bearer token.
pub async fn all_that_asks_for_the_user_of_one_request_costs_one_query(adapter: &dyn Adapter) {
    let world = World::new(adapter).await;
    let mut browser = world.browser(EMAIL).await;
    let tokens = world.more_tokens(EMAIL).await;
    let id = world.send(get("/private").bearer(&tokens.access)).await.is(200).text().to_owned();
    world.store.take_calls();
    assert_eq!(world.send(get("/everything").bearer(&tokens.access)).await.is(200).text(), id);
    assert_eq!(world.store.take_calls(), ["find_session"]);
    browser.forget("access");
    assert_eq!(browser.get("/everything").await.is(200).text(), id);
    assert_eq!(world.store.take_calls(), ["find_session"]);
    world.send(post("/api/auth/signout").bearer(&tokens.access)).await.is(204);
    world.store.take_calls();
    world.send(get("/everything").bearer(&tokens.access)).await.problem(401, "unauthenticated");
    assert_eq!(world.store.take_calls(), ["find_session"], "that there is nobody was found, too");
}

/// An address is for limits and for the list of devices.
pub async fn everything_works_where_the_server_keeps_no_addresses(adapter: &dyn Adapter) {
    let world = World::new(adapter).await;
    let sign_up = post("/api/auth/signup").json(&credentials(EMAIL)).without_address();
    let answer = world.send(sign_up).await.is(201);
    let access = answer.json()["access_token"].as_str().unwrap().to_owned();
    for path in ["/private", "/claims", "/session", "/maybe", "/members/news", "/search"] {
        world.send(get(path).bearer(&access).without_address()).await.is(200);
    }
    let sessions = world.send(get("/api/auth/sessions").bearer(&access).without_address()).await.json();
    assert_eq!(sessions["sessions"][0]["ip"], json!(null));
}

/// Whatever carries the session, and whichever of them is asked.
pub async fn every_extractor_names_the_same_user(adapter: &dyn Adapter) {
    let world = World::new(adapter).await;
    let mut browser = Browser::new(&world);
    let body = browser.send(post("/auth/signup").json(&credentials(EMAIL))).await.is(201).json();
    let (user, session) = (body["user"]["id"].as_str().unwrap(), body["session"]["id"].as_str().unwrap());
    let tokens = world.more_tokens(EMAIL).await;
    for path in ["/private", "/claims", "/maybe"] {
        assert_eq!(browser.get(path).await.is(200).text(), user, "{path}");
        assert_eq!(world.send(get(path).bearer(&tokens.access)).await.is(200).text(), user, "{path}");
    }
    assert_eq!(browser.send(post("/note")).await.is(200).text(), format!("noted for {user}"));
    assert_eq!(browser.get("/session").await.is(200).text(), session);
    assert_ne!(world.send(get("/session").bearer(&tokens.access)).await.is(200).text(), session);
}
