//! Clients that never end a request's body, on real sockets.

use std::net::TcpListener;

use actix_web::body::BoxBody;
use actix_web::dev::ServiceResponse;
use actix_web::error::ErrorImATeapot;
use actix_web::middleware::{Next, from_fn};
use actix_web::{App, HttpResponse, web};
use auth_actix::{Auth, CloseUnread};
use auth_core::auth::AuthBuilder;
use auth_core::conformance::http::held::{Holder, assert_lets_go, unread_bodies};

use crate::app::{app, auth_with, quota};
use crate::sockets::Running;

#[test]
fn no_client_keeps_a_connection_by_a_body_of_a_request_to_this_crate() {
    let server = Running::start(auth(), 2);
    let routes = [
        ("GET", "/auth/me"),
        ("PUT", "/auth/me"),
        ("GET", "/auth/nothing"),
        ("POST", "/auth/signup"),
        ("POST", "/api/auth/refresh"),
        ("POST", "/api/auth/signout"),
        ("GET", "/members/news"),
    ];
    assert_lets_go(server.address, &unread(&routes));
}

#[test]
fn no_client_keeps_a_connection_by_a_body_that_the_application_leaves_unread() {
    let auth = auth();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = Running::serve(listener, 2, move || {
        let broken = async || Err::<&str, _>(ErrorImATeapot("of the handler"));
        let failing = from_fn(async |_, _: Next<BoxBody>| Err::<ServiceResponse, _>(ErrorImATeapot("of a middleware")));
        App::new()
            .configure(app(&auth, quota()))
            .route("/broken", web::get().to(broken))
            .service(web::resource("/failing").wrap(failing).to(HttpResponse::Ok))
            .wrap(CloseUnread)
    });
    let routes =
        [("GET", "/private"), ("GET", "/search"), ("GET", "/nothing"), ("GET", "/broken"), ("GET", "/failing")];
    assert_lets_go(server.address, &unread(&routes));
}

fn auth() -> Auth {
    auth_with(AuthBuilder::dangerously_without_rate_limits).0
}

fn unread(routes: &[(&str, &str)]) -> Vec<Holder> {
    routes.iter().flat_map(|(method, path)| unread_bodies(method, path)).collect()
}
