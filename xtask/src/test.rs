//! `cargo xtask test`: sets up what the tests need, and runs them all.

use crate::step::{self, Failure, cargo, has_cargo};

/// Runs all tests, or those whose name contains `only`.
pub(crate) fn run(only: Option<&str>) -> Result<(), Failure> {
    example()?;
    tests(only)?;
    if only.is_some() {
        eprintln!("== doc tests: skipped, because --only names tests");
        return Ok(());
    }
    doc_tests()
}

/// Builds the server that the end-to-end tests start.
fn example() -> Result<(), Failure> {
    step::run("example", &mut cargo(&["build", "--locked", "--package", "example-axum"]))
}

/// Runs the tests of every crate: with nextest where it is installed, because it runs them side by side.
fn tests(only: Option<&str>) -> Result<(), Failure> {
    // Both leave the documentation's examples to the next step: nextest always does, `cargo test` with `--tests`.
    let runner: &[&str] = if has_cargo("nextest") { &["nextest", "run"] } else { &["test", "--tests"] };
    step::run("tests", cargo(runner).args(["--locked", "--workspace", "--all-features", "--no-fail-fast"]).args(only))
}

/// Runs the examples of the documentation, which nextest knows nothing about.
fn doc_tests() -> Result<(), Failure> {
    step::run("doc tests", &mut cargo(&["test", "--locked", "--doc", "--workspace", "--all-features"]))
}
