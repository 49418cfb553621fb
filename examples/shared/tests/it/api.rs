//! A client of the mount for API clients: tokens in JSON, a connection for each request.

use auth_core::conformance::http::Network;

use super::answer::field;

/// A client of one process.
#[derive(Clone, Copy)]
pub(crate) struct Api(Network);

/// The status of an answer, and its body.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
}

/// The tokens of a session.
#[derive(Debug, Clone)]
pub(crate) struct Tokens {
    pub(crate) access: String,
    pub(crate) refresh: String,
}

impl Answer {
    /// The tokens that were handed out.
    pub(crate) fn tokens(&self) -> Tokens {
        let token = |name| field(&self.body, name).to_owned();
        Tokens { access: token("access_token"), refresh: token("refresh_token") }
    }
}

impl Api {
    pub(crate) fn at(port: u16) -> Self {
        Self(Network::at(([127, 0, 0, 1], port).into()))
    }

    pub(crate) fn sign_up(self, email: &str) -> Answer {
        self.send("POST /api/auth/signup", "", &account(email))
    }

    pub(crate) fn sign_in(self, email: &str) -> Answer {
        self.send("POST /api/auth/signin", "", &account(email))
    }

    pub(crate) fn refresh(self, tokens: &Tokens) -> Answer {
        self.send("POST /api/auth/refresh", "", &format!("{{\"refresh_token\": \"{}\"}}", tokens.refresh))
    }

    pub(crate) fn sign_out(self, tokens: &Tokens) -> Answer {
        self.send("POST /api/auth/signout", &tokens.access, "{}")
    }

    /// Asks for what only somebody who is signed in may see.
    pub(crate) fn private(self, tokens: &Tokens) -> Answer {
        self.send("GET /private", &tokens.access, "")
    }

    fn send(self, route: &str, bearer: &str, body: &str) -> Answer {
        let authorization =
            if bearer.is_empty() { String::new() } else { format!("Authorization: Bearer {bearer}\r\n") };
        let length = body.len();
        let request = format!(
            "{route} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{authorization}\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        let answer = String::from_utf8(self.0.exchange(request.as_bytes())).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        Answer { status: head["HTTP/1.1 ".len()..][..3].parse().unwrap(), body: body.to_owned() }
    }
}

fn account(email: &str) -> String {
    format!("{{\"email\": \"{email}\", \"password\": \"a long walk in the rain\"}}")
}
