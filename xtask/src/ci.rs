//! `cargo xtask ci` and `cargo xtask lint`: what has to hold before a change is merged.

use crate::step::{self, Failure, cargo, has_cargo, root, timed};
use crate::test::{self, Selection};
use crate::tidy;

/// Runs everything, the cheapest checks first, and stops at the first that fails.
pub(crate) fn run() -> Result<(), Failure> {
    lint()?;
    test::run(&Selection::default())
}

/// Runs every check that needs no test.
pub(crate) fn lint() -> Result<(), Failure> {
    step::run("fmt", &mut cargo(&["fmt", "--all", "--check"]))?;
    for workspace in BENCHMARKS {
        let folder = root().join(workspace);
        step::run("fmt", cargo(&["fmt", "--check"]).current_dir(&folder))?;
        // They have the library's dependencies in their own lock files, which nothing else would tell are behind.
        step::run("lock file", cargo(&["update", "--quiet", "--workspace", "--locked"]).current_dir(&folder))?;
    }
    timed("tidy", tidy::run)?;
    clippy()?;
    crypto_providers()?;
    docs()?;
    dependencies()
}

/// Workspaces of their own, of which the form and the lock files are checked here: building them takes minutes.
const BENCHMARKS: [&str; 4] = ["bench", "bench/peers/axum-login", "bench/peers/readme", "bench/peers/torii"];

fn clippy() -> Result<(), Failure> {
    let args = ["clippy", "--locked", "--workspace", "--all-targets", "--all-features", "--", "--deny", "warnings"];
    step::run("clippy", &mut cargo(&args))?;
    // Each database by itself: what one needs, another one must not bring. And none, as the registry builds it.
    for (name, database) in
        [("sqlite alone", "sqlite"), ("postgres alone", "postgres"), ("mysql alone", "mysql"), ("no database", "")]
    {
        let args = ["clippy", "--locked", "--package", "auth-sqlx", "--features", database, "--", "--deny", "warnings"];
        step::run(&format!("clippy, {name}"), &mut cargo(&args))?;
    }
    Ok(())
}

/// One crypto provider by itself, and none: all other checks have both.
fn crypto_providers() -> Result<(), Failure> {
    for (name, features) in [("rust_crypto alone", "rust_crypto"), ("no crypto provider", "")] {
        let package = ["test", "--locked", "--quiet", "--package", "auth-core", "--test", "provider"];
        step::run(name, cargo(&package).args(["--no-default-features", "--features", features]))?;
    }
    Ok(())
}

fn docs() -> Result<(), Failure> {
    let args = ["doc", "--locked", "--workspace", "--no-deps", "--all-features"];
    step::run("docs", cargo(&args).env("RUSTDOCFLAGS", "-D warnings"))
}

/// Checks licences, bans and sources, which need no network, of what `deny.toml` names, and without the bans of the
/// feature `rust_crypto` as well; advisories change under one's feet and are asked for by
/// hand: `cargo deny check advisories`.
fn dependencies() -> Result<(), Failure> {
    if !has_cargo("deny") {
        eprintln!("== deny: NOT CHECKED, because cargo-deny is not installed: cargo install cargo-deny --locked\n");
        return Ok(());
    }
    step::run("deny", &mut cargo(&["deny", "--locked", "check", "licenses", "bans", "sources"]))?;
    let all = ["deny", "--locked", "--all-features", "check", "licenses", "sources"];
    step::run("deny, all features", &mut cargo(&all))
}
