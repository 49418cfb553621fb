//! Bodies that arrive slowly, never, or without end.

use std::io::{Error, ErrorKind};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;
use http::{HeaderValue, Request};
use tokio::time::{Instant, timeout};

use auth_axum::{Transport, routes};
use auth_core::conformance::http::{Answer, Call, EMAIL, World, get, post};

use crate::app::{Axum, answer};

/// How the sender behaves once the headers are through.
#[derive(Clone, Copy)]
enum Sender {
    BreaksOff,
    FallsSilent,
    NeverEnds,
}

impl Sender {
    fn body(self) -> Body {
        match self {
            Self::BreaksOff => {
                Body::from_stream(stream::iter([Err::<Bytes, Error>(ErrorKind::ConnectionReset.into())]))
            }
            Self::FallsSilent => Body::from_stream(stream::pending::<std::io::Result<Bytes>>()),
            Self::NeverEnds => {
                Body::from_stream(stream::repeat_with(|| Ok::<_, Error>(Bytes::from_static(&[b' '; 1024]))))
            }
        }
    }
}

async fn send(world: &World, call: Call, sender: Sender) -> Answer {
    let (peer, request) = call.into_request(&HeaderValue::from_static("app.test"));
    let method = request.method().clone();
    let request: Request<Body> = request.map(|_| sender.body());
    let mounts = Router::new()
        .nest("/auth", routes(&world.auth, Transport::Cookie))
        .nest("/api/auth", routes(&world.auth, Transport::Bearer));
    let answer = Answer::new(answer(&mounts.with_state(world.auth.clone()), peer, request).await);
    answer.keeps_the_contract(&method);
    answer
}

const UNSAFE: [&str; 5] = ["/auth/signup", "/auth/signin", "/auth/signout", "/auth/refresh", "/api/auth/refresh"];

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_arrive_is_waited_for_ten_seconds() {
    let world = World::new(&Axum).await;
    for path in UNSAFE {
        let begun = Instant::now();
        let call = post(path).header("content-type", "application/json");
        send(&world, call, Sender::FallsSilent).await.problem(408, "request_timeout");
        assert_eq!(begun.elapsed().as_secs(), 10, "{path}");
    }
}

#[tokio::test]
async fn a_body_without_end_is_read_up_to_the_limit() {
    let world = World::new(&Axum).await;
    for path in UNSAFE {
        let call = post(path).header("content-type", "application/json");
        send(&world, call, Sender::NeverEnds).await.problem(413, "body_too_large");
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_is_malformed() {
    let world = World::new(&Axum).await;
    for path in UNSAFE {
        let call = post(path).header("content-type", "application/json");
        send(&world, call, Sender::BreaksOff).await.problem(400, "malformed");
    }
}

#[tokio::test]
async fn a_body_where_none_belongs_is_not_waited_for() {
    let world = World::new(&Axum).await;
    let tokens = world.tokens(EMAIL).await;
    for sender in [Sender::BreaksOff, Sender::FallsSilent, Sender::NeverEnds] {
        for path in ["/auth/me", "/api/auth/sessions", "/auth/.well-known/jwks.json"] {
            let answer = send(&world, get(path).bearer(&tokens.access), sender);
            timeout(Duration::from_secs(1), answer).await.unwrap().is(200);
        }
    }
}
