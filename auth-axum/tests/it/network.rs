//! A real server at the other end of a socket.

use std::net::{Ipv4Addr, SocketAddr};

use auth_core::conformance::http::{Network, Site, run_over_network};
use auth_core::policy::{HashPolicy, Quota};
use auth_core::{Auth, MemoryStore, SigningKeys};
use tokio::net::TcpListener;

use crate::app::router;

#[tokio::test(flavor = "multi_thread")]
async fn a_server_keeps_the_contract_over_the_network() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let base_url = format!("http://{address}");
    let auth = Auth::builder(MemoryStore::new(), SigningKeys::hs256("a secret for tests of 32 bytes or more").unwrap())
        .base_url(&base_url)
        .hash_policy(HashPolicy::insecure_for_tests())
        .dangerously_without_rate_limits()
        .build()
        .unwrap();
    let app = router(&auth, Quota::per_minute(2));
    let server = axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>());
    let server = tokio::spawn(server.into_future());
    run_over_network(&Site::new(Box::new(Network::at(address)), &base_url)).await;
    server.abort();
}
