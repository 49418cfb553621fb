//! Clients that never end a request's body, on real sockets.

use std::net::{Ipv4Addr, SocketAddr};

use auth_core::auth::AuthBuilder;
use auth_core::conformance::http::World;
use auth_core::conformance::http::held::{assert_lets_go, unread_bodies};
use auth_core::policy::Quota;
use tokio::net::TcpListener;

use crate::app::{Axum, router};

#[tokio::test(flavor = "multi_thread")]
async fn no_client_keeps_a_connection_by_a_body_without_end() {
    let world = World::with(&Axum, AuthBuilder::dangerously_without_rate_limits).await;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = router(&world.auth, Quota::per_minute(2));
    let server = axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>());
    let server = tokio::spawn(server.into_future());
    let routes = [
        ("GET", "/auth/me"),
        ("PUT", "/auth/me"),
        ("GET", "/auth/nothing"),
        ("POST", "/auth/signup"),
        ("POST", "/api/auth/refresh"),
        ("POST", "/api/auth/signout"),
        ("GET", "/private"),
        ("GET", "/members/news"),
        ("GET", "/search"),
        ("GET", "/nothing"),
    ];
    let holders: Vec<_> = routes.into_iter().flat_map(|(method, path)| unread_bodies(method, path)).collect();
    tokio::task::spawn_blocking(move || assert_lets_go(address, &holders)).await.unwrap();
    server.abort();
}
