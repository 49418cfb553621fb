//! Where browsers reach the application.

use super::cookie::{CookieDomain, CookieForm};
use super::origin::{Origin, Scheme};

/// The public address of the application, as browsers see it.
///
/// It is an origin: `https://host[:port]`, with nothing after it but perhaps one `/`. Plain `http` is accepted only for
/// `localhost`, `127.0.0.0/8` and `[::1]`, for development, since cookies and passwords cross the network in the
/// clear otherwise.
///
/// ```
/// use auth_core::http::base_url::BaseUrl;
/// use auth_core::http::cookie::CookieForm;
///
/// let public = BaseUrl::parse("https://App.example.com/").unwrap();
/// assert_eq!(public.origin(), "https://app.example.com");
/// assert_eq!(public.cookie_form(), CookieForm::Prefixed);
///
/// let local = BaseUrl::parse("http://localhost:3000").unwrap();
/// assert_eq!(local.cookie_form(), CookieForm::PlainForLoopback);
///
/// assert!(BaseUrl::parse("http://app.example.com").is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl(Origin);

impl BaseUrl {
    /// Reads the address.
    ///
    /// # Errors
    ///
    /// [`InvalidBaseUrl`] when it has a user name, path, query or fragment, or is plain http to another machine.
    pub fn parse(text: &str) -> Result<Self, InvalidBaseUrl> {
        let origin = Origin::parse(text.strip_suffix('/').unwrap_or(text)).map_err(|_| InvalidBaseUrl)?;
        match origin.scheme() {
            Scheme::Http if !origin.is_loopback() => Err(InvalidBaseUrl),
            Scheme::Http | Scheme::Https => Ok(Self(origin)),
        }
    }

    /// Returns the origin as browsers spell it.
    ///
    /// It is lower-case, without a default port and without a slash at the end.
    pub fn origin(&self) -> &str {
        self.0.as_str()
    }

    /// Returns whether browsers take a cookie of this domain from this address: it is the host's own name, or a part of
    /// it at its end.
    pub fn is_within(&self, domain: &CookieDomain) -> bool {
        self.0.scheme() == Scheme::Https && self.0.host_name().is_some_and(|host| domain.contains(host))
    }

    /// Returns the host's name; an address has none.
    pub(crate) fn host_name(&self) -> Option<&str> {
        self.0.host_name()
    }

    /// Returns the form of cookies that browsers keep for this address.
    pub fn cookie_form(&self) -> CookieForm {
        match self.0.scheme() {
            Scheme::Http => CookieForm::PlainForLoopback,
            Scheme::Https => CookieForm::Prefixed,
        }
    }
}

/// The text is not a base URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a base URL is https://host[:port], or http:// with a loopback host, and has no path")]
pub struct InvalidBaseUrl;

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn reads(text: &str, origin: &str, form: CookieForm) {
        let base = BaseUrl::parse(text).unwrap();
        assert_eq!((base.origin(), base.cookie_form()), (origin, form));
    }

    #[test]
    fn https_is_for_any_host_and_http_for_loopback() {
        reads("https://app.test", "https://app.test", CookieForm::Prefixed);
        reads("https://APP.test:443/", "https://app.test", CookieForm::Prefixed);
        reads("https://localhost:8443", "https://localhost:8443", CookieForm::Prefixed);
        reads("http://localhost:3000/", "http://localhost:3000", CookieForm::PlainForLoopback);
        reads("http://127.9.9.9", "http://127.9.9.9", CookieForm::PlainForLoopback);
        reads("http://[::1]:3000", "http://[::1]:3000", CookieForm::PlainForLoopback);
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "/",
            "app.test",
            "http://app.test",
            "http://192.168.0.1",
            "http://0.0.0.0:3000",
            "http://localhost.evil.test",
            "http://app.localhost",
            "https://app.test//",
            "https://app.test/auth",
            "https://app.test/?a=b",
            "https://app.test/#a",
            "https://user@app.test",
            "ws://localhost",
        ] {
            assert_eq!(BaseUrl::parse(text), Err(InvalidBaseUrl), "{text:?}");
        }
    }
}
