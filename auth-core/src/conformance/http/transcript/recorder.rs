//! Sends requests and writes down what is said.

use std::fmt::Write;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, HeaderValue};

use super::Exchange;
use super::names::Names;
use crate::conformance::http::{Answer, Browser, Call, World};

/// What frames a message between two machines, and says nothing about what is in it.
const FRAMING: [HeaderName; 3] = [CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING];

/// Sends requests and writes down what is said.
pub(super) struct Recorder<'w> {
    pub(super) world: &'w World,
    names: Names,
    exchanges: Vec<Exchange>,
}

impl<'w> Recorder<'w> {
    pub(super) fn new(world: &'w World) -> Self {
        Self { world, names: Names::default(), exchanges: Vec::new() }
    }

    /// Sends a request, a second after the one before, so that what is listed has one order.
    pub(super) async fn send(&mut self, title: &str, call: Call) -> Answer {
        self.world.pass(Duration::from_secs(1));
        let (_, request) = call.clone().into_request(&HeaderValue::from_static("app.test"));
        let line = format!("{} {}\n", request.method(), request.uri());
        let request = self.message(&line, request.headers(), request.body());
        let answer = self.world.send(call).await;
        let response = self.message(&format!("{}\n", answer.status), &answer.headers, &answer.body);
        self.exchanges.push(Exchange { title: title.to_owned(), request, response });
        answer
    }

    /// Sends a request of a browser.
    pub(super) async fn browse(&mut self, title: &str, browser: &mut Browser<'_>, call: Call) -> Answer {
        let call = browser.with_cookies(call);
        let answer = self.send(title, call).await;
        browser.keep_cookies(&answer);
        answer
    }

    pub(super) fn finish(self) -> Vec<Exchange> {
        self.exchanges
    }

    fn message(&mut self, line: &str, headers: &HeaderMap, body: &Bytes) -> String {
        let mut names: Vec<_> = headers.keys().filter(|name| !FRAMING.contains(name)).collect();
        names.sort_unstable_by_key(|name| name.as_str());
        let mut text = line.to_owned();
        for name in names {
            for value in headers.get_all(name) {
                writeln!(text, "{name}: {}", printable(value.as_bytes())).unwrap();
            }
        }
        if !body.is_empty() {
            writeln!(text, "\n{}", printable(body)).unwrap();
        }
        self.names.replace(&text)
    }
}

/// One line, whatever the bytes.
fn printable(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if text.len() > 2_000 => format!("({} bytes)", text.len()),
        Ok(text) if !text.contains(|char: char| char.is_control()) => text.to_owned(),
        Ok(_) | Err(_) => bytes.escape_ascii().to_string(),
    }
}
