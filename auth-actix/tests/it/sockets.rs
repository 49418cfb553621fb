//! A real server, and clients that speak to it byte by byte.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc;
use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::dev::{ServerHandle, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::{App, Error, HttpServer, rt};
use auth_actix::Auth;
use tokio::time::Instant;

use crate::app::{app, auth, credentials, quota};

/// A server on a port of its own, stopped when dropped.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    handle: ServerHandle,
}

impl Running {
    pub(crate) fn start(auth: Auth, workers: usize) -> Self {
        Self::listen(TcpListener::bind("127.0.0.1:0").unwrap(), auth, workers)
    }

    pub(crate) fn listen(listener: TcpListener, auth: Auth, workers: usize) -> Self {
        Self::serve(listener, workers, move || App::new().configure(app(&auth, quota())))
    }

    pub(crate) fn serve<F, T, B>(listener: TcpListener, workers: usize, app: F) -> Self
    where
        F: Fn() -> App<T> + Send + Clone + 'static,
        T: ServiceFactory<ServiceRequest, Config = (), Response = ServiceResponse<B>, Error = Error, InitError = ()>
            + 'static,
        B: MessageBody + 'static,
    {
        let (sender, started) = mpsc::channel();
        std::thread::spawn(move || {
            rt::System::new().block_on(async move {
                let server = HttpServer::new(app);
                let server = server.workers(workers).disable_signals().listen(listener).unwrap();
                let address = server.addrs()[0];
                let server = server.run();
                sender.send(Self { address, handle: server.handle() }).unwrap();
                server.await.unwrap();
            });
        });
        started.recv().unwrap()
    }

    /// Connects, and sends some bytes.
    pub(crate) fn open(&self, bytes: impl AsRef<[u8]>) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.write_all(bytes.as_ref()).unwrap();
        stream
    }

    /// Sends a whole request, and returns all that comes back until the server hangs up.
    pub(crate) fn ask(&self, request: &str) -> String {
        rest(self.open(request.replace('\n', "\r\n")))
    }

    /// Signs somebody up and returns their access token.
    pub(crate) fn sign_up(&self) -> String {
        let body = credentials().to_string();
        let answer = rest(self.open(post("/api/auth/signup", body.len()) + &body));
        assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
        let (_, token) = answer.split_once("\"access_token\":\"").unwrap();
        token.split('"').next().unwrap().to_owned()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
    }
}

fn rest(stream: TcpStream) -> String {
    String::from_utf8(read_all(stream)).unwrap()
}

/// Reads all that comes back until the server hangs up.
pub(crate) fn read_all(mut stream: TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    // A server that hangs up on a body that it does not want resets the connection; what came before counts.
    if let Err(error) = stream.read_to_end(&mut bytes) {
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    }
    bytes
}

fn post(path: &str, length: usize) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nhost: app.test\r\nconnection: close\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\n\r\n"
    )
}

#[test]
fn a_body_may_arrive_in_pieces() {
    let server = Running::start(auth().0, 1);
    let body = credentials().to_string();
    let mut stream = server.open(post("/auth/signup", body.len()));
    for piece in body.as_bytes().chunks(20) {
        stream.write_all(piece).unwrap();
        std::thread::sleep(Duration::from_millis(1));
    }
    let answer = rest(stream);
    assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
    assert_eq!(answer.matches("set-cookie: ").count(), 2, "{answer}");
}

#[test]
fn a_body_that_falls_silent_is_waited_for_ten_seconds() {
    let server = Running::start(auth().0, 1);
    let begun = Instant::now();
    let answer = rest(server.open(post("/auth/signup", 100) + "{"));
    assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("\"request_timeout\""), "{answer}");
    assert!((10..15).contains(&begun.elapsed().as_secs()), "actix-web's own limit is for the head");
}

#[test]
fn a_body_that_is_too_large_is_told_so() {
    let server = Running::start(auth().0, 1);
    for declared in [16 * 1024 + 1, 1 << 30] {
        let answer = rest(server.open(post("/auth/signup", declared) + &" ".repeat(16 * 1024 + 1)));
        assert!(answer.starts_with("HTTP/1.1 413 ") && answer.contains("\"body_too_large\""), "{answer}");
    }
}

#[test]
fn a_body_where_none_belongs_is_not_waited_for() {
    let server = Running::start(auth().0, 1);
    let begun = Instant::now();
    let answer = server.ask("GET /auth/me HTTP/1.1\nhost: app.test\nconnection: close\ncontent-length: 100\n\n{");
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[test]
fn a_client_that_hangs_up_does_no_harm() {
    let server = Running::start(auth().0, 1);
    for _ in 0..20 {
        let stream = server.open(post("/auth/signup", 100) + "{");
        stream.shutdown(Shutdown::Both).unwrap();
        drop(server.open("POST /auth/signup HTTP/1.1\r\nhost"));
    }
    server.sign_up();
}

#[test]
fn head_has_the_headers_of_get_and_no_body() {
    let server = Running::start(auth().0, 1);
    let ask = |method: &str| server.ask(&format!("{method} /auth/me HTTP/1.1\nhost: app.test\nconnection: close\n\n"));
    let (get, head) = (ask("GET"), ask("HEAD"));
    let (get_head, body) = get.split_once("\r\n\r\n").unwrap();
    let (head_head, nothing) = head.split_once("\r\n\r\n").unwrap();
    assert!(!body.is_empty() && nothing.is_empty());
    let lines = |head: &str| {
        let mut lines: Vec<_> = head.lines().filter(|line| !line.starts_with("date")).map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert_eq!(lines(get_head), lines(head_head));
}

#[test]
fn the_bytes_of_cookies_reach_the_core() {
    let server = Running::start(auth().0, 1);
    let token = server.sign_up();
    let ask = |lines: &[&[u8]]| {
        let mut request = b"GET /private HTTP/1.1\r\nhost: app.test\r\nconnection: close\r\n".to_vec();
        for line in lines {
            request.extend_from_slice(&[b"cookie: ", *line, b"\r\n"].concat());
        }
        rest(server.open([request, b"\r\n".to_vec()].concat())).get(9..12).unwrap().to_owned()
    };
    let ours = format!("__Host-access={token}").into_bytes();
    assert_eq!(ask(&[&ours]), "200");
    // actix-web's parser would give up on these bytes, and sign the user out.
    assert_eq!(ask(&[&[b"theme=\xff\xfe; ", &*ours].concat()]), "200");
    assert_eq!(ask(&[b"other=1", &ours]), "200");
    // It would take these for the same name, and the first for the only one.
    assert_eq!(ask(&[&[b"%5F%5FHost-access=x; ", &*ours].concat()]), "200");
    assert_eq!(ask(&[format!("%5F%5FHost-access={token}").as_bytes()]), "401");
    assert_eq!(ask(&[&ours, b"__Host-access=x"]), "401");
    assert_eq!(ask(&[&ours, &ours]), "401");
}
