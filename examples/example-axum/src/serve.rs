//! The server: axum's own, with a limit on how long a client may take to send its headers.

use std::future::Future;
use std::io;
use std::net::{self, SocketAddr};
use std::pin::pin;
use std::time::Duration;

use auth_axum::Auth;
use axum::Router;
use axum::extract::ConnectInfo;
use example_shared::process::{GRACE, HEADER_WAIT};
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt;

use crate::routes;

/// Serves the application until the signal, and then lets requests end that are under way.
///
/// # Errors
///
/// When the socket cannot be used.
pub async fn serve(listener: net::TcpListener, auth: Auth, stop: impl Future<Output = ()>) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let listener = TcpListener::from_std(listener)?;
    let app = routes::app(auth);
    let connections = GracefulShutdown::new();
    let mut stop = pin!(stop);
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => handle(stream, peer, &app, &connections),
                Err(error) => wait_for_sockets(&error).await,
            },
            () = &mut stop => break,
        }
    }
    drop(listener);
    if tokio::time::timeout(GRACE, connections.shutdown()).await.is_err() {
        tracing::warn!("some requests did not end in time");
    }
    Ok(())
}

fn handle(stream: TcpStream, peer: SocketAddr, app: &Router, connections: &GracefulShutdown) {
    // Where `auth-axum` looks for the client's address, as axum's own server would put it.
    let with_address = move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        request
    };
    let service = TowerToHyperService::new(app.clone().map_request(with_address));
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(HEADER_WAIT);
    let connection = connections.watch(server.serve_connection(TokioIo::new(stream), service));
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection ended early");
        }
    });
}

/// The process has as many sockets as it may: wait until some are closed.
async fn wait_for_sockets(error: &io::Error) {
    tracing::warn!(%error, "no connection can be accepted");
    tokio::time::sleep(Duration::from_millis(100)).await;
}
