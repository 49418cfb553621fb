//! `Claims`, and `CurrentUser` with the session cache, against a server of the same framework that asks nobody.

use std::path::PathBuf;
use std::process::Command;

use super::Bench;
use super::load::Load;
use super::measure::{CPU, P99, Pairs, RATE};
use super::place::{Contents, Database, Place};
use super::process::{Folder, Process};
use super::table::{Row, Target};
use crate::step::Failure;

const LEAST_RATE: Target = Target::AtLeast(0.80);

/// The algorithms, and how `openssl` makes their keys; HS256 takes a secret that the servers know.
const ALGORITHMS: &[(&str, &[&str])] = &[
    ("HS256", &[]),
    ("EdDSA", &["-algorithm", "ed25519"]),
    ("ES256", &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]),
];

/// Compares each algorithm on each framework.
pub(crate) fn run(bench: &Bench) -> Result<Vec<Row>, Failure> {
    let mut rows = Vec::new();
    for framework in ["axum", "actix"] {
        for (algorithm, openssl) in ALGORITHMS {
            if bench.wants(&format!("claims/{framework}/{algorithm}")) {
                rows.extend(algorithm_rows(bench, framework, algorithm, openssl)?);
            }
        }
    }
    Ok(rows)
}

fn algorithm_rows(bench: &Bench, framework: &str, algorithm: &str, openssl: &[&str]) -> Result<Vec<Row>, Failure> {
    let folder = Folder::create("keys")?;
    let key = key(&folder, algorithm, openssl)?;
    let key: Vec<(&str, String)> = key.iter().map(|path| ("BENCH_KEY", path.display().to_string())).collect();
    let place = Place::create(&bench.programs, Database::Sqlite, Contents::ONE, &key)?;
    let settings = [place.settings(), key].concat();
    let ours = Process::start(&bench.programs.path(&format!("ours_{framework}")), &settings, "/claims")?;
    let bare = Process::start(&bench.programs.path(&format!("bare_{framework}")), &settings, "/claims")?;
    let headers = place.first()?.bearer();
    let load = Load::get("/claims", &headers);
    let name = format!("Claims, {algorithm}, {framework}, against a constant");
    let mut rows = compare(bench, &name, (&ours, &load), (&bare, &load), LEAST_RATE)?;
    if algorithm == "HS256" {
        let by_hand = Load::get("/jwt", &headers);
        let name = format!("Claims, {algorithm}, {framework}, against jsonwebtoken by hand");
        rows.extend(compare(bench, &name, (&ours, &load), (&bare, &by_hand), Target::None)?);
    }
    Ok(rows)
}

fn key(folder: &Folder, algorithm: &str, openssl: &[&str]) -> Result<Option<PathBuf>, Failure> {
    if openssl.is_empty() {
        return Ok(None);
    }
    let path = folder.join(&format!("{}.pem", algorithm.to_lowercase()));
    let made = Command::new("openssl").arg("genpkey").args(openssl).arg("-out").arg(&path).output();
    let made = made.map_err(|error| Failure::new(format!("openssl: {error}")))?;
    if made.status.success() { Ok(Some(path)) } else { Err(Failure::new("openssl cannot make a key")) }
}

/// Compares `CurrentUser` behind the session cache.
pub(crate) fn cached(bench: &Bench) -> Result<Vec<Row>, Failure> {
    let mut rows = Vec::new();
    for framework in ["axum", "actix"] {
        if bench.wants(&format!("cached/{framework}")) {
            rows.extend(cached_rows(bench, framework)?);
        }
    }
    Ok(rows)
}

fn cached_rows(bench: &Bench, framework: &str) -> Result<Vec<Row>, Failure> {
    let place = Place::create(&bench.programs, Database::Sqlite, Contents::ONE, &[])?;
    let cache = vec![("BENCH_SESSION_CACHE", "1".to_owned())];
    let settings = [place.settings(), cache].concat();
    let ours = Process::start(&bench.programs.path(&format!("ours_{framework}")), &settings, "/private")?;
    let bare = Process::start(&bench.programs.path(&format!("bare_{framework}")), &place.settings(), "/claims")?;
    let cookies = [place.first()?.cookies()];
    let (private, constant) = (Load::get("/private", &cookies), Load::get("/claims", &cookies));
    let name = format!("CurrentUser, cookie, cached, {framework}, against a constant");
    compare(bench, &name, (&ours, &private), (&bare, &constant), LEAST_RATE)
}

/// Compares the rates of two loads, and tells of CPU and slow answers as well.
pub(crate) fn compare(
    bench: &Bench,
    name: &str,
    ours: (&Process, &Load),
    bare: (&Process, &Load),
    target: Target,
) -> Result<Vec<Row>, Failure> {
    ours.1.run(ours.0, 1)?;
    bare.1.run(bare.0, 1)?;
    let seconds = bench.effort.seconds;
    let turns = (|_| ours.1.run(ours.0, seconds), |_| bare.1.run(bare.0, seconds));
    let pairs = Pairs::measure(name, bench.effort, turns.0, turns.1)?;
    Ok(vec![
        Row::compared(name, "requests/s", pairs.compare(RATE), target),
        Row::compared(name, "CPU us/request", pairs.compare(CPU), Target::None),
        Row::compared(name, "p99 ms", pairs.compare(P99), Target::None),
    ])
}
