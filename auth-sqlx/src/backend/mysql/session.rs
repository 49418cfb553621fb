//! What a session has to be set to: `connect` sets it on every connection, and `migrate` checks a pool of one's own.
//!
//! The server, a database proxy or `init_connect` may begin sessions otherwise. A setting that is not in the list
//! changes none of this crate's statements, such as the time zone and the collation, or fails loudly and is the
//! operator's: `tx_read_only`, by which writes are stopped for a while, and limits of time (`max_statement_time`,
//! `max_execution_time`) and of joins.

use sqlx::mysql::MySqlConnection;
use sqlx::{AssertSqlSafe, Row};

use crate::backend::setting::Setting;
use crate::migration::MigrateError;

const SETTINGS: &[Setting] = &[
    // Before `autocommit`, since switching that on commits what is open.
    Setting {
        names: &["completion_type"],
        set: "SET SESSION completion_type = 'NO_CHAIN'",
        suffices: |value| value == "NO_CHAIN",
        otherwise: "a COMMIT begins another transaction, or closes the connection",
    },
    Setting {
        names: &["autocommit"],
        set: "SET SESSION autocommit = 1",
        suffices: is_on,
        otherwise: "a connection goes on reading what was there when it first read, and accepts sessions that were ended",
    },
    // The whole mode, since a mode that was there may be one that changes values. What is named is what MySQL 8 and
    // MariaDB both know: values are refused and not altered, and `||` concatenates, as the driver has it.
    Setting {
        names: &["sql_mode"],
        set: "SET SESSION sql_mode = 'STRICT_TRANS_TABLES,STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ZERO_DATE,\
              NO_ZERO_IN_DATE,NO_ENGINE_SUBSTITUTION,PIPES_AS_CONCAT'",
        suffices: keeps_values,
        otherwise: "values are cut off or altered",
    },
    // The server's own default. SERIALIZABLE would lock every row that a check of a session reads.
    Setting {
        names: &["tx_isolation", "transaction_isolation"],
        set: "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
        suffices: |value| value != "READ-UNCOMMITTED",
        otherwise: "a request sees what another one may yet undo",
    },
    Setting {
        names: &["foreign_key_checks"],
        set: "SET SESSION foreign_key_checks = 1",
        suffices: is_on,
        otherwise: "the sessions and the password of a deleted user stay",
    },
    Setting {
        names: &["unique_checks"],
        set: "SET SESSION unique_checks = 1",
        suffices: is_on,
        otherwise: "two users may get the same e-mail address",
    },
    Setting {
        names: &["sql_safe_updates"],
        set: "SET SESSION sql_safe_updates = 0",
        suffices: is_off,
        otherwise: "a statement that finds its rows without an index is refused",
    },
    Setting {
        names: &["sql_select_limit"],
        set: "SET SESSION sql_select_limit = 18446744073709551615",
        suffices: |value| value == "18446744073709551615",
        otherwise: "not all sessions of a user are found",
    },
    // With the server's 50 seconds and a day, a request that needs a locked row would keep a connection from others. A
    // pool of one's own may do so.
    Setting {
        names: &["innodb_lock_wait_timeout", "lock_wait_timeout"],
        set: "SET SESSION innodb_lock_wait_timeout = 3, lock_wait_timeout = 3",
        suffices: |_| true,
        otherwise: "",
    },
];

/// The driver sets the character set, with the collation that the URL may name.
const CHARACTER_SET: Setting = Setting {
    names: &["character_set_client", "character_set_connection", "character_set_results"],
    set: "SET NAMES utf8mb4",
    suffices: |value| value == "utf8mb4",
    otherwise: "text that is not ASCII is stored as other text",
};

/// Sets what a new connection is set to.
pub(super) async fn set_up(connection: &mut MySqlConnection) -> sqlx::Result<()> {
    let script = SETTINGS.iter().map(|setting| setting.set).collect::<Vec<_>>().join("; ");
    // Safe, since the script is made of constants.
    sqlx::raw_sql(AssertSqlSafe(script)).execute(connection).await.map(drop)
}

/// Refuses a connection with which the statements would mean something else. Each setting is asked for by itself, since
/// `sql_select_limit` cuts off what SHOW lists as well.
pub(super) async fn check(connection: &mut MySqlConnection) -> Result<(), MigrateError> {
    for setting in SETTINGS.iter().chain([&CHARACTER_SET]) {
        for name in setting.names {
            // Safe, since the statement is made of constants. A release that does not have the setting has no row.
            let query = sqlx::raw_sql(AssertSqlSafe(format!("SHOW SESSION VARIABLES LIKE '{name}'")));
            if let Some(row) = query.fetch_optional(&mut *connection).await? {
                setting.check(name, row.try_get(1)?)?;
            }
        }
    }
    Ok(())
}

fn is_on(value: &str) -> bool {
    value == "ON"
}

fn is_off(value: &str) -> bool {
    value == "OFF"
}

/// Without a strict mode a value that is too long is cut off, and not refused; two modes make an empty text NULL.
fn keeps_values(sql_mode: &str) -> bool {
    let has = |mode: &str| sql_mode.split(',').any(|set| set == mode);
    (has("STRICT_TRANS_TABLES") || has("STRICT_ALL_TABLES")) && !has("EMPTY_STRING_IS_NULL") && !has("ORACLE")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manual_shows_the_statements_that_connect_runs() {
        let page = include_str!("../../../docs/mysql.md").split_whitespace().collect::<Vec<_>>().join(" ");
        for setting in SETTINGS {
            assert!(page.contains(setting.set), "{}", setting.set);
        }
    }

    #[test]
    fn a_mode_that_alters_values_is_refused() {
        assert!(keeps_values("STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION"));
        assert!(keeps_values("ANSI_QUOTES,STRICT_ALL_TABLES"));
        for mode in ["", "ANSI", "STRICT_ALL_TABLES,EMPTY_STRING_IS_NULL", "ORACLE,STRICT_ALL_TABLES"] {
            assert!(!keeps_values(mode), "{mode}");
        }
    }
}
