//! The schema, step by step, with a history of its own beside the application's.

use crate::backend::{Backend, Prepared};
use crate::migration::{MigrateError, Migration};
use crate::statement::Statement;
use crate::store::SqlxStore;
use crate::texts::Texts;

const HISTORY: &str = "SELECT version, checksum FROM {_auth_migrations} ORDER BY version";

const INSERT: &str = "INSERT INTO {_auth_migrations} (version, name, checksum) VALUES (?, ?, ?)";

impl<DB: Backend> SqlxStore<DB> {
    /// Brings the schema up to date. It may be called at every start, from several processes at once, and by a role
    /// that may only read and write rows where there is nothing to do.
    ///
    /// # Errors
    ///
    /// [`MigrateError`] when the database fails, is newer than this crate, or was changed by hand, when the role lacks
    /// a privilege, or the connections are set so that the statements would mean something else.
    pub async fn migrate(&self) -> Result<(), MigrateError> {
        self.retry(|| Box::pin(run(self))).await.map_err(naming_privileges::<DB>)
    }

    /// Returns the schema step by step, for those who apply it with tools of their own.
    pub fn migrations() -> &'static [Migration] {
        DB::MIGRATIONS
    }
}

/// Says which privileges it takes, where the database refused for lack of one.
fn naming_privileges<DB: Backend>(error: MigrateError) -> MigrateError {
    match error {
        MigrateError::Database(cause) if cause.as_database_error().is_some_and(DB::is_denied) => {
            MigrateError::Denied(cause)
        }
        MigrateError::Changed { .. }
        | MigrateError::Database(_)
        | MigrateError::Denied(_)
        | MigrateError::Newer { .. }
        | MigrateError::Setting(_) => error,
    }
}

/// Applies what is missing, in turn with other processes. Where nothing is missing, it takes no lock and no right but
/// those to read.
async fn run<DB: Backend>(store: &SqlxStore<DB>) -> Result<(), MigrateError> {
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
