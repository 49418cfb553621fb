//! MariaDB.

use std::io::Read;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::account::Account;
use crate::certificate;
use crate::error::{Error, Result};
use crate::folder::Folder;
use crate::port::free_port;
use crate::program;
use crate::server::{Launch, Server};

/// What a user of MariaDB would notice is left as the server has it; the character set is the one that distributions
/// set.
const SETTINGS: &[(&str, &str)] = &[
    ("bind-address", "127.0.0.1"),
    ("character-set-server", "utf8mb4"),
    ("innodb-buffer-pool-size", "256M"),
    // What is committed is with the operating system, which outlives the server; 0 would lose it with the server.
    ("innodb-flush-log-at-trx-commit", "2"),
    ("max-connections", "300"),
    ("performance-schema", "OFF"),
    ("skip-name-resolve", "ON"),
    ("sync-binlog", "0"),
];

/// Run at each start, one statement a line.
const USER_WITH_PASSWORD: &str = "\
CREATE USER IF NOT EXISTS auth@'127.0.0.1' IDENTIFIED BY 'auth-password';
GRANT ALL ON *.* TO auth@'127.0.0.1';
";

/// A MariaDB server that lives as long as this value.
#[derive(Debug)]
pub struct MariaDb {
    server: Server,
    client: PathBuf,
    certificate: PathBuf,
    port: u16,
    version: String,
}

impl MariaDb {
    /// Starts a server that anybody on this machine can enter as `root`, without a password and without TLS.
    ///
    /// # Errors
    ///
    /// When MariaDB is not installed, or does not start.
    pub fn start() -> Result<Self> {
        Self::start_with(&[])
    }

    /// Starts a server with further settings, named as on its command line, without the dashes before them.
    ///
    /// # Errors
    ///
    /// When MariaDB is not installed, or does not start with these settings.
    pub fn start_with(settings: &[(&str, &str)]) -> Result<Self> {
        Installation::create()?.start(settings)
    }

    /// Starts a server that refuses connections without TLS. Its [`certificate`](Self::certificate) names `localhost`
    /// and 127.0.0.1.
    ///
    /// The user `root` needs no password; the user `auth` has the password `auth-password`.
    ///
    /// # Errors
    ///
    /// When MariaDB or openssl is not installed, or the server does not start.
    pub fn start_with_tls() -> Result<Self> {
        let installation = Installation::create()?;
        let folder = &installation.folder;
        certificate::create(installation.account, folder)?;
        folder.write(installation.account, "init.sql", USER_WITH_PASSWORD)?;
        let [authority, certificate, key, init] =
            [certificate::AUTHORITY, certificate::CERTIFICATE, certificate::KEY, "init.sql"]
                .map(|name| folder.text(name));
        installation.start(&[
            ("ssl-ca", &authority),
            ("ssl-cert", &certificate),
            ("ssl-key", &key),
            ("require-secure-transport", "ON"),
            ("init-file", &init),
        ])
    }

    /// Runs statements in a database, as the superuser, and returns the values that they answer with.
    ///
    /// # Errors
    ///
    /// When a statement fails.
    pub fn run(&self, database: &str, statements: &[&str]) -> Result<String> {
        let mut client = Command::new(&self.client);
        client.args(["--no-defaults", "--protocol=tcp", "--host=127.0.0.1", "--user=root", "--batch"]);
        client.args(["--skip-column-names", &format!("--port={}", self.port), "--database", database]);
        program::run(client.args(["--execute", &statements.join(";")]))
    }

    /// Ends the server and all its connections at once, as a crash would.
    ///
    /// # Errors
    ///
    /// When the server's process does not end.
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
    /// When the server's process does not stop.
    pub fn pause(&self) -> Result<()> {
        self.server.pause()
    }

    /// Lets a server that was paused continue.
    ///
    /// # Errors
    ///
    /// When the server's process cannot be told.
    pub fn resume(&self) -> Result<()> {
        self.server.resume()
    }

