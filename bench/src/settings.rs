//! What the servers read from the environment: the same variables for all of them.

use std::env;
use std::net::TcpListener;

/// The secret of HS256, of every server and of the seed.
pub const SECRET: &str = "a secret of the benchmark, which is no secret at all";

/// The origin that all of them think they are at, so that they take each other's tokens.
pub const BASE_URL: &str = "http://localhost:8000";

/// The password of every user that was seeded.
pub const PASSWORD: &str = "a long walk in the rain";

/// Returns the URL of the database.
pub fn database() -> String {
    env::var("BENCH_DATABASE").expect("BENCH_DATABASE names the database")
}

/// Returns the socket to serve at, which [`tokio`] and actix-web take as it is.
pub fn listener() -> TcpListener {
    let address = env::var("BENCH_LISTEN").expect("BENCH_LISTEN is an address and a port");
    let listener = TcpListener::bind(address).expect("the port is free");
    listener.set_nonblocking(true).expect("a socket can be switched");
    listener
}

/// Returns whether a switch is on.
pub fn is_on(variable: &str) -> bool {
    env::var(variable).is_ok_and(|value| value == "1")
}
