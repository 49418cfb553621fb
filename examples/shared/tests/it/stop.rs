//! What happens to connections when the server is asked to stop.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use super::server::{Folder, Server};

const BODY: &str = r#"{"email": "ada@example.com", "password": "a long walk in the rain"}"#;

#[test]
fn a_request_that_is_under_way_is_answered() {
    let folder = Folder::new();
    let server = Server::start(&folder, &[]);
    let mut stream = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    let length = BODY.len();
    let head = format!("POST /auth/signup HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n");
    stream.write_all(format!("{head}Content-Type: application/json\r\n\r\n").as_bytes()).unwrap();
    // Long enough for the head to arrive before the signal, and for the body to arrive after it.
    thread::sleep(Duration::from_millis(300));
    let rest = thread::spawn(move || {
        thread::sleep(Duration::from_millis(500));
        stream.write_all(BODY.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    });
    assert!(server.stop().success());
    let answer = rest.join().unwrap();
    assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the server waits in real time")]
fn a_connection_without_a_request_is_not_waited_for() {
    let folder = Folder::new();
    let server = Server::start(&folder, &[]);
    let mut idle = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    idle.write_all(b"GET /page.css HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    idle.read_exact(&mut [0; 12]).unwrap();
    let begun = Instant::now();
    assert!(server.stop().success());
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[test]
fn a_server_that_waits_for_its_database_stops_when_it_is_asked_to() {
    let folder = Folder::new();
    let nobody = [("DATABASE_URL", "postgres://app@127.0.0.1:1/app")];
    let server = Server::launch(&folder, 0, &nobody);
    server.wait_for("waiting for it");
    assert!(server.stop().success());
}
