//! The application's own rows: there with the user, or not at all.

use async_trait::async_trait;
use auth_core::error::FieldErrors;
use auth_core::role::Role;
use auth_core::store::ProfileFields;
use auth_core::{Auth, Email, Error, ErrorKind, Password, User, UserId};
use auth_sqlx::{Profile, SqliteStore, SqlxStore};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sqlx::{Executor, Row};

use crate::account::{ADA, PASSWORD, auth, sign_in, sign_up_with};
use crate::database::{MySqlDatabase, PostgresDatabase, SqliteFile, TestDatabase, on_each_database};

/// A database with tables of the application's, and statements that refuse some of their rows.
pub(crate) trait ProfileDatabase: TestDatabase {
    const TABLES: &str;

    /// What hardware makes the statement fail, each in another way.
    const REFUSED: &[&str];
}

impl ProfileDatabase for SqliteFile {
    const TABLES: &str = "
        CREATE TABLE user_profiles (
            user_id BLOB PRIMARY KEY REFERENCES auth_users (id) ON DELETE CASCADE,
            experience_level TEXT NOT NULL
        ) STRICT;
        CREATE TABLE user_software_backgrounds (
            user_id BLOB PRIMARY KEY REFERENCES auth_users (id) ON DELETE CASCADE,
            languages TEXT NOT NULL
        ) STRICT;
        CREATE TABLE user_hardware_backgrounds (
            user_id BLOB PRIMARY KEY REFERENCES auth_users (id) ON DELETE CASCADE,
            hardware TEXT NOT NULL UNIQUE
        ) STRICT;
        CREATE TRIGGER abort_at BEFORE INSERT ON user_hardware_backgrounds WHEN NEW.hardware LIKE '%abort%'
            BEGIN SELECT RAISE(ABORT, 'refused'); END;
        CREATE TRIGGER fail_at BEFORE INSERT ON user_hardware_backgrounds WHEN NEW.hardware LIKE '%fail%'
            BEGIN SELECT RAISE(FAIL, 'refused'); END;
        CREATE TRIGGER rollback_at BEFORE INSERT ON user_hardware_backgrounds WHEN NEW.hardware LIKE '%rollback%'
            BEGIN SELECT RAISE(ROLLBACK, 'refused'); END;";

    /// Also where the statement ends the transaction by itself, or would keep half of it.
    const REFUSED: &[&str] = &["abort", "fail", "rollback"];
}

impl ProfileDatabase for PostgresDatabase {
    const TABLES: &str = "
        CREATE TABLE user_profiles (
            user_id UUID PRIMARY KEY REFERENCES auth_users (id) ON DELETE CASCADE,
            experience_level TEXT NOT NULL
        );
        CREATE TABLE user_software_backgrounds (
            user_id UUID PRIMARY KEY REFERENCES auth_users (id) ON DELETE CASCADE,
            languages TEXT NOT NULL
        );
        CREATE TABLE user_hardware_backgrounds (
            user_id UUID PRIMARY KEY REFERENCES auth_users (id) ON DELETE CASCADE,
            hardware TEXT NOT NULL UNIQUE,
            CHECK (hardware NOT LIKE '%fail%')
        );";

    const REFUSED: &[&str] = &["fail"];
}

impl ProfileDatabase for MySqlDatabase {
    const TABLES: &str = "
        CREATE TABLE user_profiles (
            user_id BINARY(16) PRIMARY KEY REFERENCES auth_users (id) ON DELETE CASCADE,
            experience_level TEXT NOT NULL
        );
        CREATE TABLE user_software_backgrounds (
            user_id BINARY(16) PRIMARY KEY REFERENCES auth_users (id) ON DELETE CASCADE,
            languages TEXT NOT NULL
        );
        CREATE TABLE user_hardware_backgrounds (
            user_id BINARY(16) PRIMARY KEY REFERENCES auth_users (id) ON DELETE CASCADE,
            hardware VARCHAR(64) NOT NULL UNIQUE,
            CHECK (hardware NOT LIKE '%fail%')
        );";

    /// The second one is longer than its column.
    const REFUSED: &[&str] = &["fail", "more than sixty-four characters are too many for the column of hardware"];
}

