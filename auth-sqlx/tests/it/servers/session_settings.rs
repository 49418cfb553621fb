//! Servers whose sessions begin with settings that change what a statement or a COMMIT means.

mod mysql {
    use auth_core::auth::SignOutScope;
    use auth_core::{Auth, Client, Credential, ErrorKind};
    use auth_sqlx::{MigrateError, MySqlStore};
    use sqlx::mysql::{MySqlConnection, MySqlPoolOptions};
    use sqlx::{AssertSqlSafe, Connection, Executor};
    use throwaway::MariaDb;

    use crate::account::{ADA, auth, sign_in, sign_up};
    use crate::database::{MySqlDatabase, TestDatabase};

    /// A session setting, and values that some server begins its sessions with.
    const HOSTILE: &[(&str, &[&str])] = &[
        ("autocommit", &["0"]),
        ("completion_type", &["'CHAIN'", "'RELEASE'"]),
        ("foreign_key_checks", &["0"]),
        ("sql_mode", &["''", "'ORACLE,STRICT_ALL_TABLES'", "'EMPTY_STRING_IS_NULL,STRICT_ALL_TABLES'"]),
        ("sql_safe_updates", &["1"]),
        ("sql_select_limit", &["1"]),
        ("tx_isolation", &["'READ-UNCOMMITTED'"]),
        ("unique_checks", &["0"]),
    ];

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn connect_sets_what_the_statements_rely_on() {
        let server = MariaDb::start().unwrap();
        MySqlStore::connect(&server.url()).await.unwrap().migrate().await.unwrap();
        let modes = ["'ANSI'", "'PAD_CHAR_TO_FULL_LENGTH,NO_BACKSLASH_ESCAPES,SIMULTANEOUS_ASSIGNMENT'"];
        for (name, values) in HOSTILE.iter().chain(&[("sql_mode", &modes[..]), ("innodb_lock_wait_timeout", &["50"])]) {
            for value in *values {
                let mut operator = MySqlConnection::connect(&server.url()).await.unwrap();
                operator.execute(AssertSqlSafe(format!("SET GLOBAL {name} = {value}"))).await.unwrap();
                what_is_ended_stays_ended(&server.url(), &mut operator, &format!("{name} = {value}")).await;
                operator.execute(AssertSqlSafe(format!("SET GLOBAL {name} = DEFAULT"))).await.unwrap();
            }
        }
    }

    /// On every connection of the pool, each of which has read what was true before.
    async fn what_is_ended_stays_ended(url: &str, operator: &mut MySqlConnection, server: &str) {
        let store = MySqlStore::connect(url).await.unwrap();
        store.migrate().await.unwrap();
        let auth = auth(store.clone());
        let ada = sign_up(&auth, ADA).await.unwrap_or_else(|error| panic!("{server}: {error:?}"));
        assert_eq!(checks(&auth, ada.access_token.expose()).await, [None; CHECKS], "{server}");
        let access = Credential::Access(ada.access_token.expose());
        auth.sign_out(&access, SignOutScope::Session, &Client::default()).await.unwrap();
        let refused = [Some(ErrorKind::Unauthenticated); CHECKS];
        assert_eq!(checks(&auth, ada.access_token.expose()).await, refused, "{server}: signed out");

        let [first, second] = [sign_in(&auth, ADA).await.unwrap(), sign_in(&auth, ADA).await.unwrap()];
        assert_eq!(checks(&auth, first.access_token.expose()).await, [None; CHECKS], "{server}");
        let access = Credential::Access(first.access_token.expose());
        let current = auth.authenticate(&access).await.unwrap();
        assert_eq!(auth.sessions(&current).await.unwrap().len(), 2, "{server}");
        operator.execute("UPDATE auth_users SET status = 'disabled'; COMMIT").await.unwrap();
        assert_eq!(checks(&auth, second.access_token.expose()).await, refused, "{server}: disabled");

        assert_eq!(MySqlDatabase::number(store.pool(), "SELECT COUNT(*) FROM information_schema.innodb_trx").await, 0);
        MySqlDatabase::execute(store.pool(), "DELETE FROM auth_users WHERE status = 'disabled'").await.unwrap();
        let [users, passwords, sessions, _] = MySqlDatabase::rows(store.pool()).await;
        assert_eq!([users, passwords, sessions], [0; 3], "{server}: what a user had is deleted with the user");
        store.pool().close().await;
    }

