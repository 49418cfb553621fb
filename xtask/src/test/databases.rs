//! The databases that the tests run on: SQLite is part of the library, the others are servers.

use std::env;
use std::fmt;
use std::process::Command;

use throwaway::{MariaDb, PgBouncer, Postgres};

use super::filter::Servers;
use super::packages::Package;
use super::selection::{Database, Selection};
use crate::step::{self, Failure};

const POSTGRES_URL: &str = "TEST_POSTGRES_URL";
const MYSQL_URL: &str = "TEST_MYSQL_URL";

/// Returns the packages that the selected tests need, whether they are installed or not.
pub(crate) fn packages(selection: &Selection) -> Vec<Package> {
    let mut packages = vec![Package { name: "curl", is_installed: || step::is_installed("curl") }];
    if selection.includes(Database::Postgres) && !is_given(POSTGRES_URL) {
        packages.push(Package { name: "postgresql", is_installed: Postgres::is_installed });
        packages.push(Package { name: "pgbouncer", is_installed: PgBouncer::is_installed });
    }
    if selection.includes(Database::MySql) && !is_given(MYSQL_URL) {
        packages.push(Package { name: "mariadb-server", is_installed: MariaDb::is_installed });
    }
    if packages.len() > 1 {
        // For the certificates of servers with TLS.
        packages.push(Package { name: "openssl", is_installed: || step::answers("openssl", "version") });
    }
    packages
}

/// The databases of one run of the tests. Servers that were started for it are gone with this value.
pub(crate) struct Databases {
    postgres: Source<Postgres>,
    mysql: Source<MariaDb>,
    sqlite: Source<()>,
    servers: Servers,
}

/// Where a database comes from.
enum Source<T> {
    /// The environment names a server.
    Given,
    /// It is not tested.
    LeftOut,
    /// It was started for these tests, or is part of them.
    Own(T),
}

impl Databases {
    /// Starts the servers that the selected tests need, except those that the environment names.
    pub(crate) fn start(selection: &Selection) -> Result<Self, Failure> {
        let failure = |error: throwaway::Error| Failure::new(error.to_string());
        Ok(Self {
            postgres: source(selection, Database::Postgres, POSTGRES_URL, Postgres::start).map_err(failure)?,
            mysql: source(selection, Database::MySql, MYSQL_URL, MariaDb::start).map_err(failure)?,
            sqlite: if selection.includes(Database::Sqlite) { Source::Own(()) } else { Source::LeftOut },
            servers: servers(selection),
        })
    }

    /// Tells a command of the servers.
    pub(crate) fn hand_to<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        set(command, POSTGRES_URL, &self.postgres, Postgres::url);
        set(command, MYSQL_URL, &self.mysql, MariaDb::url);
        command
    }

    /// Returns whether tests that start servers themselves can run.
    pub(crate) fn servers(&self) -> Servers {
        self.servers
    }
}

impl fmt::Display for Databases {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = [
            ("SQLite", self.sqlite.describe(|()| "SQLite (bundled)", "")),
            ("PostgreSQL", self.postgres.describe(Postgres::version, "PostgreSQL at TEST_POSTGRES_URL")),
            ("MariaDB", self.mysql.describe(MariaDb::version, "MySQL at TEST_MYSQL_URL")),
        ];
        let tested: Vec<&str> = all.iter().filter_map(|(_, description)| *description).collect();
        f.write_str(&tested.join(", "))?;
        let left_out: Vec<&str> = all.iter().filter(|(_, tested)| tested.is_none()).map(|(name, _)| *name).collect();
        if !left_out.is_empty() {
            write!(f, "; NOT tested: {}", left_out.join(", "))?;
        }
        if self.servers == Servers::Missing {
            f.write_str("; NOT run: the tests that start servers themselves")?;
        }
        Ok(())
    }
}

impl<T> Source<T> {
    fn describe<'a>(&'a self, own: impl Fn(&'a T) -> &'a str, given: &'a str) -> Option<&'a str> {
        match self {
            Self::Given => Some(given),
            Self::LeftOut => None,
            Self::Own(server) => Some(own(server)),
        }
    }
}

fn source<T>(
    selection: &Selection,
    database: Database,
    variable: &str,
    start: impl Fn() -> Result<T, throwaway::Error>,
) -> Result<Source<T>, throwaway::Error> {
    match selection.includes(database) {
        false => Ok(Source::LeftOut),
        true if is_given(variable) => Ok(Source::Given),
        true => start().map(Source::Own),
    }
}

/// Tests that start servers run where all servers of the selected databases are installed. With `--only sqlite` they
/// are left out wherever it runs.
fn servers(selection: &Selection) -> Servers {
    let postgres = Postgres::is_installed() && PgBouncer::is_installed();
    let installed = match selection.only() {
        None => postgres && MariaDb::is_installed(),
        Some(Database::MySql) => MariaDb::is_installed(),
        Some(Database::Postgres) => postgres,
        Some(Database::Sqlite) => false,
    };
    if installed { Servers::Installed } else { Servers::Missing }
}

/// Sets the variable of one database. What the environment gives stays there, and out of the output: it may hold a
/// password.
fn set<T>(command: &mut Command, variable: &str, source: &Source<T>, url: impl Fn(&T) -> String) {
    match source {
        Source::Given => {}
        Source::LeftOut => drop(command.env_remove(variable)),
        Source::Own(server) => drop(command.env(variable, url(server))),
    }
}

fn is_given(variable: &str) -> bool {
    env::var_os(variable).is_some_and(|url| !url.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_said() {
        let databases = Databases {
            postgres: Source::Given,
            mysql: Source::LeftOut,
            sqlite: Source::Own(()),
            servers: Servers::Missing,
        };
        assert_eq!(
            databases.to_string(),
            "SQLite (bundled), PostgreSQL at TEST_POSTGRES_URL; NOT tested: MariaDB; \
             NOT run: the tests that start servers themselves"
        );
    }

    #[test]
    fn a_command_sees_only_the_databases_of_its_tests() {
        let mut command = Command::new("true");
        set(&mut command, "A", &Source::Own(()), |()| "mysql://there".to_owned());
        set(&mut command, "B", &Source::LeftOut, |()| String::new());
        set(&mut command, "C", &Source::Given, |()| String::new());
        let set: Vec<_> = command.get_envs().collect();
        assert_eq!(set, [("A".as_ref(), Some("mysql://there".as_ref())), ("B".as_ref(), None)]);
    }

    #[test]
    fn sqlite_needs_no_server() {
        let names = |args: &[&str]| -> Vec<_> {
            packages(&Selection::parse(args).unwrap()).iter().map(|package| package.name).collect()
        };
        assert_eq!(names(&["--only", "sqlite"]), ["curl"]);
    }
}
