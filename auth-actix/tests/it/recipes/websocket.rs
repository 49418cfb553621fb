//! A WebSocket that closes when its session ends, over real sockets.

use std::net::SocketAddr;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{App, Error as ActixError, HttpRequest, HttpServer, rt};
use actix_ws::{CloseCode, CloseReason, Message, MessageStream, Session};
use auth_actix::{Auth, CurrentSession, Error, ErrorKind};
use auth_core::conformance::http::{EMAIL, World};
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tokio_tungstenite::tungstenite::{self, ClientRequestBuilder};
use tokio_tungstenite::{WebSocketStream, client_async};

use super::assert_shown;
use crate::app::Actix;

/// A route for sockets, each of which outlives its session by this interval at most.
fn sockets(interval: Duration) -> impl FnOnce(&mut ServiceConfig) {
    let open = move |auth: Data<Auth>, session: CurrentSession, request: HttpRequest, body: web::Payload| async move {
        let (response, socket, messages) = actix_ws::handle(&request, body)?;
        rt::spawn(talk(socket, messages.max_frame_size(64 * 1024), auth, session, interval));
        Ok::<_, ActixError>(response)
    };
    move |config| {
        config.route("/socket", web::get().to(open));
    }
}

/// Talks until the client leaves or the session ends.
async fn talk(
    mut socket: Session,
    mut messages: MessageStream,
    auth: Data<Auth>,
    session: CurrentSession,
    interval: Duration,
) {
    let reason = tokio::select! {
        () = echo(&mut socket, &mut messages) => None,
        error = session_end(&auth, &session, interval) => Some(farewell(&error)),
    };
    // Whether the client listens or not, the socket closes now.
    drop(timeout(Duration::from_secs(5), socket.close(reason)).await);
}

/// What this socket is for.
async fn echo(socket: &mut Session, messages: &mut MessageStream) {
    while let Some(Ok(message)) = messages.recv().await {
        let sent = match message {
            Message::Text(text) => socket.text(text).await,
            Message::Ping(bytes) => socket.pong(&bytes).await,
            Message::Close(_) => return,
            Message::Binary(_) | Message::Continuation(_) | Message::Nop | Message::Pong(_) => Ok(()),
        };
        if sent.is_err() {
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
fn farewell(error: &Error) -> CloseReason {
    let code = if error.kind() == ErrorKind::Unauthenticated { CloseCode::Policy } else { CloseCode::Again };
    CloseReason { code, description: Some(error.to_string()) }
}

/// A server on a port of its own, stopped when dropped.
struct Running {
    address: SocketAddr,
    handle: ServerHandle,
}

impl Running {
    fn start(auth: &Auth) -> Self {
        let auth = Data::new(auth.clone());
        let app = move || App::new().app_data(auth.clone()).configure(sockets(Duration::from_millis(20)));
        let server = HttpServer::new(app).workers(1).disable_signals().bind("127.0.0.1:0").unwrap();
        let address = server.addrs()[0];
        let server = server.run();
        let handle = server.handle();
        rt::spawn(server);
        Self { address, handle }
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
        drop(self.handle.stop(false));
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

#[actix_web::test]
async fn a_socket_is_for_the_signed_in() {
    let world = World::at(&Actix, "https://app.example.com").await;
    let server = Running::start(&world.auth);
    assert_eq!(server.open(&[]).await.unwrap_err(), 401);
    assert_eq!(server.open(&[("cookie", "__Host-access=made-up")]).await.unwrap_err(), 401);
    let cookies = world.browser(EMAIL).await.cookie_header().unwrap();
    is_open(&mut server.open(&[("cookie", &cookies)]).await.unwrap()).await;
    let bearer = format!("Bearer {}", world.more_tokens(EMAIL).await.access);
    is_open(&mut server.open(&[("authorization", &bearer)]).await.unwrap()).await;
}

#[actix_web::test]
async fn a_socket_closes_when_its_session_ends_and_no_other_does() {
    let world = World::at(&Actix, "https://app.example.com").await;
    let server = Running::start(&world.auth);
    let (mut leaving, mut staying) = (world.browser(EMAIL).await, world.another_browser(EMAIL).await);
    let mut theirs = server.open(&[("cookie", &leaving.cookie_header().unwrap())]).await.unwrap();
    let mut others = server.open(&[("cookie", &staying.cookie_header().unwrap())]).await.unwrap();
    is_open(&mut theirs).await;
    leaving.post("/auth/signout").await.is(204);
    assert_eq!(close_code(theirs).await, 1008);
    is_open(&mut others).await;
}

#[actix_web::test]
async fn a_socket_closes_when_its_session_expires() {
    let world = World::at(&Actix, "https://app.example.com").await;
    let server = Running::start(&world.auth);
    let mut socket = server.open(&[("cookie", &world.browser(EMAIL).await.cookie_header().unwrap())]).await.unwrap();
    world.pass(Duration::from_hours(23));
    is_open(&mut socket).await;
    world.pass(Duration::from_hours(1));
    assert_eq!(close_code(socket).await, 1008);
}

#[actix_web::test]
async fn a_socket_closes_when_nobody_can_tell_and_opens_again() {
    let world = World::at(&Actix, "https://app.example.com").await;
    let server = Running::start(&world.auth);
    let cookies = world.browser(EMAIL).await.cookie_header().unwrap();
    let socket = server.open(&[("cookie", &cookies)]).await.unwrap();
    world.store.fail_all();
    assert_eq!(close_code(socket).await, 1013);
    assert_eq!(server.open(&[("cookie", &cookies)]).await.unwrap_err(), 503);
    world.store.heal();
    is_open(&mut server.open(&[("cookie", &cookies)]).await.unwrap()).await;
}

#[actix_web::test]
async fn a_page_of_a_foreign_origin_opens_no_socket() {
    let trust = |builder: auth_core::auth::AuthBuilder| {
        builder.base_url("https://app.example.com").trusted_origin("https://www.example.com")
    };
    let world = World::with(&Actix, trust).await;
    let server = Running::start(&world.auth);
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
