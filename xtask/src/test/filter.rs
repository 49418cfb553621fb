//! Selecting tests by their names, in the words of each test runner.
//!
//! The modules of a test's path tell what it needs: a test in a module `postgres` or `mysql` needs that database, one
//! in a module `servers` starts servers itself, and all others make do with SQLite or with nothing. One in a module
//! `thorough` takes long, and is left to `--all`.

use super::selection::{Database, Effort, Selection};
use crate::step::Failure;

const MYSQL: &str = "test(/(^|::)mysql(::|$)/)";
const POSTGRES: &str = "test(/(^|::)postgres(::|$)/)";
const SERVERS: &str = "package(throwaway) | test(/(^|::)servers(::|$)/)";
const SURROUNDINGS: &str = "test(/(^|::)servers::surroundings(::|$)/)";
const THOROUGH: &str = "test(/(^|::)thorough(::|$)/)";

/// A part of the tests that is run by itself, so that it states its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Suite {
    /// All tests of a name that somebody asked for, beside those that take long.
    Named,
    /// Tests that start servers themselves.
    Servers,
    /// The same checks on databases that are set up in many ways.
    Surroundings,
    /// Everything else.
    Tests,
    /// What takes long.
    Thorough,
}

impl Suite {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Servers => "servers",
            Self::Surroundings => "surroundings",
            Self::Named | Self::Tests => "tests",
            Self::Thorough => "thorough",
        }
    }

    /// Returns the set of tests in the words of nextest.
    fn set(self) -> String {
        match self {
            Self::Named => format!("not ({THOROUGH})"),
            Self::Servers => format!("({SERVERS}) - {SURROUNDINGS} - {THOROUGH}"),
            Self::Surroundings => format!("{SURROUNDINGS} - {THOROUGH}"),
            Self::Tests => format!("not ({SERVERS} | {THOROUGH})"),
            Self::Thorough => THOROUGH.to_owned(),
        }
    }
}

/// Whether tests that start servers themselves can run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Servers {
    Installed,
    Missing,
}

/// Which tests to run.
pub(crate) struct Filter<'a> {
    selection: &'a Selection,
    servers: Servers,
}

impl<'a> Filter<'a> {
    /// Creates the filter for a selection.
    pub(crate) fn new(selection: &'a Selection, servers: Servers) -> Self {
        Self { selection, servers }
    }

    /// Returns the suites that the selection has tests of, the quickest first.
    pub(crate) fn suites(&self) -> Vec<Suite> {
        let thorough = (self.selection.effort() == Effort::Thorough).then_some(Suite::Thorough);
        let servers = [Suite::Servers, Suite::Surroundings].into_iter().filter(|_| !self.leaves_out_servers());
        if self.selection.name().is_some() {
            let all = [Suite::Named].into_iter().chain(thorough);
            return all.collect();
        }
        [Suite::Tests].into_iter().chain(servers).chain(thorough).collect()
    }

    /// Returns the arguments for `cargo nextest run`.
    pub(crate) fn for_nextest(&self, suite: Suite) -> Vec<String> {
        let mut set = vec![suite.set()];
        match self.selection.only() {
            Some(Database::MySql) => set.push(MYSQL.to_owned()),
            Some(Database::Postgres) => set.push(POSTGRES.to_owned()),
            Some(Database::Sqlite) => set.push(format!("not ({MYSQL} | {POSTGRES})")),
            None => {}
        }
        if self.leaves_out_servers() {
            set.push(format!("not ({SERVERS})"));
        }
        let set: Vec<_> = set.iter().map(|set| format!("({set})")).collect();
        // A name that no test has is misspelt; a suite may have no test of the selected database.
        let is_asked_for = suite == Suite::Named && self.selection.effort() == Effort::Gate;
        let no_tests = if is_asked_for { "--no-tests=fail" } else { "--no-tests=pass" };
        let args = [no_tests.to_owned(), "-E".to_owned(), set.join(" & ")];
        self.selection.name().map(str::to_owned).into_iter().chain(args).collect()
    }

    /// Returns the arguments for `cargo test`.
    ///
    /// # Errors
    ///
    /// When it has no words for the selection: it takes a test that any of two names fits, and not one that both fit.
    pub(crate) fn for_cargo_test(&self) -> Result<Vec<String>, Failure> {
        let module = match self.selection.only() {
            Some(Database::MySql) => Some("mysql::"),
            Some(Database::Postgres) => Some("postgres::"),
            Some(Database::Sqlite) | None => None,
        };
        let name = match (module, self.selection.name()) {
            (Some(_), Some(_)) => {
                return Err(Failure::new(
                    "a name together with this --only needs nextest: cargo install cargo-nextest",
                ));
            }
            (module, name) => module.or(name),
        };
        let mut args: Vec<&str> = self.packages().into_iter().chain(name).chain(["--"]).collect();
        if self.selection.only() == Some(Database::Sqlite) {
            args.extend(["--skip", "mysql::", "--skip", "postgres::"]);
        }
        if self.leaves_out_servers() {
            args.extend(["--skip", "servers::"]);
        }
        if self.selection.effort() == Effort::Gate {
            args.extend(["--skip", "thorough::"]);
        }
        Ok(args.into_iter().map(str::to_owned).collect())
    }

