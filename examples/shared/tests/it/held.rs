//! Clients that keep connections: on the application's own routes as on the library's.

use auth_core::conformance::http::held::{assert_lets_go, unfinished_heads, unread_bodies};

use super::server::{Folder, Server};

#[test]
fn no_client_keeps_a_connection_without_ending_a_request() {
    let folder = Folder::new();
    let server = Server::start(&folder, &[("RATE_LIMITS", "off")]);
    let routes = [
        ("GET", "/"),
        ("GET", "/private"),
        ("GET", "/claims"),
        ("GET", "/admin"),
        ("GET", "/nothing"),
        ("POST", "/page.css"),
        ("GET", "/auth/me"),
        ("PUT", "/auth/me"),
        ("GET", "/auth/nothing"),
        ("POST", "/auth/signup"),
        ("POST", "/api/auth/refresh"),
    ];
    let mut holders = unfinished_heads("/private");
    holders.extend(unfinished_heads("/page.js"));
    holders.extend(routes.into_iter().flat_map(|(method, path)| unread_bodies(method, path)));
    assert_lets_go(([127, 0, 0, 1], server.port).into(), &holders);
    assert!(server.stop().success());
}
