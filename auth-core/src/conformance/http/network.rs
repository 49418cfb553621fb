//! A server at the other end of a socket.

use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
#[cfg(unix)]
use std::os::unix::net::UnixStream;
#[cfg(unix)]
use std::path::Path;
use std::thread;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_channel::oneshot;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode};

use super::Server;
#[cfg(unix)]
use super::{EMAIL, credentials, post};

/// How long a server may be silent; the longest that it waits by itself are the ten seconds for a body.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server at a TCP address, and a client that opens a connection for each request.
///
/// Each request has a thread of its own, so that requests race, and no async runtime is needed.
#[derive(Debug, Clone, Copy)]
pub struct Network(SocketAddr);

impl Network {
    /// Creates a client of the server at an address.
    pub fn at(address: SocketAddr) -> Self {
        Self(address)
    }

    /// Sends bytes, whatever they are, and returns all that comes back until the server hangs up.
    ///
    /// # Panics
    ///
    /// When the server cannot be reached, or keeps the connection open.
    pub fn exchange(&self, request: &[u8]) -> Vec<u8> {
        let mut stream = TcpStream::connect(self.0).expect("the server listens");
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        // A server that refuses a request in the middle of it hangs up; what it said before counts.
        let is_over = |kind| matches!(kind, ErrorKind::BrokenPipe | ErrorKind::ConnectionReset);
        if let Err(error) = stream.write_all(request) {
            assert!(is_over(error.kind()), "{error}");
        }
        let mut answer = Vec::new();
        if let Err(error) = stream.read_to_end(&mut answer) {
            assert!(is_over(error.kind()), "{error} after {:?}", String::from_utf8_lossy(&answer));
        }
        answer
    }
}

#[async_trait(?Send)]
impl Server for Network {
    async fn send(&self, _peer: Option<IpAddr>, request: Request<Bytes>) -> Response<Bytes> {
        let (sender, answer) = oneshot::channel();
        let (network, request) = (*self, written(&request));
        let client = thread::spawn(move || sender.send(network.exchange(&request)));
        let answer = answer.await;
        client.join().expect("the server answers").unwrap();
        parsed(&answer.unwrap())
    }
}

/// Holds a server on a Unix socket, whose `trusted_proxies` are `unix:`, to counting each client of the proxy by
/// itself.
///
/// # Panics
///
/// When it does not, or cannot be reached.
#[cfg(unix)]
pub fn clients_behind_a_unix_socket_are_told_apart(socket: &Path) {
    let sign_in = |forwarded: &str| {
        let call = post("/auth/signin").json(&credentials(EMAIL)).header("x-forwarded-for", forwarded);
        let (_, request) = call.into_request(&HeaderValue::from_static("app.test"));
        let mut stream = UnixStream::connect(socket).expect("the server listens");
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(&written(&request)).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        parsed(&answer).status().as_u16()
    };
    for _ in 0..5 {
        assert_eq!(sign_in("203.0.113.7"), 401);
    }
    assert_eq!(sign_in("203.0.113.7"), 429);
    assert_eq!(sign_in("192.0.2.1, 203.0.113.7"), 429, "what the client wrote itself is not believed");
    assert_eq!(sign_in("203.0.113.8"), 401);
}

/// Writes a request as it goes over the wire, alone on its connection.
pub fn written(request: &Request<Bytes>) -> Vec<u8> {
    let (target, body) = (request.uri(), request.body());
    let mut bytes = format!("{} {target} HTTP/1.1\r\n", request.method()).into_bytes();
    for (name, value) in request.headers() {
        bytes.extend_from_slice(&[name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    }
    bytes.extend_from_slice(format!("connection: close\r\ncontent-length: {}\r\n\r\n", body.len()).as_bytes());
    bytes.extend_from_slice(body);
    bytes
}

/// Reads an answer that came over the wire, up to the end of its connection.
///
/// # Panics
///
/// When it is none.
pub fn parsed(bytes: &[u8]) -> Response<Bytes> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").expect("an answer has a head");
    let (head, body) = (std::str::from_utf8(&bytes[..end]).unwrap(), &bytes[end + 4..]);
    let mut lines = head.split("\r\n");
    let mut response = Response::new(Bytes::copy_from_slice(body));
    *response.status_mut() = StatusCode::from_bytes(&lines.next().unwrap().as_bytes()[9..12]).unwrap();
    for (name, value) in lines.map(|line| line.split_once(": ").unwrap()) {
        assert!(name != "transfer-encoding", "answers of a known length are sent whole");
        response.headers_mut().append(HeaderName::try_from(name).unwrap(), HeaderValue::from_str(value).unwrap());
    }
    response
}
