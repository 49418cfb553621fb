//! What this needs of the machine.

use std::thread;

use throwaway::Postgres;

use crate::step::{Failure, answers};

/// A program, how to ask it whether it is there, and how to get it.
const PROGRAMS: &[(&str, &str, &str)] = &[
    ("oha", "--version", "cargo install oha --locked"),
    ("openssl", "version", "apt-get install openssl"),
    ("strip", "--version", "apt-get install binutils"),
    ("setpriv", "--version", "apt-get install util-linux"),
    ("taskset", "--version", "apt-get install util-linux"),
];

/// Refuses a machine that cannot measure, with a line for each thing that is missing.
pub(crate) fn check() -> Result<(), Failure> {
    let mut missing = Vec::new();
    if thread::available_parallelism().map_or(1, std::num::NonZero::get) < 2 {
        missing.push("a second core: one is for the server, the other for whatever makes work for it".to_owned());
    }
    for (program, question, remedy) in PROGRAMS.iter().filter(|(program, question, _)| !answers(program, question)) {
        missing.push(format!("{program} (`{program} {question}` does not work): {remedy}"));
    }
    // It prints its version and ends with 1.
    if std::process::Command::new("wrk").arg("--version").output().is_err() {
        missing.push("wrk: apt-get install wrk".to_owned());
    }
    if !Postgres::is_installed() {
        missing.push("PostgreSQL: apt-get install postgresql".to_owned());
    }
    if missing.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!("the benchmark needs\n  {}", missing.join("\n  "))))
}
