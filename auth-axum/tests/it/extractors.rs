//! Who is behind a request: what the application's handlers get.

use std::net::SocketAddr;
use std::time::Duration;

use auth_axum::{CurrentUser, Rejection, routes};
use auth_core::Auth;
use auth_core::http::Transport;
use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, FromRef};
use axum::response::IntoResponse;
use axum::routing::get;
use http::Request;
use serde_json::json;
use tower::ServiceExt;

use crate::fixture::{EMAIL, World, credentials, get as call_get, post};

#[tokio::test]
async fn a_user_is_needed_where_a_user_is_asked_for() {
    let world = World::new();
    for path in ["/private", "/claims", "/session"] {
        world.send(call_get(path)).await.problem(401, "unauthenticated");
    }
    world.send(post("/note")).await.problem(401, "unauthenticated");
}

#[tokio::test]
async fn an_optional_user_is_nobody_without_a_session_and_after_one() {
    let world = World::new();
    let mut browser = world.browser(EMAIL).await;
    assert_eq!(world.send(call_get("/maybe")).await.is(200).text(), "nobody");
    assert_eq!(browser.get("/maybe").await.text(), browser.get("/private").await.text());

    let mut other = world.another_browser(EMAIL).await;
    browser.send(post("/auth/signout").json(&json!({ "scope": "others" }))).await.is(204);
    assert_eq!(other.get("/maybe").await.is(200).text(), "nobody", "revoked");
    world.pass(Duration::from_hours(24));
    assert_eq!(browser.get("/maybe").await.is(200).text(), "nobody", "expired");
}

#[tokio::test]
async fn a_revocation_is_seen_at_once_by_the_user_and_later_by_the_claims() {
    let world = World::new();
    let tokens = world.tokens(EMAIL).await;
    world.send(post("/api/auth/signout").bearer(&tokens.access)).await.is(204);
    for path in ["/private", "/session", "/api/auth/me"] {
        world.send(call_get(path).bearer(&tokens.access)).await.problem(401, "unauthenticated");
    }
    world.send(call_get("/claims").bearer(&tokens.access)).await.is(200);
    world.pass(Duration::from_mins(15));
    world.send(call_get("/claims").bearer(&tokens.access)).await.is(401);
}

#[tokio::test]
async fn a_user_costs_one_query() {
    let world = World::new();
    let tokens = world.tokens(EMAIL).await;
    for path in ["/private", "/maybe", "/session", "/members/news"] {
        world.store.take_calls();
        world.send(call_get(path).bearer(&tokens.access)).await.is(200);
        assert_eq!(world.store.take_calls(), ["find_session"], "{path}");
    }
}

#[tokio::test]
async fn everything_works_where_the_server_keeps_no_addresses() {
    let world = World::new();
    let sign_up = post("/api/auth/signup").json(&credentials(EMAIL)).without_address();
    let answer = world.send(sign_up).await.is(201);
    let access = answer.json()["access_token"].as_str().unwrap().to_owned();
    for path in ["/private", "/claims", "/session", "/maybe", "/members/news", "/search"] {
        world.send(call_get(path).bearer(&access).without_address()).await.is(200);
    }
    let sessions = world.send(call_get("/api/auth/sessions").bearer(&access).without_address()).await.json();
    assert_eq!(sessions["sessions"][0]["ip"], json!(null));
}

#[derive(Clone)]
struct AppState {
    auth: Auth,
    greeting: &'static str,
}

impl FromRef<AppState> for Auth {
    fn from_ref(state: &AppState) -> Self {
        state.auth.clone()
    }
}

#[tokio::test]
async fn an_application_may_have_a_state_of_its_own() {
    let world = World::new();
    let tokens = world.tokens(EMAIL).await;
    let greet = |axum::extract::State(state): axum::extract::State<AppState>, user: CurrentUser| async move {
        format!("{} {}", state.greeting, user.email.as_ref().unwrap().as_typed())
    };
    let app = Router::new()
        .nest("/auth", routes(Transport::Cookie))
        .route("/", get(greet))
        .with_state(AppState { auth: world.auth.clone(), greeting: "hello" });
    for (path, status) in [("/", 200), ("/auth/me", 200), ("/auth/nothing", 404)] {
        let request = Request::get(path)
            .header("authorization", format!("Bearer {}", tokens.access))
            .extension(ConnectInfo(SocketAddr::from(([192, 0, 2, 1], 1))))
            .body(Body::empty());
        let response = app.clone().oneshot(request.unwrap()).await.unwrap();
        assert_eq!(response.status(), status, "{path}");
    }
}

#[tokio::test]
async fn an_application_may_answer_a_refusal_in_its_own_way() {
    let world = World::new();
    let home = |user: Result<CurrentUser, Rejection>| async move {
        match user {
            Ok(user) => user.id.to_string().into_response(),
            Err(rejection) => format!("{:?}", rejection.into_inner().kind()).into_response(),
        }
    };
    let app = Router::new().route("/", get(home)).with_state(world.auth.clone());
    let response = app.oneshot(Request::get("/").body(Body::empty()).unwrap()).await.unwrap();
    let body = axum::body::to_bytes(response.into_body(), 1_000).await.unwrap();
    assert_eq!(body, "Unauthenticated");
}
