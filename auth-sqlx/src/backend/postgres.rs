//! PostgreSQL: rows are locked by those who change them, and any transaction may have to be run again.

mod session;

use std::str::FromStr;

use sqlx::error::DatabaseError;
use sqlx::postgres::{PgConnectOptions, PgDatabaseError, PgSslMode};
use sqlx::{AssertSqlSafe, Connection, PgConnection, Pool, Postgres, SqlStr};

use crate::backend::url::{ServerUrl, check_scheme, parameters};
use crate::backend::{Fault, Prepared, Recorded, Run, run_queries, server};
use crate::lease::Lease;
use crate::migration::{MigrateError, Migration};
use crate::schema::Schema;
use crate::texts::Texts;

/// What the driver reads.
#[rustfmt::skip]
const PARAMETERS: &[&str] = &[
    "sslmode", "ssl-mode", "sslrootcert", "ssl-root-cert", "ssl-ca", "sslcert", "ssl-cert", "sslkey", "ssl-key",
    "statement-cache-capacity", "host", "hostaddr", "port", "dbname", "user", "password", "application_name", "options",
    "options[",
];

impl Run for Postgres {
    const MIGRATIONS: &'static [Migration] = &[
        Migration {
            version: 1,
            name: "initial",
            sql: include_str!("../../migrations/postgres/0001_initial.sql"),
            former_checksums: &["7213823482e457ccf97f1f4dfc3003b58f09b7dc661bd12f75d337a4952ac06c"],
        },
        Migration {
            version: 2,
            name: "server defaults",
            sql: include_str!("../../migrations/postgres/0002_server_defaults.sql"),
            former_checksums: &[],
        },
    ];

    const MIGRATION_TABLE: &'static str = "CREATE TABLE IF NOT EXISTS _auth_migrations (\
        version BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL)";

    const HISTORY_IS_THERE: &'static str = "SELECT 1 WHERE to_regclass('{_auth_migrations}') IS NOT NULL";

    const STRANGERS: Option<&'static str> = Some(session::STRANGERS);

    const NUMBERS_ARGUMENTS: bool = true;

    /// Not FOR UPDATE, which rows that refer to the user would have to wait for as well.
    const LOCK_ROW: &'static str = " FOR NO KEY UPDATE";

    /// Until the end of the statement, which is the transaction. The subquery is computed before the row is locked, as
    /// part of what says which row it is.
    const BOUND_WAIT: &'static str = " AND (SELECT set_config('lock_timeout', '3s', true)) IS NOT NULL";

    /// One statement, which needs no transaction: data-modifying statements in WITH
    /// (<https://www.postgresql.org/docs/current/queries-with.html>).
    const RECORDED: Option<Recorded> = Some(Recorded {
        begin: "",
        before: "WITH changed AS (",
        between: " RETURNING 1), recorded AS (",
        after: " SELECT ?, ?, ?, ?, ?, ?, ?, ? FROM changed) SELECT 1 FROM changed",
        commit: "",
        rollback: "",
    });

    const MAY_FALL_SILENT: bool = true;

    /// On a standby each transaction is read-only.
    const READ_ONLY: Option<&'static str> = Some("SELECT 1 WHERE current_setting('transaction_read_only') = 'on'");

    /// It reads what is still to come before it sends the next.
    const SURVIVES_DROPPED_READS: bool = true;

    async fn open(url: &str) -> sqlx::Result<Pool<Self>> {
        check_scheme(url, &["postgres:", "postgresql:"])?;
        let read = ServerUrl::read(url, PARAMETERS)?;
        // All that the parameter is for is the text form of numbers, and PgBouncer refuses it.
        let mut options = PgConnectOptions::from_str(&read.for_driver())?.extra_float_digits(None);
        options = encrypted_as_asked(options, &read)?;
        if Self::is_transaction_pooler(url) {
            options = options.statement_cache_capacity(0);
        }
        if options.get_application_name().is_none() {
            options = options.application_name("auth-sqlx");
        }
        let mut pool = server::pool(&read)?;
        if read.wants_primary()? {
            pool = pool.after_connect(|connection, _| Box::pin(refuse_standby(connection)));
        }
        let host = options.get_socket().map_or_else(|| options.get_host().into(), |socket| socket.to_string_lossy());
        let host = format!("{host}:{}", options.get_port());
        server::open(&read, pool, options, &host).await
    }

    /// By the driver's own parameter for poolers that mix up prepared statements, or another client's.
    fn is_transaction_pooler(url: &str) -> bool {
        parameters(url).any(|parameter| ["statement-cache-capacity=0", "pgbouncer=true"].contains(&parameter))
    }

    fn writer(pool: &Pool<Self>) -> Pool<Self> {
        pool.clone()
    }

    /// READ COMMITTED, whatever the default: each statement sees what the locks that it waited for have protected. At
    /// REPEATABLE READ who waited for a row's lock would go on with what was there before.
    async fn begin(lease: &mut Lease<Self>) -> sqlx::Result<()> {
        server::begin(lease, "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL lock_timeout = '3s'").await
    }

    /// The lock goes with the transaction, as poolers need it, and everything of the step does, too. The limits of time
    /// that the role may have are meant for requests, and not for who waits for another process to migrate.
    async fn begin_migration(pool: &Pool<Self>, schema: &Schema) -> Result<Lease<Self>, MigrateError> {
        let mut lease = Lease::of(pool.acquire().await?);
        lease.begin("BEGIN ISOLATION LEVEL READ COMMITTED").await?;
        // Numbers of our own, the same for all schemas: the letters "auth" and "sqlx". What is there already is no
        // news.
        let turn = "SET LOCAL client_min_messages = warning; SET LOCAL statement_timeout = 0; \
                    SET LOCAL lock_timeout = '1min'; SELECT pg_advisory_xact_lock(1635086440, 1936813176)";
        sqlx::raw_sql(turn).execute(&mut *lease).await?;
        if let Some(name) = schema.name() {
            // Not by IF NOT EXISTS, which takes the right to create schemas also where there is nothing to create.
            let is_there = sqlx::query("SELECT 1 FROM pg_namespace WHERE nspname = $1").bind(name).persistent(false);
            let create = match is_there.fetch_optional(&mut *lease).await? {
                Some(_) => String::new(),
                None => format!("CREATE SCHEMA \"{name}\"; "),
            };
            let go_there = format!("{create}SET LOCAL search_path TO \"{name}\"");
            sqlx::raw_sql(AssertSqlSafe(go_there)).execute(&mut *lease).await?;
        }
        Ok(lease)
    }

    /// On the server by the names that the driver gives, so that those of other programs behind the same pooler stay.
    async fn forget_statements(connection: &mut PgConnection) -> sqlx::Result<()> {
        let deallocate = "DO $$ DECLARE statement TEXT; BEGIN \
            FOR statement IN SELECT name FROM pg_prepared_statements WHERE left(name, 7) = 'sqlx_s_' \
            LOOP EXECUTE format('DEALLOCATE %I', statement); END LOOP; END $$";
        connection.clear_cached_statements().await?;
        Self::execute_script(deallocate, connection).await
    }

    async fn check_settings(connection: &mut PgConnection, texts: &Texts) -> Result<(), MigrateError> {
        session::check(connection, texts).await
    }

    run_queries!();

    /// By SQLSTATE (<https://www.postgresql.org/docs/current/errcodes-appendix.html>).
    /// `undefined_table`, `undefined_column`.
    fn is_missing(error: &dyn DatabaseError) -> bool {
        matches!(error.code().as_deref(), Some("42P01" | "42703"))
    }

    fn fault(error: &dyn DatabaseError) -> Fault {
        match error.code().as_deref() {
            // serialization_failure, deadlock_detected
            Some("40001" | "40P01") => Fault::Conflict,
            // invalid_sql_statement_name: somebody said DEALLOCATE ALL or DISCARD ALL
            Some("26000") => Fault::Outdated,
            // feature_not_supported: "cached plan must not change result type", of which the text depends on the
            // server's language
            Some("0A000") if routine(error) == Some("RevalidateCachedQuery") => Fault::Outdated,
            // read_only_sql_transaction
            Some("25006") => Fault::Refused,
            // idle_in_transaction_session_timeout, transaction_timeout
            Some("25P03" | "25P04") => Fault::Gone,
            // lock_not_available, query_canceled
            Some("55P03" | "57014") => Fault::Unavailable,
            // Connection exceptions; admin_shutdown, crash_shutdown, cannot_connect_now, database_dropped,
            // idle_session_timeout
            Some(code) if ["08", "57P"].iter().any(|class| code.starts_with(class)) => Fault::Gone,
            // Insufficient resources, system errors
            Some(code) if ["53", "58"].iter().any(|class| code.starts_with(class)) => Fault::Unavailable,
            _ => Fault::Other,
        }
    }

    /// `insufficient_privilege`
    fn is_denied(error: &dyn DatabaseError) -> bool {
        error.code().is_some_and(|code| code == "42501")
    }
}

