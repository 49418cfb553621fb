//! `cargo xtask test`: sets up what the tests need, and runs them all.

mod databases;
mod filter;
mod packages;
mod selection;

use std::process::Command;

use crate::step::{self, Failure, cargo, has_cargo};
use databases::Databases;
use filter::Filter;
pub(crate) use selection::Selection;

/// Runs the tests that are selected, on servers that are gone afterwards.
pub(crate) fn run(selection: &Selection) -> Result<(), Failure> {
    packages::install(&databases::packages(selection))?;
    let databases = Databases::start(selection)?;
    eprintln!("== databases: {databases}\n");
    let outcome = steps(selection, &databases);
    eprintln!("== databases: {databases}");
    outcome
}

fn steps(selection: &Selection, databases: &Databases) -> Result<(), Failure> {
    let filter = Filter::new(selection, databases.servers());
    tests(&filter, databases)?;
    if let Some(reason) = selection.leaves_out_the_rest() {
        eprintln!("== browser and doc tests: skipped, because {reason}\n");
        return Ok(());
    }
    browser(databases)?;
    doc_tests(&filter, databases)
}

/// Runs the tests of every crate: with nextest where it is installed, because it runs them side by side. All suites are
/// run, also after one has failed.
fn tests(filter: &Filter, databases: &Databases) -> Result<(), Failure> {
    // Both leave the documentation's examples to the next step: nextest always does, `cargo test` with `--tests`.
    if !has_cargo("nextest") {
        return run_tests("tests", &["test", "--tests"], filter.for_cargo_test()?, databases);
    }
    let suites = filter.suites().into_iter();
    let outcomes =
        suites.map(|suite| run_tests(suite.name(), &["nextest", "run"], filter.for_nextest(suite), databases));
    // To the end, and then with the first failure.
    outcomes.collect::<Vec<_>>().into_iter().collect()
}

fn run_tests(name: &str, runner: &[&str], filter: Vec<String>, databases: &Databases) -> Result<(), Failure> {
    let mut command = cargo(runner);
    command.args(["--locked", "--workspace", "--all-features", "--no-fail-fast"]).args(filter);
    step::run(name, databases.hand_to(&mut command))
}

/// Runs the test of the examples' page, where there is a browser to run it in.
fn browser(databases: &Databases) -> Result<(), Failure> {
    if !step::is_installed("chromedriver") {
        eprintln!("== browser: SKIPPED, chromedriver is not installed (on Debian: apt-get install chromium-driver)\n");
        return Ok(());
    }
    let examples = ["--package", "example-actix", "--package", "example-axum"];
    let mut command = cargo(&["test", "--locked", "--test", "browser"]);
    step::run("browser", databases.hand_to(command.args(examples)))
}

/// Runs the examples of the documentation, which nextest knows nothing about.
fn doc_tests(filter: &Filter, databases: &Databases) -> Result<(), Failure> {
    let mut command: Command = cargo(&["test", "--locked", "--doc", "--workspace", "--all-features"]);
    command.args(filter.packages());
    step::run("doc tests", databases.hand_to(&mut command))
}
