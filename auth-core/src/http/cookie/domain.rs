//! The domain whose hosts share the cookies.

use std::sync::Arc;

/// A domain such as `example.com`: cookies that name it are sent to that host and to every host below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CookieDomain(Arc<str>);

/// The longest name that the domain name system knows.
const MAX_BYTES: usize = 253;

impl CookieDomain {
    /// Reads a name of at least two labels, in any case, without a dot at either end. Names beyond ASCII are written in
    /// their form for the wire (`xn--...`).
    ///
    /// # Errors
    ///
    /// [`InvalidCookieDomain`] for anything else, addresses included.
    pub fn parse(text: &str) -> Result<Self, InvalidCookieDomain> {
        let name = text.to_ascii_lowercase();
        let labels: Vec<&str> = name.split('.').collect();
        let is_address = labels.last().is_some_and(|label| label.bytes().all(|byte| byte.is_ascii_digit()));
        if labels.len() < 2 || is_address || name.len() > MAX_BYTES || !labels.into_iter().all(is_label) {
            return Err(InvalidCookieDomain);
        }
        Ok(Self(name.into()))
    }

    /// Returns the name in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns whether the host is this one or one below it.
    pub(crate) fn contains(&self, host: &str) -> bool {
        host.strip_suffix(self.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    }

    /// Returns the names from a host's up to the domain, without the domain's own.
    pub(crate) fn names_below(&self, host: &str) -> Vec<Self> {
        let parents = std::iter::successors(Some(host), |name| Some(name.split_once('.')?.1));
        let below = parents.take_while(|name| *name != self.as_str() && self.contains(name));
        below.filter_map(|name| Self::parse(name).ok()).collect()
    }
}

/// Letters, digits and hyphens, and no hyphen at either end (RFC 1123, 2.1).
fn is_label(label: &str) -> bool {
    let is_plain = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    (1..=63).contains(&label.len()) && is_plain && !label.starts_with('-') && !label.ends_with('-')
}

/// The text is not a domain that cookies can be shared in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a cookie's domain is a name such as example.com: two labels or more, no dot at its beginning, no address")]
pub struct InvalidCookieDomain;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_in_any_case() {
        for (text, name) in [
            ("example.com", "example.com"),
            ("Example.COM", "example.com"),
            ("a-b.xn--bcher-kva.example", "a-b.xn--bcher-kva.example"),
            ("1.example", "1.example"),
        ] {
            assert_eq!(CookieDomain::parse(text).unwrap().as_str(), name);
        }
    }

    #[test]
    fn what_is_no_name_of_two_labels_is_refused() {
        for text in [
            "",
            ".",
            "com",
            "localhost",
            ".example.com",
            "example.com.",
            "example..com",
            "example.com; Path=/admin",
            "example.com,evil.test",
            "exa mple.com",
            "bücher.example",
            "-a.example",
            "a-.example",
            "127.0.0.1",
            "[::1]",
            "example.com:443",
            "https://example.com",
            &format!("{}.example", "a".repeat(64)),
            &format!("{}example", "a.".repeat(124)),
        ] {
            assert_eq!(CookieDomain::parse(text), Err(InvalidCookieDomain), "{text:?}");
        }
    }

    #[test]
    fn a_domain_contains_itself_and_what_is_below_it() {
        let domain = CookieDomain::parse("example.com").unwrap();
        for (host, is_within) in [
            ("example.com", true),
            ("app.example.com", true),
            ("a.b.example.com", true),
            ("badexample.com", false),
            ("example.com.evil.test", false),
            ("com", false),
            ("", false),
        ] {
            assert_eq!(domain.contains(host), is_within, "{host:?}");
        }
    }

    #[test]
    fn the_names_below_a_domain_begin_with_the_hosts() {
        let domain = CookieDomain::parse("example.com").unwrap();
        let names = |host| domain.names_below(host).iter().map(|name| name.as_str().to_owned()).collect::<Vec<_>>();
        assert_eq!(names("a.b.example.com"), ["a.b.example.com", "b.example.com"]);
        assert!(names("example.com").is_empty());
        assert!(names("badexample.com").is_empty());
    }
}
