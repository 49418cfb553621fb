//! A running application, as its clients see it.

use std::cell::Cell;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use http::HeaderValue;
use serde_json::json;

use super::{Answer, Browser, Call, Server, Tokens, credentials, post};
use crate::clock::{Clock, SystemClock};
use crate::http::base_url::BaseUrl;
use crate::http::cookie::CookieForm;
use crate::secret::random;

/// A running application, as its clients see it.
///
/// It may be anywhere, and hold what others left there: each rule signs up people of its own.
pub struct Site {
    server: Box<dyn Server>,
    clock: Arc<dyn Clock>,
    origin: String,
    host: HeaderValue,
    form: CookieForm,
    run: u64,
    people: Cell<u32>,
    newcomers: Cell<u32>,
}

impl Site {
    /// Creates a site of a server that runs under a base URL, in real time.
    ///
    /// Its rate limits are off, common passwords may or may not be allowed, and its profile, if it has one, asks for
    /// nothing. Beside the two mounts it has `GET /private` and `GET /claims`, which answer as they like.
    ///
    /// # Panics
    ///
    /// When the base URL is none.
    pub fn new(server: Box<dyn Server>, base_url: &str) -> Self {
        let form = BaseUrl::parse(base_url).unwrap().cookie_form();
        Self::with_clock(server, base_url, form, Arc::new(SystemClock::new()))
    }

    pub(super) fn with_clock(server: Box<dyn Server>, base_url: &str, form: CookieForm, clock: Arc<dyn Clock>) -> Self {
        let url = BaseUrl::parse(base_url).unwrap();
        let authority = url.origin().split_once("://").unwrap().1;
        Self {
            server,
            clock,
            host: HeaderValue::from_str(authority).unwrap(),
            form,
            origin: url.origin().to_owned(),
            run: u64::from_be_bytes(random().unwrap()),
            people: Cell::new(0),
            newcomers: Cell::new(0),
        }
    }

    /// Sends a call, and checks what holds for every answer.
    pub async fn send(&self, call: Call) -> Answer {
        let (peer, request) = call.into_request(&self.host);
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let answer = Answer::new(self.server.send(peer, request).await);
        let is_below = |mount| path.strip_prefix(mount).is_some_and(|rest: &str| !rest.is_empty());
        let is_of_a_mount = is_below("/auth/") || is_below("/api/auth/");
        if is_of_a_mount || answer.header("content-type") == Some("application/problem+json") {
            answer.keeps_the_contract(&method);
        }
        answer
    }

    /// Returns an address that nobody has called from yet.
    pub fn newcomer(&self) -> IpAddr {
        let number = self.newcomers.replace(self.newcomers.get() + 1);
        Ipv4Addr::from_bits(0x0a00_0000 + number).into()
    }

    /// Returns an e-mail address that nobody has signed up with yet.
    pub fn email(&self) -> String {
        let number = self.people.replace(self.people.get() + 1);
        format!("ada.{:016x}.{number}@example.com", self.run)
    }

    /// Signs somebody up and returns their browser.
    pub async fn browser(&self, email: &str) -> Browser<'_> {
        let mut browser = Browser::new(self);
        browser.send(post("/auth/signup").json(&credentials(email)).from(self.newcomer())).await.is(201);
        browser
    }

    /// Signs somebody in who has an account, and returns their browser.
    pub async fn another_browser(&self, email: &str) -> Browser<'_> {
        let mut browser = Browser::new(self);
        browser.send(post("/auth/signin").json(&credentials(email)).from(self.newcomer())).await.is(200);
        browser
    }

    /// Signs somebody up and returns their tokens.
    pub async fn tokens(&self, email: &str) -> Tokens {
        let call = post("/api/auth/signup").json(&credentials(email)).from(self.newcomer());
        Tokens::of(&self.send(call).await.is(201))
    }

    /// Signs somebody in who has an account, and returns their tokens.
    pub async fn more_tokens(&self, email: &str) -> Tokens {
        let call = post("/api/auth/signin").json(&credentials(email)).from(self.newcomer());
        Tokens::of(&self.send(call).await.is(200))
    }

    /// Exchanges a refresh token, without saying what has to come of it.
    pub async fn refresh(&self, token: &str) -> Answer {
        self.send(post("/api/auth/refresh").json(&json!({ "refresh_token": token }))).await
    }

    /// Returns scheme, host and port, as browsers send them.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Returns the host's name.
    pub(super) fn host_name(&self) -> &str {
        let authority = self.origin.split_once("://").unwrap().1;
        authority.rsplit_once(':').map_or(authority, |(host, _)| host)
    }

    /// Returns the name of a cookie, `access` or `refresh`, as it is spelled here.
    pub fn cookie_name(&self, name: &str) -> String {
        match self.form {
            CookieForm::PlainForLoopback => name.to_owned(),
            CookieForm::Prefixed => format!("__Host-{name}"),
            CookieForm::Shared(_) => format!("__Secure-{name}"),
        }
    }

    /// Returns the domain that cookies have to name, if they have to name one.
    pub(super) fn cookie_domain(&self) -> Option<&str> {
        match &self.form {
            CookieForm::PlainForLoopback | CookieForm::Prefixed => None,
            CookieForm::Shared(domain) => Some(domain.as_str()),
        }
    }

    /// Returns the clock that cookies age by.
    pub(super) fn clock(&self) -> &dyn Clock {
        &*self.clock
    }
}

impl fmt::Debug for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Site").field("origin", &self.origin).finish_non_exhaustive()
    }
}
