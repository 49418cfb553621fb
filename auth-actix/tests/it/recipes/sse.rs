//! A stream of events that ends with its session.

use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::Pin;
use std::time::Duration;

use actix_web::body::{self, BoxBody, MessageBody};
use actix_web::dev::ServiceResponse;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::test::{TestRequest, call_service, init_service};
use actix_web::web::{self, Bytes, Data, ServiceConfig};
use actix_web::{App, HttpResponse};
use auth_actix::{Auth, CurrentSession};
use auth_core::conformance::http::{EMAIL, World};
use futures_util::stream::{Stream, StreamExt, unfold};
use tokio::time::{Instant, sleep};

use super::assert_shown;
use crate::app::Actix;

/// A route for streams, each of which outlives its session by this interval at most.
fn streams(interval: Duration) -> impl FnOnce(&mut ServiceConfig) {
    let open = move |auth: Data<Auth>, session: CurrentSession| async move {
        let events = ticks().take_until(session_end(auth, session, interval));
        let mut response = HttpResponse::Ok();
        response.content_type("text/event-stream").insert_header((CACHE_CONTROL, "no-cache")).streaming(events)
    };
    move |config| {
        config.route("/events", web::get().to(open));
    }
}

/// What this stream is for: a number each second.
fn ticks() -> impl Stream<Item = Result<Bytes, Infallible>> {
    unfold(1_u32, |number| async move {
        sleep(Duration::from_secs(1)).await;
        Some((Ok(format!("data: {number}\n\n").into()), number + 1))
    })
}

/// Waits until the session is not accepted any more, or nobody can tell whether it is.
async fn session_end(auth: Data<Auth>, session: CurrentSession, interval: Duration) {
    loop {
        sleep(interval).await;
        if auth.recheck(&session).await.is_err() {
            return;
        }
    }
}

const INTERVAL: Duration = Duration::from_secs(30);

async fn listen(world: &World, cookies: Option<&str>) -> ServiceResponse {
    let configure = streams(INTERVAL);
    let app = init_service(App::new().app_data(Data::new(world.auth.clone())).configure(configure)).await;
    let request = TestRequest::get().uri("/events");
    let request = cookies.into_iter().fold(request, |request, cookies| request.insert_header(("cookie", cookies)));
    call_service(&app, request.to_request()).await
}

/// Reads the numbers that come until the stream ends, each of which takes a second.
async fn rest(body: BoxBody) -> Vec<String> {
    let text = String::from_utf8(body::to_bytes(body).await.unwrap().to_vec()).unwrap();
    text.lines().filter_map(|line| line.strip_prefix("data: ")).map(str::to_owned).collect()
}

#[test]
fn the_page_shows_this_code() {
    assert_shown(include_str!("../../../docs/sse.md"), include_str!("sse.rs"));
}

#[actix_web::test]
async fn a_stranger_hears_nothing() {
    let world = World::new(&Actix).await;
    assert_eq!(listen(&world, None).await.status(), 401);
}

#[tokio::test(start_paused = true)]
async fn a_stream_goes_on_with_its_session_and_ends_with_it() {
    let world = World::new(&Actix).await;
    let mut browser = world.browser(EMAIL).await;
    let response = listen(&world, browser.cookie_header().as_deref()).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers().get("content-type").unwrap(), "text/event-stream");
    let mut body = response.into_body();
    for number in 1..=100 {
        let frame = poll_fn(|context| Pin::new(&mut body).poll_next(context)).await.unwrap().unwrap();
        assert_eq!(frame, format!("data: {number}\n\n"));
    }
    let left_at = Instant::now();
    browser.post("/auth/signout").await.is(204);
    let late = rest(body).await;
    assert!(left_at.elapsed() <= INTERVAL && late.len() <= 30, "{late:?}");
}

#[tokio::test(start_paused = true)]
async fn a_stream_ends_when_nobody_can_tell_whether_its_session_goes_on() {
    let world = World::new(&Actix).await;
    let mut browser = world.browser(EMAIL).await;
    let body = listen(&world, browser.cookie_header().as_deref()).await.into_body();
    let begun = Instant::now();
    world.store.fail_all();
    rest(body).await;
    assert!(begun.elapsed() <= INTERVAL);
    world.store.heal();
    assert_eq!(listen(&world, browser.cookie_header().as_deref()).await.status(), 200);
}
