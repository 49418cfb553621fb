//! What the scenarios share: the application with its clock and store, calls, a browser, an API client.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use auth_core::auth::AuthBuilder;
use auth_core::clock::{Clock, ManualClock};
use auth_core::policy::HashPolicy;
use auth_core::{Auth, MemoryStore, SigningKeys};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response};
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::app;
use auth_core::conformance::faulty::FaultyStore;

pub(crate) const EMAIL: &str = "ada@example.com";
pub(crate) const PASSWORD: &str = "a long walk in the rain";
/// The address that calls come from unless they say otherwise.
pub(crate) const HOME: &str = "198.51.100.7";

/// The application, in whatever framework.
#[async_trait]
pub(crate) trait Server: Send + Sync {
    /// Answers a request from an address, or from a socket that has none.
    async fn send(&self, peer: Option<IpAddr>, request: Request<Bytes>) -> Response<Bytes>;
}

/// An application in a time of its own.
pub(crate) struct World {
    pub(crate) auth: Auth,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) store: FaultyStore<MemoryStore>,
    server: Box<dyn Server>,
    newcomers: AtomicU32,
}

impl World {
    /// All settings at their defaults.
    pub(crate) fn new() -> Self {
        Self::with(|builder| builder)
    }

    pub(crate) fn at(base_url: &str) -> Self {
        Self::with(|builder| builder.base_url(base_url))
    }

    pub(crate) fn with(configure: impl FnOnce(AuthBuilder) -> AuthBuilder) -> Self {
        Self::signed_with(SigningKeys::hs256([7; 32]).unwrap(), configure)
    }

    pub(crate) fn signed_with(keys: SigningKeys, configure: impl FnOnce(AuthBuilder) -> AuthBuilder) -> Self {
        let (clock, store) = (Arc::new(ManualClock::new()), FaultyStore::new(MemoryStore::new()));
        let builder = Auth::builder(store.clone(), keys)
            .clock(Arc::<ManualClock>::clone(&clock))
            .hash_policy(HashPolicy::insecure_for_tests());
        let auth = configure(builder).build().unwrap();
        let server = app::serve(&auth);
        Self { auth, clock, store, server, newcomers: AtomicU32::new(0) }
    }

    /// Sends a call, and checks what holds for every answer.
    pub(crate) async fn send(&self, call: Call) -> Answer {
        let (peer, request) = call.into_request();
        let method = request.method().clone();
        let below_a_mount = ["/auth/", "/api/auth/"]
            .iter()
            .any(|mount| request.uri().path().strip_prefix(mount).is_some_and(|rest| !rest.is_empty()));
        let answer = Answer::new(self.server.send(peer, request).await);
        if below_a_mount || answer.header("content-type") == Some("application/problem+json") {
            answer.keeps_the_contract(&method);
        }
        answer
    }

    pub(crate) fn pass(&self, time: Duration) {
        self.clock.advance(time);
    }

    /// An address that nobody has called from yet.
    pub(crate) fn newcomer(&self) -> IpAddr {
        Ipv4Addr::from_bits(0x0a00_0000 + self.newcomers.fetch_add(1, Ordering::Relaxed)).into()
    }

    /// Signs somebody up and returns their browser.
    pub(crate) async fn browser(&self, email: &str) -> Browser<'_> {
        let mut browser = Browser::new(self);
        let call = post("/auth/signup").json(&credentials(email)).from(self.newcomer());
        browser.send(call).await.is(201);
        browser
    }

    /// Signs somebody up and returns their tokens.
    pub(crate) async fn tokens(&self, email: &str) -> Tokens {
        let call = post("/api/auth/signup").json(&credentials(email)).from(self.newcomer());
        Tokens::of(&self.send(call).await.is(201))
    }

    /// Signs somebody in who has an account, and returns their tokens.
    pub(crate) async fn more_tokens(&self, email: &str) -> Tokens {
        let call = post("/api/auth/signin").json(&credentials(email)).from(self.newcomer());
        Tokens::of(&self.send(call).await.is(200))
    }

    /// Signs somebody in who has an account, and returns their browser.
    pub(crate) async fn another_browser(&self, email: &str) -> Browser<'_> {
        let mut browser = Browser::new(self);
        browser.send(post("/auth/signin").json(&credentials(email)).from(self.newcomer())).await.is(200);
        browser
    }
}

pub(crate) fn credentials(email: &str) -> Value {
    json!({ "email": email, "password": PASSWORD })
}

/// What an API client keeps.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tokens {
    pub(crate) access: String,
    pub(crate) refresh: String,
}

impl Tokens {
    #[track_caller]
    pub(crate) fn of(answer: &Answer) -> Self {
        let body = answer.json();
        let text = |name: &str| body[name].as_str().unwrap().to_owned();
        Self { access: text("access_token"), refresh: text("refresh_token") }
    }
}

/// A request in the making.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    method: Method,
    path: String,
    headers: HeaderMap,
    body: Bytes,
    peer: Option<IpAddr>,
}

