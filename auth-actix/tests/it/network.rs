//! The suite's rules that need no clock and no store, over real sockets.

use std::net::{IpAddr, TcpListener};

use async_trait::async_trait;
use auth_core::conformance::http::{Server, Site, run_over_network};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode};

use crate::app::auth_with;
use crate::sockets::{Running, read_all};

#[async_trait(?Send)]
impl Server for Running {
    async fn send(&self, _peer: Option<IpAddr>, request: Request<Bytes>) -> Response<Bytes> {
        parse(&read_all(self.open(written(&request))))
    }
}

/// A request as it goes over the wire, alone on its connection.
fn written(request: &Request<Bytes>) -> Vec<u8> {
    let mut bytes = format!("{} {} HTTP/1.1\r\n", request.method(), request.uri()).into_bytes();
    for (name, value) in request.headers() {
        bytes.extend_from_slice(&[name.as_str().as_bytes(), b": ".as_slice(), value.as_bytes(), b"\r\n"].concat());
    }
    let body = request.body();
    bytes.extend_from_slice(format!("connection: close\r\ncontent-length: {}\r\n\r\n", body.len()).as_bytes());
    bytes.extend_from_slice(body);
    bytes
}

fn parse(bytes: &[u8]) -> Response<Bytes> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    let (head, body) = (std::str::from_utf8(&bytes[..end]).unwrap(), &bytes[end + 4..]);
    let mut lines = head.split("\r\n");
    let mut response = Response::new(Bytes::copy_from_slice(body));
    *response.status_mut() = StatusCode::from_bytes(&lines.next().unwrap().as_bytes()[9..12]).unwrap();
    for (name, value) in lines.map(|line| line.split_once(": ").unwrap()) {
        response.headers_mut().append(HeaderName::try_from(name).unwrap(), HeaderValue::from_str(value).unwrap());
    }
    response
}

#[actix_web::test]
async fn a_server_keeps_the_contract_over_the_network() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    let (auth, _) = auth_with(|builder| builder.base_url(&base_url).dangerously_without_rate_limits());
    let server = Running::listen(listener, auth, 2);
    run_over_network(&Site::new(Box::new(server), &base_url)).await;
}
