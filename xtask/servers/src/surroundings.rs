//! A server that is set up as rows of the table say, and databases on it.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::error::{Error, Result};
use crate::mariadb::MariaDb;
use crate::pgbouncer::PgBouncer;
use crate::postgres::Postgres;
use crate::set_up::{MARIADB, POSTGRES, SetUp, User};

/// A server that is set up as the world does, for as long as this value lives.
#[derive(Debug)]
pub struct Surroundings {
    rows: Vec<&'static SetUp>,
    server: Server,
    pooler: Option<PgBouncer>,
    databases: AtomicU32,
}

#[derive(Debug)]
enum Server {
    MariaDb(MariaDb),
    Postgres(Postgres),
}

impl Surroundings {
    /// Starts a MariaDB that is set up as the rows of these names say.
    ///
    /// # Errors
    ///
    /// When there is no such row, or the server does not start like that.
    pub fn mariadb(names: &[&str]) -> Result<Self> {
        let rows = find(MARIADB, names)?;
        let server = MariaDb::start_with(&borrowed(&settings(&rows)))?;
        Self::new(rows, Server::MariaDb(server))
    }

    /// Starts a PostgreSQL that is set up as the rows of these names say.
    ///
    /// # Errors
    ///
    /// When there is no such row, or the server or its pooler does not start like that.
    pub fn postgres(names: &[&str]) -> Result<Self> {
        let rows = find(POSTGRES, names)?;
        let server = Postgres::start_with(&borrowed(&settings(&rows)))?;
        Self::new(rows, Server::Postgres(server))
    }

    /// Looks whether each database is left as the rows want it.
    ///
    /// # Errors
    ///
    /// When one is not: the error names the row.
    pub fn check(&self) -> Result<()> {
        (0..self.databases.load(Ordering::Relaxed)).try_for_each(|number| self.check_database(&name(number)))
    }

    fn check_database(&self, database: &str) -> Result<()> {
        for row in &self.rows {
            let Some(query) = row.holds else { continue };
            if self.run(database, &[query])?.trim() != "t" {
                return Err(Error::new(format!("{}: this does not hold in {database}: {query}", row.name)));
            }
        }
        Ok(())
    }

    fn new(rows: Vec<&'static SetUp>, server: Server) -> Result<Self> {
        let mut surroundings = Self { rows, server, pooler: None, databases: AtomicU32::new(0) };
        surroundings.administer("", |row| row.once)?;
        if let (Some(settings), Server::Postgres(server)) = (surroundings.first(|row| row.pooler), &surroundings.server)
        {
            surroundings.pooler = Some(PgBouncer::start_with(server, settings)?);
        }
        Ok(surroundings)
    }

    /// Creates an empty database.
    ///
    /// # Errors
    ///
    /// When the server refuses a statement of the rows.
    pub fn database(&self) -> Result<Place<'_>> {
        let name = name(self.databases.fetch_add(1, Ordering::Relaxed));
        self.run("", &[&format!("CREATE DATABASE {name}")])?;
        self.administer(&name, |row| row.prepared)?;
        Ok(Place { surroundings: self, name })
    }

    /// Runs the statements of each row as the administrator. Without a name, it is the database that is always there.
    fn administer(&self, database: &str, statements: impl Fn(&SetUp) -> &'static [&'static str]) -> Result<()> {
        self.rows.iter().try_for_each(|row| self.run(database, statements(row)).map(drop))
    }

    fn run(&self, database: &str, statements: &[&str]) -> Result<String> {
        if statements.is_empty() {
            return Ok(String::new());
        }
        match &self.server {
            Server::MariaDb(server) => server.run(if database.is_empty() { "mysql" } else { database }, statements),
            Server::Postgres(server) => server.run(if database.is_empty() { "postgres" } else { database }, statements),
        }
    }

    /// Returns what the first row says that says anything.
    fn first<T>(&self, said: impl Fn(&SetUp) -> Option<T>) -> Option<T> {
        self.rows.iter().find_map(|row| said(row))
    }

    fn user(&self) -> User {
        self.first(|row| Some(row.user).filter(|user| *user != User::Administrator)).unwrap_or(User::Administrator)
    }

    fn url(&self, administrator: bool, database: &str) -> String {
        let parameters: Vec<&str> =
            self.rows.iter().map(|row| row.parameters).filter(|text| !text.is_empty()).collect();
        let (scheme, root, port) = match (&self.server, &self.pooler) {
            (Server::MariaDb(server), _) => ("mysql", "root", server.port()),
            (Server::Postgres(server), None) => ("postgres", "postgres", server.port()),
            (Server::Postgres(_), Some(pooler)) => ("postgres", "postgres", pooler.port()),
        };
        let user = if administrator { root } else { "app" };
        let separator = if parameters.is_empty() { "" } else { "?" };
        format!("{scheme}://{user}@127.0.0.1:{port}/{database}{separator}{}", parameters.join("&"))
    }
}

/// One database on a server that is set up.
#[derive(Debug)]
pub struct Place<'s> {
    surroundings: &'s Surroundings,
    name: String,
}

impl Place<'_> {
    /// Returns the address for who creates the tables; `None` where the application does so itself.
    pub fn owner_url(&self) -> Option<String> {
        (self.surroundings.user() == User::Rows).then(|| self.surroundings.url(true, &self.name))
    }

    /// Grants the application what it needs of the tables that are there by now.
    ///
    /// # Errors
    ///
    /// When the server refuses a statement of the rows.
    pub fn grant(&self) -> Result<()> {
        self.surroundings.administer(&self.name, |row| row.granted)
    }

    /// Returns the address for the application.
    pub fn url(&self) -> String {
        self.surroundings.url(self.surroundings.user() == User::Administrator, &self.name)
    }
}

/// Returns the name of the database of this number.
fn name(number: u32) -> String {
    format!("app_{number}")
}

fn find(rows: &'static [SetUp], names: &[&str]) -> Result<Vec<&'static SetUp>> {
    let find = |name: &&str| rows.iter().find(|row| row.name == *name);
    names.iter().map(|name| find(name).ok_or_else(|| Error::new(format!("there is no set-up `{name}`")))).collect()
}

/// Returns the settings of all rows; modes of SQL add up.
fn settings(rows: &[&SetUp]) -> Vec<(&'static str, String)> {
    const MODES: &str = "sql-mode";
    let all = || rows.iter().flat_map(|row| row.settings);
    let modes: Vec<&str> = all().filter(|(name, _)| *name == MODES).map(|(_, value)| *value).collect();
    let others = all().filter(|(name, _)| *name != MODES).map(|(name, value)| (*name, (*value).to_owned()));
    others.chain((!modes.is_empty()).then(|| (MODES, modes.join(",")))).collect()
}

fn borrowed<'s>(settings: &'s [(&'static str, String)]) -> Vec<(&'s str, &'s str)> {
    settings.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_add_up() {
        let rows = find(MARIADB, &["sql_mode_oracle", "autocommit_off", "empty_string_is_null"]).unwrap();
        let expected = [("autocommit", "0"), ("sql-mode", "ORACLE,EMPTY_STRING_IS_NULL")];
        assert_eq!(borrowed(&settings(&rows)), expected);
    }

    #[test]
    fn a_name_that_is_in_no_row_is_refused() {
        find(MARIADB, &["sql_mode_orcale"]).unwrap_err();
    }
}
