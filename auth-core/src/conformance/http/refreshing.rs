//! New tokens for old ones, over time.

use std::time::Duration;

use serde_json::json;

use super::{Adapter, Browser, EMAIL, Site, Tokens, World, get, post};

const GRACE: Duration = Duration::from_secs(30);

/// Two who hold one lineage: nobody can tell which of them is the thief, so both are out.
pub async fn a_replaced_refresh_token_is_theft_once_its_successor_is_in_use(adapter: &dyn Adapter) {
    let world = World::new(adapter).await;
    let first = world.tokens(EMAIL).await;
    let refresh = |tokens: &Tokens| post("/api/auth/refresh").json(&json!({ "refresh_token": tokens.refresh }));
    let second = Tokens::of(&world.send(refresh(&first)).await.is(200));
    world.send(get("/private").bearer(&second.access)).await.is(200);

    world.pass(Duration::from_secs(29));
    assert_eq!(Tokens::of(&world.send(refresh(&first)).await.is(200)).refresh, second.refresh, "within the grace");
    world.pass(Duration::from_secs(1));
    world.send(refresh(&first)).await.problem(401, "unauthenticated");
    world.send(get("/private").bearer(&second.access)).await.problem(401, "unauthenticated");
    world.send(refresh(&second)).await.problem(401, "unauthenticated");
}

/// The same, with cookies.
pub async fn a_replaced_refresh_cookie_is_theft_once_its_successor_is_in_use(adapter: &dyn Adapter) {
    let world = World::new(adapter).await;
    let mut owner = world.browser(EMAIL).await;
    let mut thief = owner.clone();
    owner.post("/auth/refresh").await.is(200);
    owner.get("/private").await.is(200);
    world.pass(GRACE);
    thief.post("/auth/refresh").await.problem(401, "unauthenticated");
    owner.get("/private").await.problem(401, "unauthenticated");
    owner.post("/auth/refresh").await.problem(401, "unauthenticated");
}

/// A client that never saw the new token comes back with the old one.
pub async fn a_lost_answer_signs_nobody_out(adapter: &dyn Adapter) {
    let world = World::new(adapter).await;
    let mut browser = world.browser(EMAIL).await;
    let mut offline = browser.clone();
    offline.post("/auth/refresh").await.is(200);
    world.pass(Duration::from_hours(1));
    browser.get("/private").await.is(200);
    browser.post("/auth/refresh").await.is(200);
    assert_eq!(browser.cookie("refresh"), offline.cookie("refresh"), "the same successor again");
}

/// To the second: 15 minutes for an access token, 7 days for a bearer session.
pub async fn times_are_measured_from_sign_in_and_moved_by_refresh(adapter: &dyn Adapter) {
    let world = World::new(adapter).await;
    let tokens = world.tokens(EMAIL).await;
    world.pass(Duration::from_secs(15 * 60 - 1));
    world.send(get("/claims").bearer(&tokens.access)).await.is(200);
    world.pass(Duration::from_secs(1));
    world.send(get("/claims").bearer(&tokens.access)).await.problem(401, "unauthenticated");
    world.send(get("/private").bearer(&tokens.access)).await.problem(401, "unauthenticated");

    world.pass(Duration::from_secs(7 * 24 * 60 * 60 - 15 * 60 - 1));
    let refresh = |tokens: &Tokens| post("/api/auth/refresh").json(&json!({ "refresh_token": tokens.refresh }));
    let answer = world.send(refresh(&tokens)).await.is(200);
    assert_eq!(answer.json()["expires_in"], 900);
    let tokens = Tokens::of(&answer);
    world.pass(Duration::from_hours(24 * 7));
    world.send(refresh(&tokens)).await.problem(401, "unauthenticated");
}

/// A guess with a known session id ends nothing either.
pub async fn a_refresh_token_that_is_not_one_proves_nothing(site: &Site) {
    let email = &site.email();
    let tokens = site.tokens(email).await;
    let mut guess = tokens.refresh.clone();
    guess.replace_range(22..60, &"A".repeat(38));
    for text in ["", "x", &guess, &tokens.access, &format!("{} ", tokens.refresh), &"A".repeat(86), "é\u{0}"] {
        site.refresh(text).await.problem(401, "unauthenticated");
    }
    site.refresh(&tokens.refresh).await.is(200);
}

/// A page that cannot read cookies should not be able to send them as JSON, nor the other way round.
pub async fn each_mount_takes_refresh_tokens_from_its_own_place_only(site: &Site) {
    let email = &site.email();
    let tokens = site.tokens(email).await;
    let in_cookie =
        post("/api/auth/refresh").header("cookie", format!("{}={}", site.cookie_name("refresh"), tokens.refresh));
    site.send(in_cookie).await.problem(415, "unsupported_media_type");
    let in_body = post("/auth/refresh").json(&json!({ "refresh_token": tokens.refresh }));
    let answer = site.send(in_body).await.problem(422, "invalid_input");
    assert_eq!(answer.field_errors(), [("refresh_token".into(), "unknown_field".into())]);
    let as_bearer = post("/api/auth/refresh").bearer(&tokens.refresh).json(&json!({}));
    site.send(as_bearer).await.problem(422, "invalid_input");
    Browser::new(site).post("/auth/refresh").await.problem(401, "unauthenticated");
}

/// One request has one identity.
pub async fn a_refresh_token_beside_the_bearer_of_another_session_is_refused_and_stays_good(site: &Site) {
    let email = &site.email();
    let ada = site.tokens(email).await;
    let eve = site.tokens(&site.email()).await;
    let refresh = || post("/api/auth/refresh").json(&json!({ "refresh_token": ada.refresh }));
    site.send(refresh().bearer(&eve.access)).await.problem(401, "unauthenticated");
    site.send(refresh().bearer(&ada.access)).await.is(200);
}

/// What the request is about stands in its cookies.
pub async fn refresh_and_sign_out_on_cookies_need_no_body(site: &Site) {
    let email = &site.email();
    let mut browser = site.browser(email).await;
    browser.send(post("/auth/refresh").header("content-type", "text/plain")).await.is(200);
    browser.send(post("/auth/refresh").json(&json!({}))).await.is(200);
    browser.send(post("/auth/refresh").json(&json!({ "a": 1 }))).await.problem(422, "invalid_input");
    browser.send(post("/auth/signout").json(&json!({ "scope": null }))).await.is(204);
}
