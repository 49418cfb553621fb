//! What one database has alone.

/// What only SQLite has.
mod sqlite {
    use auth_sqlx::SqliteStore;
    use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};

    use super::super::{SqliteFile, TestDatabase};

    #[tokio::test]
    async fn tables_are_strict() {
        let database = SqliteFile::migrated().await;
        let store = database.store().await;
        let loose = "SELECT name FROM pragma_table_list WHERE name LIKE '%auth%' AND type = 'table' AND strict = 0";
        assert_eq!(SqliteFile::texts(store.pool(), loose).await, [""; 0]);
        let strict = "SELECT count(*) FROM pragma_table_list WHERE name LIKE '%auth%' AND strict = 1";
        assert_eq!(SqliteFile::number(store.pool(), strict).await, 7);
    }

    #[tokio::test]
    async fn every_connection_has_the_settings_that_the_store_relies_on() {
        let database = SqliteFile::migrated().await;
        let store = database.store().await;
        let mut connections = Vec::new();
        for _ in 0..8 {
            connections.push(store.pool().acquire().await.unwrap());
        }
        for connection in &mut connections {
            let journal: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut **connection).await.unwrap();
            let keys: i64 = sqlx::query_scalar("PRAGMA foreign_keys").fetch_one(&mut **connection).await.unwrap();
            // 2 is FULL.
            let synchronous: i64 = sqlx::query_scalar("PRAGMA synchronous").fetch_one(&mut **connection).await.unwrap();
            assert_eq!((journal.as_str(), keys, synchronous), ("wal", 1, 2));
        }
    }

    #[tokio::test]
    async fn a_pool_that_changes_what_statements_mean_is_refused() {
        let database = SqliteFile::none().await;
        let settings =
            ["foreign_keys = 0", "query_only = 1", "read_uncommitted = 1", "count_changes = 1", "journal_mode = off"];
        for setting in settings {
            let (name, value) = setting.split_once(" = ").unwrap();
            let options =
                SqliteConnectOptions::new().filename(database.path()).create_if_missing(true).pragma(name, value);
            let store = SqliteStore::new(SqlitePoolOptions::new().connect_with(options).await.unwrap());
            let error = store.migrate().await.unwrap_err().to_string();
            assert!(error.contains(setting) && error.contains(&format!("`PRAGMA {name} = ")), "{error}");
        }
        database.store().await.migrate().await.unwrap();
    }
}

/// What only PostgreSQL has: schemas within a database.
mod postgres {
    use super::super::{ADA, Pool, PostgresDatabase, TestDatabase, auth, sign_in, sign_up};

    async fn tables(pool: &Pool<sqlx::Postgres>, schema: &str) -> Vec<String> {
        let query = "SELECT table_name::text FROM information_schema.tables WHERE table_schema = $1 ORDER BY 1";
        sqlx::query_scalar(query).bind(schema).fetch_all(pool).await.unwrap()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn two_stores_in_two_schemas_of_one_database_know_nothing_of_each_other() {
        let database = PostgresDatabase::none().await;
        let one = database.store().await.in_schema("one").unwrap();
        let other = database.store().await.in_schema("other_2").unwrap();
        for store in [&one, &other] {
            store.migrate().await.unwrap();
            store.migrate().await.unwrap();
        }
        let (one_auth, other_auth) = (auth(one.clone()), auth(other.clone()));
        let ada = sign_up(&one_auth, ADA).await.unwrap();
        assert_ne!(sign_up(&other_auth, ADA).await.unwrap().user.id, ada.user.id);
        assert_eq!(sign_in(&one_auth, ADA).await.unwrap().user.id, ada.user.id);
        assert_eq!(tables(one.pool(), "public").await, [""; 0]);
        assert_eq!(tables(one.pool(), "one").await, tables(one.pool(), "other_2").await);
        assert_eq!(tables(one.pool(), "one").await.len(), 7);
        auth_core::conformance::store::run_rules(&one).await;
    }

    #[tokio::test]
    async fn a_schema_whose_name_needs_care_is_refused() {
        let database = PostgresDatabase::none().await;
        let error = database.store().await.in_schema("Public; DROP").unwrap_err();
        assert!(error.to_string().contains("lower-case letters"), "{error}");
    }
}

/// What only MySQL has: changes of the schema that are committed one by one, and settings that lose data.
mod mysql {
    use super::super::{
        ADA, Error, Executor, MigrateError, MySqlDatabase, MySqlPoolOptions, MySqlStore, TestDatabase, auth, sign_up,
    };

    #[tokio::test(flavor = "multi_thread")]
    async fn an_interrupted_step_is_finished_by_the_next_start() {
        let database = MySqlDatabase::none().await;
        let store = database.store().await;
        let sql = MySqlStore::migrations()[0].sql;
        for (end, _) in sql.match_indices(";\n").take(6) {
            MySqlDatabase::execute(store.pool(), sql[..end].to_owned().leak()).await.unwrap();
            let again = database.store().await;
            again.migrate().await.unwrap();
            again.migrate().await.unwrap();
            let undo = "DROP TABLE auth_audit_log, auth_throttle, auth_one_time_tokens, _auth_migrations";
            MySqlDatabase::execute(store.pool(), undo).await.unwrap();
        }
        store.migrate().await.unwrap();
        sign_up(&auth(store), ADA).await.unwrap();
    }

    #[tokio::test]
    async fn a_mode_that_cuts_values_off_is_refused() {
        let database = MySqlDatabase::none().await;
        let pool = MySqlPoolOptions::new().max_connections(1).after_connect(|connection, _| {
            Box::pin(async move { connection.execute("SET SESSION sql_mode = ''").await.map(drop) })
        });
        let store = MySqlStore::new(pool.connect(&database.url()).await.unwrap());
        let error = store.migrate().await.unwrap_err();
        assert!(matches!(error, MigrateError::Setting(_)), "{error:?}");
        assert!(error.to_string().contains("sql_mode"), "{error}");
        assert!(error.source().is_none());
    }

    #[tokio::test]
    async fn a_url_without_a_database_is_refused() {
        let database = MySqlDatabase::none().await;
        let (server, _) = database.url().rsplit_once('/').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
        let error = MySqlStore::connect(&server).await.unwrap().migrate().await.unwrap_err();
        assert!(error.to_string().contains("names no database"), "{error}");
    }
}
