//! One session for all hosts of a domain.

use std::time::Duration;

use serde_json::json;

use super::{Adapter, Browser, EMAIL, PASSWORD, World, credentials, get, post};
use crate::auth::{AuthBuilder, Credential, SignOutScope};
use crate::session::Client;
use crate::token::RefreshToken;

const APP: &str = "https://app.example.com";

const WWW: &str = "https://www.example.com";

/// An issuer of both, since both sign and believe the same tokens.
fn sharing(builder: AuthBuilder) -> AuthBuilder {
    in_domain(builder, "Example.com")
}

async fn app(adapter: &dyn Adapter) -> World {
    World::at_with(adapter, APP, sharing).await
}

/// Set and cleared with the same attributes, of which the domain is one.
pub async fn shared_cookies_name_their_domain_and_are_secure(adapter: &dyn Adapter) {
    let world = app(adapter).await;
    let mut browser = Browser::new(&world);
    let set = browser.send(post("/auth/signup").json(&credentials(EMAIL))).await.is(201);
    let rest = "; Path=/; HttpOnly; SameSite=Lax; Domain=example.com; Secure";
    let frame = |line: &str| line[line.find(';').unwrap()..].to_owned();
    assert_eq!(set.set_cookies()[4..].iter().map(|line| frame(line)).collect::<Vec<_>>(), [rest; 2]);
    assert_eq!(browser.cookie_names(), ["__Secure-access", "__Secure-refresh"]);
    let cleared = browser.post("/auth/signout").await.is(204);
    let expected = [format!("__Secure-access={rest}; Max-Age=0"), format!("__Secure-refresh={rest}; Max-Age=0")];
    assert_eq!(cleared.set_cookies()[4..], expected);
}

/// Before they are set, or cleared: on the host alone, on its name, and on each name between it and the domain. A
/// browser keeps a cookie for each of them.
pub async fn what_other_domains_may_hold_is_cleared(adapter: &dyn Adapter) {
    let deep = |builder| sharing(builder).former_cookie_domain("B.example.com");
    let world = World::at_with(adapter, "https://a.b.example.com", deep).await;
    let mut browser = Browser::new(&world);
    for call in [
        post("/auth/signup").json(&credentials(EMAIL)),
        post("/auth/signin").json(&credentials(EMAIL)),
        post("/auth/refresh"),
        post("/auth/signout"),
    ] {
        let answer = browser.send(call).await;
        let places: Vec<_> = ["access", "refresh"]
            .into_iter()
            .flat_map(|name| {
                ["", "; Domain=a.b.example.com", "; Domain=b.example.com"].map(|domain| {
                    format!("__Secure-{name}=; Path=/; HttpOnly; SameSite=Lax{domain}; Secure; Max-Age=0")
                })
            })
            .collect();
        assert_eq!(answer.set_cookies()[..6], places);
        assert_eq!(answer.set_cookies().len(), 8);
    }
}

/// From a narrow domain to a wide one, and back.
pub async fn a_changed_domain_locks_nobody_out(adapter: &dyn Adapter) {
    for (before, after) in [("app.example.com", "example.com"), ("example.com", "app.example.com")] {
        let old = World::at_with(adapter, APP, |builder| in_domain(builder, before)).await;
        let new = old.beside(adapter, APP, |builder| in_domain(builder, after).former_cookie_domain(before)).await;
        let mut browser = old.browser(EMAIL).await.visit(&new);
        let id = browser.get("/private").await.is(200).text().to_owned();
        browser.post("/auth/refresh").await.is(200);
        assert_eq!(browser.cookie_names().len(), 2, "the old ones are cleared");
        new.pass(Duration::from_hours(1));
        assert_eq!(browser.get("/private").await.is(200).text(), id);
        browser.post("/auth/signout").await.is(204);
        assert!(browser.cookie_names().is_empty());
    }
}

