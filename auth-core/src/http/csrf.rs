//! Protection against requests that another site makes in a user's browser.
//!
//! Nothing is kept and no token is handed out: browsers say themselves where a request comes from. The rules are those
//! of Go's `CrossOriginProtection`, and the first that applies decides:
//!
//! 1. `GET`, `HEAD` and `OPTIONS` pass, as they change nothing; not so the opening of a WebSocket, which is a `GET`
//!    that opens a channel for changes.
//! 2. An `Origin` that is, byte for byte, one of the trusted origins passes.
//! 3. A `Sec-Fetch-Site` of `same-origin` or `none` (typed into the address bar) passes; any other, and more than one,
//!    is refused. Pages cannot set this header.
//! 4. Without `Origin` too, no browser of this decade sent the request: it passes.
//! 5. With trusted origins configured, any other `Origin` is refused. Without, one whose host and port are those of
//!    the `Host` header passes. `null` and repeated headers are refused in both cases.
//!
//! `X-Forwarded-Host`, `X-HTTP-Method-Override` and their like are read nowhere: whoever sends the request writes them.
//!
//! # Security
//!
//! The check belongs before every route that changes anything, sign-in and sign-up included: a page that signs a
//! visitor in to the attacker's account needs no cookie. Only a request that proved itself by a bearer token, which no
//! browser adds by itself, may skip it.
//!
//! Configure the trusted origins where a proxy rewrites `Host`, and in production anyway: `Host` comes from the
//! client, and without a scheme rule 5 cannot tell `http` from `https`. HTTP/2 has `:authority` in place of `Host`;
//! an adapter passes it as `Host`.

use http::Method;
use http::header::{HOST, HeaderName, ORIGIN, UPGRADE};

use super::origin::Origin;
use crate::error::{Error, ErrorKind};
use crate::http::headers::{Headers, Sent, sent};

pub use super::origin::InvalidOrigin;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The origins whose pages may send requests that change something.
///
/// ```
/// use auth_core::error::ErrorKind;
/// use auth_core::http::csrf::Origins;
/// use http::{HeaderMap, HeaderValue, Method, header};
///
/// let origins = Origins::parse(&["https://app.example.com"]).unwrap();
/// let mut headers = HeaderMap::new();
/// headers.insert(header::ORIGIN, HeaderValue::from_static("https://evil.test"));
///
/// let error = origins.check(&Method::POST, &headers).unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::CrossOrigin);
/// assert!(origins.check(&Method::GET, &headers).is_ok());
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origins(Vec<Origin>);

impl Origins {
    /// Reads exact origins, such as `https://app.example.com:8443`.
    ///
    /// There are no wildcards: each origin that is trusted is named.
    ///
    /// # Errors
    ///
    /// [`InvalidOrigin`] for the first that is not `http` or `https`, has more than host and port, or is `null`.
    pub fn parse<S: AsRef<str>>(origins: &[S]) -> Result<Self, InvalidOrigin> {
        origins.iter().map(|origin| Origin::parse(origin.as_ref())).collect::<Result<_, _>>().map(Self)
    }

    /// Checks that no page of a foreign origin sent the request.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::CrossOrigin`] when one did, or might have.
    pub fn check(&self, method: &Method, headers: &impl Headers) -> Result<(), Error> {
        if (is_safe(method) && !opens_websocket(headers)) || self.is_same_origin(headers) {
            Ok(())
        } else {
            Err(ErrorKind::CrossOrigin.into())
        }
    }

    fn is_same_origin(&self, headers: &impl Headers) -> bool {
        let origin = sent(headers, &ORIGIN);
        if let Sent::Once(origin) = origin
            && self.trusts(origin)
        {
            return true;
        }
        match sent(headers, &SEC_FETCH_SITE) {
            Sent::Once(site) => matches!(site, b"same-origin" | b"none"),
            Sent::Often => false,
            Sent::Never => match origin {
                Sent::Once(origin) => self.0.is_empty() && is_of_host(origin, headers),
                Sent::Often => false,
                Sent::Never => true,
            },
        }
    }

    fn trusts(&self, origin: &[u8]) -> bool {
        self.0.iter().any(|trusted| trusted.as_str().as_bytes() == origin)
    }
}

fn is_safe(method: &Method) -> bool {
    [Method::GET, Method::HEAD, Method::OPTIONS].contains(method)
}

fn opens_websocket(headers: &impl Headers) -> bool {
    headers
        .lines(&UPGRADE)
        .flat_map(|header| header.split(|byte| *byte == b','))
        .any(|protocol| protocol.trim_ascii().eq_ignore_ascii_case(b"websocket"))
}

fn is_of_host(origin: &[u8], headers: &impl Headers) -> bool {
    let authority = origin.strip_prefix(b"https://").or_else(|| origin.strip_prefix(b"http://"));
    match (authority, sent(headers, &HOST)) {
        (Some(authority), Sent::Once(host)) => !host.is_empty() && authority == host,
        (_, Sent::Never | Sent::Once(_) | Sent::Often) => false,
    }
}

#[cfg(test)]
mod tests;
