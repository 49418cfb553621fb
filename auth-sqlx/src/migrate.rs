//! The schema, step by step, with a history of its own beside the application's.

use std::error::Error as _;
use std::fmt;

use sha2::{Digest, Sha256};
use sqlx::Pool;

use crate::backend::{Backend, Prepared};
use crate::error::Retried;
use crate::schema::Schema;
use crate::statement::{Statement, Texts};

/// One step of the schema.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// Its number; steps are applied in order, from 1.
    pub version: i64,
    /// What it is about.
    pub name: &'static str,
    /// Its SQL: several statements, without arguments.
    pub sql: &'static str,
}

impl Migration {
    /// Returns the SHA-256 of the SQL in hexadecimal, which the history keeps.
    pub fn checksum(&self) -> String {
        Sha256::digest(self.sql).iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
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
    /// The database cannot be used as it is set up.
    #[error("{0}")]
    Setting(&'static str),
    /// The database was migrated by a later release.
    #[error("the database is at migration {found}, this release of auth-sqlx knows {known}: update the application")]
    Newer {
        /// The database's version.
        found: i64,
        /// The latest version this crate knows.
        known: i64,
    },
}

impl Retried for MigrateError {
    fn cause(&self) -> Option<&sqlx::Error> {
        match self {
            Self::Database(error) => Some(error),
            Self::Changed { .. } | Self::Newer { .. } | Self::Setting(_) => None,
        }
    }
}

/// The error with its cause in one line, since that is what `main` shows of it.
impl fmt::Debug for MigrateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")?;
        self.source().map_or(Ok(()), |cause| write!(f, ": {cause}"))
    }
}

const HISTORY: &str = "SELECT version, checksum FROM _auth_migrations ORDER BY version";

const INSERT: &str = "INSERT INTO _auth_migrations (version, name, checksum) VALUES (?, ?, ?)";

/// Applies what is missing, in turn with other processes.
pub(crate) async fn run<DB: Backend>(pool: &Pool<DB>, schema: &Schema) -> Result<(), MigrateError> {
    let mut lease = DB::begin_migration(pool, schema).await?;
    DB::execute_script(DB::MIGRATION_TABLE, &mut lease).await?;
    // The tables are looked for where the connection of a migration looks by itself.
    let texts = Texts::default();
    let applied = check_history::<DB>(&mut lease, &texts).await?;
    for migration in DB::MIGRATIONS.iter().filter(|migration| migration.version > applied) {
        DB::execute_script(migration.sql, &mut lease).await?;
        Statement::<DB>::new(INSERT, &texts, Prepared::Once)
            .bind(migration.version)
            .bind(migration.name.to_owned())
            .bind(migration.checksum())
            .execute(&mut lease)
            .await?;
        tracing::info!(version = migration.version, name = migration.name, "applied a migration of auth-sqlx");
    }
    lease.commit().await?;
    Ok(())
}

/// Returns the version of the database, after making sure that it got there by the steps we know.
async fn check_history<DB: Backend>(connection: &mut DB::Connection, texts: &Texts) -> Result<i64, MigrateError> {
    let query = Statement::<DB>::new(HISTORY, texts, Prepared::Once);
    let known = DB::MIGRATIONS.last().map_or(0, |last| last.version);
    let mut latest = 0;
    for row in query.fetch_all(connection).await? {
        let version: i64 = DB::get(&row, "version")?;
        let checksum: String = DB::get(&row, "checksum")?;
        match DB::MIGRATIONS.iter().find(|migration| migration.version == version) {
            None => return Err(MigrateError::Newer { found: version, known }),
            Some(migration) if migration.checksum() != checksum => return Err(MigrateError::Changed { version }),
            Some(_) => latest = version,
        }
    }
    Ok(latest)
}
