//! Bodies in every frame.

use super::Request;

/// A sign-in that is refused, once it was read.
pub(super) const JSON: &str = r#"{"email":"ada@example.com","password":"a wrong one"}"#;
/// What it is framed by, where that is right.
const LENGTH: &str = "content-length: 52\r\n";
const CHUNKED: &str = "transfer-encoding: chunked\r\n";

const LENGTHS: [(&str, &str); 15] = [
    ("a length", LENGTH),
    ("no length", ""),
    ("the length twice", "content-length: 52\r\ncontent-length: 52\r\n"),
    ("the length twice in a line", "content-length: 52, 52\r\n"),
    ("two lengths", "content-length: 52\r\ncontent-length: 5\r\n"),
    ("a length with a sign", "content-length: +52\r\n"),
    ("a negative length", "content-length: -1\r\n"),
    ("a length that is none", "content-length: x\r\n"),
    ("an empty length", "content-length:\r\n"),
    ("a length in hexadecimal", "content-length: 0x34\r\n"),
    ("a length with zeros", "content-length: 00052\r\n"),
    ("an endless length", "content-length: 99999999999999999999999\r\n"),
    ("a length that is too short", "content-length: 5\r\n"),
    ("no coding", "transfer-encoding: identity\r\n"),
    ("an unknown coding", "transfer-encoding: x\r\n"),
];

const CODINGS: [(&str, &str); 8] = [
    ("chunks", CHUNKED),
    ("chunks in capitals", "Transfer-Encoding: CHUNKED\r\n"),
    ("chunks and a length", "transfer-encoding: chunked\r\ncontent-length: 52\r\n"),
    ("a length and chunks", "content-length: 52\r\ntransfer-encoding: chunked\r\n"),
    ("chunks twice", "transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n"),
    ("chunks twice in a line", "transfer-encoding: chunked, chunked\r\n"),
    ("gzip and chunks", "transfer-encoding: gzip, chunked\r\n"),
    ("chunks and gzip", "transfer-encoding: chunked, gzip\r\n"),
];

pub(super) fn all(user: &str) -> Vec<Request> {
    let whole = format!("34\r\n{JSON}\r\n0\r\n\r\n");
    let pieces: String = JSON.split_terminator("").skip(1).map(|letter| ["1\r\n", letter, "\r\n"].concat()).collect();
    let much = " ".repeat(17 << 10);
    let chunks = [
        ("many chunks", format!("{pieces}0\r\n\r\n")),
        ("chunks of 17 KiB", format!("{:x}\r\n{much}\r\n0\r\n\r\n", much.len())),
        ("chunks with an extension", format!("34;a=b\r\n{JSON}\r\n0\r\n\r\n")),
        ("chunks with a trailer", format!("34\r\n{JSON}\r\n0\r\nx: y\r\n\r\n")),
        ("a chunk without a size", format!("zz\r\n{JSON}\r\n0\r\n\r\n")),
        ("a chunk without an end", format!("34\r\n{JSON}zz0\r\n\r\n")),
        ("a chunk of endless size", format!("ffffffffffffffffff\r\n{JSON}\r\n0\r\n\r\n")),
        ("chunks with line feeds", format!("34\n{JSON}\n0\n\n")),
    ];
    let more = [
        ("nothing", "content-length: 0\r\n".to_owned(), String::new()),
        ("a length of 17 KiB", format!("content-length: {}\r\n", much.len()), much),
        ("an expectation", format!("expect: 100-continue\r\n{LENGTH}"), JSON.to_owned()),
        ("an expectation and nothing", "expect: 100-continue\r\ncontent-length: 0\r\n".to_owned(), String::new()),
        ("a compressed body", format!("content-encoding: gzip\r\n{LENGTH}"), JSON.to_owned()),
        ("two types", format!("content-type: text/plain\r\n{LENGTH}"), JSON.to_owned()),
    ];
    let mut frames: Vec<(&str, String, String)> = more.into();
    frames.extend(LENGTHS.map(|(shown, lines)| (shown, lines.to_owned(), JSON.to_owned())));
    frames.extend(CODINGS.map(|(shown, lines)| (shown, lines.to_owned(), whole.clone())));
    frames.extend(chunks.map(|(shown, body)| (shown, CHUNKED.to_owned(), body)));

    let mut requests = Vec::new();
    for (shown, lines, body) in frames {
        let lines = format!("content-type: application/json\r\n{user}{lines}");
        requests.extend(
            ["POST /auth/signin HTTP/1.1", "GET /private HTTP/1.1", "POST /auth/signin HTTP/1.0"]
                .map(|line| Request::of(format!("{line} with {shown}"), line, &lines, &body)),
        );
    }
    requests
}