/// Another application of the domain has signed the browser in, and knows nothing of this one's old cookies.
pub async fn of_several_shared_cookies_the_one_that_verifies_counts(adapter: &dyn Adapter) {
    let Double { world, mut browser, old, new } = Double::new(adapter).await;
    assert_eq!(browser.cookie_names().len(), 4);
    for path in ["/private", "/claims", "/auth/me", "/members/news"] {
        browser.get(path).await.problem(401, "unauthenticated");
    }
    // The access token of the old ones lapses first.
    world.pass(Duration::from_mins(1));
    assert_eq!(browser.get("/session").await.is(200).text(), new);
    assert_eq!(browser.get("/claims").await.status, 200);
    // Then both have, and of the refresh tokens that are left, one has to be over.
    world.pass(Duration::from_mins(20));
    browser.get("/session").await.problem(401, "unauthenticated");
    let old = Credential::Refresh(RefreshToken::parse(&old).unwrap());
    world.auth.sign_out(&old, SignOutScope::Session, &Client::default()).await.unwrap();
    world.store.take_calls();
    assert_eq!(browser.get("/session").await.is(200).text(), new);
    assert!(world.store.take_calls().iter().filter(|call| **call == "find_session").count() <= 3);
    browser.post("/auth/refresh").await.is(200);
    assert_eq!(browser.cookie_names().len(), 2);
    assert_eq!(browser.get("/session").await.is(200).text(), new);
}

/// Whatever state they are in: signing in helps, and signing out clears.
pub async fn there_is_a_way_out_of_every_state_of_shared_cookies(adapter: &dyn Adapter) {
    for minutes in [0, 1, 20, 24 * 60, 60 * 24 * 31] {
        let Double { world, mut browser, .. } = Double::new(adapter).await;
        world.pass(Duration::from_mins(minutes));
        let mut leaving = browser.clone();
        browser.send(post("/auth/signin").json(&credentials(EMAIL))).await.is(200);
        assert_eq!(browser.cookie_names().len(), 2, "after {minutes} minutes");
        browser.get("/private").await.is(200);
        leaving.post("/auth/signout").await.is(204);
        assert!(leaving.cookie_names().is_empty(), "after {minutes} minutes");
    }
}

/// Where the old domain was not named, its cookies stay; what they name is ended by the second sign-in.
pub async fn who_signs_in_with_several_cookies_ends_their_sessions(adapter: &dyn Adapter) {
    let old = World::at_with(adapter, APP, sharing).await;
    let new = old.beside(adapter, APP, |builder| in_domain(builder, "app.example.com")).await;
    let mut browser = old.browser(EMAIL).await.visit(&new);
    let sign_in = || post("/auth/signin").json(&credentials(EMAIL));
    browser.send(sign_in()).await.is(200);
    browser.get("/private").await.problem(401, "unauthenticated");
    browser.send(sign_in()).await.is(200);
    browser.get("/private").await.is(200);
    browser.post("/auth/refresh").await.is(200);
}

/// Each is tried, so there is an end to it.
pub async fn more_cookies_than_a_handful_are_ambiguous(adapter: &dyn Adapter) {
    let world = app(adapter).await;
    let browser = world.browser(EMAIL).await;
    let good = format!("__Secure-access={}", browser.cookie("access"));
    let with = |count: usize| {
        let others = (0..count).map(|number| format!("__Secure-access=x.y.{number}"));
        others.fold(get("/private"), |call, other| call.header("cookie", other)).header("cookie", &good)
    };
    world.send(with(3)).await.is(200);
    world.send(with(4)).await.problem(401, "unauthenticated");
}

/// A browser with the cookies of two sessions: of this application before its domain was changed, and, a minute later,
/// of another application of the domain.
struct Double {
    world: &'static World,
    browser: Browser<'static>,
    /// The refresh token of the older session.
    old: String,
    /// The id of the newer session.
    new: String,
}

