//! What a program weighs: its start, its memory, its size, its dependencies.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use super::Bench;
use super::measure::median;
use super::peers::{OTHERS, Peer, README, settings};
use super::process::{Folder, Process};
use super::stopwatch::Stopwatch;
use super::table::{Row, Target};
use crate::step::{self, Failure, cargo};

/// How long a server is left alone before its memory at rest is read.
const REST: Duration = Duration::from_secs(1);

/// Weighs the README's server, and those on other libraries for comparison.
pub(crate) fn run(bench: &Bench) -> Result<Vec<Row>, Failure> {
    let mut rows = weigh(bench, README, Target::AtMost(100.0), Target::AtMost(40.0))?;
    for peer in OTHERS {
        rows.extend(weigh(bench, peer, Target::None, Target::None)?);
    }
    Ok(rows)
}

fn weigh(bench: &Bench, peer: Peer, most_start: Target, most_memory: Target) -> Result<Vec<Row>, Failure> {
    let program = peer.program();
    let folder = Folder::create("footprint")?;
    let name = peer.title;
    // The first start makes the database.
    drop(Process::start(&program, &settings(&folder), "/private")?);
    let mut starts = Vec::new();
    for _ in 0..bench.effort.pairs {
        let server = Process::start(&program, &settings(&folder), "/private")?;
        starts.push(server.first_answer().as_secs_f64() * 1000.0);
    }
    let server = Process::start(&program, &settings(&folder), "/private")?;
    thread::sleep(REST);
    let mut rows = vec![
        Row::alone(name, "cold start to first answer, ms", median(&starts), most_start),
        Row::alone(name, "memory at rest, MiB", server.memory("VmRSS")?, most_memory),
        Row::alone(name, "program, MiB", mib(&program)?, Target::None),
        Row::alone(name, "program stripped, MiB", mib(&stripped(&program, &folder)?)?, Target::None),
        Row::alone(name, "crates", crates(&peer.workspace())?, Target::None),
    ];
    if bench.clean_build {
        rows.push(Row::alone(name, "clean build, s", clean_build(peer, &folder)?, Target::None));
    }
    Ok(rows)
}

fn mib(path: &Path) -> Result<f64, Failure> {
    let bytes = fs::metadata(path).map_err(|error| Failure::new(format!("{}: {error}", path.display())))?.len();
    // Kilobytes of a program fit into 32 bits.
    Ok(u32::try_from(bytes / 1024).map_or(f64::NAN, f64::from) / 1024.0)
}

fn stripped(program: &Path, folder: &Folder) -> Result<PathBuf, Failure> {
    let path = folder.join("stripped");
    let status = Command::new("strip").arg("-o").arg(&path).arg(program).status();
    let status = status.map_err(|error| Failure::new(format!("strip: {error}: apt-get install binutils")))?;
    if status.success() { Ok(path) } else { Err(Failure::new("strip failed")) }
}

/// Counts the crates that go into the program, or help to build it.
fn crates(workspace: &Path) -> Result<f64, Failure> {
    let tree = cargo(&["tree", "--locked", "--edges", "normal", "--prefix", "none"]).current_dir(workspace).output();
    let tree = tree.map_err(|error| Failure::new(format!("cargo tree: {error}")))?;
    let text = String::from_utf8_lossy(&tree.stdout);
    let crates: BTreeSet<String> = text.lines().map(|line| line.split(' ').take(2).collect()).collect();
    // The program itself is one of them.
    let others = u32::try_from(crates.len().saturating_sub(1)).unwrap_or(u32::MAX);
    if others == 0 { Err(Failure::new("cargo tree names no crate")) } else { Ok(f64::from(others)) }
}

/// Builds everything from nothing, on all cores.
fn clean_build(peer: Peer, folder: &Folder) -> Result<f64, Failure> {
    let target = folder.join("target").display().to_string();
    let started = Stopwatch::start();
    let args = ["build", "--locked", "--release", "--target-dir", &target];
    // This process is on core 1, and its children would stay there.
    let mut build = Command::new("taskset");
    build.args(["--cpu-list", "0-1023"]).arg(cargo(&[]).get_program()).args(args).current_dir(peer.workspace());
    step::run(&format!("{}, from nothing", peer.title), &mut build)?;
    Ok(started.elapsed().as_secs_f64())
}