/// Returns the function of the server's source that reported an error.
fn routine(error: &dyn DatabaseError) -> Option<&str> {
    error.try_downcast_ref::<PgDatabaseError>().and_then(PgDatabaseError::routine)
}

/// Raises `sslmode` to what other clients' parameters ask for.
fn encrypted_as_asked(options: PgConnectOptions, url: &ServerUrl<'_>) -> sqlx::Result<PgConnectOptions> {
    use PgSslMode::{Allow, Disable, Prefer, Require, VerifyCa, VerifyFull};
    let mode = match options.get_ssl_mode() {
        _ if url.wants_certificate()? => VerifyFull,
        Allow | Disable | Prefer if url.wants_encryption()? => Require,
        mode @ (Allow | Disable | Prefer | Require | VerifyCa | VerifyFull) => mode,
    };
    Ok(options.ssl_mode(mode))
}

/// Fails on a standby, so that the pool connects again: an address may lead to several servers.
async fn refuse_standby(connection: &mut PgConnection) -> sqlx::Result<()> {
    let read_only = sqlx::query(Postgres::READ_ONLY.unwrap_or_default()).persistent(false);
    match read_only.fetch_optional(connection).await? {
        None => Ok(()),
        Some(_) => Err(sqlx::Error::Configuration("the server is a standby, or read-only".into())),
    }
}
