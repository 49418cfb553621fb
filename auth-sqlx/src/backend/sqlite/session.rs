//! What a connection has to be set to: `connect` sets it, and `migrate` checks a pool of one's own.
//!
//! A setting that is not in the list changes none of this crate's statements, or is the operator's: `synchronous`, the
//! busy timeout, limits.

use sqlx::{AssertSqlSafe, Row, SqliteConnection};

use crate::backend::setting::Setting;
use crate::migration::MigrateError;

/// Connections begin with all of these as they should be, `foreign_keys` by the driver.
const SETTINGS: &[Setting] = &[
    Setting {
        names: &["foreign_keys"],
        set: "PRAGMA foreign_keys = ON",
        suffices: |value| value == "1",
        otherwise: "the sessions and the password of a deleted user stay",
    },
    Setting {
        names: &["query_only"],
        set: "PRAGMA query_only = OFF",
        suffices: is_off,
        otherwise: "nothing can be written",
    },
    Setting {
        names: &["read_uncommitted"],
        set: "PRAGMA read_uncommitted = OFF",
        suffices: is_off,
        otherwise: "a request sees what another one may yet undo",
    },
    Setting {
        names: &["count_changes"],
        set: "PRAGMA count_changes = OFF",
        suffices: is_off,
        otherwise: "a statement that changes nothing returns a row",
    },
    Setting {
        names: &["journal_mode"],
        set: "PRAGMA journal_mode = WAL",
        suffices: |value| !value.eq_ignore_ascii_case("off"),
        otherwise: "a transaction that fails leaves half of its changes",
    },
];

/// Refuses a connection with which the statements would mean something else.
pub(super) async fn check(connection: &mut SqliteConnection) -> Result<(), MigrateError> {
    for setting in SETTINGS {
        for name in setting.names {
            // Safe, since the statement is made of constants.
            let query = sqlx::query(AssertSqlSafe(format!("PRAGMA {name}")));
            if let Some(row) = query.fetch_optional(&mut *connection).await? {
                // SQLite writes numbers as text when it is asked for text.
                setting.check(name, &row.try_get_unchecked::<String, _>(0)?)?;
            }
        }
    }
    Ok(())
}

fn is_off(value: &str) -> bool {
    value == "0"
}
