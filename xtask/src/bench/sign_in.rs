//! Signing in against nothing but the hash that it takes.

use std::fmt;

use super::Bench;
use super::load::Load;
use super::measure::{Effort, Pairs};
use super::place::{Contents, Database, Filling, Place};
use super::process::{Process, pinned};
use super::table::{Row, Target};
use crate::step::Failure;

/// The password of every seeded user.
const PASSWORD: &str = "a long walk in the rain";

/// Users who sign in, so many that none gets more sessions than are allowed: the first one's is in use all the time.
const USERS: usize = 1_000;

/// Enough to keep one thread busy, and few enough to be done soon after the end.
const CONNECTIONS: u32 = 8;

/// There are some thirty hashes a second, so a turn of a second tells little.
const LEAST_SECONDS: u32 = 4;

/// Compares sign-ins with a loop over the hash, and the loop with ones that allocate their memory each time.
pub(crate) fn run(bench: &Bench) -> Result<Vec<Row>, Failure> {
    let effort = Effort { seconds: bench.effort.seconds.max(LEAST_SECONDS), ..bench.effort };
    let mut rows = Vec::new();
    if bench.wants("sign-in/http") {
        rows.extend(over_http(bench, effort)?);
    }
    if bench.wants("sign-in/loop") {
        for (memory, target) in [(Memory::Mapped, Target::AtLeast(1.30)), (Memory::Recycled, Target::None)] {
            let name = format!("argon2id in memory of its own against {memory}");
            let turns = (|_| hashes(bench, Memory::Own, effort.seconds), |_| hashes(bench, memory, effort.seconds));
            let pairs = Pairs::measure(&name, effort, turns.0, turns.1)?;
            rows.push(Row::compared(&name, "hashes/s", pairs.compare(|pace| pace.rate), target));
            rows.push(Row::compared(&name, "CPU us/hash", pairs.compare(|pace| pace.cpu), Target::None));
        }
    }
    Ok(rows)
}

/// Where a loop over the hash has its memory from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Memory {
    /// Allocated for each hash, and mapped anew each time: by musl, by allocators that give memory back, and by glibc
    /// for the first hashes of a process.
    Mapped,
    /// Kept from hash to hash, as the library does.
    Own,
    /// Allocated for each hash by glibc, which after some ten of them keeps what was given back.
    Recycled,
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mapped => "memory mapped for each hash",
            Self::Own => "memory of its own",
            Self::Recycled => "memory that glibc recycles",
        })
    }
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
    let pairs = Pairs::measure(name, effort, signed_in, |_| hashes(bench, Memory::Own, effort.seconds))?;
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

fn hashes(bench: &Bench, memory: Memory, seconds: u32) -> Result<Pace, Failure> {
    let mut hash_loop = pinned(&bench.programs.path("hash_loop"));
    hash_loop.args([if memory == Memory::Own { "reused" } else { "allocated" }, &seconds.to_string()]);
    if memory == Memory::Mapped {
        // The threshold that glibc begins with, and would raise.
        hash_loop.env("GLIBC_TUNABLES", "glibc.malloc.mmap_threshold=131072");
    }
    let output = hash_loop.output().map_err(|error| Failure::new(format!("hash_loop: {error}")))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let numbers: Vec<f64> = text.split_whitespace().filter_map(|number| number.parse().ok()).collect();
    let [rate, cpu] = numbers[..] else { return Err(Failure::new(format!("hash_loop says {text}"))) };
    Ok(Pace { rate, cpu })
}
