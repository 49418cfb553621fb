//! The server: actix-web's own parts, around connections that no client can keep without a request.

use std::future::Future;
use std::io;
use std::net::TcpListener;
use std::time::Duration;

use actix_http::{HttpService, KeepAlive, Protocol};
use actix_server::{GracefulShutdownSignal, Server};
use actix_service::{ServiceFactory, ServiceFactoryExt, fn_service, map_config};
use actix_web::dev::AppConfig;
use actix_web::rt::net::TcpStream;
use auth_actix::Auth;
use example_shared::process::GRACE;

use crate::connection::Connection;
use crate::routes;

/// How long what a client still sends is thrown away after an answer that closes its connection.
const LINGER: Duration = Duration::from_secs(1);

/// Serves the application until the signal, and then lets requests end that are under way.
///
/// # Errors
///
/// When the socket cannot be used.
pub async fn serve(
    listener: TcpListener,
    auth: Auth,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let server = Server::build().shutdown_signal(stop).shutdown_timeout(GRACE.as_secs());
    let stopping = server.graceful_shutdown_signal();
    // Each worker has an application of its own, and all of them the one `Auth`.
    server.listen("example", listener, move || connections(auth.clone(), stopping.clone()))?.run().await
}

/// What becomes of a socket: `HttpServer` does the same, with the socket as it is.
fn connections(
    auth: Auth,
    stopping: GracefulShutdownSignal,
) -> impl ServiceFactory<TcpStream, Config = (), Error = actix_http::error::DispatchError, InitError = ()> {
    let http = HttpService::build()
        // The connection sees to both.
        .keep_alive(KeepAlive::Os)
        .client_request_timeout(Duration::ZERO)
        .client_disconnect_timeout(LINGER)
        .on_connect_ext(|connection: &Connection, data| {
            data.insert(connection.requests());
        })
        .finish(map_config(routes::app(auth), |()| AppConfig::default()));
    let connect = fn_service(move |stream: TcpStream| {
        let (peer, stopping) = (stream.peer_addr().ok(), stopping.clone());
        async move { Ok((Connection::new(stream, stopping), Protocol::Http1, peer)) }
    });
    connect.and_then(http)
}
