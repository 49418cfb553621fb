//! The settings, read from the environment.

use std::env;
use std::net::SocketAddr;

use auth_core::{Email, Password, SigningKeys};

/// What the environment says, with its defaults.
pub struct Settings {
    /// Where the server listens.
    pub addr: SocketAddr,
    /// Where metrics are served, if anywhere.
    pub metrics_addr: Option<SocketAddr>,
    /// What people type into their browsers.
    pub base_url: String,
    /// Where users are kept.
    pub database_url: DatabaseUrl,
    /// What access tokens are signed with.
    pub keys: SigningKeys,
    /// The first administrator.
    pub admin: Option<Admin>,
    /// Networks whose `X-Forwarded-For` is believed, separated by commas.
    pub trusted_proxies: String,
    /// Whether sign-ins and sign-ups are limited for each client.
    pub rate_limits: bool,
}

/// The URL of a database, which may hold a password.
pub enum DatabaseUrl {
    /// MySQL or MariaDB.
    MySql(String),
    /// PostgreSQL.
    Postgres(String),
    /// SQLite.
    Sqlite(String),
}

/// The account that shall exist with the role `admin`.
pub struct Admin {
    /// Its address.
    pub email: Email,
    /// Its password, now if it is created, and before if it was there.
    pub password: Password,
}

impl Settings {
    /// Reads the settings.
    ///
    /// # Errors
    ///
    /// A line for the log that names the variable.
    pub fn from_env() -> Result<Self, String> {
        let addr = address("ADDR", &or_default("ADDR", "127.0.0.1:8000")?)?;
        let base_url = variable("BASE_URL")?;
        if base_url.is_none() && !addr.ip().is_loopback() {
            tracing::warn!(
                "BASE_URL is not set: only browsers on this machine can sign in, and cookies are not Secure"
            );
        }
        Ok(Self {
            addr,
            metrics_addr: variable("METRICS_ADDR")?.map(|text| address("METRICS_ADDR", &text)).transpose()?,
            base_url: base_url.unwrap_or_else(|| format!("http://localhost:{}", addr.port())),
            database_url: database_url()?,
            keys: keys()?,
            admin: admin()?,
            trusted_proxies: or_default("TRUSTED_PROXIES", "")?,
            rate_limits: rate_limits()?,
        })
    }
}

fn address(name: &str, text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| format!("{name}: expected an address and a port, such as 127.0.0.1:8000"))
}

fn database_url() -> Result<DatabaseUrl, String> {
    let url = or_default("DATABASE_URL", "sqlite://app.db?mode=rwc")?;
    match url.split_once(':').map_or("", |(scheme, _)| scheme) {
        "mysql" | "mariadb" => Ok(DatabaseUrl::MySql(url)),
        "postgres" | "postgresql" => Ok(DatabaseUrl::Postgres(url)),
        "sqlite" => Ok(DatabaseUrl::Sqlite(url)),
        _ => Err("DATABASE_URL: expected sqlite://..., postgres://... or mysql://... (which is MariaDB, too)".into()),
    }
}

fn keys() -> Result<SigningKeys, String> {
    let keys = if let Some(secret) = variable("AUTH_SECRET")? {
        SigningKeys::hs256(secret)
    } else {
        tracing::warn!("AUTH_SECRET is not set: access tokens are signed with a random key and end with this process");
        SigningKeys::ephemeral()
    };
    keys.map_err(|cause| format!("AUTH_SECRET: {cause}"))
}

fn admin() -> Result<Option<Admin>, String> {
    match (variable("ADMIN_EMAIL")?, variable("ADMIN_PASSWORD")?) {
        (None, None) => Ok(None),
        (Some(email), Some(password)) => {
            let email = Email::parse(&email).map_err(|cause| format!("ADMIN_EMAIL: {cause}"))?;
            Ok(Some(Admin { email, password: Password::new(password) }))
        }
        _ => Err("ADMIN_EMAIL and ADMIN_PASSWORD: set both or neither".into()),
    }
}

fn rate_limits() -> Result<bool, String> {
    match or_default("RATE_LIMITS", "on")?.as_str() {
        "on" => Ok(true),
        "off" => {
            tracing::warn!("RATE_LIMITS is off: anybody may guess passwords as fast as the machine can hash them");
            Ok(false)
        }
        _ => Err("RATE_LIMITS: expected on or off".into()),
    }
}

fn or_default(name: &str, default: &str) -> Result<String, String> {
    Ok(variable(name)?.unwrap_or_else(|| default.to_owned()))
}

/// A variable that is set to nothing counts as not set.
fn variable(name: &str) -> Result<Option<String>, String> {
    match env::var(name) {
        Ok(value) => Ok(Some(value).filter(|value| !value.is_empty())),
        Err(env::VarError::NotPresent) => Ok(None),
        Err(env::VarError::NotUnicode(_)) => Err(format!("{name}: not valid UTF-8")),
    }
}
