//! A WebSocket that closes when its session ends, over real sockets.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use auth_axum::{Auth, CurrentSession, Error, ErrorKind};
use auth_core::conformance::http::{EMAIL, World};
use axum::Router;
use axum::extract::State;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::routing::get;
use futures_util::{SinkExt, StreamExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_tungstenite::tungstenite::{self, ClientRequestBuilder};
use tokio_tungstenite::{WebSocketStream, client_async};

use super::assert_shown;
use crate::app::Axum;

/// A route for sockets, each of which outlives its session by this interval at most.
fn sockets(interval: Duration) -> Router<Auth> {
    let open = move |State(auth): State<Auth>, session: CurrentSession, upgrade: WebSocketUpgrade| async move {
        upgrade.max_message_size(64 * 1024).on_upgrade(move |socket| talk(socket, auth, session, interval))
    };
    Router::new().route("/socket", get(open))
}

/// Talks until the client leaves or the session ends.
async fn talk(mut socket: WebSocket, auth: Auth, session: CurrentSession, interval: Duration) {
    let reason = tokio::select! {
        () = echo(&mut socket) => None,
        error = session_end(&auth, &session, interval) => Some(farewell(&error)),
    };
    // Whether the client listens or not, the socket closes now.
    drop(timeout(Duration::from_secs(5), socket.send(Message::Close(reason))).await);
}

/// What this socket is for.
async fn echo(socket: &mut WebSocket) {
    while let Some(Ok(message)) = socket.recv().await {
        if matches!(message, Message::Text(_)) && socket.send(message).await.is_err() {
            return;
        }
    }
}

/// Waits until the session is not accepted any more, or nobody can tell whether it is.
async fn session_end(auth: &Auth, session: &CurrentSession, interval: Duration) -> Error {
    loop {
        sleep(interval).await;
        if let Err(error) = auth.recheck(session).await {
            return error;
        }
    }
}

/// Tells the client whether to sign in again (1008) or to come back later (1013).
fn farewell(error: &Error) -> CloseFrame {
    let code = if error.kind() == ErrorKind::Unauthenticated { close_code::POLICY } else { close_code::AGAIN };
    CloseFrame { code, reason: error.to_string().into() }
}

/// A server on a port of its own, stopped when dropped.
struct Running {
    address: SocketAddr,
    server: JoinHandle<()>,
}

impl Running {
    async fn start(auth: &Auth) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let app = sockets(Duration::from_millis(20)).with_state(auth.clone());
        let server = tokio::spawn(async { axum::serve(listener, app).await.unwrap() });
        Self { address, server }
    }

    /// Opens a socket with some headers; the status of the refusal where there is one.
    async fn open(&self, headers: &[(&str, &str)]) -> Result<WebSocketStream<TcpStream>, u16> {
        let request = ClientRequestBuilder::new("ws://app.example.com/socket".parse().unwrap());
        let request = headers.iter().fold(request, |request, (name, value)| request.with_header(*name, *value));
        match client_async(request, TcpStream::connect(self.address).await.unwrap()).await {
            Ok((socket, _)) => Ok(socket),
            Err(tungstenite::Error::Http(answer)) => Err(answer.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Sends a word and hears it again.
async fn is_open(socket: &mut WebSocketStream<TcpStream>) {
    socket.send("hello".into()).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap().to_text().unwrap(), "hello");
}

/// Waits for the server to close, and returns the code that it closes with.
async fn close_code(mut socket: WebSocketStream<TcpStream>) -> u16 {
    let closed = async {
        let Some(Ok(tungstenite::Message::Close(Some(frame)))) = socket.next().await else { panic!("no farewell") };
        assert!(socket.next().await.is_none(), "and then the connection ends");
        frame.code.into()
    };
    timeout(Duration::from_secs(10), closed).await.unwrap()
}

#[test]
fn the_page_shows_this_code() {
    assert_shown(include_str!("../../../docs/websocket.md"), include_str!("websocket.rs"));
}

#[tokio::test]
async fn a_socket_is_for_the_signed_in() {
    let world = World::at(&Axum, "https://app.example.com").await;
    let server = Running::start(&world.auth).await;
    assert_eq!(server.open(&[]).await.unwrap_err(), 401);
    assert_eq!(server.open(&[("cookie", "__Host-access=made-up")]).await.unwrap_err(), 401);
    let cookies = world.browser(EMAIL).await.cookie_header().unwrap();
    is_open(&mut server.open(&[("cookie", &cookies)]).await.unwrap()).await;
    let bearer = format!("Bearer {}", world.more_tokens(EMAIL).await.access);
    is_open(&mut server.open(&[("authorization", &bearer)]).await.unwrap()).await;
}

#[tokio::test]
async fn a_socket_closes_when_its_session_ends_and_no_other_does() {
    let world = World::at(&Axum, "https://app.example.com").await;
    let server = Running::start(&world.auth).await;
    let (mut leaving, mut staying) = (world.browser(EMAIL).await, world.another_browser(EMAIL).await);
    let mut theirs = server.open(&[("cookie", &leaving.cookie_header().unwrap())]).await.unwrap();
    let mut others = server.open(&[("cookie", &staying.cookie_header().unwrap())]).await.unwrap();
    is_open(&mut theirs).await;
    leaving.post("/auth/signout").await.is(204);
    assert_eq!(close_code(theirs).await, 1008);
    is_open(&mut others).await;
}

#[tokio::test]
async fn a_socket_closes_when_its_session_expires() {
    let world = World::at(&Axum, "https://app.example.com").await;
    let server = Running::start(&world.auth).await;
    let mut socket = server.open(&[("cookie", &world.browser(EMAIL).await.cookie_header().unwrap())]).await.unwrap();
    world.pass(Duration::from_hours(23));
    is_open(&mut socket).await;
    world.pass(Duration::from_hours(1));
    assert_eq!(close_code(socket).await, 1008);
}

#[tokio::test]
async fn a_socket_closes_when_nobody_can_tell_and_opens_again() {
    let world = World::at(&Axum, "https://app.example.com").await;
    let server = Running::start(&world.auth).await;
    let cookies = world.browser(EMAIL).await.cookie_header().unwrap();
    let socket = server.open(&[("cookie", &cookies)]).await.unwrap();
    world.store.fail_all();
    assert_eq!(close_code(socket).await, 1013);
    assert_eq!(server.open(&[("cookie", &cookies)]).await.unwrap_err(), 503);
    world.store.heal();
    is_open(&mut server.open(&[("cookie", &cookies)]).await.unwrap()).await;
}

#[tokio::test]
async fn a_page_of_a_foreign_origin_opens_no_socket() {
    let trust = |builder: auth_core::auth::AuthBuilder| {
        builder.base_url("https://app.example.com").trusted_origin("https://www.example.com")
    };
    let world = World::with(&Axum, trust).await;
    let server = Running::start(&world.auth).await;
    let cookies = world.browser(EMAIL).await.cookie_header().unwrap();
    for (origin, is_trusted) in [
        ("https://app.example.com", true),
        ("https://www.example.com", true),
        ("https://evil.test", false),
        ("http://app.example.com", false),
        ("null", false),
    ] {
        let opened = server.open(&[("cookie", &cookies), ("origin", origin)]).await;
        assert_eq!(opened.err(), (!is_trusted).then_some(403), "{origin}");
    }
}
