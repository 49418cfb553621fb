//! What the library is compared with on axum: the same work, written by hand.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::{AUTHORIZATION, COOKIE, HeaderName};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use bench::bare::{self, HELLO, JwtCheck, hello};
use bench::database::Database;
use bench::rotate::{self, Tokens};
use bench::settings;

#[tokio::main(worker_threads = 1)]
async fn main() {
    let database = Database::open(&settings::database()).await;
    let check = Arc::new(JwtCheck::new());
    let app = Router::new()
        .route("/private", get(private))
        .route("/claims", get(async || HELLO.to_owned()))
        .route("/jwt", get(async move |headers: HeaderMap| jwt(&check, &headers)))
        .route("/refresh", post(refresh))
        .route("/signout", post(sign_out))
        .with_state(database);
    let listener = tokio::net::TcpListener::from_std(settings::listener()).unwrap();
    axum::serve(listener, app).await.unwrap();
}

async fn private(State(database): State<Database>, headers: HeaderMap) -> Result<String, StatusCode> {
    let session = bare::session(&database, text(&headers, COOKIE)).await;
    session.map(|row| hello(row.id)).ok_or(StatusCode::UNAUTHORIZED)
}

async fn refresh(State(database): State<Database>, Json(tokens): Json<Tokens>) -> Result<Json<Tokens>, StatusCode> {
    rotate::refresh(&database, &tokens).await.map(Json).ok_or(StatusCode::UNAUTHORIZED)
}

async fn sign_out(State(database): State<Database>, headers: HeaderMap) -> StatusCode {
    let session = text(&headers, COOKIE).and_then(bare::session_id);
    let Some(session) = session else { return StatusCode::UNAUTHORIZED };
    rotate::sign_out(&database, session).await.map_or(StatusCode::UNAUTHORIZED, |()| StatusCode::NO_CONTENT)
}

fn jwt(check: &JwtCheck, headers: &HeaderMap) -> Result<String, StatusCode> {
    check.user(text(headers, AUTHORIZATION)).map(hello).ok_or(StatusCode::UNAUTHORIZED)
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}
