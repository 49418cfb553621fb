//! The parameters in the URL of a server: the driver's, ours, and those that other clients and hosts put there.

use std::time::Duration;

use sqlx::Error;

use crate::backend::url::refused;

/// The URL of a server, whose parameters have been sorted.
#[derive(Debug)]
pub(in crate::backend) struct ServerUrl<'u> {
    address: &'u str,
    /// Those that the driver reads.
    drivers: Vec<&'u str>,
    all: Vec<&'u str>,
    /// Whether the driver reads the user from a parameter, too.
    reads_user: bool,
}

/// What this crate reads, whatever the driver.
const OURS: &[&str] = &[
    "connect_timeout",
    "connect-timeout",
    "connection_limit",
    "pgbouncer",
    "requireSSL",
    "ssl",
    "sslaccept",
    "target_session_attrs",
    "useSSL",
];

/// Words in the names of parameters that decide about safety. One that is misspelt, such as `ssl_mode=verify-full`,
/// would leave the connection less safe than was meant.
const OF_SAFETY: &[&str] = &["auth", "cert", "crypt", "key", "pas", "pwd", "secret", "ssl", "tls", "token", "user"];

/// Parameters with such a word that lower nothing when they are passed over: the driver encrypts and verifies as
/// `sslmode` says.
const HARMLESS: &[&str] = &["allowPublicKeyRetrieval", "sslcompression", "sslnegotiation", "sslsni"];

/// The longest that may be asked for to connect.
const LONGEST: u64 = 600;

impl<'u> ServerUrl<'u> {
    /// Sorts the parameters, and tells the log the names of those that are passed over.
    ///
    /// None is repeated in an error. What looks like one may be the rest of a password with a `?` in it.
    pub(in crate::backend) fn read(url: &'u str, drivers: &[&str]) -> Result<Self, Error> {
        let address = url.split_once('?').map_or(url, |(address, _)| address);
        let all: Vec<_> = parameters(url).collect();
        let (read, others): (Vec<_>, Vec<_>) =
            all.iter().copied().partition(|parameter| drivers.iter().any(|known| is_meant(name(parameter), known)));
        let (_, foreign): (Vec<_>, Vec<_>) = others.into_iter().partition(|parameter| OURS.contains(&name(parameter)));
        if foreign.iter().any(|parameter| decides_about_safety(parameter)) {
            return Err(refused(format!(
                "the URL has a parameter that is not known (a `?` in a password is written %3F); known are {}",
                [drivers, OURS].concat().join(", ")
            )));
        }
        if !foreign.is_empty() {
            let names = foreign.iter().map(|parameter| name(parameter)).collect::<Vec<_>>().join(", ");
            tracing::info!(names, "parameters of the database's URL are passed over");
        }
        Ok(Self { address, drivers: read, all, reads_user: drivers.contains(&"user") })
    }

    /// Returns what the driver reads.
    pub(in crate::backend) fn for_driver(&self) -> String {
        let parameters = self.drivers.join("&");
        match self.without_host() {
            Some((address, user)) if self.reads_user => format!("{address}?{user}{parameters}"),
            _ => format!("{}?{parameters}", self.address),
        }
    }

    /// Returns the address and the user as parameters, where the address names no host. libpq has this form,
    /// `user:password@/database?host=..`, which is no URL otherwise.
    fn without_host(&self) -> Option<(String, String)> {
        let (scheme, rest) = self.address.split_once("://")?;
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
        let port = host.strip_prefix(':').or(host.is_empty().then_some(""))?;
        let (user, password) = user.split_once(':').unwrap_or((user, ""));
        let mut parameters = String::new();
        for (key, value) in [("user", user), ("password", password), ("port", port)] {
            if !value.is_empty() {
                // In a parameter these have a meaning that they do not have in front of a host.
                let value = value.replace('+', "%2B").replace('&', "%26");
                parameters.extend([key, "=", &value, "&"]);
            }
        }
        Some((format!("{scheme}://{path}"), parameters))
    }

