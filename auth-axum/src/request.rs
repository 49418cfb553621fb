//! From axum's requests to the plain values that core reads, and back.

use std::net::{IpAddr, SocketAddr};
use std::sync::Once;

use auth_core::Auth;
use auth_core::http::{Body, Evidence, Headers, MAX_BODY_BYTES, MAX_BODY_WAIT, RequestHead};
use axum::body::Body as AxumBody;
use axum::extract::ConnectInfo;
use axum::response::Response;
use bytes::Bytes;
use http::header::{Entry, HOST};
use http::request::Parts;
use http::{HeaderName, HeaderValue};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tokio::time::timeout;

/// Returns the part of a request that authentication needs.
pub(crate) fn head(parts: &mut Parts) -> RequestHead<'_> {
    add_host(parts);
    RequestHead { method: &parts.method, headers: &parts.headers, peer: peer(parts) }
}

/// Puts the authority of an HTTP/2 request where HTTP/1.1 has it, as RFC 9113 (8.3.1) asks of who translates.
pub(crate) fn add_host(parts: &mut Parts) {
    if let Entry::Vacant(host) = parts.headers.entry(HOST)
        && let Some(authority) = parts.uri.authority()
        && let Ok(value) = HeaderValue::from_str(authority.as_str())
    {
        host.insert(value);
    }
}

/// Reads what a request shows of who sent it.
pub(crate) fn evidence(auth: &Auth, parts: &Parts) -> Evidence {
    auth.http().evidence(&parts.method, &RequestHeaders(parts))
}

/// The headers of a request, with the authority of an HTTP/2 request for its `Host`.
struct RequestHeaders<'r>(&'r Parts);

impl Headers for RequestHeaders<'_> {
    fn lines<'h>(&'h self, name: &HeaderName) -> impl Iterator<Item = &'h [u8]> {
        let Parts { headers, uri, .. } = self.0;
        let has_host = || headers.contains_key(HOST);
        let authority = uri.authority().filter(|_| *name == HOST && !has_host());
        headers.lines(name).chain(authority.map(|authority| authority.as_str().as_bytes()))
    }
}

/// The address of the socket's other end; `None` unless the server was told to keep it, with
/// `into_make_service_with_connect_info::<SocketAddr>()`.
pub(crate) fn peer(parts: &Parts) -> Option<IpAddr> {
    let info = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    if info.is_none() {
        static WARNED: Once = Once::new();
        WARNED.call_once(|| {
            tracing::warn!(
                "the client's address is not known, so all clients share one rate limit: \
                 serve the router with into_make_service_with_connect_info::<SocketAddr>()"
            );
        });
    }
    info.map(|info| info.0.ip())
}

/// Reads a body up to the limits that core states.
pub(crate) async fn read_body(body: AxumBody) -> Body {
    match timeout(MAX_BODY_WAIT, Limited::new(body, MAX_BODY_BYTES).collect()).await {
        Err(_) => Body::TooSlow,
        Ok(Ok(collected)) => Body::Complete(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Body::TooLarge,
        Ok(Err(_)) => Body::Broken,
    }
}

pub(crate) fn response(response: http::Response<Bytes>) -> Response {
    response.map(AxumBody::from)
}

#[cfg(test)]
mod tests {
    use axum::extract::Request;

    use super::*;

    #[track_caller]
    fn has_host(uri: &str, sent: &[&str], expected: &[&str]) {
        let mut parts = Request::get(uri).body(()).unwrap().into_parts().0;
        for host in sent {
            parts.headers.append(HOST, HeaderValue::from_str(host).unwrap());
        }
        assert!(RequestHeaders(&parts).lines(&HOST).eq(expected.iter().map(|host| host.as_bytes())), "where it is");
        assert_eq!(head(&mut parts).headers.get_all(HOST).iter().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn the_authority_is_the_host_where_there_is_no_other() {
        let uri = "https://app.test:8443/auth/me";
        has_host(uri, &[], &["app.test:8443"]);
        has_host(uri, &["b.test"], &["b.test"]);
        has_host(uri, &["b.test", "c.test"], &["b.test", "c.test"]);
        has_host("/auth/me", &[], &[]);
    }
}
