//! Other routes while strangers sign in as fast as they can, and sign-ins while strangers ask for other routes.

use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use super::Bench;
use super::load::{Load, Sample};
use super::measure::{Effort, Pairs};
use super::place::{Database, Place};
use super::process::Process;
use super::sign_in::{USERS_IN_PLACE, our_sign_ins};
use super::table::{Row, Target};
use crate::step::Failure;

/// Connections that sign in, each again as soon as it is answered.
const FLOOD: u32 = 64;

/// Connections that are enough for one hashing thread.
const FEW: u32 = 8;

/// Requests of the probe in a second.
const PROBES: u32 = 200;

/// A turn of the probe is at least so long that a hundredth of it is ten answers.
const LEAST_SECONDS: u32 = 5;

/// Turns of servers that nothing is asked of.
const FEWER_PAIRS: usize = 3;

/// How long before and after the probe the flood goes on.
const MARGIN: u32 = 1;

/// The servers have one core, and so the library was given one hashing thread.
const HASHING_THREADS: f64 = 1.0;
const MIB_A_THREAD: f64 = 19.0;

/// At nice 10 a hashing thread weighs 110 where the one worker thread of the server weighs 1024, so that it gets a
/// tenth of their core (sched(7)); and half as much again, for the answer has to wait for the worker.
const HASHING_WAITS: f64 = 15.0;

/// What a turn has measured.
struct Turn {
    /// Milliseconds.
    p50: f64,
    p99: f64,
    /// Sign-ins a second.
    sign_ins: f64,
    /// The most hashing threads that were computing at the same moment.
    hashing: f64,
}

/// Compares a flood with a quiet server.
pub(crate) fn run(bench: &Bench) -> Result<Vec<Row>, Failure> {
    let place = Place::create(&bench.programs, Database::Sqlite, USERS_IN_PLACE, &[])?;
    let server = Process::start(&bench.programs.path("ours_axum"), &place.settings(), "/private")?;
    let headers = [place.first()?.cookies()];
    let name = "sign-ins on 64 connections, SQLite, axum";
    let effort = at_least(bench.effort);
    let pairs = flood(name, effort, &server, &headers, &our_sign_ins(FLOOD), &our_sign_ins(FEW))?;
    let hashing = pairs.ours.iter().map(|turn| turn.hashing).fold(0.0, f64::max);
    let memory = MIB_A_THREAD * HASHING_THREADS + 32.0;
    Ok(vec![
        Row::compared(name, "p50 ms of a probe, flooded/idle", pairs.compare(|turn| turn.p50), Target::None),
        Row::compared(name, "p99 ms of a probe, flooded/idle", pairs.compare(|turn| turn.p99), Target::AtMost(1.5)),
        Row::compared(name, "sign-ins/s, flooded/few", pairs.compare(|turn| turn.sign_ins), Target::AtLeast(0.95)),
        Row::alone(name, "hashes at the same time", hashing, Target::AtMost(HASHING_THREADS)),
        Row::alone(name, "greatest memory MiB", server.memory("VmHWM")?, Target::AtMost(memory)),
    ])
}

/// Tells the same of another server, without asking anything of it.
pub(crate) fn for_comparison(
    bench: &Bench,
    name: &str,
    server: &Process,
    headers: &[String],
    sign_ins: impl Fn(u32) -> Load,
) -> Result<Vec<Row>, Failure> {
    let name = format!("sign-ins on 64 connections, SQLite, {name}");
    let effort = Effort { pairs: bench.effort.pairs.min(FEWER_PAIRS), ..at_least(bench.effort) };
    let pairs = flood(&name, effort, server, headers, &sign_ins(FLOOD), &sign_ins(FEW))?;
    Ok(vec![
        Row::compared(&name, "p50 ms of a probe, flooded/idle", pairs.compare(|turn| turn.p50), Target::None),
        Row::compared(&name, "p99 ms of a probe, flooded/idle", pairs.compare(|turn| turn.p99), Target::None),
        Row::compared(&name, "sign-ins/s, flooded/few", pairs.compare(|turn| turn.sign_ins), Target::None),
        Row::alone(&name, "greatest memory MiB", server.memory("VmHWM")?, Target::None),
    ])
}

