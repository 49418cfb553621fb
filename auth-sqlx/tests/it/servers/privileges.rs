//! Roles with the rights to rows and no others, and roles that nobody meant to give any.

/// PostgreSQL gives privileges by default, where somebody has said so.
mod postgres {
    use std::io;
    use std::sync::{Arc, Mutex};

    use auth_core::Client;
    use auth_sqlx::{MigrateError, PostgresStore, SqlxStore};
    use sqlx::{AssertSqlSafe, Pool};
    use throwaway::Postgres;
    use tracing::instrument::WithSubscriber;

    use crate::account::{ADA, auth, sign_in, sign_up};
    use crate::database::{PostgresDatabase, TestDatabase};

    const TABLES: &[&str] = &[
        "_auth_migrations",
        "auth_audit_log",
        "auth_one_time_tokens",
        "auth_passwords",
        "auth_sessions",
        "auth_throttle",
        "auth_users",
    ];

    /// What one of the most used hosts does with each new database.
    const DEFAULTS: &str = "
        CREATE ROLE anon LOGIN; CREATE ROLE authenticated LOGIN; CREATE ROLE \"some \"\"one\" LOGIN; CREATE ROLE app LOGIN;
        ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON TABLES TO anon, authenticated, \"some \"\"one\", PUBLIC;";

    /// The checksum of the first step before it took privileges back.
    const FORMER: &str = "7213823482e457ccf97f1f4dfc3003b58f09b7dc661bd12f75d337a4952ac06c";

    fn url(server: &Postgres, role: &str, parameters: &str) -> String {
        format!("postgres://{role}@127.0.0.1:{}/postgres?sslmode=disable{parameters}", server.port())
    }

    async fn execute(pool: &Pool<sqlx::Postgres>, script: String) {
        sqlx::raw_sql(AssertSqlSafe(script)).execute(pool).await.unwrap();
    }

    /// Who holds a privilege on a table, besides its owner, as `table role`.
    async fn strangers(pool: &Pool<sqlx::Postgres>) -> Vec<String> {
        let query = "SELECT DISTINCT relname || ' ' || CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END \
                     FROM pg_class, aclexplode(relacl) WHERE relnamespace = 'public'::regnamespace \
                     AND grantee <> relowner ORDER BY 1";
        PostgresDatabase::texts(pool, query).await
    }

    #[tokio::test]
    async fn a_new_table_is_its_owners_alone_whatever_privileges_are_given_by_default() {
        for by_hand in [false, true] {
            let server = Postgres::start().unwrap();
            let store = PostgresStore::connect(&server.url()).await.unwrap();
            PostgresDatabase::execute(store.pool(), DEFAULTS).await.unwrap();
            if by_hand {
                for step in PostgresStore::migrations() {
                    PostgresDatabase::execute(store.pool(), step.sql).await.unwrap();
                }
            } else {
                store.migrate().await.unwrap();
            }
            sign_up(&auth(store.clone()), ADA).await.unwrap();
            assert_eq!(strangers(store.pool()).await, [""; 0]);
            let visitor = PostgresStore::connect(&url(&server, "anon", "")).await.unwrap();
            for table in TABLES.iter().skip(usize::from(by_hand)) {
                let read = format!("SELECT * FROM {table}");
                let refused = sqlx::raw_sql(AssertSqlSafe(read)).execute(visitor.pool()).await.unwrap_err();
                assert_eq!(refused.as_database_error().unwrap().code().as_deref(), Some("42501"), "{table}: {refused}");
            }
        }
    }

