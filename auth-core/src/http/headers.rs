//! The headers of a request, whatever type a framework has for them.

use http::header::{Entry, HOST};
use http::{HeaderMap, HeaderName, HeaderValue};

/// The headers of a request, as far as [`Http::evidence`](super::Http::evidence) has to read them.
///
/// An [`http::HeaderMap`] is one. An adapter whose framework has a type of its own implements this for it, so that
/// nothing has to be copied.
pub trait Headers {
    /// Returns the values of all lines of a header, in the order in which they came.
    fn lines<'h>(&'h self, name: &HeaderName) -> impl Iterator<Item = &'h [u8]>;
}

impl Headers for HeaderMap {
    fn lines<'h>(&'h self, name: &HeaderName) -> impl Iterator<Item = &'h [u8]> {
        self.get_all(name).iter().map(HeaderValue::as_bytes)
    }
}

/// Headers beside the authority of the request's URI: that of an HTTP/2 request stands for the `Host` that it has not,
/// as RFC 9113 (8.3.1) asks of who translates.
#[derive(Debug, Clone, Copy)]
pub struct WithAuthority<'r, H> {
    /// The headers.
    pub headers: &'r H,
    /// The authority, if the URI has one.
    pub authority: Option<&'r str>,
}

impl<H: Headers> Headers for WithAuthority<'_, H> {
    fn lines<'h>(&'h self, name: &HeaderName) -> impl Iterator<Item = &'h [u8]> {
        let has_host = || self.headers.lines(&HOST).next().is_some();
        let authority = self.authority.filter(|_| *name == HOST && !has_host());
        self.headers.lines(name).chain(authority.map(str::as_bytes))
    }
}

/// Puts the authority of a request's URI into its headers, where there is no `Host`: as [`WithAuthority`] for headers
/// that are the caller's to change.
pub fn add_host(headers: &mut HeaderMap, authority: Option<&str>) {
    if let Entry::Vacant(host) = headers.entry(HOST)
        && let Some(Ok(authority)) = authority.map(HeaderValue::from_str)
    {
        host.insert(authority);
    }
}

/// How often a header was sent that has one value at most.
#[derive(Clone, Copy)]
pub(super) enum Sent<'h> {
    Never,
    Once(&'h [u8]),
    Often,
}

/// Reads a header that has one value at most.
pub(super) fn sent<'h>(headers: &'h impl Headers, name: &HeaderName) -> Sent<'h> {
    let mut values = headers.lines(name);
    match (values.next(), values.next()) {
        (None, _) => Sent::Never,
        (Some(value), None) => Sent::Once(value),
        (Some(_), Some(_)) => Sent::Often,
    }
}

#[cfg(test)]
mod tests {
    use http::header::COOKIE;

    use super::*;

    #[track_caller]
    fn has_host(sent: &[&str], authority: Option<&str>, expected: &[&str]) {
        let mut headers = HeaderMap::new();
        for host in sent {
            headers.append(HOST, HeaderValue::from_str(host).unwrap());
        }
        let in_place = WithAuthority { headers: &headers, authority };
        assert!(in_place.lines(&HOST).eq(expected.iter().map(|host| host.as_bytes())));
        assert!(in_place.lines(&COOKIE).next().is_none());
        add_host(&mut headers, authority);
        assert_eq!(headers.get_all(HOST).iter().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn the_authority_is_the_host_where_there_is_no_other() {
        has_host(&[], Some("app.test:8443"), &["app.test:8443"]);
        has_host(&["b.test"], Some("app.test:8443"), &["b.test"]);
        has_host(&["b.test", "c.test"], Some("app.test:8443"), &["b.test", "c.test"]);
        has_host(&[], None, &[]);
    }
}
