//! The library on axum.

use std::net::SocketAddr;

use auth_axum::{Claims, CurrentUser, Transport, routes};
use axum::Router;
use axum::routing::get;
use bench::bare::hello;
use bench::{ours, settings};

#[tokio::main(worker_threads = 1)]
async fn main() {
    let auth = Box::pin(ours::auth()).await;
    let app = Router::new()
        .route("/private", get(|user: CurrentUser| async move { hello(user.id.as_uuid()) }))
        .route("/claims", get(|claims: Claims| async move { hello(claims.user_id.as_uuid()) }))
        .nest("/auth", routes(&auth, Transport::Cookie))
        .nest("/api/auth", routes(&auth, Transport::Bearer))
        .with_state(auth)
        .into_make_service_with_connect_info::<SocketAddr>();
    let listener = tokio::net::TcpListener::from_std(settings::listener()).unwrap();
    axum::serve(listener, app).await.unwrap();
}
