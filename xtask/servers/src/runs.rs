//! Runs of one check in surroundings of many kinds.

use std::env;
use std::thread;
use std::time::Instant;

use crate::error::{Error, Result};
use crate::set_up::{MARIADB, MARIADB_TOGETHER, POSTGRES, POSTGRES_TOGETHER, SetUp};
use crate::surroundings::Surroundings;

/// Names the one set-up to run in, for somebody who looks into a failure.
const ONLY: &str = "TEST_SET_UP";

/// Which set-ups a check is run in, one run after the other.
#[derive(Debug)]
pub struct Runs {
    start: fn(&[&str]) -> Result<Surroundings>,
    runs: Vec<Vec<&'static str>>,
}

impl Runs {
    /// Returns a run for each set-up of MariaDB.
    pub fn mariadb_one_by_one() -> Self {
        Self { start: Surroundings::mariadb, runs: one_by_one(MARIADB) }
    }

    /// Returns few runs in which each set-up of MariaDB occurs once.
    pub fn mariadb_together() -> Self {
        Self { start: Surroundings::mariadb, runs: together(MARIADB_TOGETHER) }
    }

    /// Returns a run for each set-up of PostgreSQL.
    pub fn postgres_one_by_one() -> Self {
        Self { start: Surroundings::postgres, runs: one_by_one(POSTGRES) }
    }

    /// Returns few runs in which each set-up of PostgreSQL occurs once.
    pub fn postgres_together() -> Self {
        Self { start: Surroundings::postgres, runs: together(POSTGRES_TOGETHER) }
    }

    /// Runs the check in each, also after one has failed, and says how long it took. A check fails by panicking. The
    /// variable `TEST_SET_UP` names the one to run in.
    ///
    /// # Errors
    ///
    /// When the check has failed in some of them: the error names these.
    pub fn check(&self, check: impl Fn(&Surroundings) + Sync) -> Result<()> {
        let only = env::var(ONLY).ok();
        if let Some(only) = &only
            && !MARIADB.iter().chain(POSTGRES).any(|row| row.name == only)
        {
            return Err(Error::new(format!("{ONLY} names no set-up: {only}")));
        }
        let is_wanted = |run: &&Vec<&str>| only.as_deref().is_none_or(|only| run.contains(&only));
        let failed = self.runs.iter().filter(is_wanted).filter(|run| !self.holds(run, &check));
        let failed: Vec<String> = failed.map(|run| run.join(" with ")).collect();
        if failed.is_empty() { Ok(()) } else { Err(Error::new(format!("it failed with {}", failed.join("; with ")))) }
    }

    #[expect(clippy::disallowed_methods, reason = "a stopwatch for the person at the terminal")]
    fn holds(&self, run: &[&str], check: &(impl Fn(&Surroundings) + Sync)) -> bool {
        let begun = Instant::now();
        let work = || {
            let surroundings = (self.start)(run)?;
            check(&surroundings);
            surroundings.check()
        };
        let outcome = thread::scope(|scope| scope.spawn(work).join());
        let verdict = match outcome {
            Ok(Ok(())) => "ok".to_owned(),
            Ok(Err(error)) => format!("FAILED: {error}"),
            Err(_) => "FAILED".to_owned(),
        };
        eprintln!("{}: {verdict} after {:.1} s", run.join(" with "), begun.elapsed().as_secs_f64());
        verdict == "ok"
    }
}

fn one_by_one(rows: &[SetUp]) -> Vec<Vec<&'static str>> {
    rows.iter().map(|row| vec![row.name]).collect()
}

fn together(runs: &[&[&'static str]]) -> Vec<Vec<&'static str>> {
    runs.iter().map(|run| run.to_vec()).collect()
}
