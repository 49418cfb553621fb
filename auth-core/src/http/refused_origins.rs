//! What the log says of requests that were refused for their origin.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use http::header::{HOST, ORIGIN};

use crate::http::headers::{Headers, Sent, sent};

/// How many pairs of origins get a line: any page can make up any number of origins, and the log is not its own.
const MAX_PAIRS: usize = 100;

/// How many characters of an origin are shown.
const MAX_CHARS: usize = 200;

/// The pairs of a page's origin and the application's that the log was told of, one line each.
///
/// Without it a page on another port, or a phone in development, gets a 403 and nothing tells why.
pub(crate) struct RefusedOrigins {
    own: Option<String>,
    told: Mutex<HashSet<(String, String)>>,
}

impl RefusedOrigins {
    /// Starts with nothing told. Without an origin of its own the application goes by the `Host` header.
    pub(crate) fn new(own: Option<&str>) -> Self {
        Self { own: own.map(str::to_owned), told: Mutex::default() }
    }

    /// Tells of a refused request, unless one of the same two origins was told of.
    pub(super) fn tell(&self, headers: &impl Headers) {
        let page = shown(sent(headers, &ORIGIN));
        let application = self.own.clone().unwrap_or_else(|| shown(sent(headers, &HOST)));
        if self.is_new(&page, &application) {
            tracing::info!(
                target: "auth",
                page,
                application,
                "refused a request that a page of another origin made; if the page is yours, name its origin by \
                 `trusted_origin`"
            );
        }
    }

    fn is_new(&self, page: &str, application: &str) -> bool {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.len() < MAX_PAIRS && told.insert((page.to_owned(), application.to_owned()))
    }
}

/// What a client wrote, cut and escaped, so that it stays within its line.
fn shown(header: Sent<'_>) -> String {
    match header {
        Sent::Never => "none".to_owned(),
        Sent::Often => "several".to_owned(),
        Sent::Once(value) => {
            String::from_utf8_lossy(value).chars().take(MAX_CHARS).flat_map(char::escape_default).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue};

    use super::*;

    fn from(origin: &[u8]) -> HeaderMap {
        HeaderMap::from_iter([(ORIGIN, HeaderValue::from_bytes(origin).unwrap())])
    }

    #[test]
    fn a_pair_of_origins_is_told_once_and_a_hundred_pairs_at_most() {
        let refused = RefusedOrigins::new(Some("https://app.test"));
        for _ in 0..2 {
            for number in 0..200 {
                refused.tell(&from(format!("https://{number}.test").as_bytes()));
            }
        }
        assert_eq!(refused.told.lock().unwrap().len(), MAX_PAIRS);
    }

    #[test]
    fn what_a_client_wrote_is_cut_and_escaped() {
        let headers = from(&[b"https://evil.test\tkind=signin \"\xff", [b'x'; 1_000].as_slice()].concat());
        let text = shown(sent(&headers, &ORIGIN));
        assert!(text.starts_with(r#"https://evil.test\tkind=signin \"\u{fffd}xxx"#), "{text}");
        assert!(text.ends_with('x') && text.matches('x').count() < MAX_CHARS, "{text}");
        assert_eq!(shown(sent(&HeaderMap::new(), &ORIGIN)), "none");
    }
}
