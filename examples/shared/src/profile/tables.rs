//! The three tables, in each database.

use async_trait::async_trait;
use auth_core::error::FieldErrors;
use auth_core::{User, UserId};
use auth_sqlx::Profile;
use sqlx::{AssertSqlSafe, Database, MySql, Pool, Postgres, QueryBuilder, Row, Sqlite};

use super::{Background, ExperienceLevel};

/// Stores [`Background`]s.
pub(crate) struct Backgrounds;

/// A database that can hold them.
pub(crate) trait Tables: Database {
    /// Creates the tables at the first start, whoever else starts at the same moment.
    ///
    /// A real application has migrations of its own.
    async fn create_tables(pool: &Pool<Self>) -> sqlx::Result<()>;
}

/// Lists are kept as JSON in text, which every database has. In braces stands what they do not agree on.
///
/// `{turn}` waits for the other processes: on PostgreSQL, two that create the same table at once get in each other's
/// way, IF NOT EXISTS or not. The whole script is one transaction there, to whose end the lock is held.
const TABLES: &str = "
    {turn}
    CREATE TABLE IF NOT EXISTS user_profiles (
        user_id {id} NOT NULL PRIMARY KEY,
        experience_level TEXT,
        FOREIGN KEY (user_id) REFERENCES auth_users (id) ON DELETE CASCADE
    ) {options};
    CREATE TABLE IF NOT EXISTS user_software_backgrounds (
        user_id {id} NOT NULL PRIMARY KEY,
        programming_languages TEXT NOT NULL,
        frameworks TEXT NOT NULL,
        FOREIGN KEY (user_id) REFERENCES auth_users (id) ON DELETE CASCADE
    ) {options};
    CREATE TABLE IF NOT EXISTS user_hardware_backgrounds (
        user_id {id} NOT NULL PRIMARY KEY,
        available_hardware TEXT NOT NULL,
        robotics_hardware TEXT NOT NULL,
        FOREIGN KEY (user_id) REFERENCES auth_users (id) ON DELETE CASCADE
    ) {options};";

/// Fails where one of the tables is missing.
const LOOK: &str = "SELECT 1 FROM user_profiles, user_software_backgrounds, user_hardware_backgrounds WHERE 1 = 0";

/// Writes the same for each driver. An application with one database needs no macro, and has `?` or `$1` in its SQL
/// where here is `push_bind`.
macro_rules! stored_in {
    ($database:ty, turn: $turn:literal, id: $id:literal, options: $options:literal) => {
        impl Tables for $database {
            async fn create_tables(pool: &Pool<Self>) -> sqlx::Result<()> {
                // An application without the right to create tables starts where they are.
                if sqlx::raw_sql(LOOK).execute(pool).await.is_ok() {
                    return Ok(());
                }
                let script = TABLES.replace("{turn}", $turn).replace("{id}", $id).replace("{options}", $options);
                // Safe, for it is made of nothing but what stands in this file.
                sqlx::raw_sql(AssertSqlSafe(script)).execute(pool).await.map(drop)
            }
        }

        #[async_trait]
        impl Profile<$database> for Backgrounds {
            type Data = Background;

            fn validate(&self, data: &Background) -> Result<(), FieldErrors> {
                data.check()
            }

            async fn insert(
                &self,
                tx: &mut <$database as Database>::Connection,
                user: &User,
                data: &Background,
            ) -> sqlx::Result<()> {
                let id = user.id.as_uuid();
                let level = data.experience_level.map(ExperienceLevel::as_str);
                let profile = "INSERT INTO user_profiles (user_id, experience_level) VALUES (";
                let mut query = QueryBuilder::<$database>::new(profile);
                query.separated(", ").push_bind(id).push_bind(level).push_unseparated(")");
                query.build().execute(&mut *tx).await?;

                let software =
                    "INSERT INTO user_software_backgrounds (user_id, programming_languages, frameworks) VALUES (";
                let mut query = QueryBuilder::<$database>::new(software);
                let [languages, frameworks] = [to_json(&data.programming_languages)?, to_json(&data.frameworks)?];
                query.separated(", ").push_bind(id).push_bind(languages).push_bind(frameworks).push_unseparated(")");
                query.build().execute(&mut *tx).await?;

                let hardware =
                    "INSERT INTO user_hardware_backgrounds (user_id, available_hardware, robotics_hardware) VALUES (";
                let mut query = QueryBuilder::<$database>::new(hardware);
                let [available, robotics] = [to_json(&data.available_hardware)?, to_json(&data.robotics_hardware)?];
                query.separated(", ").push_bind(id).push_bind(available).push_bind(robotics).push_unseparated(")");
                query.build().execute(&mut *tx).await.map(drop)
            }

            async fn load(
                &self,
                connection: &mut <$database as Database>::Connection,
                user: UserId,
            ) -> sqlx::Result<Option<Background>> {
                let select = "SELECT p.experience_level, s.programming_languages, s.frameworks, \
                              h.available_hardware, h.robotics_hardware FROM user_profiles p \
                              JOIN user_software_backgrounds s ON s.user_id = p.user_id \
                              JOIN user_hardware_backgrounds h ON h.user_id = p.user_id WHERE p.user_id = ";
                let mut query = QueryBuilder::<$database>::new(select);
                query.push_bind(user.as_uuid());
                let Some(row) = query.build().fetch_optional(connection).await? else { return Ok(None) };
                Ok(Some(Background {
                    experience_level: level(row.try_get("experience_level")?)?,
                    programming_languages: from_json(row.try_get("programming_languages")?)?,
                    frameworks: from_json(row.try_get("frameworks")?)?,
                    available_hardware: from_json(row.try_get("available_hardware")?)?,
                    robotics_hardware: from_json(row.try_get("robotics_hardware")?)?,
                }))
            }
        }
    };
}

stored_in!(MySql, turn: "", id: "BINARY(16)", options: "ENGINE = InnoDB, CHARACTER SET utf8mb4");
stored_in!(
    Postgres,
    // And does not tell every start that the tables are there.
    turn: "SET LOCAL client_min_messages = warning; SELECT pg_advisory_xact_lock(hashtext('user_profiles'));",
    id: "UUID",
    options: ""
);
stored_in!(Sqlite, turn: "", id: "BLOB", options: "STRICT");

fn level(text: Option<&str>) -> sqlx::Result<Option<ExperienceLevel>> {
    let known = |text| ExperienceLevel::from_str(text).ok_or_else(|| sqlx::Error::Decode("an unknown level".into()));
    text.map(known).transpose()
}

fn to_json(list: &[String]) -> sqlx::Result<String> {
    serde_json::to_string(list).map_err(|cause| sqlx::Error::Encode(cause.into()))
}

fn from_json(text: &str) -> sqlx::Result<Vec<String>> {
    serde_json::from_str(text).map_err(|cause| sqlx::Error::Decode(cause.into()))
}
