//! Requests that pages of other origins make in a user's browser.

use http::Method;
use serde_json::json;

use super::{Adapter, Browser, Call, EMAIL, Site, Tokens, World, call, credentials, get, post};

const SITE: &str = "https://app.test";

/// What a browser, or somebody who is none, says of where a request comes from.
type Origin<'a> = &'a [(&'a str, &'a str)];

const REFUSED: &[Origin<'_>] = &[
    &[("origin", "https://evil.test")],
    &[("origin", "null")],
    &[("origin", "")],
    &[("origin", "https://app.test.evil.test")],
    &[("origin", "https://evilapp.test")],
    &[("origin", "http://app.test")],
    &[("origin", "https://app.test:8443")],
    &[("origin", "https://app.test:443")],
    &[("origin", "https://APP.TEST")],
    &[("origin", "https://app.test.")],
    &[("origin", "https://u@app.test")],
    &[("origin", "https://app.test/")],
    &[("origin", "https://app.test https://evil.test")],
    &[("origin", "https://app.test,https://evil.test")],
    &[("origin", "https://app.test"), ("origin", "https://evil.test")],
    &[("origin", "https://app.test"), ("origin", "https://app.test")],
    &[("origin", "https://evil.test"), ("host", "evil.test")],
    &[("origin", "https://evil.test"), ("x-forwarded-host", "evil.test")],
    &[("sec-fetch-site", "cross-site")],
    &[("sec-fetch-site", "same-site")],
    &[("sec-fetch-site", "bogus")],
    &[("sec-fetch-site", "")],
    &[("sec-fetch-site", "Same-Origin")],
    &[("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")],
    &[("sec-fetch-site", "same-origin"), ("sec-fetch-site", "same-origin")],
    &[("sec-fetch-site", "cross-site"), ("origin", "https://evil.test")],
    &[("sec-fetch-site", "same-site"), ("origin", "https://sub.app.test")],
    &[("sec-fetch-site", "cross-site"), ("origin", "null")],
];

const ALLOWED: &[Origin<'_>] = &[
    &[],
    &[("origin", "https://app.test")],
    &[("origin", "https://app.test"), ("sec-fetch-site", "same-origin")],
    &[("origin", "https://friend.test"), ("sec-fetch-site", "cross-site")],
    &[("sec-fetch-site", "same-origin")],
    &[("sec-fetch-site", "none")],
];

/// Wherever the application is: nothing is signed in, refreshed, signed out or revoked, and the page of its own can.
pub async fn a_page_of_another_origin_changes_nothing(site: &Site) {
    let email = &site.email();
    let mut browser = site.browser(email).await;
    let sessions = browser.get("/auth/sessions").await.is(200).json();
    let id = sessions["sessions"][0]["id"].as_str().unwrap();
    let suffixed = format!("{}.evil.test", site.origin());
    let foreign: [Origin<'_>; 7] = [
        &[("origin", "https://evil.test")],
        &[("origin", "null")],
        &[("origin", &suffixed)],
        &[("origin", site.origin()), ("origin", site.origin())],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "cross-site"), ("origin", "https://evil.test")],
    ];
    for origin in foreign {
        for mount in ["/auth", "/api/auth"] {
            for path in ["signin", "login", "signup"] {
                let call = post(&format!("{mount}/{path}")).json(&credentials(email));
                site.send(call.headers(origin)).await.problem(403, "cross_origin");
            }
            for path in ["signout", "logout"] {
                browser.send(post(&format!("{mount}/{path}")).headers(origin)).await.problem(403, "cross_origin");
            }
            let revoke = call(Method::DELETE, &format!("{mount}/sessions/{id}"));
            browser.send(revoke.headers(origin)).await.problem(403, "cross_origin");
        }
        browser.send(post("/auth/refresh").headers(origin)).await.problem(403, "cross_origin");
        browser.send(get("/auth/me").headers(origin)).await.is(200);
    }
    let own: Origin<'_> = &[("origin", site.origin()), ("sec-fetch-site", "same-origin")];
    browser.send(post("/auth/refresh").headers(own)).await.is(200);
    browser.send(post("/auth/signout").headers(own)).await.is(204);
}

/// A page that signs a visitor in to the attacker's account needs no cookie.
pub async fn another_origin_can_neither_sign_in_nor_sign_up(adapter: &dyn Adapter) {
    let world = world(adapter).await;
    world.tokens(EMAIL).await;
    world.store.take_calls();
    for origin in REFUSED {
        for mount in ["/auth", "/api/auth"] {
            for (path, email) in [("signin", EMAIL), ("login", EMAIL), ("signup", "new@example.com")] {
                let call = post(&format!("{mount}/{path}")).json(&credentials(email));
                world.send(from_origin(call, origin)).await.problem(403, "cross_origin");
            }
        }
    }
    let calls = world.store.take_calls();
    assert!(calls.iter().all(|call| *call == "record_event"), "refused before the store is asked: {calls:?}");
    for (number, origin) in ALLOWED.iter().enumerate() {
        let sign_in = post("/auth/signin").json(&credentials(EMAIL)).from(world.newcomer());
        world.send(from_origin(sign_in, origin)).await.is(200);
        let sign_up = post("/auth/signup").json(&credentials(&format!("a{number}@example.com")));
        world.send(from_origin(sign_up.from(world.newcomer()), origin)).await.is(201);
    }
}

