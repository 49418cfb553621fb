//! A request as adapters hand it over: plain values of the `http` crate.

use std::fmt;
use std::net::IpAddr;

use http::header::USER_AGENT;
use http::{HeaderMap, Method};

use crate::http::body_bytes::Body;
use crate::http::recall::Recall;
use crate::session::{MAX_USER_AGENT_CHARS, SessionKind};
use crate::text::is_control;

/// How a mount hands out tokens. Extractors accept either form everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Transport {
    /// Both tokens stand in the JSON of the answer, and the client keeps them: for API clients.
    Bearer,
    /// Both tokens travel in `HttpOnly` cookies and neither stands in the JSON: for browsers.
    Cookie,
}

impl Transport {
    /// The kind of session that a sign-in over this transport opens.
    pub(crate) const fn session_kind(self, remember_me: bool) -> SessionKind {
        match (self, remember_me) {
            (Self::Bearer, _) => SessionKind::Bearer,
            (Self::Cookie, false) => SessionKind::Browser,
            (Self::Cookie, true) => SessionKind::Remembered,
        }
    }
}

/// A request to one of the endpoints. It prints without headers and body, where passwords and tokens stand.
pub struct Request {
    /// How the mount that it came to hands out tokens.
    pub transport: Transport,
    /// The method.
    pub method: Method,
    /// The headers, as they came.
    pub headers: HeaderMap,
    /// The address of the socket's other end, where the server knows it.
    pub peer: Option<IpAddr>,
    /// What a guard before the endpoint has found out about who sent the request.
    pub recall: Recall,
    /// The path segment in the place of `{id}`; `None` also when it is no text.
    pub id: Option<String>,
    /// The body; [`Body::EMPTY`] for an endpoint that [reads none](super::Endpoint::reads_body).
    pub body: Body,
}

impl Request {
    /// Returns the part that an extractor sees as well.
    pub fn head(&self) -> RequestHead<'_> {
        RequestHead { method: &self.method, headers: &self.headers, peer: self.peer }
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("transport", &self.transport)
            .field("method", &self.method)
            .field("peer", &self.peer)
            .field("id", &self.id)
            .field("body", &self.body)
            .finish_non_exhaustive()
    }
}

/// A request without its body: all that authentication needs. It prints without headers, where tokens stand.
#[derive(Clone, Copy)]
pub struct RequestHead<'a> {
    /// The method.
    pub method: &'a Method,
    /// The headers, as they came.
    pub headers: &'a HeaderMap,
    /// The address of the socket's other end, where the server knows it.
    pub peer: Option<IpAddr>,
}

impl fmt::Debug for RequestHead<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestHead").field("method", self.method).field("peer", &self.peer).finish_non_exhaustive()
    }
}

impl RequestHead<'_> {
    /// What the client calls itself, made safe to store, log and show: no control characters, a bounded length.
    pub(crate) fn user_agent(&self) -> Option<String> {
        let header = self.headers.get(USER_AGENT)?;
        let text = String::from_utf8_lossy(header.as_bytes());
        let kept: String = text.chars().filter(|char| !is_control(*char)).take(MAX_USER_AGENT_CHARS).collect();
        (!kept.is_empty()).then_some(kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_agent_is_cut_and_cleaned() {
        let long = [b"curl\t\xff ".as_slice(), &[b'x'; 1_000]].concat();
        let headers = HeaderMap::from_iter([(USER_AGENT, http::HeaderValue::from_bytes(&long).unwrap())]);
        let head = RequestHead { method: &Method::GET, headers: &headers, peer: None };
        let kept = head.user_agent().unwrap();
        assert!(kept.starts_with("curl\u{fffd} x"));
        assert_eq!(kept.chars().count(), MAX_USER_AGENT_CHARS);
    }
}
