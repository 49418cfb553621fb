//! From actix-web's requests to the plain values that core reads, and back.
//!
//! actix-web has the `http` crate in version 0.2 and core has version 1. For extractors and guards the headers are read
//! where they are; an endpoint and a rate limit get a request that is copied value by value. What does not fit is
//! refused and never left out: without its `Origin`, say, a request would be let in that must not be.

use std::future::poll_fn;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Once;

use actix_web::body::{BodyStream, BoxBody, MessageBody};
use actix_web::http::header::{HeaderMap as ActixMap, HeaderName as ActixName, HeaderValue as ActixValue};
use actix_web::http::uri::Authority;
use actix_web::rt::time::timeout;
use actix_web::web::{Data, Payload};
use actix_web::{HttpMessage, HttpRequest, HttpResponse, dev};
use auth_core::http::{
    Body, BodyBytes, Evidence, Headers, MAX_BODY_WAIT, Recall, RequestHead, WithAuthority, add_host,
};
use auth_core::{Auth, Error, ErrorKind};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};

/// The part of a request that authentication needs, in core's types.
pub(crate) struct Head {
    pub(crate) method: Method,
    pub(crate) headers: HeaderMap,
    pub(crate) peer: Option<IpAddr>,
}

impl Head {
    pub(crate) fn borrowed(&self) -> RequestHead<'_> {
        RequestHead { method: &self.method, headers: &self.headers, peer: self.peer }
    }
}

/// Returns the [`Auth`] of the application.
pub(crate) fn auth(request: &HttpRequest) -> Result<&Auth, Error> {
    let shared = request.app_data::<Data<Auth>>().map(Data::get_ref);
    shared.or_else(|| request.app_data::<Auth>()).ok_or_else(|| {
        Error::internal("the application has no `Auth`: add `.app_data(web::Data::new(auth.clone()))` to its `App`")
    })
}

/// Reads what a request shows of who sent it. What is found of them stays with the request.
pub(crate) fn evidence(auth: &Auth, request: &HttpRequest) -> Result<Evidence, Error> {
    Ok(shown(auth, request.head())?.recalling(&recall(request)))
}

/// As [`evidence`], for claims: where the access token says them, nothing is found that would have to stay.
pub(crate) fn evidence_of_claims(auth: &Auth, request: &HttpRequest) -> Result<Evidence, Error> {
    let evidence = shown(auth, request.head())?;
    Ok(if evidence.says_claims() { evidence } else { evidence.recalling(&recall(request)) })
}

/// What has been found out about who sent a request.
pub(crate) fn recall(request: &HttpRequest) -> Recall {
    request.extensions_mut().get_or_insert_with(Recall::new).clone()
}

fn shown(auth: &Auth, head: &dev::RequestHead) -> Result<Evidence, Error> {
    let headers = &InPlace(&head.headers);
    Ok(auth.http().evidence(&method(head)?, &WithAuthority { headers, authority: authority(head) }))
}

/// actix-web's headers, where they are.
struct InPlace<'r>(&'r ActixMap);

impl Headers for InPlace<'_> {
    fn lines<'h>(&'h self, name: &HeaderName) -> impl Iterator<Item = &'h [u8]> {
        self.0.get_all(name.as_str()).map(ActixValue::as_bytes)
    }
}

fn authority(head: &dev::RequestHead) -> Option<&str> {
    head.uri.authority().map(Authority::as_str)
}

fn method(head: &dev::RequestHead) -> Result<Method, Error> {
    Method::from_bytes(head.method.as_str().as_bytes()).map_err(|_| ErrorKind::Malformed.into())
}

/// Returns the part of a request that authentication needs.
pub(crate) fn head(auth: &Auth, head: &dev::RequestHead) -> Result<Head, Error> {
    let method = method(head)?;
    let mut headers = headers(head)?;
    add_host(&mut headers, authority(head));
    Ok(Head { method, headers, peer: peer(auth, head) })
}

/// Copies every line of the headers, byte by byte; lines of one name stay in their order.
fn headers(head: &dev::RequestHead) -> Result<HeaderMap, Error> {
    let mut headers = HeaderMap::with_capacity(head.headers.len());
    for (name, value) in &head.headers {
        let name = HeaderName::from_bytes(name.as_str().as_bytes()).map_err(|_| ErrorKind::Malformed)?;
        let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| ErrorKind::Malformed)?;
        headers.try_append(name, value).map_err(|_| ErrorKind::Malformed)?;
    }
    Ok(headers)
}

/// The address of the socket's other end; `None` on a Unix socket, and in a test that sets none.
fn peer(auth: &Auth, head: &dev::RequestHead) -> Option<IpAddr> {
    if head.peer_addr.is_none() && !auth.http().trusts_unix_sockets() {
        static WARNED: Once = Once::new();
        WARNED.call_once(|| {
            tracing::warn!(
                "the client's address is not known, so all clients share one rate limit: \
                 bind the server to a TCP address, or, behind a proxy on a Unix socket, set \
                 trusted_proxies(\"unix:\")"
            );
        });
    }
    head.peer_addr.map(|address| address.ip())
}

