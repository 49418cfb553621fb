//! A server on a Unix socket, as behind a proxy on the same machine.

use std::sync::mpsc;

use actix_web::{App, HttpServer, rt};
use auth_core::conformance::http::network::clients_behind_a_unix_socket_are_told_apart;

use crate::app::{app, auth_with, quota};

#[test]
fn clients_behind_a_proxy_on_a_unix_socket_have_their_own_limits() {
    let socket = std::env::temp_dir().join(format!("auth-actix-{}.sock", std::process::id()));
    let (auth, _) = auth_with(|builder| builder.trusted_proxies("unix:"));
    let (sender, started) = mpsc::channel();
    let path = socket.clone();
    let server = std::thread::spawn(move || {
        rt::System::new().block_on(async move {
            let server = HttpServer::new(move || App::new().configure(app(&auth, quota())));
            let server = server.workers(1).disable_signals().bind_uds(path).unwrap().run();
            sender.send(server.handle()).unwrap();
            server.await.unwrap();
        });
    });
    let handle = started.recv().unwrap();
    let held = std::panic::catch_unwind(|| clients_behind_a_unix_socket_are_told_apart(&socket));
    drop(handle.stop(false));
    server.join().unwrap();
    drop(std::fs::remove_file(&socket));
    held.unwrap();
}
