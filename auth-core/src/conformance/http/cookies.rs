//! How the cookies are set, kept and cleared.

use std::time::Duration;

use serde_json::json;

use super::{Adapter, Browser, EMAIL, PASSWORD, Site, World, get, post};
use crate::http::cookie::SameSite;

const DAY: Duration = Duration::from_hours(24);
const SECOND: Duration = Duration::from_secs(1);
const LAST_SECOND_OF_A_DAY: Duration = Duration::from_secs(24 * 60 * 60 - 1);

/// With exactly these attributes.
pub async fn without_a_base_url_and_on_https_the_cookies_are_prefixed_and_secure(adapter: &dyn Adapter) {
    for world in [World::new(adapter).await, World::at(adapter, "https://app.test").await] {
        let (_, lines) = sign_up(&world, false).await;
        let frames: Vec<_> = lines.iter().map(|line| frame(line)).collect();
        assert_eq!(
            frames,
            [
                "__Host-access; Path=/; HttpOnly; SameSite=Lax; Secure",
                "__Host-refresh; Path=/; HttpOnly; SameSite=Lax; Secure"
            ]
        );
    }
}

/// Where clients do not send `Secure` cookies back.
pub async fn on_loopback_http_the_cookies_are_plain(adapter: &dyn Adapter) {
    let world = World::at(adapter, "http://localhost:8000").await;
    let (mut browser, lines) = sign_up(&world, false).await;
    let frames: Vec<_> = lines.iter().map(|line| frame(line)).collect();
    assert_eq!(frames, ["access; Path=/; HttpOnly; SameSite=Lax", "refresh; Path=/; HttpOnly; SameSite=Lax"]);
    browser.get("/private").await.is(200);
}

/// Or whoever may set plain cookies could stand in for the prefixed ones.
pub async fn only_the_form_that_is_set_is_read(adapter: &dyn Adapter) {
    let plain = World::at(adapter, "http://localhost:8000").await;
    let (browser, _) = sign_up(&plain, false).await;
    let prefixed = format!("__Host-access={}; __Host-refresh={}", browser.cookie("access"), browser.cookie("refresh"));
    plain.send(get("/private").header("cookie", prefixed)).await.is(401);

    let secure = World::new(adapter).await;
    let (browser, _) = sign_up(&secure, false).await;
    let unprefixed = format!("access={}; refresh={}", browser.cookie("access"), browser.cookie("refresh"));
    secure.send(get("/private").header("cookie", unprefixed)).await.is(401);
}

/// 15 minutes and 30 days, from each refresh.
pub async fn remembered_cookies_have_an_age_and_survive_the_browser(adapter: &dyn Adapter) {
    let world = World::new(adapter).await;
    let (mut browser, lines) = sign_up(&world, true).await;
    assert!(lines[0].ends_with("; Max-Age=900"), "{}", lines[0]);
    assert!(lines[1].ends_with("; Max-Age=2592000"), "{}", lines[1]);
    browser.restart();
    world.pass(LAST_SECOND_OF_A_DAY + DAY * 29);
    browser.get("/private").await.is(200);
    let refreshed = browser.post("/auth/refresh").await.is(200);
    assert!(refreshed.set_cookies()[1].ends_with("; Max-Age=2592000"), "refreshing keeps the kind, and extends it");
    world.pass(DAY * 30);
    browser.get("/private").await.is(401);
}

/// They have no age at all.
pub async fn other_cookies_die_with_the_browser(adapter: &dyn Adapter) {
    let world = World::new(adapter).await;
    let (mut browser, lines) = sign_up(&world, false).await;
    assert!(lines.iter().all(|line| !line.contains("Max-Age") && !line.contains("Expires")), "{lines:?}");
    let refreshed = browser.post("/auth/refresh").await.is(200);
    assert!(refreshed.set_cookies().iter().all(|line| !line.contains("Max-Age")));
    browser.restart();
    browser.get("/private").await.is(401);
}

