//! The two cookies: how they are found in a request, set and cleared.

mod domain;

use std::fmt::Write;
use std::time::Duration;

use http::HeaderValue;
use http::header::COOKIE;
use memchr::memchr;

pub use domain::{CookieDomain, InvalidCookieDomain};

use crate::error::{Error, ErrorKind};
use crate::http::headers::Headers;
use crate::text::visible_ascii;

/// How many values of one cookie are tried. Every domain that one was set in leaves one; who sends more does so on
/// purpose.
pub(super) const MAX_VALUES: usize = 4;

/// How the cookies look.
///
/// This is the one definition by which they are read, set and cleared. All have `Path=/` and `HttpOnly`, and none has a
/// `Domain` unless subdomains [share](CookieForm::Shared) them. A cookie is cleared with the very attributes it was set
/// with: a browser keeps it otherwise.
///
/// ```
/// use auth_core::http::cookie::{CookieName, CookiePolicy};
/// use std::time::Duration;
///
/// let cookies = CookiePolicy::default();
/// assert_eq!(
///     cookies.set(CookieName::Access, "token", Some(Duration::from_secs(60))).unwrap(),
///     "__Host-access=token; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=60",
/// );
/// assert_eq!(
///     cookies.clear(CookieName::Access).unwrap(),
///     "__Host-access=; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=0",
/// );
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CookiePolicy {
    /// The names, and whether the cookies cross plain http. Default [`CookieForm::Prefixed`]; a
    /// [base URL](super::base_url::BaseUrl::cookie_form) on loopback http asks for the other.
    pub form: CookieForm,
    /// On which navigations browsers send the cookies. Default [`SameSite::Lax`].
    pub same_site: SameSite,
    /// In which other domains browsers may hold [shared](CookieForm::Shared) cookies of these names. They are cleared
    /// there, and for the host alone, whenever the cookies are set or cleared. Default none.
    pub elsewhere: Vec<CookieDomain>,
}

/// The names of the cookies, and whether they cross plain http.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum CookieForm {
    /// `access` and `refresh`, without `Secure`: for development on loopback.
    ///
    /// Some browsers and most HTTP clients do not return `Secure` cookies over plain http there. Any program on the
    /// machine may set cookies of these names.
    PlainForLoopback,
    /// `__Host-access` and `__Host-refresh`, with `Secure`.
    ///
    /// A browser accepts them from this very host over https only, so a sibling subdomain cannot plant them.
    #[default]
    Prefixed,
    /// `__Secure-access` and `__Secure-refresh`, with `Secure` and a `Domain`: one session for all hosts below it.
    ///
    /// Every one of those hosts is sent the tokens, and may set cookies of these names.
    Shared(CookieDomain),
}

/// On which navigations from other sites browsers send the cookies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SameSite {
    /// When a link is followed, but with no request that changes anything.
    #[default]
    Lax,
    /// Never: who follows a link from elsewhere looks signed out until the first click.
    Strict,
}

/// Which of the two cookies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CookieName {
    /// The access token's.
    Access,
    /// The refresh token's.
    Refresh,
}

/// What a request says about one cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lookup<'a> {
    /// The cookie was not sent.
    Absent,
    /// It was sent twice, or with bytes that are not visible ASCII.
    ///
    /// Parsers disagree on which value such a request carries, so it carries none, even if both are the same.
    Ambiguous,
    /// It was sent once; the value as it stood there.
    One(&'a str),
}

