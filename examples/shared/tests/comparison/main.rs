//! The two servers answer the same, byte by byte, over real sockets.
//!
//! What may differ is the `Date`, and the order of headers of different names, which means nothing (RFC 9110, section
//! 5.3). Whatever else differs stands in `differences.rs` with its reason.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod differences;
mod requests;
mod running;
mod wire;

use std::cell::RefCell;
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;

use async_trait::async_trait;
use auth_core::clock::ManualClock;
use auth_core::conformance::http::network::{parsed, written};
use auth_core::conformance::http::transcript::{Exchange, assert_same, transcript};
use auth_core::conformance::http::{Adapter, Application, PASSWORD, Server, credentials, post};
use auth_core::policy::HashPolicy;
use auth_core::{Auth, Email, MemoryStore, Password, Role, SigningKeys};
use bytes::Bytes;
use http::{HeaderValue, Request, Response};

use self::differences::assert_same_but_for_differences;
use self::running::Running;
use self::wire::Wire;

/// An example, and what is heard on its wire.
struct Example {
    start: fn(&Auth) -> Running,
    heard: Rc<RefCell<Vec<Exchange>>>,
}

#[async_trait(?Send)]
impl Adapter for Example {
    async fn serve(&self, app: &Application) -> Box<dyn Server> {
        let wire = RefCell::new(Wire::to((self.start)(&app.auth)));
        Box::new(Tapped { wire, heard: Rc::clone(&self.heard) })
    }

    /// Not asked for by the transcript: the examples have no mount at the root.
    async fn serve_at_root(&self, app: &Application) -> Box<dyn Server> {
        self.serve(app).await
    }
}

struct Tapped {
    wire: RefCell<Wire>,
    heard: Rc<RefCell<Vec<Exchange>>>,
}

#[async_trait(?Send)]
impl Server for Tapped {
    async fn send(&self, peer: Option<IpAddr>, mut request: Request<Bytes>) -> Response<Bytes> {
        let peer = peer.expect("a socket has an address").to_string();
        request.headers_mut().insert("x-forwarded-for", HeaderValue::from_str(&peer).unwrap());
        let (exchange, answer) = self.wire.borrow_mut().exchange("of the transcript", &written(&request));
        self.heard.borrow_mut().push(exchange);
        parsed(&answer)
    }
}

/// Every endpoint and every error, as the suite of the adapters plays them.
#[test]
fn the_transcript_has_the_same_bytes_on_the_wire() {
    let [axum, actix] = [Running::axum, Running::actix].map(|start: fn(&Auth) -> Running| {
        let example = Example { start, heard: Rc::default() };
        wait_for(transcript(&example));
        example.heard.take()
    });
    assert!(axum.len() > 100);
    assert_same(&axum, &actix);
}

/// What no well-behaved client sends, and what the two applications have beside the adapters' routes.
#[test]
fn requests_of_every_shape_get_the_same_bytes() {
    let [axum, actix] = [Running::axum, Running::actix].map(|start: fn(&Auth) -> Running| wait_for(play(start)));
    assert_same_but_for_differences(&axum, &actix);
}

/// Sends every request to a new server, each on a connection of its own.
async fn play(start: fn(&Auth) -> Running) -> Vec<Exchange> {
    let auth = Auth::builder(MemoryStore::new(), SigningKeys::hs256("a secret for tests of 32 bytes or more").unwrap())
        .base_url("https://app.test")
        .clock(Arc::new(ManualClock::new()))
        .hash_policy(HashPolicy::insecure_for_tests())
        .dangerously_without_rate_limits()
        .build()
        .unwrap();
    let email = Email::parse("root@example.com").unwrap();
    auth.ensure_role(&email, &Password::new(PASSWORD), Role::ADMIN).await.unwrap();
    let mut wire = Wire::to(start(&auth));
    let user = wire.token(&post("/api/auth/signup").json(&credentials("ada@example.com")));
    let admin = wire.token(&post("/api/auth/signin").json(&credentials("root@example.com")));
    let requests = requests::all(&user, &admin);
    requests.iter().map(|request| wire.exchange(&request.title, &request.bytes).0).collect()
}

fn wait_for<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work)
}