    /// Returns the value of a parameter.
    pub(in crate::backend) fn get(&self, wanted: &str) -> Option<&'u str> {
        let mut named = self.all.iter().filter(|parameter| name(parameter) == wanted);
        named.next_back().map(|parameter| parameter.split_once('=').map_or("", |(_, value)| value))
    }

    /// Returns how long connecting may take; `None` where the URL does not say.
    pub(in crate::backend) fn connect_timeout(&self) -> Result<Option<Duration>, Error> {
        let Some(text) = self.get("connect_timeout").or_else(|| self.get("connect-timeout")) else { return Ok(None) };
        let seconds: u64 =
            text.parse().map_err(|_| refused("connect_timeout is a whole number of seconds".to_owned()))?;
        // As in libpq, 0 sets no limit of its own.
        Ok(Some(Duration::from_secs(seconds.min(LONGEST))).filter(|timeout| !timeout.is_zero()))
    }

    /// Returns how many connections the pool may have; `None` where the URL does not say.
    pub(in crate::backend) fn connection_limit(&self) -> Result<Option<u32>, Error> {
        let wrong = || refused("connection_limit is a number of connections, 1 or more".to_owned());
        let limit = self.get("connection_limit").map(|text| text.parse().map_err(|_| wrong())).transpose()?;
        if limit == Some(0) { Err(wrong()) } else { Ok(limit) }
    }

    /// Whether other clients' words for it ask that the server's certificate is checked.
    pub(in crate::backend) fn wants_certificate(&self) -> Result<bool, Error> {
        match self.get("sslaccept") {
            None | Some("accept_invalid_certs") => Ok(false),
            Some("strict") => Ok(true),
            Some(_) => Err(refused("sslaccept is strict or accept_invalid_certs".to_owned())),
        }
    }

    /// Whether other clients' words for it ask for an encrypted connection.
    pub(in crate::backend) fn wants_encryption(&self) -> Result<bool, Error> {
        let mut wants = false;
        for name in ["ssl", "useSSL", "requireSSL"] {
            wants |= match self.get(name) {
                None | Some("false" | "0") => false,
                Some("true" | "1") => true,
                Some(_) => return Err(refused(format!("{name} is true or false"))),
            };
        }
        Ok(wants)
    }

    /// Whether each new connection has to lead to a server that takes writes.
    #[cfg(feature = "postgres")]
    pub(in crate::backend) fn wants_primary(&self) -> Result<bool, Error> {
        match self.get("target_session_attrs") {
            None | Some("any" | "prefer-standby") => Ok(false),
            Some("read-write" | "primary") => Ok(true),
            Some(_) => Err(refused("the store writes: target_session_attrs is any, read-write or primary".to_owned())),
        }
    }
}

pub(in crate::backend) fn parameters(url: &str) -> impl Iterator<Item = &str> {
    let (_, parameters) = url.split_once('?').unwrap_or_default();
    parameters.split('&').filter(|parameter| !parameter.is_empty())
}

fn name(parameter: &str) -> &str {
    parameter.split('=').next().unwrap_or_default()
}

/// `options[` stands for all that begin with it.
fn is_meant(name: &str, known: &str) -> bool {
    name == known || (known.ends_with('[') && name.starts_with(known))
}

/// Whether a parameter that nobody knows may be about safety, or be no parameter but the rest of a password.
fn decides_about_safety(parameter: &str) -> bool {
    let name = name(parameter);
    let is_plain = name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c));
    let lower = name.to_ascii_lowercase();
    let is_of_safety = OF_SAFETY.iter().any(|word| lower.contains(word)) && !HARMLESS.contains(&name);
    !is_plain || parameter.contains('@') || is_of_safety
}

#[cfg(all(test, feature = "postgres"))]
mod tests {
    use super::*;

    const DRIVERS: &[&str] = &["sslmode", "host", "port", "user", "options["];

    #[track_caller]
    fn refuses(url: &str, secret: &str) {
        let refused = ServerUrl::read(url, DRIVERS);
        assert!(refused.is_err_and(|error| !error.to_string().contains(secret)), "{url}");
    }