/// The application's own routes are guarded by their extractors.
pub async fn another_origin_can_neither_refresh_nor_sign_out_nor_use_the_application(adapter: &dyn Adapter) {
    let world = world(adapter).await;
    let mut browser = world.browser(EMAIL).await;
    let cookies = browser.cookie_header();
    for origin in REFUSED {
        for path in ["/auth/refresh", "/auth/signout", "/auth/logout", "/api/auth/signout", "/note"] {
            browser.send(from_origin(post(path), origin)).await.problem(403, "cross_origin");
        }
        let id = browser.get("/session").await.text().to_owned();
        let revoke = call(Method::DELETE, &format!("/auth/sessions/{id}"));
        browser.send(from_origin(revoke, origin)).await.problem(403, "cross_origin");
    }
    assert_eq!(browser.cookie_header(), cookies, "nothing changed");
    for origin in ALLOWED {
        browser.send(from_origin(post("/note"), origin)).await.is(200);
        browser.send(from_origin(post("/auth/refresh"), origin)).await.is(200);
    }
    for origin in ALLOWED {
        let mut browser = world.another_browser(EMAIL).await;
        browser.send(from_origin(post("/auth/signout"), origin)).await.is(204);
    }
}

/// The other cookie is as good a credential.
pub async fn a_session_is_guarded_when_only_the_refresh_cookie_is_left(adapter: &dyn Adapter) {
    let world = world(adapter).await;
    let mut browser = world.browser(EMAIL).await;
    browser.forget("access");
    for path in ["/note", "/auth/refresh", "/auth/signout"] {
        let call = post(path).header("origin", "https://evil.test");
        browser.send(call).await.problem(403, "cross_origin");
    }
    browser.get("/private").await.is(200);
}

/// No browser adds one by itself.
pub async fn a_request_that_a_bearer_token_vouches_for_may_come_from_anywhere(adapter: &dyn Adapter) {
    let world = world(adapter).await;
    let mut tokens = world.tokens(EMAIL).await;
    for origin in REFUSED {
        world.send(from_origin(post("/note").bearer(&tokens.access), origin)).await.is(200);
        let refresh = post("/api/auth/refresh").json(&json!({ "refresh_token": tokens.refresh }));
        let answer = world.send(from_origin(refresh.bearer(&tokens.access), origin)).await.is(200);
        tokens = Tokens::of(&answer);
    }
    let sign_out = post("/api/auth/signout").bearer(&tokens.access).header("origin", "https://evil.test");
    world.send(sign_out).await.is(204);
}

/// Any page may make one up.
pub async fn a_bearer_token_that_is_not_ours_vouches_for_nothing(site: &Site) {
    let email = &site.email();
    site.tokens(email).await;
    for token in ["x", "x.y.z", ""] {
        let sign_in = post("/auth/signin").json(&credentials(email)).bearer(token);
        site.send(sign_in.header("origin", "https://evil.test")).await.problem(403, "cross_origin");
    }
}

/// What signs in is nobody's yet.
pub async fn nobodys_bearer_token_vouches_for_a_sign_in(site: &Site) {
    let email = &site.email();
    let eve = site.tokens(email).await;
    for path in ["/auth/signin", "/auth/signup", "/api/auth/signin"] {
        let call = post(path).json(&credentials(email)).bearer(&eve.access);
        site.send(call.header("origin", "https://evil.test")).await.problem(403, "cross_origin");
    }
}

/// Neither does the attacker's own token for the victim's cookies.
pub async fn a_bearer_token_does_not_vouch_for_cookies(site: &Site) {
    let email = &site.email();
    let mut ada = site.browser(email).await;
    let eve = site.tokens(&site.email()).await;
    let cookies = ada.cookie_header();
    let refresh = post("/auth/refresh").bearer(&eve.access).header("origin", "https://evil.test");
    let answer = ada.send(refresh).await;
    assert!(answer.status == 401 || answer.status == 403, "{answer:?}");
    assert_eq!(ada.cookie_header(), cookies);
}

/// Port included, and only where there is one host.
pub async fn without_a_base_url_the_origin_must_be_the_host(adapter: &dyn Adapter) {
    let world = World::new(adapter).await;
    let mut browser = world.browser(EMAIL).await;
    let note = |origin: &str| post("/note").header("origin", origin);
    browser.send(note("https://app.test")).await.is(200);
    browser.send(note("http://app.test")).await.is(200);
    for foreign in ["https://evil.test", "https://app.test:8443", "https://app.test.evil.test", "null", "app.test"] {
        browser.send(note(foreign)).await.problem(403, "cross_origin");
    }
    browser.send(note("https://evil.test").header("x-forwarded-host", "evil.test")).await.is(403);
    browser.send(note("https://app.test").without("host")).await.problem(403, "cross_origin");
    browser.send(note("https://app.test").header("host", "app.test")).await.problem(403, "cross_origin");
}

