//! How the world sets databases up: one row for each way that is unlike a server that was just installed.

/// One way in which a database is set up in the world.
///
/// The rows of one server can be started alone or together, as [`Surroundings`](crate::Surroundings).
#[derive(Debug)]
pub(crate) struct SetUp {
    /// The name of the row.
    pub(crate) name: &'static str,
    /// Settings of the server.
    pub(crate) settings: &'static [(&'static str, &'static str)],
    /// Settings of the pooler in front of it, if there is one.
    pub(crate) pooler: Option<&'static [(&'static str, &'static str)]>,
    /// Parameters of the application's URL.
    pub(crate) parameters: &'static str,
    /// The user that the application connects as.
    pub(crate) user: User,
    /// Statements that the administrator runs once.
    pub(crate) once: &'static [&'static str],
    /// Statements that the administrator runs in each new database.
    pub(crate) prepared: &'static [&'static str],
    /// Statements that the administrator runs in each database when its tables are there.
    pub(crate) granted: &'static [&'static str],
    /// A query that has to answer with `t` when the application has run.
    pub(crate) holds: Option<&'static str>,
}

/// Who the application is, for the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum User {
    /// The administrator of the server.
    Administrator,
    /// A user `app` who creates the tables.
    Owner,
    /// A user `app` who may read and write rows of tables that the administrator has created.
    Rows,
}

const PLAIN: SetUp = SetUp {
    name: "",
    settings: &[],
    pooler: None,
    parameters: "",
    user: User::Administrator,
    once: &[],
    prepared: &[],
    granted: &[],
    holds: None,
};

/// The rows for MariaDB.
pub(crate) const MARIADB: &[SetUp] = &[
    SetUp { name: "autocommit_off", settings: &[("autocommit", "0")], ..PLAIN },
    SetUp { name: "completion_type_chain", settings: &[("completion-type", "1")], ..PLAIN },
    SetUp { name: "completion_type_release", settings: &[("completion-type", "2")], ..PLAIN },
    SetUp { name: "empty_string_is_null", settings: &[("sql-mode", "EMPTY_STRING_IS_NULL")], ..PLAIN },
    SetUp { name: "sql_mode_ansi", settings: &[("sql-mode", "ANSI")], ..PLAIN },
    SetUp { name: "sql_mode_empty", settings: &[("sql-mode", "")], ..PLAIN },
    SetUp { name: "sql_mode_oracle", settings: &[("sql-mode", "ORACLE")], ..PLAIN },
    SetUp { name: "sql_mode_strict", settings: &[("sql-mode", "TRADITIONAL")], ..PLAIN },
    SetUp { name: "row_format_compact", settings: &[("innodb-default-row-format", "compact")], ..PLAIN },
    SetUp {
        name: "latin1",
        settings: &[("character-set-server", "latin1"), ("collation-server", "latin1_swedish_ci")],
        ..PLAIN
    },
    SetUp {
        name: "user_without_ddl",
        user: User::Rows,
        once: &["CREATE USER app@'127.0.0.1'"],
        granted: &["GRANT SELECT, INSERT, UPDATE, DELETE ON * TO app@'127.0.0.1'"],
        ..PLAIN
    },
];

/// The rows for MariaDB in few runs: what does not contradict comes together.
pub(crate) const MARIADB_TOGETHER: &[&[&str]] = &[
    &["autocommit_off", "sql_mode_oracle", "empty_string_is_null", "row_format_compact", "latin1"],
    &["completion_type_chain", "sql_mode_ansi", "sql_mode_strict", "user_without_ddl"],
    &["completion_type_release", "sql_mode_empty"],
];

/// The rows for PostgreSQL.
pub(crate) const POSTGRES: &[SetUp] = &[
    // As a host does that serves the schema to the world under roles of these names.
    SetUp {
        name: "default_privileges",
        once: &["CREATE ROLE anon", "CREATE ROLE authenticated"],
        prepared: &["ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON TABLES TO anon, authenticated"],
        holds: Some(
            "SELECT count(*) = 0 FROM pg_class, unnest('{anon,authenticated}'::text[]) AS stranger \
             WHERE relname ~ '^_?auth_' AND relkind = 'r' \
             AND has_table_privilege(stranger, oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')",
        ),
        ..PLAIN
    },
    SetUp {
        name: "own_schema",
        user: User::Owner,
        once: &["CREATE ROLE app LOGIN"],
        prepared: &["CREATE SCHEMA app AUTHORIZATION app", "REVOKE ALL ON SCHEMA public FROM PUBLIC"],
        holds: Some("SELECT count(*) > 5 FROM pg_tables WHERE schemaname = 'app'"),
        ..PLAIN
    },
    SetUp { name: "pooler_for_sessions", pooler: Some(&[]), ..PLAIN },
    SetUp {
        name: "pooler_for_transactions",
        // So few connections that clients do get different ones.
        pooler: Some(&[("pool_mode", "transaction"), ("default_pool_size", "5")]),
        parameters: "statement-cache-capacity=0",
        ..PLAIN
    },
    SetUp { name: "serializable", settings: &[("default_transaction_isolation", "serializable")], ..PLAIN },
    SetUp {
        name: "statement_timeout",
        settings: &[("statement_timeout", "5s"), ("idle_in_transaction_session_timeout", "5s")],
        ..PLAIN
    },
    SetUp {
        name: "user_without_ddl",
        user: User::Rows,
        once: &["CREATE ROLE app LOGIN"],
        granted: &["GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO app"],
        ..PLAIN
    },
];

/// The rows for PostgreSQL in few runs: what does not contradict comes together.
pub(crate) const POSTGRES_TOGETHER: &[&[&str]] = &[
    &["default_privileges", "pooler_for_sessions", "serializable"],
    &["pooler_for_transactions", "statement_timeout", "user_without_ddl"],
    &["own_schema"],
];

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn occurs(rows: &[SetUp], together: &[&[&str]]) {
        let mut used: Vec<&str> = together.concat();
        let mut named: Vec<&str> = rows.iter().map(|row| row.name).collect();
        used.sort_unstable();
        named.sort_unstable();
        assert_eq!(used, named);
    }

    #[test]
    fn each_row_is_part_of_one_run() {
        occurs(MARIADB, MARIADB_TOGETHER);
        occurs(POSTGRES, POSTGRES_TOGETHER);
    }
}
