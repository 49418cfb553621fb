//! The project's own chores: `cargo xtask help` lists them.
//!
//! Plain std, a handful of small files and the crate that starts servers for the tests, so that it builds in seconds
//! and needs nothing that a fresh machine with Rust does not have. Each command is one module; [`step`] runs and times
//! what they call.

#![expect(clippy::print_stdout, reason = "a command-line program speaks through stdout")]

mod bench;
mod ci;
mod package;
mod step;
mod test;
mod tidy;

use std::env;
use std::process::ExitCode;

use bench::Wish;
use step::Failure;
use test::Selection;

const HELP: &str = "\
cargo xtask <command>

  ci                  everything the gate runs: lint, then test
  lint                formatting, tidy, clippy, documentation and cargo-deny (where installed)
  test [--all] [--only DATABASE] [NAME]
                      the tests, and the examples in the documentation, on SQLite and on a
                      PostgreSQL and a MariaDB that are started for them; with --only, just
                      those of sqlite, postgres or mysql; with NAME, just those whose name
                      contains it; with --all, also what takes long: races of many rounds, the
                      HTTP contract on every database, and every way to set a database up, one
                      by one. TEST_POSTGRES_URL and TEST_MYSQL_URL name other servers
  bench [--quick|--short] [--clean-build] [NAME...]
                      what the library costs beside programs without it: bench/README.md
  bench --instructions [--save]
                      how many instructions the hot path takes, beside bench/instructions.txt;
                      with --save, that file is written. Needs valgrind
  package             packs the published crates, and builds and documents them as the registry
                      does; without a network it says what was not checked
  tidy                the habits of this project that a program can check
  help                this text
";

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match dispatch(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("xtask: {failure}");
            failure.exit_code()
        }
    }
}

fn dispatch(args: &[&str]) -> Result<(), Failure> {
    match args {
        ["ci"] => ci::run(),
        ["lint"] => ci::lint(),
        ["test", selection @ ..] => test::run(&Selection::parse(selection)?),
        ["bench", wish @ ..] => bench::run(Wish::parse(wish)?),
        ["package"] => package::run(),
        ["tidy"] => tidy::run(),
        [] | ["help" | "--help" | "-h"] => {
            print!("{HELP}");
            Ok(())
        }
        other => Err(Failure::usage(format!("`{}` is no command of this program\n\n{HELP}", other.join(" ")))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_command_is_refused_with_the_help() {
        let failure = dispatch(&["tset"]).expect_err("there is no such command");
        assert!(failure.to_string().contains("cargo xtask <command>"));
    }

    #[test]
    fn tests_are_not_run_when_it_is_unclear_which() {
        dispatch(&["test", "--only", "oracle"]).expect_err("there is no such database here");
    }
}
