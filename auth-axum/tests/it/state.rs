//! Where the application has a state of its own, and answers in its own way.

use std::net::SocketAddr;

use auth_axum::{CurrentUser, Rejection, routes};
use auth_core::Auth;
use auth_core::conformance::http::{EMAIL, World};
use auth_core::http::Transport;
use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, FromRef};
use axum::response::IntoResponse;
use axum::routing::get;
use http::Request;
use tower::ServiceExt;

use crate::app::Axum;

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
    let world = World::new(&Axum).await;
    let tokens = world.tokens(EMAIL).await;
    let greet = |axum::extract::State(state): axum::extract::State<AppState>, user: CurrentUser| async move {
        format!("{} {}", state.greeting, user.email.as_ref().unwrap().as_str())
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
    let world = World::new(&Axum).await;
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
