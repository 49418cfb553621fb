//! A browser, as far as its cookies go.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::{Answer, Call, Site, get, post};

/// A browser with its cookies, which keeps to the rules of RFC 6265bis where they matter here.
///
/// It takes no cookie that a browser would refuse, or keep from the site: every one has `Path=/`, `HttpOnly`, a
/// `SameSite`, no `Domain` unless the site shares its cookies, and `Secure` exactly when its name has a prefix that asks
/// for it.
#[derive(Debug, Clone)]
pub struct Browser<'s> {
    site: &'s Site,
    jar: BTreeMap<String, Kept>,
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

    /// Goes to another site of the same domain, whose cookies these are as well.
    pub fn visit(self, site: &Site) -> Browser<'_> {
        assert!(self.site.cookie_domain().is_some() && self.site.cookie_domain() == site.cookie_domain());
        Browser { site, jar: self.jar }
    }

    /// Forgets a cookie, `access` or `refresh`.
    pub fn forget(&mut self, name: &str) {
        self.jar.remove(&self.site.cookie_name(name));
    }

    /// Closes the browser and opens it again.
    pub fn restart(&mut self) {
        self.jar.retain(|_, kept| kept.until.is_some());
    }

    /// Returns the header that the next request will have.
    pub fn cookie_header(&mut self) -> Option<String> {
        self.drop_expired();
        let pairs: Vec<_> = self.jar.iter().map(|(name, kept)| format!("{name}={}", kept.value)).collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    /// Returns the value of a cookie, `access` or `refresh`.
    #[track_caller]
    pub fn cookie(&self, name: &str) -> &str {
        &self.jar.get(&self.site.cookie_name(name)).expect("the cookie is there").value
    }

    /// Returns the names of all cookies.
    pub fn cookie_names(&self) -> Vec<&str> {
        self.jar.keys().map(String::as_str).collect()
    }

    #[track_caller]
    fn keep(&mut self, header: &str) {
        let mut parts = header.split("; ");
        let (name, value) = parts.next().unwrap().split_once('=').unwrap();
        let attributes: Vec<&str> = parts.collect();
        let has = |attribute| attributes.contains(&attribute);
        assert!(has("Path=/") && has("HttpOnly"), "{header}");
        assert!(has("SameSite=Lax") || has("SameSite=Strict"), "{header}");
        let domain = attributes.iter().find_map(|attribute| attribute.strip_prefix("Domain="));
        assert_eq!(domain, self.site.cookie_domain(), "{header}");
        assert_eq!(domain.is_some(), name.starts_with("__Secure-"), "{header}");
        assert_eq!(has("Secure"), name.starts_with("__Host-") || domain.is_some(), "{header}");
        let max_age = attributes.iter().find_map(|attribute| attribute.strip_prefix("Max-Age="));
        let until = max_age.map(|seconds| self.site.clock().now() + Duration::from_secs(seconds.parse().unwrap()));
        self.jar.insert(name.to_owned(), Kept { value: value.to_owned(), until });
        self.drop_expired();
    }

    fn drop_expired(&mut self) {
        let now = self.site.clock().now();
        self.jar.retain(|_, kept| kept.until.is_none_or(|until| now < until));
    }
}