pub(crate) struct Backgrounds;

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Background {
    experience_level: Experience,
    languages: Vec<String>,
    hardware: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Experience {
    Beginner,
    Advanced,
}

/// The same statements for each driver, with its own mark for arguments.
macro_rules! profile {
    ($driver:ty, $first:literal, $second:literal) => {
        #[async_trait]
        impl Profile<$driver> for Backgrounds {
            type Data = Background;

            fn validate(&self, data: &Background) -> Result<(), FieldErrors> {
                if data.languages.len() <= 3 {
                    return Ok(());
                }
                Err(FieldErrors::one("languages", "too_many", "At most three languages."))
            }

            async fn insert(
                &self,
                tx: &mut <$driver as sqlx::Database>::Connection,
                user: &User,
                data: &Background,
            ) -> sqlx::Result<()> {
                let id = user.id.as_uuid();
                let level = serde_json::to_string(&data.experience_level).unwrap();
                let languages = serde_json::to_string(&data.languages).unwrap();
                let sql = concat!("INSERT INTO user_profiles VALUES (", $first, ", ", $second, ")");
                sqlx::query(sql).bind(id).bind(level).execute(&mut *tx).await?;
                let sql = concat!("INSERT INTO user_software_backgrounds VALUES (", $first, ", ", $second, ")");
                sqlx::query(sql).bind(id).bind(languages).execute(&mut *tx).await?;
                let sql = concat!("INSERT INTO user_hardware_backgrounds VALUES (", $first, ", ", $second, ")");
                sqlx::query(sql).bind(id).bind(&data.hardware).execute(&mut *tx).await.map(drop)
            }

            async fn load(
                &self,
                connection: &mut <$driver as sqlx::Database>::Connection,
                user: UserId,
            ) -> sqlx::Result<Option<Background>> {
                let sql = concat!(
                    "SELECT experience_level, languages, hardware FROM user_profiles JOIN user_software_backgrounds \
                     USING (user_id) JOIN user_hardware_backgrounds USING (user_id) WHERE user_id = ",
                    $first
                );
                let Some(row) = sqlx::query(sql).bind(user.as_uuid()).fetch_optional(connection).await? else {
                    return Ok(None);
                };
                Ok(Some(Background {
                    experience_level: serde_json::from_str(row.get(0)).unwrap(),
                    languages: serde_json::from_str(row.get(1)).unwrap(),
                    hardware: row.get(2),
                }))
            }
        }
    };
}

profile!(sqlx::Sqlite, "?", "?");
profile!(sqlx::Postgres, "$1", "$2");
profile!(sqlx::MySql, "?", "?");

async fn store<D: ProfileDatabase>(database: &D) -> SqlxStore<D::Driver>
where
    Backgrounds: Profile<D::Driver>,
{
    let store = database.store().await.with_profile(Backgrounds);
    D::execute(store.pool(), D::TABLES).await.unwrap();
    store
}

pub(crate) fn background(hardware: &str) -> ProfileFields {
    let fields = json!({ "experience_level": "advanced", "languages": ["Rust", "C"], "hardware": hardware });
    serde_json::from_value(fields).unwrap()
}

fn with(name: &str, value: Value) -> ProfileFields {
    let mut fields = background("Pi");
    fields.insert(name.to_owned(), value);
    fields
}

async fn profile_rows<D: TestDatabase>(store: &SqlxStore<D::Driver>) -> [i64; 3] {
    [
        D::number(store.pool(), "SELECT count(*) FROM user_profiles").await,
        D::number(store.pool(), "SELECT count(*) FROM user_software_backgrounds").await,
        D::number(store.pool(), "SELECT count(*) FROM user_hardware_backgrounds").await,
    ]
}

async fn a_profile_comes_with_its_user_and_is_loaded<D: ProfileDatabase>()
where
    Backgrounds: Profile<D::Driver>,
{
    let database = D::migrated().await;
    let store = store(&database).await;
    let auth = auth(store.clone());
    let ada = sign_up_with(&auth, ADA, background("Pi")).await.unwrap();
    assert_eq!(D::rows(store.pool()).await, [1; 4]);
    assert_eq!(profile_rows::<D>(&store).await, [1; 3]);
    assert_eq!(auth.profile(ada.user.id).await.unwrap(), Some(Value::Object(background("Pi"))));

    D::execute(store.pool(), "DELETE FROM user_hardware_backgrounds").await.unwrap();
    assert_eq!(auth.profile(ada.user.id).await.unwrap(), None);
}

async fn a_profile_that_cannot_be_inserted_leaves_no_user<D: ProfileDatabase>()
where
    Backgrounds: Profile<D::Driver>,
{
    let database = D::migrated().await;
    assert_all_or_nothing::<D>(&store(&database).await).await;
}

async fn a_table_of_the_profile_that_is_missing_is_none_of_the_library<D: ProfileDatabase>()
where
    Backgrounds: Profile<D::Driver>,
{
    let database = D::migrated().await;
    let auth = auth(database.store().await.with_profile(Backgrounds));
    let logged = format!("{:?}", sign_up_with(&auth, ADA, background("Pi")).await.unwrap_err());
    assert!(logged.contains("profile") && logged.contains("user_profiles"), "{logged}");
    assert!(!logged.contains("SqlxStore::migrate"), "{logged}");
}

/// With its one connection the database would be gone.
#[tokio::test(flavor = "multi_thread")]
async fn a_profile_that_cannot_be_inserted_leaves_no_user_in_memory() {
    let memory = SqliteStore::connect("sqlite::memory:").await.unwrap().with_profile(Backgrounds);
    memory.migrate().await.unwrap();
    memory.pool().execute(SqliteFile::TABLES).await.unwrap();
    assert_all_or_nothing::<SqliteFile>(&memory).await;
}

async fn assert_all_or_nothing<D: ProfileDatabase>(store: &SqlxStore<D::Driver>) {
    let auth = auth(store.clone());
    for broken in D::REFUSED {
        let error = sign_up_with(&auth, ADA, background(broken)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{broken}: {error:?}");
        assert_eq!(D::rows(store.pool()).await, [0; 4], "{broken}: no user, password, session or event");
        assert_eq!(profile_rows::<D>(store).await, [0; 3], "{broken}: no row of the profile");
    }
    sign_up_with(&auth, ADA, background("Pi")).await.unwrap();
    assert_eq!(D::rows(store.pool()).await, [1; 4]);
    assert_eq!(profile_rows::<D>(store).await, [1; 3]);
    sign_in(&auth, ADA).await.unwrap();
}

/// It is the profile's index that two users clash at, and not their address.
async fn a_conflict_within_profiles_is_not_taken_for_one_of_addresses<D: ProfileDatabase>()
where
    Backgrounds: Profile<D::Driver>,
{
    let database = D::migrated().await;
    let store = store(&database).await;
    let auth = auth(store.clone());
    sign_up_with(&auth, ADA, background("Pi")).await.unwrap();
    let error = sign_up_with(&auth, "grace@example.com", background("Pi")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error:?}");
    assert_eq!(error.fields().iter().map(|error| &*error.code).collect::<Vec<_>>(), ["taken"]);
    let error = sign_up_with(&auth, ADA, background("Arduino")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::EmailTaken, "{error:?}");
    assert_eq!(profile_rows::<D>(&store).await, [1; 3]);
}

async fn refused(auth: &Auth, fields: ProfileFields) -> Vec<(String, String)> {
    let error: Error = sign_up_with(auth, ADA, fields).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error:?}");
    error.fields().iter().map(|error| (error.field.to_string(), error.code.to_string())).collect()
}

async fn what_is_wrong_about_a_profile_is_told_field_by_field<D: ProfileDatabase>()
where
    Backgrounds: Profile<D::Driver>,
{
    let database = D::migrated().await;
    let store = store(&database).await;
    let auth = auth(store.clone());
    let mut without_languages = background("Pi");
    without_languages.remove("languages");
    for (fields, field, code) in [
        (ProfileFields::new(), "experience_level", "required"),
        (without_languages, "languages", "required"),
        (with("experience_level", json!("guru")), "experience_level", "invalid_value"),
        (with("experience_level", json!(null)), "experience_level", "invalid_type"),
        (with("languages", json!("Rust")), "languages", "invalid_type"),
        (with("languages", json!(["Rust", 7])), "languages[1]", "invalid_type"),
        (with("languages", json!(["a", "b", "c", "d"])), "languages", "too_many"),
        (with("nickname", json!("Ada")), "nickname", "unknown_field"),
    ] {
        assert_eq!(refused(&auth, fields).await, [(field.to_owned(), code.to_owned())]);
    }
    assert_eq!(D::rows(store.pool()).await, [0; 4]);
    assert_eq!(auth.password_hashes_run(), 0, "a body that does not fit costs no hash");
}

async fn nobody_sets_what_is_not_theirs_to_set<D: ProfileDatabase>()
where
    Backgrounds: Profile<D::Driver>,
{
    let database = D::migrated().await;
    let with_profile = auth(store(&database).await);
    let without_profile = auth(database.store().await);
    for name in ["roles", "role", "status", "id", "user_id", "auth_epoch", "email_verified_at", "is_admin"] {
        let unknown = [(name.to_owned(), "unknown_field".to_owned())];
        assert_eq!(refused(&with_profile, with(name, json!(["admin"]))).await, unknown);
        let fields = ProfileFields::from_iter([(name.to_owned(), json!(["admin"]))]);
        assert_eq!(refused(&without_profile, fields).await, unknown);
    }
    let ada = sign_up_with(&with_profile, ADA, background("Pi")).await.unwrap();
    assert!(ada.user.roles.is_empty());
}

/// The first administrator does not come through a sign-up, and so without a profile.
async fn a_user_who_does_not_sign_up_has_no_profile<D: ProfileDatabase>()
where
    Backgrounds: Profile<D::Driver>,
{
    let database = D::migrated().await;
    let store = store(&database).await;
    let auth = auth(store.clone());
    auth.ensure_role(&Email::parse(ADA).unwrap(), &Password::new(PASSWORD), Role::ADMIN).await.unwrap();
    assert_eq!(profile_rows::<D>(&store).await, [0; 3]);
    let ada = sign_in(&auth, ADA).await.unwrap();
    assert_eq!(auth.profile(ada.user.id).await.unwrap(), None);
}

on_each_database! {
    a_profile_comes_with_its_user_and_is_loaded,
    a_profile_that_cannot_be_inserted_leaves_no_user,
    a_table_of_the_profile_that_is_missing_is_none_of_the_library,
    a_conflict_within_profiles_is_not_taken_for_one_of_addresses,
    what_is_wrong_about_a_profile_is_told_field_by_field,
    nobody_sets_what_is_not_theirs_to_set,
    a_user_who_does_not_sign_up_has_no_profile,
}