    /// Returns the arguments that leave packages out for any command of cargo.
    pub(crate) fn packages(&self) -> Vec<&'static str> {
        if self.leaves_out_servers() { vec!["--exclude", "throwaway"] } else { Vec::new() }
    }

    fn leaves_out_servers(&self) -> bool {
        self.servers == Servers::Missing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn suites(args: &[&str], servers: Servers, expected: &[Suite]) {
        let selection = Selection::parse(args).unwrap();
        assert_eq!(Filter::new(&selection, servers).suites(), expected, "{args:?}");
    }

    #[track_caller]
    fn nextest(args: &[&str], servers: Servers, suite: Suite, expected: &[&str]) {
        let selection = Selection::parse(args).unwrap();
        assert_eq!(Filter::new(&selection, servers).for_nextest(suite), expected, "{args:?}");
    }

    #[track_caller]
    fn cargo_test(args: &[&str], servers: Servers, expected: &str) {
        let selection = Selection::parse(args).unwrap();
        assert_eq!(Filter::new(&selection, servers).for_cargo_test().unwrap().join(" "), expected, "{args:?}");
    }

    #[test]
    fn what_takes_long_is_run_where_it_is_asked_for() {
        let gate = [Suite::Tests, Suite::Servers, Suite::Surroundings];
        suites(&[], Servers::Installed, &gate);
        suites(&["--all"], Servers::Installed, &[gate.as_slice(), &[Suite::Thorough]].concat());
        suites(&["--all"], Servers::Missing, &[Suite::Tests, Suite::Thorough]);
        suites(&["refresh"], Servers::Installed, &[Suite::Named]);
    }

    #[test]
    fn nextest_selects_by_an_expression() {
        let (mysql, postgres) = ("test(/(^|::)mysql(::|$)/)", "test(/(^|::)postgres(::|$)/)");
        let (servers, thorough) = ("package(throwaway) | test(/(^|::)servers(::|$)/)", "test(/(^|::)thorough(::|$)/)");
        let tests = format!("(not ({servers} | {thorough}))");
        let nextest = |args: &[&str], servers, suite, set: String| {
            let name = args.last().copied().filter(|arg| *arg == "refresh");
            let expected: Vec<&str> = name.into_iter().chain(["--no-tests=pass", "-E", &set]).collect();
            self::nextest(args, servers, suite, &expected);
        };
        nextest(&[], Servers::Installed, Suite::Tests, tests.clone());
        let named = format!("(not ({thorough}))");
        let asked_for = ["refresh", "--no-tests=fail", "-E", &named];
        self::nextest(&["refresh"], Servers::Installed, Suite::Named, &asked_for);
        nextest(&[], Servers::Missing, Suite::Thorough, format!("({thorough}) & (not ({servers}))"));
        let only = ["--only", "postgres", "refresh"];
        nextest(&only, Servers::Installed, Suite::Thorough, format!("({thorough}) & ({postgres})"));
        let only = ["--only", "mysql"];
        nextest(&only, Servers::Missing, Suite::Tests, format!("{tests} & ({mysql}) & (not ({servers}))"));
        let sqlite = format!("{tests} & (not ({mysql} | {postgres})) & (not ({servers}))");
        nextest(&["--only", "sqlite"], Servers::Missing, Suite::Tests, sqlite);
    }

    #[test]
    fn cargo_selects_by_parts_of_names() {
        cargo_test(&["--all"], Servers::Installed, "--");
        cargo_test(&["refresh"], Servers::Installed, "refresh -- --skip thorough::");
        cargo_test(&["--only", "mysql"], Servers::Installed, "mysql:: -- --skip thorough::");
        cargo_test(&[], Servers::Missing, "--exclude throwaway -- --skip servers:: --skip thorough::");
        cargo_test(
            &["--only", "sqlite", "refresh"],
            Servers::Missing,
            "--exclude throwaway refresh -- --skip mysql:: --skip postgres:: --skip servers:: --skip thorough::",
        );
    }

    #[test]
    fn cargo_cannot_select_by_two_names() {
        let selection = Selection::parse(&["--only", "mysql", "refresh"]).unwrap();
        let failure = Filter::new(&selection, Servers::Installed).for_cargo_test().expect_err("it takes either name");
        assert!(failure.to_string().contains("cargo install cargo-nextest"));
    }
}
