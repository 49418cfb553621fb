//! Clients that keep their connection and never end what they began to send: none keeps it for long.
//!
//! These rules need a server at the other end of a socket, and real time, so that they are called by name: by an
//! adapter with what it can see to ([`unread_bodies`]), by a whole server also with [`unfinished_heads`].

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::Duration;

/// How long a client is watched: the ten seconds that a body may take, and what closing takes after that.
const WATCHED_SECONDS: u32 = 15;

/// Headers that every framing has.
const HOST: &str = "Host: app.test\r\nContent-Type: application/json\r\n";

/// A client that never ends a request.
#[derive(Debug, Clone)]
pub struct Holder {
    title: String,
    /// Sent at once.
    sent: Vec<u8>,
    /// Sent once a second after that.
    then: Then,
}

#[derive(Debug, Clone, Copy)]
enum Then {
    Drip(&'static str),
    DripAfterTheAnswer(&'static str),
    Silence,
}

/// Returns requests to a path whose bodies never end, one for each way to say how long a body is.
///
/// Whether anything reads the body or not, the server has to hang up.
pub fn unread_bodies(method: &str, path: &str) -> Vec<Holder> {
    let line = format!("{method} {path} HTTP/1.1\r\n{HOST}");
    let framings = [
        ("chunks", "Transfer-Encoding: chunked\r\n\r\n".to_owned(), "1\r\n \r\n"),
        (
            "chunks on a last request",
            "Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n".to_owned(),
            "1\r\n \r\n",
        ),
        ("chunks, expected", "Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n".to_owned(), "1\r\n \r\n"),
        ("half a chunk", "Transfer-Encoding: chunked\r\n\r\nffff\r\n ".to_owned(), " "),
        (
            "too many chunks",
            format!("Transfer-Encoding: chunked\r\n\r\n5000\r\n{}\r\n", " ".repeat(0x5000)),
            "1\r\n \r\n",
        ),
        ("a length", "Content-Length: 100\r\n\r\n".to_owned(), " "),
        ("a length, expected", "Expect: 100-continue\r\nContent-Length: 100\r\n\r\n".to_owned(), " "),
        ("chunks and an upgrade", format!("{UPGRADE}Transfer-Encoding: chunked\r\n\r\n"), "1\r\n \r\n"),
    ];
    let alone = framings.into_iter().map(|(title, rest, drop)| (title.to_owned(), format!("{line}{rest}"), drop));
    let before = format!("GET /auth/me HTTP/1.1\r\n{HOST}\r\n").repeat(3);
    let pipelined = format!("{before}{line}Transfer-Encoding: chunked\r\n\r\n");
    alone
        .chain([("chunks behind other requests".to_owned(), pipelined, "1\r\n \r\n")])
        .flat_map(|(title, sent, drop)| holders(&format!("{method} {path} with {title}"), &sent, drop))
        .collect()
}

/// Returns what looks like a request to a path and does not become one, or no other one.
pub fn unfinished_heads(path: &str) -> Vec<Holder> {
    let whole = format!("GET {path} HTTP/1.1\r\n{HOST}\r\n");
    let upgrade = format!("GET {path} HTTP/1.1\r\n{HOST}{UPGRADE}\r\n");
    let mut all = vec![
        Holder::new("another head after the answer", &whole, Then::DripAfterTheAnswer("G")),
        Holder::new("an upgrade and what follows", &upgrade, Then::DripAfterTheAnswer("G")),
    ];
    for (title, sent) in [
        ("nothing", ""),
        ("half a head", "GET / HTTP/1.1\r\nHo"),
        ("one request", &whole),
        ("one request and half of another", &format!("{whole}GET / HT")),
        ("an upgrade", &upgrade),
    ] {
        all.extend(holders(&format!("{title} of {path}"), sent, "a"));
    }
    all
}

const UPGRADE: &str = "Connection: Upgrade\r\nUpgrade: websocket\r\n";

fn holders(title: &str, sent: &str, drop: &'static str) -> [Holder; 2] {
    [
        Holder::new(&format!("{title}, silent"), sent, Then::Silence),
        Holder::new(&format!("{title}, dripping"), sent, Then::Drip(drop)),
    ]
}

impl Holder {
    fn new(title: &str, sent: &str, then: Then) -> Self {
        Self { title: title.to_owned(), sent: sent.into(), then }
    }

    /// Returns whether the server hangs up while the client is watched.
    fn is_let_go(&self, address: SocketAddr) -> bool {
        let mut stream = TcpStream::connect(address).expect("the server listens");
        // A server that has hung up refuses what comes after.
        is_over(stream.write_all(&self.sent)) || (0..WATCHED_SECONDS).any(|second| self.hangs_up(&mut stream, second))
    }

    /// Waits a second; returns whether the server has hung up.
    fn hangs_up(&self, stream: &mut TcpStream, second: u32) -> bool {
        stream.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
        loop {
            match stream.read(&mut [0; 8192]) {
                Ok(0) => return true,
                Ok(_) => {}
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => break,
                Err(error) => return is_over(Err(error)),
            }
        }
        match self.then {
            Then::Drip(drop) => is_over(stream.write_all(drop.as_bytes())),
            Then::DripAfterTheAnswer(drop) if second == 1 => is_over(stream.write_all(drop.as_bytes())),
            Then::DripAfterTheAnswer(_) | Then::Silence => false,
        }
    }
}

/// # Panics
///
/// When a connection failed in a way that is no end of it.
fn is_over(result: std::io::Result<()>) -> bool {
    let Err(error) = result else { return false };
    assert!(matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset), "{error}");
    true
}

/// Asserts that a server hangs up on every one of these clients, all at the same time.
///
/// # Panics
///
/// When it keeps a connection, with the titles of all that it keeps.
pub fn assert_lets_go(address: SocketAddr, holders: &[Holder]) {
    let kept: Vec<&str> = thread::scope(|scope| {
        let watched = |holder| scope.spawn(move || (!Holder::is_let_go(holder, address)).then_some(&*holder.title));
        let watched: Vec<_> = holders.iter().map(watched).collect();
        watched.into_iter().filter_map(|client| client.join().expect("a client ends")).collect()
    });
    assert!(kept.is_empty(), "kept for more than {WATCHED_SECONDS} seconds: {kept:#?}");
}
