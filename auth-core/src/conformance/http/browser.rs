//! A browser, as far as its cookies go.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::{Answer, Call, Site, get, post};

/// A browser with its cookies, which keeps to the rules of RFC 6265bis where they matter here.
///
/// It takes no cookie that a browser would refuse, or keep from the site: every one has `Path=/`, `HttpOnly`, a
/// `SameSite`, no `Domain` unless the site shares its cookies, and `Secure` exactly when its name has a prefix that
/// asks for it. What clears a cookie may name any domain that the site's host is in, and clears the one of that domain.
#[derive(Debug, Clone)]
pub struct Browser<'s> {
    site: &'s Site,
    jar: BTreeMap<Key, Kept>,
}

/// What a cookie is known by: two of one name are two if their domains differ, or one is of a host alone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    name: String,
    place: Place,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Domain(String),
    Host(String),
}

/// A cookie; without `until` it dies with the browser.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Kept {
    value: String,
    until: Option<DateTime<Utc>>,
}

impl<'s> Browser<'s> {
    /// Opens a browser that has no cookies yet.
    pub fn new(site: &'s Site) -> Self {
        Self { site, jar: BTreeMap::new() }
    }

    /// Asks for a path.
    pub async fn get(&mut self, path: &str) -> Answer {
        self.send(get(path)).await
    }

    /// Posts nothing to a path.
    pub async fn post(&mut self, path: &str) -> Answer {
        self.send(post(path)).await
    }

    /// Sends a call with its cookies, and keeps those of the answer.
    pub async fn send(&mut self, call: Call) -> Answer {
        let call = self.with_cookies(call);
        let answer = self.site.send(call).await;
        self.keep_cookies(&answer);
        answer
    }

    /// Adds the cookies to a call.
    pub fn with_cookies(&mut self, call: Call) -> Call {
        match self.cookie_header() {
            Some(cookies) => call.header("cookie", cookies),
            None => call,
        }
    }

    /// Keeps the cookies of an answer.
    #[track_caller]
    pub fn keep_cookies(&mut self, answer: &Answer) {
        for header in answer.set_cookies() {
            self.keep(header);
        }
    }

    /// Goes to another site, which is sent those cookies that are its own as well.
    pub fn visit(self, site: &Site) -> Browser<'_> {
        Browser { site, jar: self.jar }
    }

    /// Forgets a cookie, `access` or `refresh`.
    pub fn forget(&mut self, name: &str) {
        let name = self.site.cookie_name(name);
        self.jar.retain(|key, _| key.name != name);
    }

    /// Closes the browser and opens it again.
    pub fn restart(&mut self) {
        self.jar.retain(|_, kept| kept.until.is_some());
    }

    /// Returns the header that the next request will have.
    pub fn cookie_header(&mut self) -> Option<String> {
        self.drop_expired();
        let pairs: Vec<_> = self.sent().map(|(key, kept)| format!("{}={}", key.name, kept.value)).collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    /// Returns the value of a cookie, `access` or `refresh`.
    #[track_caller]
    pub fn cookie(&self, name: &str) -> &str {
        let name = self.site.cookie_name(name);
        let mut found = self.sent().filter(|(key, _)| key.name == name);
        let (_, kept) = found.next().expect("the cookie is there");
        assert!(found.next().is_none(), "{name} stands there twice");
        &kept.value
    }

    /// Returns the names of all cookies that the site is sent.
    pub fn cookie_names(&self) -> Vec<&str> {
        self.sent().map(|(key, _)| &*key.name).collect()
    }

    fn sent(&self) -> impl Iterator<Item = (&Key, &Kept)> {
        let host = self.site.host_name();
        self.jar.iter().filter(move |(key, _)| match &key.place {
            Place::Domain(domain) => is_within(host, domain),
            Place::Host(name) => name == host,
        })
    }

    #[track_caller]
    fn keep(&mut self, header: &str) {
        let mut parts = header.split("; ");
        let (name, value) = parts.next().unwrap().split_once('=').unwrap();
        let attributes: Vec<&str> = parts.collect();
        let has = |attribute| attributes.contains(&attribute);
        assert!(has("Path=/") && has("HttpOnly"), "{header}");
        assert!(has("SameSite=Lax") || has("SameSite=Strict"), "{header}");
        let max_age = attributes.iter().find_map(|attribute| attribute.strip_prefix("Max-Age="));
        let domain = attributes.iter().find_map(|attribute| attribute.strip_prefix("Domain="));
        let is_shared = self.site.cookie_domain().is_some();
        if !(is_shared && max_age == Some("0")) {
            assert_eq!(domain, self.site.cookie_domain(), "{header}");
        }
        assert!(domain.is_none_or(|domain| is_within(self.site.host_name(), domain)), "{header}");
        assert_eq!(is_shared, name.starts_with("__Secure-"), "{header}");
        assert_eq!(has("Secure"), name.starts_with("__Host-") || is_shared, "{header}");
        let until = max_age.map(|seconds| self.site.clock().now() + Duration::from_secs(seconds.parse().unwrap()));
        let host = || Place::Host(self.site.host_name().to_owned());
        let place = domain.map_or_else(host, |domain| Place::Domain(domain.to_owned()));
        self.jar.insert(Key { name: name.to_owned(), place }, Kept { value: value.to_owned(), until });
        self.drop_expired();
    }

    fn drop_expired(&mut self) {
        let now = self.site.clock().now();
        self.jar.retain(|_, kept| kept.until.is_none_or(|until| now < until));
    }
}

fn is_within(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}
