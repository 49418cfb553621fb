//! The HTTP contract on axum: every rule of the suite, and what only axum has.
#![expect(clippy::panic, clippy::unwrap_used, reason = "these are tests, and so are the functions between them")]

mod app;
mod arrival;
mod held;
mod network;
mod recipes;
mod state;
#[cfg(unix)]
mod unix_socket;

mod contract {
    auth_core::http_conformance_tests!(
        #[tokio::test]
        crate::app::Axum
    );
}
