//! A stream of events that ends with its session.

use std::convert::Infallible;
use std::time::Duration;

use auth_axum::{Auth, CurrentSession};
use auth_core::conformance::http::{EMAIL, World};
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::routing::get;
use futures_util::stream::{Stream, StreamExt, unfold};
use http::{Request, Response};
use http_body_util::BodyExt;
use tokio::time::{Instant, sleep};
use tower::ServiceExt;

use super::assert_shown;
use crate::app::Axum;

/// A route for streams, each of which outlives its session by this interval at most.
fn streams(interval: Duration) -> Router<Auth> {
    let open = move |State(auth): State<Auth>, session: CurrentSession| async move {
        let events = ticks().take_until(session_end(auth, session, interval));
        Sse::new(events).keep_alive(KeepAlive::default())
    };
    Router::new().route("/events", get(open))
}

/// What this stream is for: a number each second.
fn ticks() -> impl Stream<Item = Result<Event, Infallible>> {
    unfold(1_u32, |number| async move {
        sleep(Duration::from_secs(1)).await;
        Some((Ok(Event::default().data(number.to_string())), number + 1))
    })
}

/// Waits until the session is not accepted any more, or nobody can tell whether it is.
async fn session_end(auth: Auth, session: CurrentSession, interval: Duration) {
    loop {
        sleep(interval).await;
        if auth.recheck(&session).await.is_err() {
            return;
        }
    }
}

const INTERVAL: Duration = Duration::from_secs(30);

async fn listen(world: &World, cookies: Option<&str>) -> Response<Body> {
    let mut request = Request::get("/events").body(Body::empty()).unwrap();
    if let Some(cookies) = cookies {
        request.headers_mut().insert("cookie", cookies.parse().unwrap());
    }
    streams(INTERVAL).with_state(world.auth.clone()).oneshot(request).await.unwrap()
}

/// Reads the numbers that come until the stream ends, each of which takes a second.
async fn rest(body: Body) -> Vec<String> {
    let text = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
    text.lines().filter_map(|line| line.strip_prefix("data: ")).map(str::to_owned).collect()
}

#[test]
fn the_page_shows_this_code() {
    assert_shown(include_str!("../../../docs/sse.md"), include_str!("sse.rs"));
}

#[tokio::test]
async fn a_stranger_hears_nothing() {
    let world = World::new(&Axum).await;
    assert_eq!(listen(&world, None).await.status(), 401);
}

#[tokio::test(start_paused = true)]
async fn a_stream_goes_on_with_its_session_and_ends_with_it() {
    let world = World::new(&Axum).await;
    let mut browser = world.browser(EMAIL).await;
    let response = listen(&world, browser.cookie_header().as_deref()).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut body = response.into_body();
    for number in 1..=100 {
        let frame = body.frame().await.unwrap().unwrap().into_data().unwrap();
        assert_eq!(frame, format!("data: {number}\n\n"));
    }
    let left_at = Instant::now();
    browser.post("/auth/signout").await.is(204);
    let late = rest(body).await;
    assert!(left_at.elapsed() <= INTERVAL && late.len() <= 30, "{late:?}");
}

#[tokio::test(start_paused = true)]
async fn a_stream_ends_when_nobody_can_tell_whether_its_session_goes_on() {
    let world = World::new(&Axum).await;
    let mut browser = world.browser(EMAIL).await;
    let body = listen(&world, browser.cookie_header().as_deref()).await.into_body();
    let begun = Instant::now();
    world.store.fail_all();
    rest(body).await;
    assert!(begun.elapsed() <= INTERVAL);
    world.store.heal();
    assert_eq!(listen(&world, browser.cookie_header().as_deref()).await.status(), 200);
}
