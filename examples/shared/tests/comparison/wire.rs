//! Bytes that go to a server, what comes back, and both as text that is the same in every run.

use std::fmt::Write;

use auth_core::conformance::http::network::{Network, parsed, written};
use auth_core::conformance::http::transcript::{Exchange, Names};
use auth_core::conformance::http::{Answer, Call, Tokens};
use http::HeaderValue;

use crate::running::Running;

/// A server, and what was seen of it so far.
pub(crate) struct Wire {
    server: Running,
    names: Names,
}

impl Wire {
    pub(crate) fn to(server: Running) -> Self {
        Self { server, names: Names::default() }
    }

    /// Sends bytes on a connection of their own, and returns what was said beside the bytes that came back.
    pub(crate) fn exchange(&mut self, title: &str, request: &[u8]) -> (Exchange, Vec<u8>) {
        let answer = Network::at(self.server.address).exchange(request);
        let exchange = Exchange {
            title: title.to_owned(),
            request: self.names.replace(&printable(request)),
            response: self.names.replace(&messages(&answer)),
        };
        (exchange, answer)
    }

    /// Sends a request whose answer has tokens, and returns the access token.
    pub(crate) fn token(&mut self, call: &Call) -> String {
        let (_, request) = call.clone().into_request(&HeaderValue::from_static("app.test"));
        let (_, answer) = self.exchange("tokens", &written(&request));
        Tokens::of(&Answer::new(parsed(&answer))).access
    }
}

/// Prints all answers of a connection.
fn messages(mut bytes: &[u8]) -> String {
    let mut text = String::new();
    while let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
        let (head, rest) = (printable(&bytes[..end]), &bytes[end + 4..]);
        let mut lines: Vec<&str> = head.lines().filter(|line| !line.starts_with("date: ")).collect();
        // The first is the status. A stable sort by name keeps lines of one name in their order.
        lines[1..].sort_by_key(|line| line.split(':').next());
        let length = lines.iter().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
        let (body, rest) = rest.split_at(rest.len().min(length));
        writeln!(text, "{}\n\n{}", lines.join("\n"), printable(body)).unwrap();
        bytes = rest;
    }
    text + &printable(bytes)
}

/// Text as it is, but for its carriage returns; anything else byte by byte.
fn printable(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if text.len() > 20_000 => format!("{} ... ({} bytes)", &text[..200], text.len()),
        Ok(text) if !text.contains(|char: char| char.is_control() && char != '\r' && char != '\n') => {
            text.replace("\r\n", "\n")
        }
        Ok(_) | Err(_) => bytes.escape_ascii().to_string(),
    }
}
