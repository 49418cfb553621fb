//! A server on a Unix socket, as behind a proxy on the same machine.

use auth_core::conformance::http::network::clients_behind_a_unix_socket_are_told_apart;
use auth_core::policy::{HashPolicy, Quota};
use auth_core::{Auth, MemoryStore, SigningKeys};
use tokio::net::UnixListener;

use crate::app::router;

#[tokio::test(flavor = "multi_thread")]
async fn clients_behind_a_proxy_on_a_unix_socket_have_their_own_limits() {
    let socket = std::env::temp_dir().join(format!("auth-axum-{}.sock", std::process::id()));
    let listener = UnixListener::bind(&socket).unwrap();
    let auth = Auth::builder(MemoryStore::new(), SigningKeys::hs256("a secret for tests of 32 bytes or more").unwrap())
        .trusted_proxies("unix:")
        .hash_policy(HashPolicy::insecure_for_tests())
        .build()
        .unwrap();
    let app = router(&auth, Quota::per_minute(2));
    let server = tokio::spawn(axum::serve(listener, app).into_future());
    let path = socket.clone();
    let held = tokio::task::spawn_blocking(move || clients_behind_a_unix_socket_are_told_apart(&path)).await;
    server.abort();
    std::fs::remove_file(&socket).unwrap();
    held.unwrap();
}