    #[test]
    fn a_parameter_of_safety_that_would_be_passed_over_is_refused_and_not_repeated() {
        refuses("postgres://u:p@h/d?ssl_mode=verify-full", "verify-full");
        refuses("postgres://u:p@h/d?verifyServerCertificate=true", "verifyServer");
        refuses("postgres://u:p@h/d?sslmode=require&pasword=hunter2", "hunter2");
        refuses("postgres://u:1?hunter2@h/d", "hunter2");
        refuses("postgres://u:1?hunter2=x@h/d", "hunter2");
        assert!(ServerUrl::read("postgres://u:p@h/d?sslmode=require&host=/run", DRIVERS).is_ok());
        assert!(ServerUrl::read("postgres://u:p@h/d", &[]).is_ok());
        assert!(ServerUrl::read("postgres://u:p@h/d?", &[]).is_ok());
    }

    #[test]
    fn what_hosts_add_does_not_reach_the_driver() {
        let added = "pgbouncer=true&connection_limit=1&pool_timeout=20&supa=base-pooler.x&schema=public&keepalives=1&\
                     keepalives_idle=30&target_session_attrs=read-write&sslnegotiation=direct&channel_binding=require&\
                     gssencmode=disable&sslaccept=strict&serverTimezone=UTC&allowPublicKeyRetrieval=true&useSSL=true";
        let url = format!("postgres://u:p@h/d?{added}&sslmode=require&options[a]=b");
        let read = ServerUrl::read(&url, DRIVERS).unwrap();
        assert_eq!(read.for_driver(), "postgres://u:p@h/d?sslmode=require&options[a]=b");
        assert!(read.wants_primary().unwrap() && read.wants_certificate().unwrap() && read.wants_encryption().unwrap());
        assert_eq!(read.connection_limit().unwrap(), Some(1));
    }

    #[test]
    fn a_url_without_a_host_is_read_as_libpq_does() {
        for (url, drivers) in [
            ("postgres://u:p@/d?host=/run/postgresql", "postgres:///d?user=u&password=p&host=/run/postgresql"),
            ("postgres://u:a+b@/d?host=h&port=5433", "postgres:///d?user=u&password=a%2Bb&host=h&port=5433"),
            ("postgres://u@:5433/d", "postgres:///d?user=u&port=5433&"),
            ("postgres:///d?host=/run", "postgres:///d?host=/run"),
            ("postgres://u:p@h:5433/d", "postgres://u:p@h:5433/d?"),
            ("postgres://u:p@%2Frun/d", "postgres://u:p@%2Frun/d?"),
        ] {
            assert_eq!(ServerUrl::read(url, DRIVERS).unwrap().for_driver(), drivers);
        }
    }

    #[test]
    fn a_timeout_is_in_seconds_and_0_sets_none() {
        for (parameters, expected) in [
            ("connect_timeout=15", Some(15)),
            ("connect-timeout=15", Some(15)),
            ("connect_timeout=100000", Some(LONGEST)),
            ("connect_timeout=0", None),
            ("sslmode=require", None),
        ] {
            let url = format!("postgres://u:p@h/d?{parameters}");
            let timeout = ServerUrl::read(&url, DRIVERS).unwrap().connect_timeout().unwrap();
            assert_eq!(timeout, expected.map(Duration::from_secs), "{parameters}");
        }
        for parameter in
            ["connect_timeout=soon", "connection_limit=0", "sslaccept=maybe", "target_session_attrs=standby"]
        {
            let url = format!("postgres://u:p@h/d?{parameter}");
            let read = ServerUrl::read(&url, DRIVERS).unwrap();
            let refused = [
                read.connect_timeout().is_err(),
                read.connection_limit().is_err(),
                read.wants_certificate().is_err(),
                read.wants_primary().is_err(),
            ];
            assert_eq!(refused.into_iter().filter(|refused| *refused).count(), 1, "{parameter}");
        }
    }
}
