//! The headers of a request, whatever type a framework has for them.

use http::{HeaderMap, HeaderName};

/// The headers of a request, as far as [`Http::evidence`](super::Http::evidence) has to read them.
///
/// An [`http::HeaderMap`] is one. An adapter whose framework has a type of its own implements this for it, so that
/// nothing has to be copied.
///
/// An HTTP/2 request has its authority in the place of a `Host` header. RFC 9113 (8.3.1) asks of who translates that it
/// becomes one.
pub trait Headers {
    /// Returns the values of all lines of a header, in the order in which they came.
    fn lines<'h>(&'h self, name: &HeaderName) -> impl Iterator<Item = &'h [u8]>;
}

impl Headers for HeaderMap {
    fn lines<'h>(&'h self, name: &HeaderName) -> impl Iterator<Item = &'h [u8]> {
        self.get_all(name).iter().map(http::HeaderValue::as_bytes)
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
