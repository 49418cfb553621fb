//! A small server with sign-up, sign-in, sessions and profiles, on actix-web.
//!
//! The README beside this file lists its environment.

use std::process::ExitCode;

use example_actix::serve;
use example_shared::process;

#[actix_web::main]
async fn main() -> ExitCode {
    process::run(serve).await
}
