//! A page of another origin that calls the API with the user's cookies.

use std::time::Duration;

use auth_axum::AuthBuilder;
use auth_core::conformance::http::{Answer, Call, EMAIL, HOME, World, call, credentials, get, post};
use auth_core::policy::Quota;
use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Method, header};
use tower_http::cors::CorsLayer;

use super::assert_shown;
use crate::app::{Axum, answer, router};

/// Where the page is.
const PAGE: &str = "https://www.example.com";

/// Lets the page call with cookies and bearer tokens, and read how long to wait.
fn cors() -> CorsLayer {
    CorsLayer::new()
        .allow_origin([HeaderValue::from_static(PAGE)])
        .allow_credentials(true)
        .allow_methods([Method::GET, Method::POST, Method::DELETE])
        .allow_headers([header::AUTHORIZATION, header::CONTENT_TYPE])
        .expose_headers(["ratelimit", "ratelimit-policy", "retry-after"].map(HeaderName::from_static))
        .max_age(Duration::from_mins(10))
}

/// Lets the page change something.
fn trust_page(builder: AuthBuilder) -> AuthBuilder {
    builder.base_url("https://app.example.com").trusted_origin(PAGE)
}

/// A page that no application trusts.
const ELSEWHERE: &str = "https://www.example.org";

/// Sends a call to the application of the suite, with CORS around it.
async fn send(world: &World, call: Call) -> Answer {
    let app = router(&world.auth, Quota::per_minute(2)).layer(cors());
    let (peer, request) = call.into_request(&HeaderValue::from_static("app.example.com"));
    Answer::new(answer(&app, peer, request.map(Body::from)).await)
}

/// Signs somebody up, and returns what their browser sends along.
async fn sign_up(world: &World) -> String {
    world.browser(EMAIL).await.cookie_header().unwrap()
}

/// What a browser asks before it lets a page send JSON or a bearer token.
fn preflight(path: &str, origin: &str, method: &str) -> Call {
    call(Method::OPTIONS, path)
        .header("origin", origin)
        .header("access-control-request-method", method)
        .header("access-control-request-headers", "authorization,content-type")
}

/// A call by a page.
fn by(origin: &str, call: Call) -> Call {
    let site = if origin == PAGE { "same-site" } else { "cross-site" };
    call.header("origin", origin).header("sec-fetch-site", site)
}

/// What a header lists, in lower case and in order.
fn listed(answer: &Answer, name: &str) -> Vec<String> {
    let lines = answer.headers.get_all(name).iter().map(|line| line.to_str().unwrap());
    let mut items: Vec<_> = lines.flat_map(|line| line.split(',')).map(|item| item.trim().to_lowercase()).collect();
    items.sort();
    items
}

/// Whether a browser lets a page read an answer to a request with cookies.
fn is_readable(answer: &Answer, origin: &str) -> bool {
    assert_ne!(answer.header("access-control-allow-origin"), Some("*"));
    answer.header("access-control-allow-origin") == Some(origin)
        && answer.header("access-control-allow-credentials") == Some("true")
}

#[test]
fn the_page_shows_this_code() {
    assert_shown(include_str!("../../../docs/cors.md"), include_str!("cors.rs"));
}

#[tokio::test]
async fn a_preflight_lets_the_page_send_what_the_routes_take() {
    let world = World::with(&Axum, trust_page).await;
    for (path, method) in [("/auth/me", "GET"), ("/auth/signin", "POST"), ("/auth/sessions/x", "DELETE")] {
        let answer = send(&world, preflight(path, PAGE, method)).await.is(200);
        assert!(is_readable(&answer, PAGE), "{answer:?}");
        assert!(listed(&answer, "access-control-allow-methods").contains(&method.to_ascii_lowercase()));
        let headers = listed(&answer, "access-control-allow-headers");
        assert!(["authorization", "content-type"].iter().all(|name| headers.contains(&(*name).to_owned())));
        assert_eq!(answer.header("access-control-max-age"), Some("600"));
    }
}

#[tokio::test]
async fn a_preflight_refuses_other_pages_and_other_methods() {
    let world = World::with(&Axum, trust_page).await;
    for origin in [ELSEWHERE, "https://app.example.com.evil.test", "http://www.example.com", "null"] {
        assert!(!is_readable(&send(&world, preflight("/auth/signin", origin, "POST")).await, origin), "{origin}");
    }
    let answer = send(&world, preflight("/auth/signin", PAGE, "PUT")).await;
    assert!(!listed(&answer, "access-control-allow-methods").contains(&"put".to_owned()));
}

