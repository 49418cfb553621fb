//! A small server with sign-up, sign-in, sessions and profiles, on axum.
//!
//! The README beside this file lists its environment.

use std::process::ExitCode;

use example_axum::serve;
use example_shared::process;

#[tokio::main]
async fn main() -> ExitCode {
    process::run(serve).await
}