    /// Returns whether MariaDB is installed here.
    pub fn is_installed() -> bool {
        Programs::find().is_some()
    }

    /// Returns the address of the server, for its superuser.
    pub fn url(&self) -> String {
        format!("mysql://root@127.0.0.1:{}/mysql", self.port)
    }

    /// Returns the port of the server.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns the version, such as `MariaDB 10.11.19`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Returns the file with the certificate of the authority that vouches for the server, in PEM (`ssl-ca` of a
    /// connection). The file is there when the server was [started with TLS](Self::start_with_tls).
    pub fn certificate(&self) -> &Path {
        &self.certificate
    }
}

/// A folder with the data of a server that was not started yet.
struct Installation {
    account: Account,
    folder: Folder,
    programs: Programs,
}

impl Installation {
    fn create() -> Result<Self> {
        let programs =
            Programs::find().ok_or_else(|| Error::new("MariaDB is not installed: apt-get install mariadb-server"))?;
        let account = Account::for_server("mysql")?;
        let folder = Folder::create(account)?;
        let mut install = account.command(&programs.install, folder.path());
        install.args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"]);
        program::run(install.arg(format!("--datadir={}", folder.text("data"))))?;
        Ok(Self { account, folder, programs })
    }

    fn start(self, settings: &[(&str, &str)]) -> Result<MariaDb> {
        let version = version(&program::version(&self.programs.server)?);
        let certificate = self.folder.join(certificate::AUTHORITY);
        let port = free_port()?;
        let server = Server::start(Launch {
            name: "MariaDB",
            account: self.account,
            program: self.programs.server,
            args: args(&self.folder, port, settings),
            folder: self.folder,
            answers: Box::new(move || answers(port)),
        })?;
        Ok(MariaDb { server, client: self.programs.client, certificate, port, version })
    }
}

/// Returns the arguments of the server; of two values for a setting the last counts.
fn args(folder: &Folder, port: u16, settings: &[(&str, &str)]) -> Vec<String> {
    let files = [("datadir", "data"), ("socket", "socket"), ("pid-file", "pid")];
    let files = files.iter().map(|(name, file)| format!("--{name}={}", folder.text(file)));
    let settings = SETTINGS.iter().chain(settings).map(|(name, value)| format!("--{name}={value}"));
    ["--no-defaults".to_owned(), format!("--port={port}")].into_iter().chain(files).chain(settings).collect()
}

/// Returns whether the server greets whoever connects: four bytes of header, and the version of the protocol.
fn answers(port: u16) -> bool {
    const PROTOCOL: u8 = 10;
    const PATIENCE: Duration = Duration::from_secs(5);
    let greeting = || {
        let mut stream = TcpStream::connect_timeout(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)), PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut greeting = [0; 5];
        stream.read_exact(&mut greeting)?;
        Ok::<_, std::io::Error>(greeting)
    };
    matches!(greeting(), Ok([_, _, _, _, PROTOCOL]))
}

/// Reads `mariadbd  Ver 10.11.19-MariaDB-0+deb12u1 for debian-linux-gnu on x86_64 (Debian 12)`.
fn version(printed: &str) -> String {
    let number = printed.split_once("Ver ").and_then(|(_, after)| after.split(['-', ' ']).next());
    format!("MariaDB {}", number.unwrap_or_default())
}

/// MariaDB's programs. A `mysqld` that is MySQL's has no `mariadb-install-db` beside it.
struct Programs {
    client: PathBuf,
    install: PathBuf,
    server: PathBuf,
}

impl Programs {
    fn find() -> Option<Self> {
        let client = program::find("mariadb")?;
        let install = program::find("mariadb-install-db")?;
        let server = program::find("mariadbd").or_else(|| program::find("mysqld"))?;
        Some(Self { client, install, server })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_the_products() {
        let printed = "mariadbd  Ver 10.11.19-MariaDB-0+deb12u1 for debian-linux-gnu on x86_64 (Debian 12)\n";
        assert_eq!(version(printed), "MariaDB 10.11.19");
    }
}
