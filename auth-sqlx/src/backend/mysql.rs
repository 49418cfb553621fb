//! MySQL and MariaDB: rows are locked by those who change them, and any transaction may have to be run again.

mod session;

use std::str::FromStr;

use sqlx::error::DatabaseError;
use sqlx::mysql::{MySqlConnectOptions, MySqlConnection, MySqlDatabaseError, MySqlSslMode};
use sqlx::{MySql, Pool, SqlStr};

use crate::backend::url::{ServerUrl, check_scheme};
use crate::backend::{Fault, Prepared, Recorded, Run, run_queries, server};
use crate::lease::Lease;
use crate::migration::{MigrateError, Migration};
use crate::schema::Schema;
use crate::texts::Texts;

/// What the driver reads.
#[rustfmt::skip]
const PARAMETERS: &[&str] = &[
    "ssl-mode", "sslmode", "ssl-ca", "sslca", "ssl-cert", "sslcert", "ssl-key", "sslkey", "statement-cache-capacity",
    "socket", "charset", "collation", "timezone", "time-zone",
];

impl Run for MySql {
    const MIGRATIONS: &'static [Migration] = &[
        Migration {
            version: 1,
            name: "initial",
            sql: include_str!("../../migrations/mysql/0001_initial.sql"),
            former_checksums: &["a5adb94ecbf193c861821ab3e16bfd191895e514cb75d4ae7c1c2359b76dbb2c"],
        },
        Migration {
            version: 2,
            name: "server defaults",
            sql: include_str!("../../migrations/mysql/0002_server_defaults.sql"),
            former_checksums: &[],
        },
    ];

    const MIGRATION_TABLE: &'static str = "CREATE TABLE IF NOT EXISTS _auth_migrations (\
        version BIGINT NOT NULL PRIMARY KEY, name VARCHAR(255) NOT NULL, checksum CHAR(64) NOT NULL) \
        ENGINE = InnoDB, CHARACTER SET ascii";

    /// A role that holds no privilege on a table does not see it here.
    const HISTORY_IS_THERE: &'static str = "SELECT 1 FROM information_schema.tables \
        WHERE table_schema = DATABASE() AND table_name = '_auth_migrations'";

    /// Here nobody is granted anything by default.
    const STRANGERS: Option<&'static str> = None;

    const NUMBERS_ARGUMENTS: bool = false;

    const LOCK_ROW: &'static str = " FOR UPDATE";

    /// `connect` gives its connections a limit.
    const BOUND_WAIT: &'static str = "";

    const RECORDED: Option<Recorded> = None;

    const MAY_FALL_SILENT: bool = true;

    /// By name, since MySQL and MariaDB have different ones. A later MariaDB's `read_only` has more values than ON.
    const READ_ONLY: Option<&'static str> = Some(
        "SHOW SESSION VARIABLES WHERE Variable_name IN ('read_only', 'super_read_only', 'innodb_read_only', \
         'tx_read_only', 'transaction_read_only') AND Value NOT IN ('OFF', '0')",
    );

    /// A connection that was preparing a statement is lost to the pool.
    const SURVIVES_DROPPED_READS: bool = false;

    async fn open(url: &str) -> sqlx::Result<Pool<Self>> {
        check_scheme(url, &["mysql:", "mariadb:"])?;
        let read = ServerUrl::read(url, PARAMETERS)?;
        let options = encrypted_as_asked(MySqlConnectOptions::from_str(&read.for_driver())?, &read)?;
        let pool = server::pool(&read)?.after_connect(|connection, _| Box::pin(session::set_up(connection)));
        let host = options.get_socket().map_or_else(|| options.get_host().into(), |socket| socket.to_string_lossy());
        let host = format!("{host}:{}", options.get_port());
        server::open(&read, pool, options, &host).await
    }

    fn is_transaction_pooler(_url: &str) -> bool {
        false
    }

    fn writer(pool: &Pool<Self>) -> Pool<Self> {
        pool.clone()
    }

    async fn begin(lease: &mut Lease<Self>) -> sqlx::Result<()> {
        server::begin(lease, "BEGIN").await
    }

    /// Here each statement that changes the schema is committed by itself, so the lock is one of the connection, which
    /// is closed in the end. A step that was interrupted is run again from its beginning: its statements pass over
    /// what is there.
    async fn begin_migration(pool: &Pool<Self>, _schema: &Schema) -> Result<Lease<Self>, MigrateError> {
        let mut connection = pool.acquire().await?;
        connection.close_on_drop();
        let lock = "SELECT GET_LOCK(CONCAT('auth-sqlx ', MD5(DATABASE())), 60)";
        match sqlx::query_scalar::<_, Option<i64>>(lock).fetch_one(&mut *connection).await? {
            Some(1) => {}
            Some(_) => return Err(MigrateError::Setting("another process has been migrating for a minute".to_owned())),
            None => return Err(MigrateError::Setting("the URL names no database".to_owned())),
        }
        check_tables(&mut connection).await?;
        Ok(Lease::of(connection))
    }

    /// No pooler is known that hands out another connection for each transaction.
    async fn forget_statements(_connection: &mut MySqlConnection) -> sqlx::Result<()> {
        Ok(())
    }

    async fn check_settings(connection: &mut MySqlConnection, _texts: &Texts) -> Result<(), MigrateError> {
        session::check(connection).await
    }

    run_queries!();

    /// By number (<https://mariadb.com/kb/en/mariadb-error-code-reference/>), because most have no SQLSTATE of their
    /// own. `ER_NO_SUCH_TABLE`, `ER_BAD_FIELD_ERROR`.
    fn is_missing(error: &dyn DatabaseError) -> bool {
        error.try_downcast_ref::<MySqlDatabaseError>().is_some_and(|error| [1146, 1054].contains(&error.number()))
    }

    fn fault(error: &dyn DatabaseError) -> Fault {
        let number = error.try_downcast_ref::<MySqlDatabaseError>().map_or(0, MySqlDatabaseError::number);
        if CONFLICT.contains(&number) {
            Fault::Conflict
        } else if GONE.contains(&number) {
            Fault::Gone
        } else if OUTDATED.contains(&number) {
            Fault::Outdated
        } else if REFUSED.contains(&number) {
            Fault::Refused
        } else if UNAVAILABLE.contains(&number) {
            Fault::Unavailable
        } else {
            Fault::Other
        }
    }

    fn is_denied(error: &dyn DatabaseError) -> bool {
        error.try_downcast_ref::<MySqlDatabaseError>().is_some_and(|error| DENIED.contains(&error.number()))
    }
}

