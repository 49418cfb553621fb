//! PostgreSQL.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::account::Account;
use crate::certificate;
use crate::error::{Error, Result};
use crate::folder::Folder;
use crate::port::free_port;
use crate::program;
use crate::server::{Launch, Server};

/// Where Debian and its relatives keep a folder for each version.
const VERSIONS: &str = "/usr/lib/postgresql";

/// Who may enter over TLS: `auth` with a password, others without. What is not encrypted is refused, except on the
/// socket, which is in the server's own folder.
const TLS_ONLY: &str = "\
local     all all                trust
hostssl   all auth 127.0.0.1/32  scram-sha-256
hostssl   all all  127.0.0.1/32  trust
hostnossl all all  127.0.0.1/32  reject
";

const USER_WITH_PASSWORD: &[&str] = &[
    "CREATE ROLE auth LOGIN PASSWORD 'auth-password'",
    "GRANT CREATE ON DATABASE postgres TO auth",
    "GRANT CREATE ON SCHEMA public TO auth",
];

/// A PostgreSQL server that lives as long as this value.
#[derive(Debug)]
pub struct Postgres {
    server: Server,
    account: Account,
    programs: Programs,
    certificate: PathBuf,
    port: u16,
    version: String,
}

impl Postgres {
    /// Starts a server that anybody on this machine can enter as `postgres`, without a password and without TLS.
    ///
    /// # Errors
    ///
    /// When PostgreSQL is not installed, or does not start.
    pub fn start() -> Result<Self> {
        Self::start_with(&[])
    }

    /// Starts a server with further settings, as in `postgresql.conf`.
    ///
    /// # Errors
    ///
    /// When PostgreSQL is not installed, or does not start with these settings.
    pub fn start_with(settings: &[(&str, &str)]) -> Result<Self> {
        Cluster::create()?.start(settings)
    }

    /// Starts a server that refuses connections without TLS. Its [`certificate`](Self::certificate) names `localhost`
    /// and 127.0.0.1.
    ///
    /// The user `postgres` needs no password; the user `auth` has the password `auth-password`, which it proves by
    /// SCRAM.
    ///
    /// # Errors
    ///
    /// When PostgreSQL or openssl is not installed, or the server does not start.
    pub fn start_with_tls() -> Result<Self> {
        let cluster = Cluster::create()?;
        certificate::create(cluster.account, &cluster.folder)?;
        cluster.folder.write(cluster.account, "data/pg_hba.conf", TLS_ONLY)?;
        let (certificate, key) = (cluster.folder.text(certificate::CERTIFICATE), cluster.folder.text(certificate::KEY));
        let postgres = cluster.start(&[("ssl", "on"), ("ssl_cert_file", &certificate), ("ssl_key_file", &key)])?;
        postgres.run("postgres", USER_WITH_PASSWORD)?;
        Ok(postgres)
    }

    /// Starts a standby of this server, with further settings: a copy of it that applies what the server commits, and
    /// that can be read until it is [promoted](Self::promote).
    ///
    /// # Errors
    ///
    /// When the server cannot be copied, or the standby does not start with these settings.
    pub fn start_standby(&self, settings: &[(&str, &str)]) -> Result<Self> {
        Cluster::copy(self.port)?.start(settings)
    }

    /// Makes a standby a server of its own, which can be written to when this returns.
    ///
    /// # Errors
    ///
    /// When the server is no standby, or does not answer in time.
    pub fn promote(&self) -> Result<()> {
        let folder = self.server.folder();
        let mut command = self.account.command(&self.programs.path("pg_ctl"), folder.path());
        program::run(command.args(["promote", "--wait", "--timeout=60", "-D", "data"])).map(drop)
    }

    /// Runs statements in a database, as the superuser, each by itself, and returns the values that they answer with.
    ///
    /// # Errors
    ///
    /// When a statement fails.
    pub fn run(&self, database: &str, statements: &[&str]) -> Result<String> {
        let mut psql = Command::new(self.programs.path("psql"));
        psql.args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1"]);
        psql.args(["--username=postgres", "--dbname", database, "--port", &self.port.to_string()]);
        psql.arg("--host").arg(self.server.folder().path());
        program::run(psql.args(statements.iter().map(|statement| format!("--command={statement}"))))
    }

    /// Ends the server and all its connections at once, as a crash would.
    ///
    /// # Errors
    ///
    /// When the server's processes do not end.
    pub fn kill(&mut self) -> Result<()> {
        self.server.kill()
    }

    /// Starts the server again, with the same settings, data and port, and waits until it answers. One that runs is
    /// killed before.
    ///
    /// # Errors
    ///
    /// When the server does not start.
    pub fn restart(&mut self) -> Result<()> {
        self.server.restart()
    }

    /// Makes the server hang: connections stay open, new ones are taken, and nothing answers.
    ///
    /// # Errors
    ///
    /// When the server's processes do not stop.
    pub fn pause(&self) -> Result<()> {
        self.server.pause()
    }

    /// Lets a server that was paused continue.
    ///
    /// # Errors
    ///
    /// When the server's processes cannot be told.
    pub fn resume(&self) -> Result<()> {
        self.server.resume()
    }

