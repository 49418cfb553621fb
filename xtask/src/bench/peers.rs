//! Servers of the same scope on other libraries, for comparison: nothing is asked of them.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;

use super::Bench;
use super::claims::compare;
use super::flood;
use super::load::Load;
use super::place::{Contents, Database, Place};
use super::process::{Folder, Process};
use super::programs::{build, release};
use super::sign_in::{first_user, sign_ins};
use super::table::{Row, Target};
use crate::step::{Failure, root};

/// A program of `bench/peers`.
#[derive(Clone, Copy)]
pub(crate) struct Peer {
    /// The name of the folder, and of the program after `peer-`.
    name: &'static str,
    /// What it is.
    pub(crate) title: &'static str,
}

/// The README's own server.
pub(crate) const README: Peer = Peer { name: "readme", title: "the README's server" };

/// Servers on other libraries.
pub(crate) const OTHERS: [Peer; 2] = [
    Peer { name: "axum-login", title: "axum-login 0.18 with tower-sessions 0.14" },
    Peer { name: "torii", title: "torii 0.5" },
];

/// Builds all of them: before measuring, because that leaves one core for it.
pub(crate) fn build_all() -> Result<(), Failure> {
    for peer in [README].iter().chain(&OTHERS) {
        build(peer.title, &peer.workspace())?;
    }
    Ok(())
}

impl Peer {
    /// Returns its workspace.
    pub(crate) fn workspace(self) -> PathBuf {
        root().join("bench/peers").join(self.name)
    }

    /// Returns the program.
    pub(crate) fn program(self) -> PathBuf {
        release(&self.workspace()).join(format!("peer-{}", self.name))
    }

    /// Starts it on a database of its own, and returns it with the cookie of a user who signed in.
    fn start(self, folder: &Folder) -> Result<(Process, String), Failure> {
        let server = Process::start(&self.program(), &settings(folder), "/private")?;
        post(&server, "/signup", &first_user())?;
        let answer = post(&server, "/signin", &first_user())?;
        let cookie = answer.lines().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("set-cookie").then(|| value.split(';').next())?
        });
        let cookie = cookie.ok_or_else(|| Failure::new(format!("{} sets no cookie: {answer}", self.title)))?;
        Ok((server, format!("Cookie: {cookie}")))
    }
}

/// Returns what a peer has to know: its database is a file of the folder.
pub(crate) fn settings(folder: &Folder) -> [(&'static str, String); 2] {
    let database = format!("sqlite://{}?mode=rwc", folder.join("peer.db").display());
    [("BENCH_DATABASE", database), ("AUTH_SECRET", "a secret of the benchmark, which is no secret at all".to_owned())]
}

/// Compares the library's check of a session and its sign-ins with theirs.
pub(crate) fn run(bench: &Bench) -> Result<Vec<Row>, Failure> {
    let mut rows = Vec::new();
    for peer in OTHERS.iter().filter(|peer| bench.wants(&format!("peers/{}", peer.name))) {
        let folder = Folder::create(peer.name)?;
        let (server, cookie) = peer.start(&folder)?;
        rows.extend(sessions(bench, *peer, &server, &cookie)?);
        let sign_ins = |connections| sign_ins("/signin", 1, connections);
        rows.extend(flood::for_comparison(bench, peer.title, &server, &[cookie], sign_ins)?);
    }
    Ok(rows)
}

fn sessions(bench: &Bench, peer: Peer, server: &Process, cookie: &str) -> Result<Vec<Row>, Failure> {
    let place = Place::create(&bench.programs, Database::Sqlite, Contents::ONE, &[])?;
    let ours = Process::start(&bench.programs.path("ours_axum"), &place.settings(), "/private")?;
    let load = Load::get("/private", &[place.first()?.cookies()]);
    let their_load = Load::get("/private", &[cookie.to_owned()]);
    let name = format!("CurrentUser, cookie, SQLite, axum, beside {}", peer.title);
    compare(bench, &name, (&ours, &load), (server, &their_load), Target::None)
}

/// Sends JSON and returns the answer, which must be a success.
fn post(server: &Process, path: &str, body: &str) -> Result<String, Failure> {
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut answer = String::new();
    let mut exchange = || -> std::io::Result<()> {
        let mut stream = TcpStream::connect(server.address())?;
        stream.write_all(request.as_bytes())?;
        stream.read_to_string(&mut answer).map(drop)
    };
    exchange().map_err(|error| Failure::new(format!("{path}: {error}")))?;
    if answer.starts_with("HTTP/1.1 2") { Ok(answer) } else { Err(Failure::new(format!("{path}: {answer}"))) }
}
