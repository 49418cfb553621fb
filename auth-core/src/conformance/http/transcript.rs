//! What an adapter answers, byte by byte.
//!
//! Rules say what must hold; a transcript also shows what nobody thought of. A fixed series of requests meets every
//! endpoint and every error, and all that came back stands in `transcript.txt`, checked in: an adapter that answers
//! differently fails, and a change of the contract is a diff to be reviewed. CONTRIBUTING.md says how to write it anew.
//!
//! What differs from run to run is replaced: ids and tokens by placeholders, numbered in the order in which they
//! appear. The clock is the world's own and moves by a second with each request, so times stand as they are. What
//! frames a message (`content-length`, `connection`, `transfer-encoding`, `date`) is the server's and left out.

mod names;
mod recorder;
mod series;

use std::fmt::Write;

pub use self::names::Names;
use self::recorder::Recorder;
use super::{Adapter, World};
use crate::auth::AuthBuilder;

/// The answers that every adapter gives.
pub const TRANSCRIPT: &str = include_str!("transcript.txt");

/// The environment variable that makes the transcript be written instead of compared.
pub const UPDATE: &str = "UPDATE_TRANSCRIPT";

/// A request and what came back, as text that is the same in every run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// What is done.
    pub title: String,
    /// Method and path, headers, body.
    pub request: String,
    /// Status, headers sorted by name, body.
    pub response: String,
}

/// Plays the series of requests and returns all that was said.
///
/// Over real sockets all requests come from this machine, which is believed when it says in `X-Forwarded-For` where
/// they are to come from.
pub async fn transcript(adapter: &dyn Adapter) -> Vec<Exchange> {
    let here = |builder: AuthBuilder| builder.base_url("https://app.test").trusted_proxies("127.0.0.0/8");
    let world = World::with(adapter, here).await;
    let mut recorder = Recorder::new(&world);
    series::play(&mut recorder).await;
    recorder.finish()
}

/// Asserts that two adapters say the same.
///
/// # Panics
///
/// At the first exchange in which they differ, with the request and both answers.
#[track_caller]
pub fn assert_same(one: &[Exchange], other: &[Exchange]) {
    for (left, right) in one.iter().zip(other) {
        assert_eq!((&left.title, &left.request), (&right.title, &right.request), "two series of requests");
        assert!(
            left.response == right.response,
            "{}\n\n{}\n--- one answers\n\n{}\n--- the other answers\n\n{}",
            left.title,
            left.request,
            left.response,
            right.response
        );
    }
    assert_eq!(one.len(), other.len(), "one series of requests is longer");
}

/// All of it, also what no rule is about; with `UPDATE_TRANSCRIPT` set, it is written down instead.
pub async fn every_answer_is_the_one_in_the_transcript(adapter: &dyn Adapter) {
    let said = transcript(adapter).await;
    if std::env::var_os(UPDATE).is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/conformance/http/transcript.txt");
        return std::fs::write(path, print(&said)).unwrap();
    }
    assert_same(&read(TRANSCRIPT), &said);
}

const TITLE: &str = "### ";
const REQUEST: &str = "> ";
const RESPONSE: &str = "< ";

/// Prints exchanges: a title, the lines of the request after `>`, those of the response after `<`.
fn print(exchanges: &[Exchange]) -> String {
    let mut text = String::new();
    for Exchange { title, request, response } in exchanges {
        writeln!(text, "{TITLE}{title}").unwrap();
        for (mark, message) in [(REQUEST, request), (RESPONSE, response)] {
            text.push('\n');
            for line in message.lines() {
                writeln!(text, "{}", format!("{mark}{line}").trim_end()).unwrap();
            }
        }
        text.push('\n');
    }
    text
}

/// Reads what [`print`] wrote.
fn read(text: &str) -> Vec<Exchange> {
    let mut exchanges: Vec<Exchange> = Vec::new();
    for line in text.lines() {
        if let Some(title) = line.strip_prefix(TITLE) {
            exchanges.push(Exchange { title: title.to_owned(), request: String::new(), response: String::new() });
        } else if let Some(exchange) = exchanges.last_mut() {
            for (mark, message) in [(REQUEST, &mut exchange.request), (RESPONSE, &mut exchange.response)] {
                if let Some(rest) = line.strip_prefix(mark.trim_end()) {
                    message.push_str(rest.strip_prefix(' ').unwrap_or(rest));
                    message.push('\n');
                }
            }
        }
    }
    exchanges
}
