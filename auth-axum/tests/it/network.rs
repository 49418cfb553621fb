//! A real server at the other end of a socket.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use async_trait::async_trait;
use auth_core::conformance::http::{Server, Site, run_over_network};
use auth_core::policy::{HashPolicy, Quota};
use auth_core::{Auth, MemoryStore, SigningKeys};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

use crate::app::router;

/// A client that opens a connection for each request.
struct Client(SocketAddr);

#[async_trait(?Send)]
impl Server for Client {
    async fn send(&self, _peer: Option<IpAddr>, request: Request<Bytes>) -> Response<Bytes> {
        let stream = TcpStream::connect(self.0).await.unwrap();
        let (mut sender, connection) = handshake(TokioIo::new(stream)).await.unwrap();
        let connection = tokio::spawn(connection);
        let response = sender.send_request(request.map(Full::new)).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        connection.abort();
        Response::from_parts(parts, body)
    }
}

#[tokio::test]
async fn a_server_keeps_the_contract_over_the_network() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let base_url = format!("http://{address}");
    let auth = Auth::builder(MemoryStore::new(), SigningKeys::hs256([7; 32]).unwrap())
        .base_url(&base_url)
        .hash_policy(HashPolicy::insecure_for_tests())
        .dangerously_without_rate_limits()
        .build()
        .unwrap();
    let app = router(&auth, Quota::per_minute(2.try_into().unwrap()));
    let server = axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>());
    let server = tokio::spawn(server.into_future());
    run_over_network(&Site::new(Box::new(Client(address)), &base_url)).await;
    server.abort();
}