impl Double {
    async fn new(adapter: &dyn Adapter) -> Self {
        let old = World::at_with(adapter, APP, |builder| in_domain(builder, "app.example.com")).await;
        let www = old.beside(adapter, WWW, sharing).await;
        // Browsers borrow the sites that they visit, and these are gone before the test ends.
        let world: &'static World = Box::leak(Box::new(old.beside(adapter, APP, sharing).await));
        let browser = old.browser(EMAIL).await;
        let token = browser.cookie("refresh").to_owned();
        old.pass(Duration::from_mins(14));
        let mut browser = browser.visit(&www);
        let remembered = json!({ "email": EMAIL, "password": PASSWORD, "remember_me": true });
        browser.send(post("/auth/signin").json(&remembered)).await.is(200);
        let new = browser.get("/session").await.is(200).text().to_owned();
        Self { world, browser: browser.visit(world), old: token, new }
    }
}

fn in_domain(builder: AuthBuilder, domain: &str) -> AuthBuilder {
    builder.share_cookies_in(domain).issuer(APP)
}

/// And one sign-out, at once.
pub async fn one_sign_in_counts_for_all_hosts_of_a_domain(adapter: &dyn Adapter) {
    let app = app(adapter).await;
    let www = app.beside(adapter, WWW, sharing).await;
    let browser = app.browser(EMAIL).await;
    let id = browser.clone().get("/private").await.is(200).text().to_owned();
    let mut there = browser.clone().visit(&www);
    for path in ["/private", "/claims"] {
        assert_eq!(there.get(path).await.is(200).text(), id);
    }
    there.post("/auth/signout").await.is(204);
    browser.clone().get("/private").await.is(401);
}

/// Only the form that the configuration calls for is read, here too.
pub async fn cookies_of_one_host_are_not_taken_for_shared_ones(adapter: &dyn Adapter) {
    let world = app(adapter).await;
    let browser = world.browser(EMAIL).await;
    let (access, refresh) = (browser.cookie("access"), browser.cookie("refresh"));
    for prefix in ["__Host-", "", "__secure-", "%5F%5FSecure-"] {
        let cookies = format!("{prefix}access={access}; {prefix}refresh={refresh}");
        world.send(get("/private").header("cookie", cookies)).await.is(401);
    }
}

/// Any host of the domain can plant one. Of two that are both good it is not known which is meant, so neither is.
pub async fn a_shared_cookie_that_a_sibling_planted_signs_nobody_in(adapter: &dyn Adapter) {
    let world = app(adapter).await;
    let (victim, attacker) = (world.browser(EMAIL).await, world.browser("eve@example.com").await);
    let both =
        |name: &str| format!("__Secure-{name}={}; __Secure-{name}={}", victim.cookie(name), attacker.cookie(name));
    let cookies = format!("{}; {}", both("access"), both("refresh"));
    world.send(get("/private").header("cookie", cookies)).await.is(401);
    // And cookies of two sessions are of none.
    let mixed = format!("__Secure-access={}; __Secure-refresh={}", victim.cookie("access"), attacker.cookie("refresh"));
    world.send(get("/private").header("cookie", mixed)).await.is(401);
}

/// To a browser they are one site, and send the cookies along.
pub async fn a_page_of_a_sibling_is_refused_until_its_origin_is_trusted(adapter: &dyn Adapter) {
    for (is_trusted, status) in [(false, 403), (true, 204)] {
        let trusting = |builder: AuthBuilder| if is_trusted { builder.trusted_origin(WWW) } else { builder };
        let world = World::at_with(adapter, APP, |builder| trusting(sharing(builder))).await;
        let mut browser = world.browser(EMAIL).await;
        let call = post("/auth/signout").header("origin", WWW).header("sec-fetch-site", "same-site");
        browser.send(call).await.is(status);
        browser.get("/private").await.is(if is_trusted { 401 } else { 200 });
    }
}
