//! Several requests on one connection, and what is no HTTP.

use super::Request;
use super::bodies::JSON;

pub(super) fn all(user: &str) -> Vec<Request> {
    let get = |path: &str, connection: &str| {
        format!("GET {path} HTTP/1.1\r\nhost: app.test\r\nconnection: {connection}\r\n{user}\r\n")
    };
    let (first, last) = (get("/private", "keep-alive"), get("/", "close"));
    let with_body = |line: &str| {
        format!("{line}\r\nhost: app.test\r\ncontent-type: application/json\r\ncontent-length: 52\r\n\r\n{JSON}")
    };
    vec![
        Request::new("two requests", format!("{first}{last}")),
        Request::new("three requests", format!("{first}{}{last}", get("/nothing", "keep-alive"))),
        Request::new("an unknown option", format!("{}{last}", get("/private", "x"))),
        Request::new("twelve requests", first.repeat(11) + &last),
        Request::new("a body and a request", with_body("POST /auth/signin HTTP/1.1") + &last),
        Request::new("a body that nobody reads and a request", with_body("GET /private HTTP/1.1") + &last),
        Request::new("a request behind the end", format!("{}{last}", get("/private", "close"))),
        Request::new("HTTP/1.0 that goes on", format!("GET /private HTTP/1.0\r\nconnection: keep-alive\r\n\r\n{last}")),
        Request::new("HTTP/1.0 and a request behind its end", format!("GET /private HTTP/1.0\r\n\r\n{last}")),
        Request::new("a request and nonsense", format!("{first}nonsense\r\n\r\n")),
        Request::new("nonsense", "nonsense\r\n\r\n"),
        Request::new("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"),
        Request::new("HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    ]
}
