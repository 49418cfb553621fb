//! A step of the schema, and why it cannot be applied.

use std::error::Error as _;
use std::fmt;

use sha2::{Digest, Sha256};

/// One step of the schema.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// Its number; steps are applied in order, from 1.
    pub version: i64,
    /// What it is about.
    pub name: &'static str,
    /// Its SQL: several statements, without arguments.
    pub sql: &'static str,
    /// The checksums that the SQL had before, with which databases were made that are still as they should be.
    pub(crate) former_checksums: &'static [&'static str],
}

impl Migration {
    /// Returns the SHA-256 of the SQL in hexadecimal, which the history keeps.
    pub fn checksum(&self) -> String {
        Sha256::digest(self.sql).iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
    }

    /// Whether the step that was applied with this checksum is this one.
    pub(crate) fn accepts(&self, checksum: &str) -> bool {
        self.checksum() == checksum || self.former_checksums.contains(&checksum)
    }
}

/// The schema cannot be brought up to date.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum MigrateError {
    /// A step that was applied is not the one this crate knows under that number.
    #[error("migration {version} of the database is not the one this release of auth-sqlx knows")]
    Changed {
        /// Its number.
        version: i64,
    },
    /// The database failed.
    #[error("the database failed during a migration")]
    Database(#[from] sqlx::Error),
    /// The database role lacks a privilege.
    #[error(
        "the database role lacks a privilege: where the tables are there, `GRANT SELECT ON _auth_migrations` to it \
         beside the rights to the other tables; to create or change tables, migrate as a role that may"
    )]
    Denied(#[source] sqlx::Error),
    /// The database cannot be used as it is set up.
    #[error("{0}")]
    Setting(String),
    /// The database was migrated by a later release.
    #[error("the database is at migration {found}, this release of auth-sqlx knows {known}: update the application")]
    Newer {
        /// The database's version.
        found: i64,
        /// The latest version this crate knows.
        known: i64,
    },
}

/// The error with its cause in one line, since that is what `main` shows of it.
impl fmt::Debug for MigrateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")?;
        self.source().map_or(Ok(()), |cause| write!(f, ": {cause}"))
    }
}
