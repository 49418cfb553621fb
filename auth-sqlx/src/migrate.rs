//! The schema, step by step, with a history of its own beside the application's.

use std::error::Error as _;
use std::fmt;

use sha2::{Digest, Sha256};

use crate::backend::{Backend, Prepared};
use crate::error::Retried;
use crate::statement::{Statement, Texts};
use crate::store::SqlxStore;

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
    fn accepts(&self, checksum: &str) -> bool {
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

impl Retried for MigrateError {
    fn cause(&self) -> Option<&sqlx::Error> {
        match self {
            Self::Database(error) | Self::Denied(error) => Some(error),
            Self::Changed { .. } | Self::Newer { .. } | Self::Setting(_) => None,
        }
    }
}

impl MigrateError {
    /// Says which privileges it takes, where the database refused for lack of one.
    pub(crate) fn naming_privileges<DB: Backend>(self) -> Self {
        match self {
            Self::Database(cause) if cause.as_database_error().is_some_and(DB::is_denied) => Self::Denied(cause),
            Self::Changed { .. } | Self::Database(_) | Self::Denied(_) | Self::Newer { .. } | Self::Setting(_) => self,
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

const HISTORY: &str = "SELECT version, checksum FROM {_auth_migrations} ORDER BY version";

const INSERT: &str = "INSERT INTO {_auth_migrations} (version, name, checksum) VALUES (?, ?, ?)";

/// Applies what is missing, in turn with other processes. Where nothing is missing, it takes no lock and no right but
/// those to read.
pub(crate) async fn run<DB: Backend>(store: &SqlxStore<DB>) -> Result<(), MigrateError> {
    let texts = store.texts();
    let mut lease = store.read().await?;
    DB::check_settings(&mut lease, texts).await?;
    let applied = applied::<DB>(&mut lease, texts).await?;
    lease.commit().await?;
    if applied < latest::<DB>() {
        apply(store).await?;
    }
    if store.is_shared_memory().await? {
        check_shared(store).await?;
    }
    warn_of_strangers(store).await
}

/// Makes sure that the application's connections see what the writer's has made.
async fn check_shared<DB: Backend>(store: &SqlxStore<DB>) -> Result<(), MigrateError> {
    let mut connection = store.pool().acquire().await?;
    if has_history::<DB>(&mut connection, store.texts()).await? {
        return Ok(());
    }
    let apart = "each connection of the pool has a database in memory of its own: open `sqlite::memory:`, which they \
                 share, or let the pool have one connection";
    Err(MigrateError::Setting(apart.to_owned()))
}

/// Applies what is missing when it is this process's turn, if another one has not done so meanwhile.
async fn apply<DB: Backend>(store: &SqlxStore<DB>) -> Result<(), MigrateError> {
    let texts = store.texts();
    let mut lease = DB::begin_migration(store.writer()?, texts.schema()).await?;
    if !has_history::<DB>(&mut lease, texts).await? {
        DB::execute_script(DB::MIGRATION_TABLE, &mut lease).await?;
    }
    let applied = applied::<DB>(&mut lease, texts).await?;
    for migration in DB::MIGRATIONS.iter().filter(|migration| migration.version > applied) {
        DB::execute_script(migration.sql, &mut lease).await?;
        Statement::<DB>::new(INSERT, texts, Prepared::Once)
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

/// Returns the version of the database, after making sure that it got there by the steps we know; 0 without a history.
async fn applied<DB: Backend>(connection: &mut DB::Connection, texts: &Texts) -> Result<i64, MigrateError> {
    if !has_history::<DB>(connection, texts).await? {
        return Ok(0);
    }
    let mut version = 0;
    for row in Statement::<DB>::new(HISTORY, texts, Prepared::Once).fetch_all(connection).await? {
        version = DB::get(&row, "version")?;
        let checksum: String = DB::get(&row, "checksum")?;
        match DB::MIGRATIONS.iter().find(|migration| migration.version == version) {
            None => return Err(MigrateError::Newer { found: version, known: latest::<DB>() }),
            Some(migration) if !migration.accepts(&checksum) => return Err(MigrateError::Changed { version }),
            Some(_) => {}
        }
    }
    Ok(version)
}

fn latest<DB: Backend>() -> i64 {
    DB::MIGRATIONS.last().map_or(0, |last| last.version)
}

async fn has_history<DB: Backend>(connection: &mut DB::Connection, texts: &Texts) -> sqlx::Result<bool> {
    let found = Statement::<DB>::new(DB::HISTORY_IS_THERE, texts, Prepared::Once).fetch_optional(connection).await?;
    Ok(found.is_some())
}

/// Tells the log of roles that may read or change the tables with secrets, because a host may have given them that.
async fn warn_of_strangers<DB: Backend>(store: &SqlxStore<DB>) -> Result<(), MigrateError> {
    let Some(strangers) = DB::STRANGERS else { return Ok(()) };
    let mut lease = store.read().await?;
    for row in Statement::<DB>::new(strangers, store.texts(), Prepared::Once).fetch_all(&mut lease).await? {
        let (table, role): (String, String) = (DB::get_at(&row, 0)?, DB::get_at(&row, 1)?);
        tracing::warn!(
            table,
            role,
            "a role that neither owns this table nor is the application's holds privileges on it"
        );
    }
    lease.commit().await?;
    Ok(())
}
