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

/// A pool of connections to a [`Postgres`], which lends one out for each transaction.
#[derive(Debug)]
pub struct PgBouncer {
    #[expect(dead_code, reason = "held to be dropped")]
    server: Server,
    port: u16,
    version: String,
}

impl PgBouncer {
    /// Starts a pool of five connections to `postgres` that up to 500 clients share by transactions.
    ///
    /// # Errors
    ///
    /// When PgBouncer is not installed, or does not start.
    pub fn start(postgres: &Postgres) -> Result<Self> {
        let program = program().ok_or_else(|| Error::new("PgBouncer is not installed: apt-get install pgbouncer"))?;
        let version = program::version(&program)?.lines().next().unwrap_or_default().to_owned();
        let account = Account::for_server("postgres")?;
        let folder = Folder::create(account)?;
        let port = free_port()?;
        folder.write(account, "pgbouncer.ini", &settings(postgres.port(), port))?;
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

    /// Returns the address of the pool; behind it is the superuser of the server.
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

/// `extra_float_digits` is sent by most clients, and PgBouncer's manual says to ignore it then.
fn settings(postgres: u16, port: u16) -> String {
    format!(
        "\
[databases]
* = host=127.0.0.1 port={postgres} user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
max_client_conn = 500
default_pool_size = 5
ignore_startup_parameters = extra_float_digits
"
    )
}
