//! The HTTP contract on actix-web: every rule of the suite, and what only actix-web has.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "these are tests, and so are the functions between them"
)]

mod app;
mod app_data;
mod arrival;
mod extractors;
mod held;
mod layers;
mod network;
mod paths;
mod recipes;
mod sockets;
#[cfg(unix)]
mod unix_socket;
mod workers;

mod contract {
    auth_core::http_conformance_tests!(
        #[actix_web::test]
        crate::app::Actix
    );
}