/// Reads a body up to the limits that core states; actix-web's own limits play no part.
pub(crate) async fn read_body(body: Payload) -> Body {
    timeout(MAX_BODY_WAIT, collect(body)).await.unwrap_or(Body::TooSlow)
}

async fn collect(body: Payload) -> Body {
    let mut pieces = pin!(BodyStream::new(body));
    let mut bytes = BodyBytes::new();
    while let Some(piece) = poll_fn(|context| pieces.as_mut().poll_next(context)).await {
        let Ok(piece) = piece else { return Body::Broken };
        if let Err(refused) = bytes.push(piece) {
            return refused;
        }
    }
    Body::Complete(bytes)
}

/// Turns core's answer into one of actix-web.
pub(crate) fn response(response: http::Response<Bytes>) -> HttpResponse {
    translated(response).unwrap_or_else(|| HttpResponse::InternalServerError().finish())
}

/// `None` for what has no place in the older `http`; core answers nothing of the kind.
fn translated(response: http::Response<Bytes>) -> Option<HttpResponse> {
    let (parts, body) = response.into_parts();
    let status = actix_web::http::StatusCode::from_u16(parts.status.as_u16()).ok()?;
    let mut response = HttpResponse::with_body(status, BoxBody::new(body));
    for line in &parts.headers {
        let (name, value) = header(line)?;
        response.headers_mut().append(name, value);
    }
    Some(response)
}

/// Turns one line of core's headers into one of actix-web's.
pub(crate) fn header((name, value): (&HeaderName, &HeaderValue)) -> Option<(ActixName, ActixValue)> {
    let name = ActixName::from_bytes(name.as_str().as_bytes()).ok()?;
    Some((name, ActixValue::from_bytes(value.as_bytes()).ok()?))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use auth_core::{MemoryStore, SigningKeys};
    use http::header::{COOKIE, HOST, ORIGIN};

    use super::*;

    fn of(request: TestRequest) -> Head {
        let auth =
            Auth::builder(MemoryStore::new(), SigningKeys::hs256("a secret for tests of 32 bytes or more").unwrap())
                .build()
                .unwrap();
        head(&auth, request.to_http_request().head()).unwrap()
    }

    #[test]
    fn every_byte_of_every_line_crosses_in_its_order() {
        let bytes: Vec<u8> = (b'\t'..=b'\t').chain(b' '..=b'~').chain(0x80..=0xff).collect();
        let lines = [&*bytes, b"first", b"", b"first"];
        let mut request = TestRequest::default();
        for line in lines {
            request = request.append_header(("cookie", ActixValue::from_bytes(line).unwrap()));
        }
        let head = of(request);
        assert_eq!(head.headers.get_all("cookie").iter().map(HeaderValue::as_bytes).collect::<Vec<_>>(), lines);
    }

    #[test]
    fn the_authority_is_the_host_where_there_is_no_other() {
        let uri = "https://app.test:8443/auth/me";
        assert_eq!(of(TestRequest::with_uri(uri)).headers[HOST], "app.test:8443");
        assert_eq!(of(TestRequest::with_uri(uri).insert_header(("host", "b.test"))).headers[HOST], "b.test");
        assert!(!of(TestRequest::with_uri("/auth/me")).headers.contains_key(HOST));
    }

    #[test]
    fn every_line_is_read_where_it_is() {
        let request =
            TestRequest::default().append_header(("cookie", "a=1")).append_header(("cookie", "b=2")).to_request();
        let headers = InPlace(&request.head().headers);
        assert!(headers.lines(&COOKIE).eq([b"a=1", b"b=2"]));
        assert!(headers.lines(&ORIGIN).next().is_none());
    }

    #[test]
    fn the_peer_is_the_socket_and_no_header() {
        let request = || TestRequest::default().insert_header(("x-forwarded-for", "192.0.2.1"));
        assert_eq!(of(request()).peer, None);
        let peer = "198.51.100.7:50000".parse().unwrap();
        assert_eq!(of(request().peer_addr(peer)).peer.unwrap().to_string(), "198.51.100.7");
    }

    #[test]
    fn an_answer_keeps_every_line() {
        let mut answer = http::Response::new(Bytes::from_static(b"body"));
        for cookie in ["a=1", "b=2"] {
            answer.headers_mut().append("set-cookie", HeaderValue::from_static(cookie));
        }
        let answer = response(answer);
        assert_eq!(answer.headers().get_all("set-cookie").collect::<Vec<_>>(), ["a=1", "b=2"]);
    }
}
