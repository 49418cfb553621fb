//! PgBouncer.

use std::net::{Ipv4Addr, TcpStream};
use std::path::PathBuf;

use crate::account::Account;
use crate::error::{Error, Result};
use crate::folder::Folder;
use crate::port::free_port;
use crate::postgres::Postgres;
use crate::program;
use crate::server::{Launch, Server};

/// A line for each user of the server, as PgBouncer wants them.
const USERS: &str = "SELECT format('\"%s\" \"\"', rolname) FROM pg_roles WHERE rolcanlogin";

/// A pooler in front of a [`Postgres`], with PgBouncer's own defaults.
#[derive(Debug)]
pub struct PgBouncer {
    #[expect(dead_code, reason = "held to be dropped")]
    server: Server,
    port: u16,
    version: String,
}

impl PgBouncer {
    /// Starts a pooler as it is when it was just installed: each client has a connection to `postgres` for as long as
    /// it stays (session mode), and startup parameters that PgBouncer does not know are refused.
    ///
    /// # Errors
    ///
    /// When PgBouncer is not installed, or does not start.
    pub fn start(postgres: &Postgres) -> Result<Self> {
        Self::start_with(postgres, &[])
    }

    /// Starts a pooler with further settings, as in the section `[pgbouncer]` of its file.
    ///
    /// # Errors
    ///
    /// When PgBouncer is not installed, or does not start with these settings.
    pub fn start_with(postgres: &Postgres, settings: &[(&str, &str)]) -> Result<Self> {
        let program = program().ok_or_else(|| Error::new("PgBouncer is not installed: apt-get install pgbouncer"))?;
        let version = program::version(&program)?.lines().next().unwrap_or_default().to_owned();
        let account = Account::for_server("postgres")?;
        let folder = Folder::create(account)?;
        let port = free_port()?;
        folder.write(account, "users", &postgres.run("postgres", &[USERS])?)?;
        folder.write(account, "pgbouncer.ini", &file(postgres.port(), port, &folder.text("users"), settings))?;
        let server = Server::start(Launch {
            name: "PgBouncer",
            account,
            program,
            args: vec![folder.text("pgbouncer.ini")],
            folder,
            answers: Box::new(move || TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok()),
        })?;
        Ok(Self { server, port, version })
    }

    /// Returns whether PgBouncer is installed here.
    pub fn is_installed() -> bool {
        program().is_some()
    }

    /// Returns the port of the pooler, at which every user finds the databases of the server.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns the address of the pooler, for the superuser of the server.
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// Returns the version, such as `PgBouncer 1.18.0`.
    pub fn version(&self) -> &str {
        &self.version
    }
}

fn program() -> Option<PathBuf> {
    program::find("pgbouncer")
}

/// Nothing is set but addresses, and that clients need no password.
fn file(postgres: u16, port: u16, users: &str, settings: &[(&str, &str)]) -> String {
    let settings: Vec<_> = settings.iter().map(|(name, value)| format!("{name} = {value}")).collect();
    format!(
        "\
[databases]
* = host=127.0.0.1 port={postgres}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {users}
{}
",
        settings.join("\n")
    )
}
