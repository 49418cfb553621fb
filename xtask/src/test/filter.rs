//! Selecting tests by their names, in the words of each test runner.
//!
//! The modules of a test's path tell what it needs: a test in a module `postgres` or `mysql` needs that database, one in
//! a module `servers` starts servers itself, and all others make do with SQLite or with nothing.

use super::selection::{Database, Selection};
use crate::step::Failure;

const MYSQL: &str = "test(/(^|::)mysql(::|$)/)";
const POSTGRES: &str = "test(/(^|::)postgres(::|$)/)";
const SERVERS: &str = "package(throwaway) | test(/(^|::)servers(::|$)/)";

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

    /// Returns the arguments for `cargo nextest run`.
    pub(crate) fn for_nextest(&self) -> Vec<String> {
        let mut set: Vec<String> = Vec::new();
        match self.selection.only() {
            Some(Database::MySql) => set.push(MYSQL.to_owned()),
            Some(Database::Postgres) => set.push(POSTGRES.to_owned()),
            Some(Database::Sqlite) => set.push(format!("not ({MYSQL} | {POSTGRES})")),
            None => {}
        }
        if self.leaves_out_servers() {
            set.push(format!("not ({SERVERS})"));
        }
        let set = (!set.is_empty()).then(|| ["-E".to_owned(), set.join(" & ")]);
        self.selection.name().map(str::to_owned).into_iter().chain(set.into_iter().flatten()).collect()
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
    fn nextest(args: &[&str], servers: Servers, expected: &[&str]) {
        let selection = Selection::parse(args).unwrap();
        assert_eq!(Filter::new(&selection, servers).for_nextest(), expected, "{args:?}");
    }

    #[track_caller]
    fn cargo_test(args: &[&str], servers: Servers, expected: &str) {
        let selection = Selection::parse(args).unwrap();
        assert_eq!(Filter::new(&selection, servers).for_cargo_test().unwrap().join(" "), expected, "{args:?}");
    }

    #[test]
    fn nextest_selects_by_an_expression() {
        let (mysql, postgres) = ("test(/(^|::)mysql(::|$)/)", "test(/(^|::)postgres(::|$)/)");
        let no_servers = "not (package(throwaway) | test(/(^|::)servers(::|$)/))";
        nextest(&[], Servers::Installed, &[]);
        nextest(&["refresh"], Servers::Installed, &["refresh"]);
        nextest(&[], Servers::Missing, &["-E", no_servers]);
        nextest(&["--only", "postgres", "refresh"], Servers::Installed, &["refresh", "-E", postgres]);
        nextest(&["--only", "mysql"], Servers::Missing, &["-E", &format!("{mysql} & {no_servers}")]);
        let sqlite = format!("not ({mysql} | {postgres}) & {no_servers}");
        nextest(&["--only", "sqlite"], Servers::Missing, &["-E", &sqlite]);
    }

    #[test]
    fn cargo_selects_by_parts_of_names() {
        cargo_test(&["refresh"], Servers::Installed, "refresh --");
        cargo_test(&["--only", "mysql"], Servers::Installed, "mysql:: --");
        cargo_test(&[], Servers::Missing, "--exclude throwaway -- --skip servers::");
        cargo_test(
            &["--only", "sqlite", "refresh"],
            Servers::Missing,
            "--exclude throwaway refresh -- --skip mysql:: --skip postgres:: --skip servers::",
        );
    }

    #[test]
    fn cargo_cannot_select_by_two_names() {
        let selection = Selection::parse(&["--only", "mysql", "refresh"]).unwrap();
        let failure = Filter::new(&selection, Servers::Installed).for_cargo_test().expect_err("it takes either name");
        assert!(failure.to_string().contains("cargo install cargo-nextest"));
    }
}