impl CookiePolicy {
    /// Looks for the cookie in all `Cookie` headers.
    pub fn find<'h>(&self, headers: &'h impl Headers, name: CookieName) -> Lookup<'h> {
        let [found] = find([self.name(name)], headers);
        found
    }

    /// Looks for both cookies, by one pass over the headers: the access token's and the refresh token's.
    pub(crate) fn find_both<'h>(&self, headers: &'h impl Headers) -> (Lookup<'h>, Lookup<'h>) {
        find([self.name(CookieName::Access), self.name(CookieName::Refresh)], headers).into()
    }

    /// Returns the different values of a cookie in their order, of which there is one unless the request is ambiguous.
    /// One more than [`MAX_VALUES`] tells that there are too many.
    pub(crate) fn values<'h>(&self, headers: &'h impl Headers, name: CookieName) -> Vec<&'h [u8]> {
        let mut values = Vec::new();
        for value in headers.lines(&COOKIE).flat_map(pairs).filter_map(|pair| value_of(pair, self.name(name))) {
            if values.len() <= MAX_VALUES && !values.contains(&value) {
                values.push(value);
            }
        }
        values
    }

    /// Returns the `Set-Cookie` header that stores a token, marked as sensitive.
    ///
    /// Without `max_age` the cookie lasts until the browser is closed.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Internal`] when the value has other characters than the library's tokens (base64url and dots),
    /// which could end the value and add attributes.
    pub fn set(&self, name: CookieName, value: &str, max_age: Option<Duration>) -> Result<HeaderValue, Error> {
        let in_tokens = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        if value.is_empty() || !value.bytes().all(in_tokens) {
            return Err(ErrorKind::Internal.into());
        }
        let mut header = self.header(name, value, self.domain(), max_age)?;
        header.set_sensitive(true);
        Ok(header)
    }

    /// Returns the `Set-Cookie` header that makes a browser forget the cookie.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Internal`] when the header cannot be made; no policy is known that leads there.
    pub fn clear(&self, name: CookieName) -> Result<HeaderValue, Error> {
        self.header(name, "", self.domain(), Some(Duration::ZERO))
    }

    /// Returns the `Set-Cookie` headers that make a browser forget a shared cookie of the name that is none of these:
    /// of the host alone, and of the domains [elsewhere](Self::elsewhere). It would send both.
    pub(crate) fn clear_elsewhere(&self, name: CookieName) -> Result<Vec<HeaderValue>, Error> {
        let Some(domain) = self.domain() else { return Ok(Vec::new()) };
        let others = self.elsewhere.iter().map(CookieDomain::as_str).filter(|other| *other != domain);
        let places = std::iter::once(None).chain(others.map(Some));
        places.map(|place| self.header(name, "", place, Some(Duration::ZERO))).collect()
    }

    /// Returns whether the hosts of a domain share the cookies, so that a browser may hold several of one name.
    pub(crate) fn are_shared(&self) -> bool {
        self.domain().is_some()
    }

    fn domain(&self) -> Option<&str> {
        match &self.form {
            CookieForm::PlainForLoopback | CookieForm::Prefixed => None,
            CookieForm::Shared(domain) => Some(domain.as_str()),
        }
    }

    fn header(
        &self,
        name: CookieName,
        value: &str,
        domain: Option<&str>,
        max_age: Option<Duration>,
    ) -> Result<HeaderValue, Error> {
        let mut text = format!("{}={value}; Path=/; HttpOnly; SameSite={}", self.name(name), self.same_site.as_str());
        if let Some(domain) = domain {
            write!(text, "; Domain={domain}").map_err(internal)?;
        }
        if self.form != CookieForm::PlainForLoopback {
            text.push_str("; Secure");
        }
        if let Some(max_age) = max_age {
            write!(text, "; Max-Age={}", max_age.as_secs()).map_err(internal)?;
        }
        HeaderValue::try_from(text).map_err(internal)
    }

    pub(super) fn name(&self, name: CookieName) -> &'static str {
        match (&self.form, name) {
            (CookieForm::PlainForLoopback, CookieName::Access) => "access",
            (CookieForm::PlainForLoopback, CookieName::Refresh) => "refresh",
            (CookieForm::Prefixed, CookieName::Access) => "__Host-access",
            (CookieForm::Prefixed, CookieName::Refresh) => "__Host-refresh",
            (CookieForm::Shared(_), CookieName::Access) => "__Secure-access",
            (CookieForm::Shared(_), CookieName::Refresh) => "__Secure-refresh",
        }
    }
}

impl SameSite {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Lax => "Lax",
            Self::Strict => "Strict",
        }
    }
}

fn internal(cause: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(ErrorKind::Internal).with_source(cause)
}

/// Looks for a cookie by the exact bytes of its name.
///
/// Usual parsers are too kind: they percent-decode names, trim Unicode blanks, or give up on a header with one odd
/// byte. A sibling subdomain that may set `%5F%5FHost-access` then passes for `__Host-access` (CVE-2020-7070,
/// CVE-2020-8184). Here a name is its bytes, only the blanks that HTTP allows are skipped before it, and what cannot be
/// read is skipped on its own.
fn find<'h, const N: usize>(names: [&str; N], headers: &'h impl Headers) -> [Lookup<'h>; N] {
    let mut found = [Lookup::Absent; N];
    for header in headers.lines(&COOKIE) {
        for pair in pairs(header) {
            for (name, found) in names.iter().zip(&mut found) {
                if let Some(value) = value_of(pair, name) {
                    *found = found.and_another(value);
                }
            }
        }
    }
    found
}

/// Splits a header at its semicolons, and takes off the blanks before each part.
fn pairs(header: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(header);
    std::iter::from_fn(move || {
        let text = rest?;
        let (pair, after) = memchr(b';', text).map_or((text, None), |end| {
            let (pair, after) = text.split_at(end);
            (pair, after.get(1..))
        });
        rest = after;
        let blanks = pair.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        pair.get(blanks..)
    })
}

fn value_of<'a>(pair: &'a [u8], name: &str) -> Option<&'a [u8]> {
    pair.strip_prefix(name.as_bytes())?.strip_prefix(b"=")
}

impl<'a> Lookup<'a> {
    /// What it is once the cookie was found (again).
    fn and_another(self, value: &'a [u8]) -> Self {
        match self {
            Self::Absent => visible_ascii(value).map_or(Self::Ambiguous, Self::One),
            Self::Ambiguous | Self::One(_) => Self::Ambiguous,
        }
    }
}

#[cfg(test)]
mod tests;
