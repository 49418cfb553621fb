//! The example as people run it: the built program, a real socket, the real curl.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod answer;
mod canary;
mod database;
mod journey;
mod processes;
mod server;
mod start_up;
