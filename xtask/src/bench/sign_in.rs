//! Signing in against nothing but the hash that it takes.

use super::Bench;
use super::load::Load;
use super::measure::{Effort, Pairs};
use super::place::{Contents, Database, Filling, Place};
use super::process::{Process, pinned};
use super::table::{Row, Target};
use crate::step::Failure;

/// The password of every seeded user.
const PASSWORD: &str = "a long walk in the rain";

/// Users who sign in, so many that hardly one has more sessions than are allowed.
const USERS: usize = 100;

/// Enough to keep one thread busy, and few enough to be done soon after the end.
const CONNECTIONS: u32 = 8;

/// There are some thirty hashes a second, so a turn of a second tells little.
const LEAST_SECONDS: u32 = 4;

/// Compares sign-ins with a loop over the hash, and the loop with one that allocates its memory each time.
pub(crate) fn run(bench: &Bench) -> Result<Vec<Row>, Failure> {
    let effort = Effort { seconds: bench.effort.seconds.max(LEAST_SECONDS), ..bench.effort };
    let mut rows = Vec::new();
    if bench.wants("sign-in/http") {
        rows.extend(over_http(bench, effort)?);
    }
    if bench.wants("sign-in/loop") {
        let name = "argon2id in reused memory against memory allocated each time";
        let turns = (|_| hashes(bench, "reused", effort.seconds), |_| hashes(bench, "allocated", effort.seconds));
        let pairs = Pairs::measure(name, effort, turns.0, turns.1)?;
        rows.push(Row::compared(name, "hashes/s", pairs.compare(|pace| pace.rate), Target::AtLeast(1.30)));
        rows.push(Row::compared(name, "CPU us/hash", pairs.compare(|pace| pace.cpu), Target::None));
    }
    Ok(rows)
}

/// How fast hashes are made.
struct Pace {
    /// In a second.
    rate: f64,
    /// Microseconds of CPU for each, which other programs on the same core disturb less.
    cpu: f64,
}

fn over_http(bench: &Bench, effort: Effort) -> Result<[Row; 2], Failure> {
    let name = "sign-in, bearer, SQLite, axum, against a loop over the hash";
    let place = Place::create(&bench.programs, Database::Sqlite, USERS_IN_PLACE, &[])?;
    let server = Process::start(&bench.programs.path("ours_axum"), &place.settings(), "/private")?;
    let load = our_sign_ins(CONNECTIONS);
    let signed_in = |_| {
        let before = (server.cpu_seconds()?, place.counts(&bench.programs)?.events);
        let rate = load.run(&server, effort.seconds)?.rate;
        server.settle()?;
        // What was under way when the load ended was hashed as well.
        let after = (server.cpu_seconds()?, place.counts(&bench.programs)?.events);
        Ok(Pace { rate, cpu: (after.0 - before.0) / (after.1 - before.1) * 1e6 })
    };
    signed_in(0)?;
    let pairs = Pairs::measure(name, effort, signed_in, |_| hashes(bench, "reused", effort.seconds))?;
    Ok([
        Row::compared(name, "per second", pairs.compare(|pace| pace.rate), Target::AtLeast(0.95)),
        Row::compared(name, "CPU us/hash", pairs.compare(|pace| pace.cpu), Target::None),
    ])
}

/// A database with users who can sign in.
pub(crate) const USERS_IN_PLACE: Contents = Contents { kind: "bearer", sessions: USERS, filling: Filling::Empty };

/// Returns the load of sign-ins by so many users.
pub(crate) fn sign_ins(path: &str, users: usize, connections: u32) -> Load {
    Load::script(path, "sign_in.lua", vec![users.to_string(), PASSWORD.to_owned()], connections)
}

/// Returns the load of sign-ins to the library's own route.
pub(crate) fn our_sign_ins(connections: u32) -> Load {
    sign_ins("/api/auth/signin", USERS, connections)
}

/// Returns the body of a sign-up or sign-in of the first user.
pub(crate) fn first_user() -> String {
    format!("{{\"email\":\"user0@example.com\",\"password\":\"{PASSWORD}\"}}")
}

fn hashes(bench: &Bench, memory: &str, seconds: u32) -> Result<Pace, Failure> {
    let output = pinned(&bench.programs.path("hash_loop")).args([memory, &seconds.to_string()]).output();
    let output = output.map_err(|error| Failure::new(format!("hash_loop: {error}")))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let numbers: Vec<f64> = text.split_whitespace().filter_map(|number| number.parse().ok()).collect();
    let [rate, cpu] = numbers[..] else { return Err(Failure::new(format!("hash_loop says {text}"))) };
    Ok(Pace { rate, cpu })
}
