//! What is sent, on a connection of its own each: well-behaved clients' requests, and what none of them would send.

mod bodies;
mod connections;
mod heads;
mod routes;
mod targets;

/// Bytes for a connection of their own. The last request in them asks the server to hang up.
pub(crate) struct Request {
    pub(crate) title: String,
    pub(crate) bytes: Vec<u8>,
}

impl Request {
    fn new(title: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self { title: title.into(), bytes: bytes.into() }
    }

    /// A request line, the headers that all of these have, some more lines with their ends, and a body.
    fn of(title: impl Into<String>, line: impl AsRef<[u8]>, lines: impl AsRef<[u8]>, body: &str) -> Self {
        let head = [line.as_ref(), b"\r\nhost: app.test\r\nconnection: close\r\n", lines.as_ref(), b"\r\n"].concat();
        Self::new(title, [&head, body.as_bytes()].concat())
    }
}

/// Returns all of them, with the tokens of somebody and of an administrator.
pub(crate) fn all(user: &str, admin: &str) -> Vec<Request> {
    let mut requests = routes::all(user, admin);
    let user = bearer(user);
    for more in [targets::all(&user), heads::all(&user), bodies::all(&user), connections::all(&user)] {
        requests.extend(more);
    }
    requests
}

fn bearer(token: &str) -> String {
    format!("authorization: Bearer {token}\r\n")
}
