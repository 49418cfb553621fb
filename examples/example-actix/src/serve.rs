//! The server: actix-web's own, with the same limits as every example's.

use std::future::Future;
use std::io;
use std::net::TcpListener;

use actix_web::HttpServer;
use auth_actix::Auth;
use example_shared::process::{GRACE, HEADER_WAIT};

use crate::routes;

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
    // Each worker has an application of its own, and all of them the one `Auth`.
    HttpServer::new(move || routes::app(auth.clone()))
        .client_request_timeout(HEADER_WAIT)
        .keep_alive(HEADER_WAIT)
        .shutdown_signal(stop)
        .shutdown_timeout(GRACE.as_secs())
        .listen(listener)?
        .run()
        .await
}
