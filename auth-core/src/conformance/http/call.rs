//! A request in the making, and what a client puts into it.

use std::net::{IpAddr, Ipv4Addr};

use bytes::Bytes;
use http::header::HOST;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request};
use serde_json::{Value, json};

use super::{Answer, PASSWORD};

/// The address that calls come from unless they say otherwise.
pub const HOME: IpAddr = IpAddr::V4(Ipv4Addr::new(198, 51, 100, 7));

/// A request in the making.
#[derive(Debug, Clone)]
pub struct Call {
    method: Method,
    path: String,
    headers: HeaderMap,
    body: Bytes,
    peer: Option<IpAddr>,
    host: Host,
}

/// Whether the site's own name is put into the `Host` header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Host {
    Added,
    LeftOut,
}

/// Begins a request from [`HOME`] without a body, to the host that the application is.
pub fn call(method: Method, path: &str) -> Call {
    Call {
        method,
        path: path.to_owned(),
        headers: HeaderMap::new(),
        body: Bytes::new(),
        peer: Some(HOME),
        host: Host::Added,
    }
}

/// Begins a `GET`.
pub fn get(path: &str) -> Call {
    call(Method::GET, path)
}

/// Begins a `POST`.
pub fn post(path: &str) -> Call {
    call(Method::POST, path)
}

/// Begins a `DELETE`.
pub fn delete(path: &str) -> Call {
    call(Method::DELETE, path)
}

/// Returns what a sign-up and a sign-in ask for.
pub fn credentials(email: &str) -> Value {
    json!({ "email": email, "password": PASSWORD })
}

impl Call {
    /// Sends JSON.
    pub fn json(self, body: &Value) -> Self {
        self.body("application/json", body.to_string())
    }

    /// Sends a body of some type.
    pub fn body(self, content_type: &str, body: impl Into<Bytes>) -> Self {
        let mut call = self.header("content-type", content_type);
        call.body = body.into();
        call
    }

    /// Adds one header line; what stands there already stays.
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        let value = HeaderValue::from_bytes(value.as_ref()).unwrap();
        self.headers.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), value);
        self
    }

    /// Adds header lines.
    pub fn headers(self, headers: &[(&str, &str)]) -> Self {
        headers.iter().fold(self, |call, (name, value)| call.header(name, value))
    }

    /// Leaves a header out, also the host.
    pub fn without(mut self, name: &str) -> Self {
        self.headers.remove(name);
        if name == HOST.as_str() {
            self.host = Host::LeftOut;
        }
        self
    }

    /// Adds a bearer token.
    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", format!("Bearer {token}"))
    }

    /// Comes from another address.
    pub fn from(mut self, peer: IpAddr) -> Self {
        self.peer = Some(peer);
        self
    }

    /// Comes through a server that does not know the addresses of its clients.
    pub fn without_address(mut self) -> Self {
        self.peer = None;
        self
    }

    /// Returns the request, to a host, and where it comes from.
    pub fn into_request(mut self, host: &HeaderValue) -> (Option<IpAddr>, Request<Bytes>) {
        if self.host == Host::Added {
            let others: Vec<_> = self.headers.get_all(HOST).iter().cloned().collect();
            self.headers.insert(HOST, host.clone());
            for other in others {
                self.headers.append(HOST, other);
            }
        }
        let mut request = Request::builder().method(self.method).uri(self.path).body(self.body).unwrap();
        *request.headers_mut() = self.headers;
        (self.peer, request)
    }
}

/// What an API client keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tokens {
    /// The access token.
    pub access: String,
    /// The refresh token.
    pub refresh: String,
}

impl Tokens {
    /// Takes the tokens out of an answer that has them.
    #[track_caller]
    pub fn of(answer: &Answer) -> Self {
        let body = answer.json();
        let text = |name: &str| body[name].as_str().unwrap().to_owned();
        Self { access: text("access_token"), refresh: text("refresh_token") }
    }
}