const DENIED: [u16; 4] = [
    1044, // the database
    1142, 1143, // the table, the column
    1227, // a privilege of the server
];

const CONFLICT: [u16; 3] = [
    1020, // the row has changed since the snapshot
    1213, // a deadlock
    3101, // Group Replication rolled it back for the sake of another node's transaction
];

const GONE: [u16; 11] = [
    1053, // the server is shutting down
    1156, // packets out of order
    1158, 1159, 1160, 1161, // the network, as the server sees it, which ends the connection
    1927, 3169, // the connection was killed
    3032, 3168, // the server has been taken offline
    4031, // it was not used for too long
];

const OUTDATED: [u16; 2] = [
    1243, // the server does not know the statement, for instance behind a proxy that has changed the server
    1615, // it has to be prepared again
];

const REFUSED: [u16; 5] = [
    1047, // a node of Galera that is not part of its cluster
    1290, 1792, 1836, // read-only
    3100, // Group Replication does not let it commit
];

const UNAVAILABLE: [u16; 9] = [
    1021, 1114, // the disk, the table is full
    1040, 1203, 1226, // too many connections of all, of this user
    1205, // a lock was not to be had
    1317, 1969, 3024, // the statement was stopped, took too long
];

/// An interrupted step left tables with our comment. Others of these names are somebody else's.
async fn check_tables(connection: &mut MySqlConnection) -> Result<(), MigrateError> {
    let foreign = "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() \
                   AND table_name IN ('auth_users', 'auth_passwords', 'auth_sessions', 'auth_one_time_tokens', \
                   'auth_throttle', 'auth_audit_log') AND table_comment <> 'auth-sqlx'";
    if sqlx::query_scalar::<_, i64>(foreign).fetch_one(connection).await? > 0 {
        let taken = "a table whose name begins with auth_ is there already, and is not ours";
        return Err(MigrateError::Setting(taken.to_owned()));
    }
    Ok(())
}

/// Raises `ssl-mode` to what other clients' parameters ask for.
fn encrypted_as_asked(options: MySqlConnectOptions, url: &ServerUrl<'_>) -> sqlx::Result<MySqlConnectOptions> {
    use MySqlSslMode::{Disabled, Preferred, Required, VerifyCa, VerifyIdentity};
    let mode = match options.get_ssl_mode() {
        _ if url.wants_certificate()? => VerifyIdentity,
        Disabled | Preferred if url.wants_encryption()? => Required,
        mode @ (Disabled | Preferred | Required | VerifyCa | VerifyIdentity) => mode,
    };
    Ok(options.ssl_mode(mode))
}
