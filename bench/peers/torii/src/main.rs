//! Sign-up, sign-in and a route for signed-in users on torii, as its example shows them, on SQLite.

use std::env;
use std::sync::Arc;

use axum::extract::State;
use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use torii::sqlite::{SqliteRepositoryProvider, SqliteStorage};
use torii::{SessionToken, Torii};

#[derive(Deserialize)]
struct Credentials {
    email: String,
    password: String,
}

type Auth = State<Arc<Torii<SqliteRepositoryProvider>>>;

#[tokio::main]
async fn main() {
    tracing_subscriber::fmt::init();
    let storage = SqliteStorage::connect(&env::var("BENCH_DATABASE").unwrap()).await.unwrap();
    let torii = Torii::new(Arc::new(storage.into_repository_provider()));
    torii.migrate().await.unwrap();

    let app = Router::new()
        .route("/private", get(private))
        .route("/signup", post(sign_up))
        .route("/signin", post(sign_in))
        .with_state(Arc::new(torii));
    let listener = tokio::net::TcpListener::bind(env::var("BENCH_LISTEN").unwrap()).await.unwrap();
    axum::serve(listener, app).await.unwrap();
}

async fn private(State(torii): Auth, headers: HeaderMap) -> Result<String, StatusCode> {
    let cookies = headers.get(COOKIE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let token = cookies.split("; ").find_map(|pair| pair.strip_prefix("session="));
    let token = SessionToken::new(token.ok_or(StatusCode::UNAUTHORIZED)?);
    let session = torii.get_session(&token).await.map_err(|_| StatusCode::UNAUTHORIZED)?;
    let user = torii.get_user(&session.user_id).await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    user.map(|user| format!("hello {}", user.id)).ok_or(StatusCode::UNAUTHORIZED)
}

async fn sign_up(State(torii): Auth, Json(Credentials { email, password }): Json<Credentials>) -> StatusCode {
    torii.password().register(&email, &password).await.map_or(StatusCode::CONFLICT, |_| StatusCode::CREATED)
}

async fn sign_in(
    State(torii): Auth,
    Json(Credentials { email, password }): Json<Credentials>,
) -> Result<[(axum::http::HeaderName, String); 1], StatusCode> {
    let signed_in = torii.password().authenticate(&email, &password, None, None).await;
    let (_, session) = signed_in.map_err(|_| StatusCode::UNAUTHORIZED)?;
    Ok([(SET_COOKIE, format!("session={}; HttpOnly; SameSite=Lax; Path=/", session.token))])
}