/// To the second, whatever the browser still has.
pub async fn a_browser_session_lasts_a_day(adapter: &dyn Adapter) {
    let world = World::new(adapter).await;
    let (mut browser, _) = sign_up(&world, false).await;
    let expires_at = browser.get("/auth/sessions").await.json()["sessions"][0]["expires_at"].clone();
    assert_eq!(expires_at, "2030-01-02T00:00:00Z");
    world.pass(LAST_SECOND_OF_A_DAY);
    browser.get("/private").await.is(200);
    world.pass(SECOND);
    browser.get("/private").await.is(401);
    browser.post("/auth/refresh").await.is(401);
}

/// The absolute end of a session, counted from the sign-in.
pub async fn no_refreshing_goes_past_ninety_days(adapter: &dyn Adapter) {
    let world = World::new(adapter).await;
    let (mut browser, _) = sign_up(&world, true).await;
    for _ in 0..4 {
        world.pass(DAY * 20);
        browser.post("/auth/refresh").await.is(200);
    }
    let last = browser.get("/auth/sessions").await.json()["sessions"][0]["expires_at"].clone();
    assert_eq!(last, "2030-04-01T00:00:00Z");
    world.pass(DAY * 10);
    browser.get("/private").await.is(401);
}

/// A browser keeps them otherwise.
pub async fn cookies_are_cleared_with_the_attributes_they_were_set_with(adapter: &dyn Adapter) {
    for world in [World::new(adapter).await, World::at(adapter, "http://localhost:8000").await] {
        let (mut browser, set) = sign_up(&world, false).await;
        let cleared = browser.post("/auth/signout").await.is(204);
        let cleared = cleared.set_cookies();
        assert_eq!(cleared.len(), 2);
        for (set, cleared) in set.iter().zip(cleared) {
            assert_eq!(format!("{}; Max-Age=0", frame(set)), frame(cleared));
            assert!(cleared.split(';').next().unwrap().ends_with('='), "{cleared}");
        }
    }
}

/// So no page has to refresh before it shows anything.
pub async fn the_refresh_cookie_stands_in_for_a_lapsed_access_cookie(adapter: &dyn Adapter) {
    let world = World::new(adapter).await;
    let (mut browser, _) = sign_up(&world, false).await;
    world.pass(Duration::from_hours(1));
    for path in ["/private", "/claims", "/session", "/auth/me", "/auth/sessions"] {
        assert!(browser.get(path).await.is(200).set_cookies().is_empty(), "{path}: nothing has to be set again");
    }
    assert_ne!(browser.get("/maybe").await.text(), "nobody");
}

/// An application may want links from elsewhere to find its users signed out.
pub async fn strict_cookies_say_so(adapter: &dyn Adapter) {
    let world = World::with(adapter, |builder| builder.same_site(SameSite::Strict)).await;
    let (mut browser, lines) = sign_up(&world, false).await;
    let frames: Vec<_> = lines.iter().map(|line| frame(line)).collect();
    assert_eq!(
        frames,
        [
            "__Host-access; Path=/; HttpOnly; SameSite=Strict; Secure",
            "__Host-refresh; Path=/; HttpOnly; SameSite=Strict; Secure"
        ]
    );
    let cleared = browser.post("/auth/signout").await.is(204);
    assert!(cleared.set_cookies().iter().all(|line| line.contains("SameSite=Strict")));
}

/// Signs up in a fresh browser and returns it with the lines that set its cookies.
async fn sign_up(site: &Site, remember_me: bool) -> (Browser<'_>, Vec<String>) {
    let mut browser = Browser::new(site);
    let body = json!({ "email": EMAIL, "password": PASSWORD, "remember_me": remember_me });
    let answer = browser.send(post("/auth/signup").json(&body)).await.is(201);
    let lines = answer.set_cookies().iter().map(ToString::to_string).collect();
    (browser, lines)
}

/// A line without the value of its cookie.
fn frame(line: &str) -> String {
    let (name, rest) = line.split_once('=').unwrap();
    format!("{name}{}", &rest[rest.find(';').unwrap()..])
}