    /// Returns whether PostgreSQL is installed here.
    pub fn is_installed() -> bool {
        Programs::find().is_some()
    }

    /// Returns the address of the server, for its superuser.
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// Returns the port of the server.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns the version, such as `PostgreSQL 15.18`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Returns the file with the certificate of the authority that vouches for the server, in PEM (`sslrootcert` of a
    /// connection). The file is there when the server was [started with TLS](Self::start_with_tls).
    pub fn certificate(&self) -> &Path {
        &self.certificate
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // It takes leave of its children then. A killed server leaves them to the first process of the machine, and in
        // many a container that one lets the dead pile up.
        if let Err(error) = self.server.end("QUIT") {
            eprintln!("throwaway: {error}");
        }
    }
}

/// A folder with the data of a server that was not started yet.
struct Cluster {
    account: Account,
    folder: Folder,
    programs: Programs,
}

impl Cluster {
    fn create() -> Result<Self> {
        Self::filled_by("initdb", |initdb| {
            initdb.args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"])
        })
    }

    /// Copies the server at a port, with the settings of a standby.
    fn copy(port: u16) -> Result<Self> {
        Self::filled_by("pg_basebackup", |backup| {
            backup.args(["--host=127.0.0.1", "--username=postgres", "--port", &port.to_string()]);
            backup.args(["--checkpoint=fast", "--wal-method=stream", "--write-recovery-conf", "--no-sync"])
        })
    }

    fn filled_by(program: &str, args: impl FnOnce(&mut Command) -> &mut Command) -> Result<Self> {
        let programs =
            Programs::find().ok_or_else(|| Error::new("PostgreSQL is not installed: apt-get install postgresql"))?;
        let account = Account::for_server("postgres")?;
        let folder = Folder::create(account)?;
        program::run(args(account.command(&programs.path(program), folder.path()).args(["-D", "data"])))?;
        Ok(Self { account, folder, programs })
    }

    fn start(self, settings: &[(&str, &str)]) -> Result<Postgres> {
        let version = version(&program::version(&self.programs.path("postgres"))?);
        let certificate = self.folder.join(certificate::AUTHORITY);
        let port = free_port()?;
        let pg_isready = self.programs.path("pg_isready");
        let server = Server::start(Launch {
            name: "PostgreSQL",
            account: self.account,
            program: self.programs.path("postgres"),
            args: args(&self.folder, port, settings),
            folder: self.folder,
            answers: Box::new(move || answers(&pg_isready, port)),
        })?;
        Ok(Postgres { server, account: self.account, programs: self.programs, certificate, port, version })
    }
}

/// Returns the arguments of the server; of two values for a setting the last counts.
fn args(folder: &Folder, port: u16, settings: &[(&str, &str)]) -> Vec<String> {
    let (port, sockets) = (port.to_string(), folder.text(""));
    let own = [
        ("port", port.as_str()),
        ("listen_addresses", "127.0.0.1"),
        ("unix_socket_directories", &sockets),
        ("max_connections", "300"),
        // What is committed is with the operating system, which outlives the server.
        ("fsync", "off"),
        // Shared memory in the data's folder; in /dev/shm a killed server would leave it behind.
        ("dynamic_shared_memory_type", "mmap"),
    ];
    let settings = own.iter().chain(settings).flat_map(|(name, value)| ["-c".to_owned(), format!("{name}={value}")]);
    ["-D".to_owned(), folder.text("data")].into_iter().chain(settings).collect()
}

fn answers(pg_isready: &Path, port: u16) -> bool {
    let mut command = Command::new(pg_isready);
    command.args(["--quiet", "--host=127.0.0.1", "--dbname=postgres", "--username=postgres", "--timeout=5"]);
    program::run(command.args(["--port", &port.to_string()])).is_ok()
}

/// Reads `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`.
fn version(printed: &str) -> String {
    let number = printed.split_once("(PostgreSQL)").and_then(|(_, after)| after.split_whitespace().next());
    format!("PostgreSQL {}", number.unwrap_or_default())
}

/// The folder of PostgreSQL's programs.
#[derive(Debug)]
struct Programs(PathBuf);

impl Programs {
    /// Finds the highest version of those that are installed side by side, or the one in `PATH`.
    fn find() -> Option<Self> {
        let mut versions: Vec<(u32, PathBuf)> = fs::read_dir(VERSIONS)
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
            .collect();
        versions.sort_unstable_by(|one, other| other.cmp(one));
        let path = env::var_os("PATH").unwrap_or_default();
        let folders = versions.into_iter().map(|(_, folder)| folder).chain(env::split_paths(&path));
        folders.map(Self).find(Self::is_complete)
    }

    fn is_complete(&self) -> bool {
        ["initdb", "pg_basebackup", "pg_ctl", "pg_isready", "postgres", "psql"]
            .iter()
            .all(|program| self.path(program).is_file())
    }

    fn path(&self, program: &str) -> PathBuf {
        self.0.join(program)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_the_products() {
        assert_eq!(version("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"), "PostgreSQL 15.18");
        assert_eq!(version("postgres (PostgreSQL) 17beta1\n"), "PostgreSQL 17beta1");
    }
}
