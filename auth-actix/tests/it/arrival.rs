//! Bodies that arrive slowly, never, or without end.

use std::time::Duration;

use actix_http::Request as ActixRequest;
use actix_web::App;
use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::test::init_service;
use actix_web::web::{JsonConfig, PayloadConfig};
use auth_actix::Auth;
use bytes::Bytes;
use futures_util::stream::{self, LocalBoxStream, StreamExt};
use http::Response;
use tokio::time::{Instant, timeout};

use crate::app::{HOME, actix_request, answer, app, assert_problem, auth, quota, request, sign_up, with_bearer};

const READING: [&str; 5] = ["/auth/signup", "/auth/signin", "/auth/signout", "/auth/refresh", "/api/auth/refresh"];

/// How the sender behaves once the headers are through.
#[derive(Clone, Copy)]
enum Sender {
    BreaksOff,
    FallsSilent,
    NeverEnds,
}

impl Sender {
    fn body(self) -> LocalBoxStream<'static, Result<Bytes, PayloadError>> {
        match self {
            Self::BreaksOff => stream::iter([Err(PayloadError::Incomplete(None))]).boxed_local(),
            Self::FallsSilent => stream::pending().boxed_local(),
            Self::NeverEnds => stream::repeat_with(|| Ok(Bytes::from_static(&[b' '; 1024]))).boxed_local(),
        }
    }

    async fn send(self, auth: &Auth, asked: ActixRequest) -> Response<Bytes> {
        // What the application allows its own routes is neither more nor less for these.
        let (json, payload) = (JsonConfig::default().limit(10), PayloadConfig::new(1 << 20));
        let app = init_service(App::new().app_data(json).app_data(payload).configure(app(auth, quota()))).await;
        let (asked, _) = asked.replace_payload(Payload::Stream { payload: self.body() });
        answer(&app, asked).await
    }
}

fn post(path: &str) -> ActixRequest {
    let mut request = request("POST", path);
    request.headers_mut().insert("content-type", http::HeaderValue::from_static("application/json"));
    actix_request(Some(HOME), request)
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_arrive_is_waited_for_ten_seconds() {
    let (auth, _) = auth();
    for path in READING {
        let begun = Instant::now();
        assert_problem(&Sender::FallsSilent.send(&auth, post(path)).await, 408, "request_timeout");
        assert_eq!(begun.elapsed().as_secs(), 10, "{path}");
    }
}

#[tokio::test]
async fn a_body_without_end_is_read_up_to_the_limit() {
    let (auth, _) = auth();
    for path in READING {
        assert_problem(&Sender::NeverEnds.send(&auth, post(path)).await, 413, "body_too_large");
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_is_malformed() {
    let (auth, _) = auth();
    for path in READING {
        assert_problem(&Sender::BreaksOff.send(&auth, post(path)).await, 400, "malformed");
    }
}

#[tokio::test]
async fn a_body_where_none_belongs_is_not_waited_for() {
    let (auth, _) = auth();
    let token = sign_up(&auth).await;
    for sender in [Sender::BreaksOff, Sender::FallsSilent, Sender::NeverEnds] {
        for path in ["/auth/me", "/api/auth/sessions", "/auth/.well-known/jwks.json"] {
            let asked = actix_request(Some(HOME), with_bearer(request("GET", path), &token));
            let answer = timeout(Duration::from_secs(1), sender.send(&auth, asked)).await.unwrap();
            assert_eq!(answer.status(), 200, "{path}");
        }
    }
}