/// HTTP/2 has no `Host`; an adapter puts it there.
pub async fn the_authority_of_http_2_is_the_host(adapter: &dyn Adapter) {
    let world = World::new(adapter).await;
    let mut browser = world.browser(EMAIL).await;
    let note = |target: &str| post(target).without("host").header("origin", "https://app.test");
    browser.send(note("https://app.test/note")).await.is(200);
    browser.send(note("https://app.test/auth/refresh")).await.is(200);
    browser.send(note("https://evil.test/note")).await.problem(403, "cross_origin");
    browser.send(note("https://evil.test/auth/refresh")).await.problem(403, "cross_origin");
}

/// Whatever a header or a query says of another method.
pub async fn reading_is_free_and_changes_nothing(adapter: &dyn Adapter) {
    let world = world(adapter).await;
    let mut browser = world.browser(EMAIL).await;
    let cookies = browser.cookie_header();
    let evil = |call: Call| call.header("origin", "https://evil.test").header("sec-fetch-site", "cross-site");
    for path in ["/auth/me", "/auth/sessions", "/private", "/maybe", "/claims", "/members/news"] {
        browser.send(evil(get(path))).await.is(200);
    }
    let id = browser.get("/session").await.text().to_owned();
    let changing = ["signup", "signin", "login", "signout", "logout", "refresh", &format!("sessions/{id}")];
    for path in changing {
        for method in [Method::GET, Method::HEAD] {
            let answer = browser.send(evil(call(method, &format!("/auth/{path}")))).await;
            assert_eq!(answer.status, 405, "{path}");
        }
        for name in ["x-http-method-override", "x-http-method", "x-method-override"] {
            for method in ["POST", "DELETE"] {
                let overridden = get(&format!("/auth/{path}?_method={method}")).header(name, method);
                browser.send(overridden).await.problem(405, "method_not_allowed");
            }
        }
    }
    assert_eq!(browser.cookie_header(), cookies);
    browser.get("/private").await.is(200);
}

/// It is a `GET` that opens a channel for changes.
pub async fn opening_a_websocket_counts_as_a_change(adapter: &dyn Adapter) {
    let world = world(adapter).await;
    let mut browser = world.browser(EMAIL).await;
    let open = || get("/private").header("upgrade", "websocket").header("connection", "upgrade");
    browser.send(open().header("origin", "https://evil.test")).await.problem(403, "cross_origin");
    browser.send(open().header("origin", SITE)).await.is(200);
}

/// A refusal is told; the page is not shown to a stranger in its place.
pub async fn nobody_is_a_stranger_because_of_a_foreign_origin(adapter: &dyn Adapter) {
    let world = world(adapter).await;
    let mut browser = world.browser(EMAIL).await;
    let open = get("/maybe").header("upgrade", "websocket").header("origin", "https://evil.test");
    browser.send(open.clone()).await.problem(403, "cross_origin");
    assert_eq!(Browser::new(&world).send(open).await.is(200).text(), "nobody");
}

/// Every `Origin` with every `Sec-Fetch-Site`, wherever something changes: the rules of the module `csrf`, by a table.
pub async fn every_pair_of_origin_and_site_is_decided_alike(adapter: &dyn Adapter) {
    let world = world(adapter).await;
    let mut browser = world.browser(EMAIL).await;
    let origins = [None, Some(SITE), Some("https://friend.test"), Some("https://evil.test"), Some("null")];
    let sites = [None, Some("same-origin"), Some("none"), Some("same-site"), Some("cross-site")];
    for (origin, site) in origins.iter().flat_map(|origin| sites.iter().map(move |site| (*origin, *site))) {
        let is_trusted = matches!(origin, Some(SITE | "https://friend.test"));
        let is_allowed = is_trusted
            || match site {
                Some(site) => matches!(site, "same-origin" | "none"),
                None => origin.is_none(),
            };
        let headers: Vec<_> = [("origin", origin), ("sec-fetch-site", site)]
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
            .collect();
        for (path, status) in [("/note", 200), ("/auth/refresh", 200), ("/auth/sessions/x", 404), ("/auth/signin", 200)]
        {
            let call = match path {
                "/auth/sessions/x" => call(Method::DELETE, path),
                "/auth/signin" => post(path).json(&credentials(EMAIL)).from(world.newcomer()),
                _ => post(path),
            };
            let status = if is_allowed { status } else { 403 };
            let answer = browser.send(call.headers(&headers)).await;
            assert_eq!(answer.status, status, "{path} {headers:?}");
        }
        browser.send(get("/private").headers(&headers)).await.is(200);
    }
}

async fn world(adapter: &dyn Adapter) -> World {
    World::with(adapter, |builder| builder.base_url(SITE).trusted_origin("https://friend.test")).await
}

fn from_origin(call: Call, origin: Origin<'_>) -> Call {
    let call = if origin.iter().any(|(name, _)| *name == "host") { call.without("host") } else { call };
    call.headers(origin)
}