#[tokio::test]
async fn the_page_reads_every_answer_and_others_read_none() {
    let world = World::with(&Axum, trust_page).await;
    let cookies = sign_up(&world).await;
    let home = |call: Call| call.header("cookie", &cookies);
    let weak = r#"{ "email": "grace@example.com", "password": "short" }"#;
    let calls = [
        (200, home(get("/auth/me"))),
        (401, get("/auth/me")),
        (401, get("/private")),
        (401, get("/members/news")),
        (403, home(get("/admin/users"))),
        (409, post("/auth/signup").json(&credentials(EMAIL))),
        (415, post("/auth/signin").body("text/plain", "{}")),
        (422, post("/auth/signup").body("application/json", weak)),
    ];
    for (status, call) in calls {
        let answer = send(&world, by(PAGE, call.clone())).await.is(status);
        assert!(is_readable(&answer, PAGE), "{answer:?}");
        let elsewhere = send(&world, by(ELSEWHERE, call)).await;
        assert!(!is_readable(&elsewhere, ELSEWHERE), "{elsewhere:?}");
        for answer in [answer, elsewhere] {
            assert!(listed(&answer, "vary").contains(&"origin".to_owned()), "{answer:?}");
        }
    }
}

#[tokio::test]
async fn the_page_reads_how_long_to_wait() {
    let world = World::with(&Axum, trust_page).await;
    let cookies = sign_up(&world).await;
    let search = || by(PAGE, get("/search").from(HOME));
    send(&world, search()).await.is(200);
    send(&world, search()).await.is(200);
    let limited = send(&world, search()).await.is(429);
    assert_eq!(limited.header("retry-after"), Some("60"));
    assert!(limited.header("ratelimit").is_some() && limited.header("ratelimit-policy").is_some());
    world.store.fail_all();
    let outage = send(&world, by(PAGE, get("/private").header("cookie", &cookies))).await.is(503);
    assert!(outage.header("retry-after").is_some());
    for answer in [limited, outage] {
        assert!(is_readable(&answer, PAGE), "{answer:?}");
        let exposed = listed(&answer, "access-control-expose-headers");
        assert_eq!(exposed, ["ratelimit", "ratelimit-policy", "retry-after"]);
    }
}

#[tokio::test]
async fn cors_alone_lets_no_page_change_anything() {
    let world = World::with(&Axum, |builder| builder.base_url("https://app.example.com")).await;
    let cookies = sign_up(&world).await;
    for call in [post("/note").header("cookie", &cookies), post("/auth/signin").json(&credentials(EMAIL))] {
        let answer = send(&world, by(PAGE, call)).await.problem(403, "cross_origin");
        assert!(is_readable(&answer, PAGE), "{answer:?}");
    }
}

#[tokio::test]
async fn a_page_that_the_library_trusts_too_may_change_what_its_user_may() {
    let world = World::with(&Axum, trust_page).await;
    let cookies = sign_up(&world).await;
    for call in [post("/note").header("cookie", &cookies), post("/auth/signin").json(&credentials(EMAIL))] {
        let answer = send(&world, by(PAGE, call.clone())).await.is(200);
        assert!(is_readable(&answer, PAGE), "{answer:?}");
        send(&world, by(ELSEWHERE, call)).await.problem(403, "cross_origin");
    }
}

/// It is sent without a preflight, so that CORS has no say in it.
#[tokio::test]
async fn a_form_of_another_site_is_refused() {
    let world = World::with(&Axum, trust_page).await;
    let form = || post("/auth/signin").body("application/x-www-form-urlencoded", "email=ada@example.com");
    send(&world, by(ELSEWHERE, form())).await.problem(403, "cross_origin");
    send(&world, by(PAGE, form())).await.problem(415, "unsupported_media_type");
}

#[tokio::test]
async fn a_bearer_token_vouches_for_its_request_wherever_the_page_is() {
    let world = World::with(&Axum, |builder| builder).await;
    let tokens = world.tokens(EMAIL).await;
    let answer = send(&world, by(PAGE, post("/note").bearer(&tokens.access))).await.is(200);
    assert!(is_readable(&answer, PAGE), "{answer:?}");
    send(&world, by(PAGE, post("/api/auth/signin").json(&credentials(EMAIL)))).await.problem(403, "cross_origin");
}
