//! What `migrate` checks of a session. Nothing is set on a connection, since a pooler in transaction mode would give
//! the setting to somebody else: what the statements rely on stands in the BEGIN of their transaction.
//!
//! A single statement is right at every isolation level, and all names are qualified or found where `migrate` found
//! them. What fails loudly is the operator's: `default_transaction_read_only`, by which hosts stop writes to a full
//! disk, and time limits (`statement_timeout`, `idle_in_transaction_session_timeout`).

use sqlx::{PgConnection, Postgres, Row};

use crate::backend::Prepared;
use crate::backend::setting::Setting;
use crate::migration::MigrateError;
use crate::statement::Statement;
use crate::texts::Texts;

const SETTINGS: &[Setting] = &[Setting {
    names: &["session_replication_role"],
    set: "SET session_replication_role = origin",
    suffices: |value| value != "replica",
    otherwise: "foreign keys are not enforced, and the sessions of a deleted user stay",
}];

const READ: &str = "SELECT name, setting FROM pg_settings WHERE name = ?";

/// A table whose rows this role does not see, because row-level security is on and no policy lets anybody see them.
const HIDDEN: &str = "SELECT c.relname::text FROM pg_class c \
    WHERE c.oid IN (to_regclass('{auth_users}'), to_regclass('{auth_passwords}'), to_regclass('{auth_sessions}'), \
    to_regclass('{auth_one_time_tokens}'), to_regclass('{auth_throttle}'), to_regclass('{auth_audit_log}')) \
    AND row_security_active(c.oid) AND NOT EXISTS (SELECT 1 FROM pg_policy WHERE polrelid = c.oid)";

/// Privileges on the tables that hold secrets, or on columns of them, of roles that neither own them nor are the
/// connection's.
pub(super) const STRANGERS: &str = "SELECT DISTINCT c.relname::text, \
    CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(a.grantee)::text END \
    FROM pg_class c CROSS JOIN LATERAL (SELECT grantee FROM aclexplode(c.relacl) UNION ALL SELECT b.grantee \
    FROM pg_attribute t CROSS JOIN LATERAL aclexplode(t.attacl) b WHERE t.attrelid = c.oid) a \
    WHERE c.oid IN (to_regclass('{auth_users}'), to_regclass('{auth_passwords}'), to_regclass('{auth_sessions}')) \
    AND a.grantee <> c.relowner AND pg_get_userbyid(a.grantee) <> current_user ORDER BY 1, 2";

/// Refuses a connection with which the statements would mean something else.
pub(super) async fn check(connection: &mut PgConnection, texts: &Texts) -> Result<(), MigrateError> {
    for setting in SETTINGS {
        for name in setting.names {
            let query = Statement::<Postgres>::new(READ, texts, Prepared::Once).bind((*name).to_owned());
            for row in query.fetch_all(connection).await? {
                setting.check(row.try_get(0)?, row.try_get(1)?)?;
            }
        }
    }
    let hidden = Statement::<Postgres>::new(HIDDEN, texts, Prepared::Once).fetch_optional(connection).await?;
    let Some(row) = hidden else { return Ok(()) };
    let table: String = row.try_get(0)?;
    Err(MigrateError::Setting(format!(
        "row-level security is on for {table}, and no policy lets this role see a row of it: run \
         `ALTER TABLE {table} DISABLE ROW LEVEL SECURITY` and keep other roles out by their privileges"
    )))
}