/// Compares sign-ins during a flood of pages with those on a quiet server.
pub(crate) fn of_pages(bench: &Bench) -> Result<Vec<Row>, Failure> {
    let place = Place::create(&bench.programs, Database::Sqlite, USERS_IN_PLACE, &[])?;
    let server = Process::start(&bench.programs.path("ours_axum"), &place.settings(), "/claims")?;
    let pages = Load { connections: FEW, ..Load::get("/claims", &place.first()?.bearer()) };
    let (one, effort) = (our_sign_ins(1), at_least(bench.effort));
    let name = "pages on 8 connections, SQLite, axum";
    let flooded = |_| {
        let mut wrk = pages.command(&server, effort.seconds + 2 * MARGIN);
        let failed = |error| Failure::new(format!("wrk: {error}"));
        let wrk = wrk.stdout(Stdio::piped()).spawn().map_err(failed)?;
        thread::sleep(Duration::from_secs(MARGIN.into()));
        let sign_ins = one.run(&server, effort.seconds)?;
        wrk.wait_with_output().map_err(failed)?;
        server.settle()?;
        Ok(sign_ins)
    };
    let quiet = |_| one.run(&server, effort.seconds);
    let pairs = Pairs::measure(name, effort, flooded, quiet)?;
    let p50 = pairs.compare(|sample| sample.p50);
    Ok(vec![Row::compared(name, "p50 ms of a sign-in, flooded/idle", p50, Target::AtMost(HASHING_WAITS))])
}

/// Measures with a flood and without, in turns. `ours` are the turns with it.
fn flood(
    name: &str,
    effort: Effort,
    server: &Process,
    headers: &[String],
    many: &Load,
    few: &Load,
) -> Result<Pairs<Turn>, Failure> {
    let flooded = |_| {
        let mut wrk = many.command(server, effort.seconds + 2 * MARGIN);
        let before = server.cpu_seconds()?;
        let wrk = wrk.stdout(Stdio::piped()).spawn().map_err(|error| Failure::new(format!("wrk: {error}")))?;
        thread::sleep(Duration::from_secs(MARGIN.into()));
        let (p50, p99, hashing) = probe(server, headers, effort.seconds)?;
        let output = wrk.wait_with_output().map_err(|error| Failure::new(format!("wrk: {error}")))?;
        let sign_ins = Sample::read(&output, server.cpu_seconds()? - before)?.rate;
        server.settle()?;
        Ok(Turn { p50, p99, sign_ins, hashing })
    };
    let quiet = |_| {
        let (p50, p99, hashing) = probe(server, headers, effort.seconds)?;
        let sign_ins = few.run(server, effort.seconds)?.rate;
        server.settle()?;
        Ok(Turn { p50, p99, sign_ins, hashing })
    };
    Pairs::measure(name, effort, flooded, quiet)
}

/// Sends requests at a fixed rate, and returns p50 and p99 in milliseconds, counted from when each was due, and the
/// most hashing threads that were seen at work.
fn probe(server: &Process, headers: &[String], seconds: u32) -> Result<(f64, f64, f64), Failure> {
    let mut oha = Command::new("setpriv");
    oha.args(["--pdeathsig", "KILL", "--", "oha", "--no-tui", "--output-format", "json", "--latency-correction"]);
    oha.args(["-q", &PROBES.to_string(), "-c", "8", "-z", &format!("{seconds}s")]);
    for header in headers {
        oha.args(["-H", header]);
    }
    oha.arg(server.url("/private")).stdin(Stdio::null()).stdout(Stdio::piped());
    let failed = |error| Failure::new(format!("oha: {error}"));
    let mut oha = oha.spawn().map_err(failed)?;
    let mut hashing = 0.0_f64;
    while oha.try_wait().map_err(failed)?.is_none() {
        hashing = hashing.max(server.running_threads("auth-hash"));
        thread::sleep(Duration::from_millis(20));
    }
    let output = oha.wait_with_output().map_err(failed)?;
    let text = String::from_utf8_lossy(&output.stdout);
    let answers = text.split_once("\"statusCodeDistribution\"").map_or("", |(_, after)| after);
    let only_200 = answers.split('}').next().is_some_and(|codes| codes.contains("\"200\"") && !codes.contains(','));
    if !only_200 {
        return Err(Failure::new(format!("the probe was not always answered with 200: {text}")));
    }
    let percentile = |name: &str| {
        let (_, after) = text.split_once("\"latencyPercentiles\"")?.1.split_once(name)?;
        let number = after.trim_start_matches([':', ' ']).split([',', '}', '\n']).next()?;
        number.trim().parse::<f64>().ok().map(|seconds| seconds * 1000.0)
    };
    let percentiles = percentile("\"p50\"").zip(percentile("\"p99\""));
    let (p50, p99) = percentiles.ok_or_else(|| Failure::new(format!("oha has no percentiles: {text}")))?;
    Ok((p50, p99, hashing))
}

fn at_least(effort: Effort) -> Effort {
    Effort { seconds: effort.seconds.max(LEAST_SECONDS), ..effort }
}
