//! An answer, and the rules that hold for every one of them.

use bytes::Bytes;
use http::header::DATE;
use http::{HeaderMap, HeaderName, Method, Response, StatusCode};
use serde_json::Value;

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers, in the order of the lines of each name.
    pub headers: HeaderMap,
    /// The body, empty after `HEAD`.
    pub body: Bytes,
}

impl Answer {
    /// Takes an answer as it came, but for the `Date`: two answers are the same at any time.
    pub fn new(response: Response<Bytes>) -> Self {
        let (mut parts, body) = response.into_parts();
        parts.headers.remove(DATE);
        Self { status: parts.status, headers: parts.headers, body }
    }

    /// Returns a header that stands there once, or not at all.
    #[track_caller]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.get_all(name).iter();
        let value = values.next().map(|value| value.to_str().unwrap());
        assert!(values.next().is_none(), "{name} stands twice");
        value
    }

    /// Returns the lines that set cookies.
    pub fn set_cookies(&self) -> Vec<&str> {
        self.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap()).collect()
    }

    /// Returns a body that is text.
    #[track_caller]
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// Returns a body that is JSON, and no problem.
    #[track_caller]
    pub fn json(&self) -> Value {
        assert_eq!(self.header("content-type"), Some("application/json"), "{self:?}");
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Asserts the status, for answers that succeed.
    #[track_caller]
    pub fn is(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", String::from_utf8_lossy(&self.body));
        self
    }

    /// Asserts the status and the code of a problem.
    #[track_caller]
    pub fn problem(self, status: u16, code: &str) -> Self {
        assert_eq!((self.status.as_u16(), &*self.code()), (status, code), "{}", self.text());
        self
    }

    /// Returns the code of a problem.
    #[track_caller]
    pub fn code(&self) -> String {
        self.problem_body()["code"].as_str().unwrap().to_owned()
    }

    /// Returns what a problem says of the fields: name and code of each.
    #[track_caller]
    pub fn field_errors(&self) -> Vec<(String, String)> {
        let problem = self.problem_body();
        let text = |error: &Value, key: &str| error[key].as_str().unwrap().to_owned();
        problem["errors"].as_array().unwrap().iter().map(|error| (text(error, "field"), text(error, "code"))).collect()
    }

    #[track_caller]
    fn problem_body(&self) -> Value {
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{self:?}");
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Asserts what holds for every answer of a mount, and for every refusal by an extractor, guard or limit.
    #[track_caller]
    pub fn keeps_the_contract(&self, method: &Method) {
        assert_eq!(self.header("x-content-type-options"), Some("nosniff"), "{self:?}");
        assert_eq!(self.header("referrer-policy"), Some("no-referrer"), "{self:?}");
        assert_eq!(self.header("vary"), Some("Authorization, Cookie, Origin"), "{self:?}");
        let caching = self.header("cache-control");
        assert!(matches!(caching, Some("no-store" | "public, max-age=300")), "{self:?}");
        for revealing in ["server", "x-powered-by", "etag", "last-modified"] {
            assert_eq!(self.header(revealing), None, "{self:?}");
        }
        let shares = |name: &HeaderName| name.as_str().starts_with("access-control-");
        assert!(!self.headers.keys().any(shares), "no other origin may read it: {self:?}");
        if let Some(length) = self.header("content-length").filter(|_| method != Method::HEAD) {
            assert_eq!(length, self.body.len().to_string(), "{self:?}");
        }
        if self.status == 204 {
            assert!(self.body.is_empty() && self.header("content-type").is_none(), "{self:?}");
        }
        if self.status.is_client_error() || self.status.is_server_error() {
            self.is_a_proper_problem(method);
        }
    }

    #[track_caller]
    fn is_a_proper_problem(&self, method: &Method) {
        assert_eq!(self.header("cache-control"), Some("no-store"));
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{self:?}");
        assert!(self.set_cookies().is_empty(), "a refusal sets no cookie: {self:?}");
        let challenge = self.header("www-authenticate");
        assert_eq!(challenge.is_some_and(|value| value.starts_with("Bearer")), self.status == 401, "{self:?}");
        assert!(self.status != 405 || self.header("allow").is_some_and(|value| !value.is_empty()), "{self:?}");
        let wait = self.header("retry-after").map(|value| value.parse::<u64>().unwrap());
        assert_eq!(wait.is_some_and(|seconds| seconds > 0), matches!(self.status.as_u16(), 429 | 503), "{self:?}");
        if method == Method::HEAD {
            assert!(self.body.is_empty());
            return;
        }
        let problem = self.problem_body();
        let known = ["code", "detail", "errors", "status", "title", "type"];
        assert!(keys(&problem).iter().all(|key| known.contains(key)), "{problem}");
        assert_eq!(problem["type"], "about:blank");
        assert_eq!(problem["status"], self.status.as_u16());
        assert_eq!(problem["title"].as_str(), self.status.canonical_reason());
        assert!(problem["detail"].as_str().unwrap().ends_with('.'));
        for error in problem["errors"].as_array().into_iter().flatten() {
            assert_eq!(keys(error), ["code", "field", "message"]);
        }
    }
}

/// The names in an object, sorted.
#[track_caller]
pub(super) fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<_> = value.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}