    const CHECKS: usize = 40;

    /// Many at once, so that each connection of the pool makes some.
    async fn checks(auth: &Auth, access: &str) -> [Option<ErrorKind>; CHECKS] {
        let calls = [(); CHECKS].map(|()| {
            let (auth, access) = (auth.clone(), access.to_owned());
            tokio::spawn(async move { auth.authenticate(&Credential::Access(&access)).await })
        });
        let mut answers = [None; CHECKS];
        for (answer, call) in answers.iter_mut().zip(calls) {
            *answer = call.await.unwrap().err().map(|error| error.kind());
        }
        answers
    }

    #[tokio::test]
    async fn migrate_refuses_a_pool_without_what_the_statements_rely_on() {
        let server = MariaDb::start().unwrap();
        let names = [("character_set_results", &["latin1"][..])];
        for (name, values) in HOSTILE.iter().chain(&names) {
            for value in *values {
                let set: &str = format!("SET SESSION {name} = {value}").leak();
                let pool = MySqlPoolOptions::new().max_connections(1).after_connect(move |connection, _| {
                    Box::pin(async move { connection.execute(set).await.map(drop) })
                });
                let store = MySqlStore::new(pool.connect(&server.url()).await.unwrap());
                let error = store.migrate().await.unwrap_err();
                assert!(matches!(error, MigrateError::Setting(_)), "{set}: {error:?}");
                let text = error.to_string();
                assert!(text.contains(&format!("{name} = ")), "{set}: the name and the value: {text}");
                assert!(text.contains("SET "), "{set}: what to do: {text}");
            }
        }
        let pool = MySqlPoolOptions::new().max_connections(1).connect(&server.url()).await.unwrap();
        MySqlStore::new(pool).migrate().await.unwrap();
    }
}

mod postgres {
    use std::time::Duration;

    use auth_core::Client;
    use auth_sqlx::PostgresStore;
    use throwaway::Postgres;

    use crate::account::{ADA, auth, sign_in, sign_up};

    /// What a role or a database may have been given with requests in mind, or for a program of another kind.
    const HOSTILE: &[(&str, &str)] = &[
        ("default_transaction_deferrable", "on"),
        ("default_transaction_isolation", "serializable"),
        ("lock_timeout", "100ms"),
        ("standard_conforming_strings", "off"),
        ("statement_timeout", "1s"),
        ("transform_null_equals", "on"),
    ];

    #[tokio::test(flavor = "multi_thread")]
    async fn a_process_waits_its_turn_to_migrate_whatever_the_limits_of_requests() {
        let server = Postgres::start_with(HOSTILE).unwrap();
        let operator = PostgresStore::connect(&server.url()).await.unwrap();
        let mut other_process = operator.pool().begin().await.unwrap();
        let turn = "SET LOCAL lock_timeout = 0; SELECT pg_advisory_xact_lock(1635086440, 1936813176)";
        sqlx::raw_sql(turn).execute(&mut *other_process).await.unwrap();
        let store = PostgresStore::connect(&server.url()).await.unwrap();
        let waiting = tokio::spawn({
            let store = store.clone();
            async move { store.migrate().await }
        });
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert!(!waiting.is_finished(), "it is another process's turn");
        other_process.rollback().await.unwrap();
        waiting.await.unwrap().unwrap();

        let auth = auth(store);
        let ada = sign_up(&auth, ADA).await.unwrap();
        sign_in(&auth, ADA).await.unwrap();
        auth.refresh(&ada.refresh_token, &Client::default()).await.unwrap();
    }
}