pub(crate) fn call(method: Method, path: &str) -> Call {
    let headers = HeaderMap::from_iter([(http::header::HOST, HeaderValue::from_static("app.test"))]);
    Call { method, path: path.to_owned(), headers, body: Bytes::new(), peer: Some(HOME.parse().unwrap()) }
}

pub(crate) fn get(path: &str) -> Call {
    call(Method::GET, path)
}

pub(crate) fn post(path: &str) -> Call {
    call(Method::POST, path)
}

pub(crate) fn delete(path: &str) -> Call {
    call(Method::DELETE, path)
}

impl Call {
    pub(crate) fn json(self, body: &Value) -> Self {
        self.body("application/json", body.to_string())
    }

    pub(crate) fn body(self, content_type: &str, body: impl Into<Bytes>) -> Self {
        let mut call = self.header("content-type", content_type);
        call.body = body.into();
        call
    }

    /// Adds one header line; what stands there already stays.
    pub(crate) fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        let value = HeaderValue::from_bytes(value.as_ref()).unwrap();
        self.headers.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), value);
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.remove(name);
        self
    }

    pub(crate) fn headers(self, headers: &[(&str, &str)]) -> Self {
        headers.iter().fold(self, |call, (name, value)| call.header(name, value))
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        self.header("authorization", format!("Bearer {token}"))
    }

    pub(crate) fn from(mut self, peer: IpAddr) -> Self {
        self.peer = Some(peer);
        self
    }

    /// From a server that does not know the addresses of its clients.
    pub(crate) fn without_address(mut self) -> Self {
        self.peer = None;
        self
    }

    pub(crate) fn into_request(self) -> (Option<IpAddr>, Request<Bytes>) {
        let mut request = Request::builder().method(self.method).uri(self.path).body(self.body).unwrap();
        *request.headers_mut() = self.headers;
        (self.peer, request)
    }
}

/// A browser with its cookies, which keeps to the rules of RFC 6265bis where they matter here.
#[derive(Clone)]
pub(crate) struct Browser<'w> {
    world: &'w World,
    jar: BTreeMap<String, Kept>,
}

/// A cookie; without `until` it dies with the browser.
#[derive(Debug, Clone, PartialEq)]
struct Kept {
    value: String,
    until: Option<DateTime<Utc>>,
}

impl<'w> Browser<'w> {
    pub(crate) fn new(world: &'w World) -> Self {
        Self { world, jar: BTreeMap::new() }
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.send(get(path)).await
    }

    pub(crate) async fn post(&mut self, path: &str) -> Answer {
        self.send(post(path)).await
    }

    pub(crate) async fn send(&mut self, call: Call) -> Answer {
        let call = match self.cookie_header() {
            Some(cookies) => call.header("cookie", cookies),
            None => call,
        };
        let answer = self.world.send(call).await;
        for header in answer.set_cookies() {
            self.keep(header);
        }
        answer
    }

    /// The header that the next request will have.
    pub(crate) fn cookie_header(&mut self) -> Option<String> {
        let now = self.world.clock.now();
        self.jar.retain(|_, kept| kept.until.is_none_or(|until| now < until));
        let pairs: Vec<_> = self.jar.iter().map(|(name, kept)| format!("{name}={}", kept.value)).collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    /// The value of a cookie, by the end of its name: with the prefix or without.
    #[track_caller]
    pub(crate) fn cookie(&self, name: &str) -> &str {
        let kept = self.jar.iter().find(|(kept, _)| kept.trim_start_matches("__Host-") == name);
        &kept.expect("the cookie is there").1.value
    }

    pub(crate) fn cookie_names(&self) -> Vec<&str> {
        self.jar.keys().map(String::as_str).collect()
    }

    pub(crate) fn forget(&mut self, name: &str) {
        self.jar.remove(name);
    }

    /// Closes the browser and opens it again.
    pub(crate) fn restart(&mut self) {
        self.jar.retain(|_, kept| kept.until.is_some());
    }

    #[track_caller]
    fn keep(&mut self, header: &str) {
        let mut parts = header.split("; ");
        let (name, value) = parts.next().unwrap().split_once('=').unwrap();
        let attributes: Vec<&str> = parts.collect();
        assert!(attributes.contains(&"Path=/") && attributes.contains(&"HttpOnly"), "{header}");
        assert!(!attributes.iter().any(|attribute| attribute.starts_with("Domain")), "{header}");
        assert_eq!(attributes.contains(&"Secure"), name.starts_with("__Host-"), "{header}");
        let max_age = attributes.iter().find_map(|attribute| attribute.strip_prefix("Max-Age="));
        let until = max_age.map(|seconds| self.world.clock.now() + Duration::from_secs(seconds.parse().unwrap()));
        self.jar.insert(name.to_owned(), Kept { value: value.to_owned(), until });
        let now = self.world.clock.now();
        self.jar.retain(|_, kept| kept.until.is_none_or(|until| now < until));
    }
}
