//! From axum's requests to the plain values that core reads, and back.

use std::net::{IpAddr, SocketAddr};
use std::sync::Once;

use auth_core::http::{Body, BodyBytes, Evidence, MAX_BODY_WAIT, Recall, RequestHead, WithAuthority, add_host};
use auth_core::{Auth, Claims, Error};
use axum::body::Body as AxumBody;
use axum::extract::ConnectInfo;
use axum::response::Response;
use bytes::Bytes;
use http::request::Parts;
use http::uri::Authority;
use http_body_util::BodyExt;
use tokio::time::timeout;

/// Returns the part of a request that authentication needs.
pub(crate) fn head<'r>(auth: &Auth, parts: &'r mut Parts) -> RequestHead<'r> {
    take_authority(parts);
    RequestHead { method: &parts.method, headers: &parts.headers, peer: peer(auth, parts) }
}

/// Puts the authority of an HTTP/2 request where HTTP/1.1 has it. It stays in the request.
pub(crate) fn take_authority(parts: &mut Parts) {
    add_host(&mut parts.headers, parts.uri.authority().map(Authority::as_str));
}

/// Asks who sent a request, and has it recorded if the answer is that it is refused. What is found of them stays with
/// the request.
pub(crate) async fn ask<T, F>(auth: &Auth, parts: &mut Parts, question: impl FnOnce(Evidence) -> F) -> Result<T, Error>
where
    F: Future<Output = Result<T, Error>>,
{
    let answer = question(shown(auth, parts).recalling(recall(parts))).await;
    recorded(auth, parts, answer).await
}

/// As [`ask`], for claims: where the access token says them, nothing is found that would have to stay.
pub(crate) async fn ask_for_claims(auth: &Auth, parts: &mut Parts) -> Result<Claims, Error> {
    let evidence = shown(auth, parts);
    let evidence = if evidence.says_claims() { evidence } else { evidence.recalling(recall(parts)) };
    let answer = evidence.claims().await;
    recorded(auth, parts, answer).await
}

async fn recorded<T>(auth: &Auth, parts: &mut Parts, answer: Result<T, Error>) -> Result<T, Error> {
    if let Err(error) = &answer {
        auth.http().record_refusal(head(auth, parts), error).await;
    }
    answer
}

/// What has been found out about who sent a request.
pub(crate) fn recall(parts: &mut Parts) -> &Recall {
    parts.extensions.get_or_insert_with(Recall::new)
}

/// Reads what a request shows of who sent it.
fn shown(auth: &Auth, parts: &Parts) -> Evidence {
    let Parts { method, uri, headers, .. } = parts;
    let authority = uri.authority().map(Authority::as_str);
    auth.http().evidence(method, &WithAuthority { headers, authority })
}

/// The address of the socket's other end; `None` on a Unix socket, and unless the server was told to keep it, with
/// `into_make_service_with_connect_info::<SocketAddr>()`.
pub(crate) fn peer(auth: &Auth, parts: &Parts) -> Option<IpAddr> {
    let info = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    if info.is_none() && !auth.http().trusts_unix_sockets() {
        static WARNED: Once = Once::new();
        WARNED.call_once(|| {
            tracing::warn!(
                "the client's address is not known, so all clients share one rate limit: \
                 serve the router with into_make_service_with_connect_info::<SocketAddr>(), or, behind a proxy on a \
                 Unix socket, set trusted_proxies(\"unix:\")"
            );
        });
    }
    info.map(|info| info.0.ip())
}

/// Reads a body up to the limits that core states.
pub(crate) async fn read_body(body: AxumBody) -> Body {
    timeout(MAX_BODY_WAIT, collect(body)).await.unwrap_or(Body::TooSlow)
}

async fn collect(mut body: AxumBody) -> Body {
    let mut bytes = BodyBytes::new();
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else { return Body::Broken };
        // A frame without data has trailers.
        if let Ok(piece) = frame.into_data()
            && let Err(refused) = bytes.push(piece)
        {
            return refused;
        }
    }
    Body::Complete(bytes)
}

pub(crate) fn response(response: http::Response<Bytes>) -> Response {
    response.map(AxumBody::from)
}