    #[tokio::test]
    async fn older_tables_are_taken_from_everybody_and_not_from_a_role_that_the_owner_has_chosen() {
        let server = Postgres::start().unwrap();
        let store = PostgresStore::connect(&server.url()).await.unwrap();
        store.migrate().await.unwrap();
        // As the first release left it.
        let before = format!(
            "DELETE FROM _auth_migrations WHERE version > 1; UPDATE _auth_migrations SET checksum = '{FORMER}'"
        );
        execute(store.pool(), before).await;
        PostgresDatabase::execute(store.pool(), DEFAULTS).await.unwrap();
        for table in TABLES {
            execute(store.pool(), format!("GRANT ALL ON {table} TO PUBLIC, anon, authenticated, app")).await;
        }
        store.migrate().await.unwrap();
        let kept: Vec<_> = TABLES.iter().map(|table| format!("{table} app")).collect();
        assert_eq!(strangers(store.pool()).await, kept);
    }

    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Log {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn a_start_warns_of_roles_that_may_read_secrets() {
        let server = Postgres::start().unwrap();
        let store = PostgresStore::connect(&server.url()).await.unwrap();
        store.migrate().await.unwrap();
        PostgresDatabase::execute(store.pool(), DEFAULTS).await.unwrap();
        PostgresDatabase::execute(
            store.pool(),
            "GRANT SELECT ON auth_passwords TO anon; GRANT ALL ON auth_users TO app; GRANT ALL ON auth_throttle TO app; \
             GRANT UPDATE (auth_epoch) ON auth_sessions TO authenticated",
        )
        .await
        .unwrap();
        let log = Log::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
        store.migrate().with_subscriber(subscriber).await.unwrap();
        let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        let warnings: Vec<_> = log.lines().filter(|line| line.contains("holds privileges")).collect();
        assert_eq!(warnings.len(), 3, "{log}");
        assert!(warnings[0].contains("auth_passwords") && warnings[0].contains("anon"), "{log}");
        assert!(warnings[1].contains("auth_sessions") && warnings[1].contains("authenticated"), "{log}");
        assert!(warnings[2].contains("auth_users") && warnings[2].contains("app"), "{log}");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_role_with_rights_to_rows_alone_starts_and_serves() {
        for schema in [None, Some("accounts")] {
            let server = Postgres::start().unwrap();
            let store = |role: &str, parameters: &str| {
                let url = url(&server, role, parameters);
                async move {
                    let store = PostgresStore::connect(&url).await.unwrap();
                    match schema {
                        Some(name) => store.in_schema(name).unwrap(),
                        None => store,
                    }
                }
            };
            let owner = store("postgres", "").await;
            PostgresDatabase::execute(owner.pool(), "CREATE ROLE app LOGIN; CREATE ROLE other LOGIN").await.unwrap();
            owner.migrate().await.unwrap();
            let name = schema.unwrap_or("public");
            execute(
                owner.pool(),
                format!(
                    "GRANT USAGE ON SCHEMA {name} TO app, other; \
                     GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {name} TO app, other; \
                     REVOKE ALL ON {name}._auth_migrations FROM app, other; GRANT SELECT ON {name}._auth_migrations TO app"
                ),
            )
            .await;

            let app = store("app", "").await;
            app.migrate().await.unwrap();
            let auth = auth(app);
            let ada = sign_up(&auth, ADA).await.unwrap();
            sign_in(&auth, ADA).await.unwrap();
            auth.refresh(&ada.refresh_token, &Client::default()).await.unwrap();
            auth.prune().await.unwrap();

            // Also where nothing can be written, and behind a pooler.
            for parameters in ["&options=-cdefault_transaction_read_only=on", "&statement-cache-capacity=0"] {
                store("app", parameters).await.migrate().await.unwrap();
            }

            let error = store("other", "").await.migrate().await.unwrap_err();
            assert!(matches!(error, MigrateError::Denied(_)), "{error:?}");
            assert!(error.to_string().contains("GRANT SELECT ON _auth_migrations"), "{error}");
        }
    }

    #[tokio::test]
    async fn row_level_security_that_hides_every_row_is_refused() {
        let server = Postgres::start().unwrap();
        let owner = PostgresStore::connect(&server.url()).await.unwrap();
        owner.migrate().await.unwrap();
        PostgresDatabase::execute(
            owner.pool(),
            "CREATE ROLE app LOGIN; GRANT ALL ON ALL TABLES IN SCHEMA public TO app; \
             ALTER TABLE auth_sessions ENABLE ROW LEVEL SECURITY",
        )
        .await
        .unwrap();
        owner.migrate().await.unwrap();
        let app: SqlxStore<sqlx::Postgres> = PostgresStore::connect(&url(&server, "app", "")).await.unwrap();
        let error = app.migrate().await.unwrap_err();
        assert!(error.to_string().contains("ALTER TABLE auth_sessions DISABLE ROW LEVEL SECURITY"), "{error}");
        PostgresDatabase::execute(owner.pool(), "CREATE POLICY app ON auth_sessions TO app USING (true)")
            .await
            .unwrap();
        app.migrate().await.unwrap();
    }

    #[tokio::test]
    async fn a_session_without_foreign_keys_is_refused() {
        let server = Postgres::start().unwrap();
        let url = url(&server, "postgres", "&options=-csession_replication_role=replica");
        let error = PostgresStore::connect(&url).await.unwrap().migrate().await.unwrap_err();
        assert!(error.to_string().contains("session_replication_role = replica"), "{error}");
    }
}

mod mysql {
    use auth_sqlx::{MigrateError, MySqlStore};
    use throwaway::MariaDb;

    use crate::account::{ADA, auth, sign_in, sign_up};
    use crate::database::{MySqlDatabase, TestDatabase};

    #[tokio::test(flavor = "multi_thread")]
    async fn a_role_with_rights_to_rows_alone_starts_and_serves() {
        let server = MariaDb::start().unwrap();
        let url = |role: &str| format!("mysql://{role}@127.0.0.1:{}/accounts?ssl-mode=DISABLED", server.port());
        let operator = MySqlStore::connect(&server.url()).await.unwrap();
        MySqlDatabase::execute(operator.pool(), "CREATE DATABASE accounts; CREATE USER app; CREATE USER other")
            .await
            .unwrap();
        let owner = MySqlStore::connect(&url("root")).await.unwrap();
        owner.migrate().await.unwrap();
        for table in ["users", "passwords", "sessions", "one_time_tokens", "throttle", "audit_log"] {
            let grant = format!("GRANT SELECT, INSERT, UPDATE, DELETE ON auth_{table} TO app, other");
            sqlx::raw_sql(sqlx::AssertSqlSafe(grant)).execute(owner.pool()).await.unwrap();
        }
        MySqlDatabase::execute(owner.pool(), "GRANT SELECT ON _auth_migrations TO app").await.unwrap();

        let app = MySqlStore::connect(&url("app")).await.unwrap();
        app.migrate().await.unwrap();
        let auth = auth(app.clone());
        sign_up(&auth, ADA).await.unwrap();
        sign_in(&auth, ADA).await.unwrap();
        auth.prune().await.unwrap();

        MySqlDatabase::execute(operator.pool(), "SET GLOBAL read_only = 1").await.unwrap();
        app.migrate().await.unwrap();
        MySqlDatabase::execute(operator.pool(), "SET GLOBAL read_only = 0").await.unwrap();
        let error = MySqlStore::connect(&url("other")).await.unwrap().migrate().await.unwrap_err();
        assert!(matches!(error, MigrateError::Denied(_)), "{error:?}");
        assert!(error.to_string().contains("GRANT SELECT ON _auth_migrations"), "{error}");
    }

    #[tokio::test]
    async fn the_tables_have_their_row_format_whatever_the_server_gives_to_others() {
        let server = MariaDb::start_with(&[("innodb-default-row-format", "compact")]).unwrap();
        let store = MySqlStore::connect(&server.url()).await.unwrap();
        store.migrate().await.unwrap();
        let other = "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() \
                     AND table_name LIKE 'auth\\_%' AND row_format <> 'Dynamic'";
        assert_eq!(MySqlDatabase::texts(store.pool(), other).await, [""; 0]);
        sign_up(&auth(store), ADA).await.unwrap();
    }
}
