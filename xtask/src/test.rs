//! `cargo xtask test`: sets up what the tests need, and runs them all.

use std::process::Command;

use crate::step::{self, Failure, cargo, has_cargo};

/// Runs all tests, or those whose name contains `only`.
pub(crate) fn run(only: Option<&str>) -> Result<(), Failure> {
    curl()?;
    tests(only)?;
    if only.is_some() {
        eprintln!("== browser and doc tests: skipped, because --only names tests");
        return Ok(());
    }
    browser()?;
    doc_tests()
}

/// Makes sure that there is curl, which the end-to-end tests run as the documentation writes it.
fn curl() -> Result<(), Failure> {
    if step::is_installed("curl") {
        return Ok(());
    }
    if !step::is_installed("apt-get") {
        return Err(Failure::new("the end-to-end tests need curl: install it and run this again"));
    }
    step::run("apt-get update", Command::new("apt-get").arg("update"))
        .and_then(|()| step::run("curl", Command::new("apt-get").args(["install", "--yes", "curl"])))
        .map_err(|_| Failure::new("the end-to-end tests need curl: install it, or run this as root on Debian"))
}

/// Runs the tests of every crate: with nextest where it is installed, because it runs them side by side.
fn tests(only: Option<&str>) -> Result<(), Failure> {
    // Both leave the documentation's examples to the next step: nextest always does, `cargo test` with `--tests`.
    let runner: &[&str] = if has_cargo("nextest") { &["nextest", "run"] } else { &["test", "--tests"] };
    step::run("tests", cargo(runner).args(["--locked", "--workspace", "--all-features", "--no-fail-fast"]).args(only))
}

/// Runs the test of the example's page, where there is a browser to run it in.
fn browser() -> Result<(), Failure> {
    if !step::is_installed("chromedriver") {
        eprintln!("== browser: SKIPPED, chromedriver is not installed (on Debian: apt-get install chromium-driver)\n");
        return Ok(());
    }
    step::run("browser", &mut cargo(&["test", "--locked", "--package", "example-axum", "--test", "browser"]))
}

/// Runs the examples of the documentation, which nextest knows nothing about.
fn doc_tests() -> Result<(), Failure> {
    step::run("doc tests", &mut cargo(&["test", "--locked", "--doc", "--workspace", "--all-features"]))
}
