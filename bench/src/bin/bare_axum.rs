//! What the library is compared with on axum: the same work, written by hand.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::header::{AUTHORIZATION, COOKIE, HeaderName};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::get;
use bench::bare::{self, HELLO, JwtCheck, hello};
use bench::database::Database;
use bench::settings;

#[tokio::main(worker_threads = 1)]
async fn main() {
    let database = Database::open(&settings::database()).await;
    let check = Arc::new(JwtCheck::new());
    let app = Router::new()
        .route("/private", get(private))
        .route("/claims", get(async || HELLO.to_owned()))
        .route("/jwt", get(async move |headers: HeaderMap| jwt(&check, &headers)))
        .with_state(database);
    let listener = tokio::net::TcpListener::from_std(settings::listener()).unwrap();
    axum::serve(listener, app).await.unwrap();
}

async fn private(State(database): State<Database>, headers: HeaderMap) -> Result<String, StatusCode> {
    let session = bare::session(&database, text(&headers, COOKIE)).await;
    session.map(|row| hello(row.id)).ok_or(StatusCode::UNAUTHORIZED)
}

fn jwt(check: &JwtCheck, headers: &HeaderMap) -> Result<String, StatusCode> {
    check.user(text(headers, AUTHORIZATION)).map(hello).ok_or(StatusCode::UNAUTHORIZED)
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}
