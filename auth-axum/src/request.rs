//! From axum's requests to the plain values that core reads, and back.

use std::net::{IpAddr, SocketAddr};
use std::sync::Once;

use auth_core::http::{Body, MAX_BODY_BYTES, MAX_BODY_WAIT, RequestHead};
use axum::body::Body as AxumBody;
use axum::extract::ConnectInfo;
use axum::response::Response;
use bytes::Bytes;
use http::HeaderValue;
use http::header::{Entry, HOST};
use http::request::Parts;
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
