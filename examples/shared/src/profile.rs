//! The application's part of an account: three tables beside the user, filled in the same transaction.

use async_trait::async_trait;
use auth_core::error::FieldErrors;
use auth_core::{User, UserId};
use auth_sqlx::Profile;
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use sqlx::{Row, Sqlite, SqliteConnection, SqlitePool};

/// The most entries of a list, and the most characters of an entry.
const MAX_ENTRIES: usize = 50;
const MAX_CHARS: usize = 64;

/// What people tell of their experience, software and hardware. All of it may be left out.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Background {
    #[serde(default)]
    experience_level: Option<ExperienceLevel>,
    #[serde(default)]
    programming_languages: Vec<String>,
    #[serde(default)]
    frameworks: Vec<String>,
    #[serde(default)]
    available_hardware: Vec<String>,
    #[serde(default)]
    robotics_hardware: Vec<String>,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize, sqlx::Type)]
enum ExperienceLevel {
    Beginner,
    Intermediate,
    Advanced,
}

/// Creates the tables at the first start. A real application has migrations of its own.
pub(crate) async fn create_tables(pool: &SqlitePool) -> sqlx::Result<()> {
    let script = "
        CREATE TABLE IF NOT EXISTS user_profiles (
            user_id BLOB NOT NULL PRIMARY KEY REFERENCES auth_users (id) ON DELETE CASCADE,
            experience_level TEXT
        ) STRICT;
        CREATE TABLE IF NOT EXISTS user_software_backgrounds (
            user_id BLOB NOT NULL PRIMARY KEY REFERENCES auth_users (id) ON DELETE CASCADE,
            programming_languages TEXT NOT NULL, -- JSON
            frameworks TEXT NOT NULL             -- JSON
        ) STRICT;
        CREATE TABLE IF NOT EXISTS user_hardware_backgrounds (
            user_id BLOB NOT NULL PRIMARY KEY REFERENCES auth_users (id) ON DELETE CASCADE,
            available_hardware TEXT NOT NULL,    -- JSON
            robotics_hardware TEXT NOT NULL      -- JSON
        ) STRICT;";
    sqlx::raw_sql(script).execute(pool).await.map(|_| ())
}

/// Stores [`Background`]s.
pub(crate) struct Backgrounds;

#[async_trait]
impl Profile<Sqlite> for Backgrounds {
    type Data = Background;

    fn validate(&self, data: &Background) -> Result<(), FieldErrors> {
        let mut errors = FieldErrors::default();
        let lists = [
            ("programming_languages", &data.programming_languages),
            ("frameworks", &data.frameworks),
            ("available_hardware", &data.available_hardware),
            ("robotics_hardware", &data.robotics_hardware),
        ];
        for (name, list) in lists {
            if list.len() > MAX_ENTRIES {
                errors.push(name, "too_many", "A list has at most 50 entries.");
            }
            if list.iter().any(|entry| !is_entry(entry)) {
                errors.push(name, "invalid", "An entry has 1 to 64 characters and no control characters.");
            }
        }
        errors.or_ok(())
    }

    async fn insert(&self, tx: &mut SqliteConnection, user: &User, data: &Background) -> sqlx::Result<()> {
        let id = user.id.as_uuid();
        sqlx::query("INSERT INTO user_profiles (user_id, experience_level) VALUES (?, ?)")
            .bind(id)
            .bind(data.experience_level)
            .execute(&mut *tx)
            .await?;
        sqlx::query(
            "INSERT INTO user_software_backgrounds (user_id, programming_languages, frameworks) VALUES (?, ?, ?)",
        )
        .bind(id)
        .bind(Json(&data.programming_languages))
        .bind(Json(&data.frameworks))
        .execute(&mut *tx)
        .await?;
        sqlx::query(
            "INSERT INTO user_hardware_backgrounds (user_id, available_hardware, robotics_hardware) VALUES (?, ?, ?)",
        )
        .bind(id)
        .bind(Json(&data.available_hardware))
        .bind(Json(&data.robotics_hardware))
        .execute(&mut *tx)
        .await?;
        Ok(())
    }

    async fn load(&self, connection: &mut SqliteConnection, user: UserId) -> sqlx::Result<Option<Background>> {
        let query = "SELECT p.experience_level, s.programming_languages, s.frameworks, h.available_hardware, \
                     h.robotics_hardware FROM user_profiles p \
                     JOIN user_software_backgrounds s ON s.user_id = p.user_id \
                     JOIN user_hardware_backgrounds h ON h.user_id = p.user_id WHERE p.user_id = ?";
        let row = sqlx::query(query).bind(user.as_uuid()).fetch_optional(connection).await?;
        row.map(|row| {
            Ok(Background {
                experience_level: row.try_get("experience_level")?,
                programming_languages: row.try_get::<Json<_>, _>("programming_languages")?.0,
                frameworks: row.try_get::<Json<_>, _>("frameworks")?.0,
                available_hardware: row.try_get::<Json<_>, _>("available_hardware")?.0,
                robotics_hardware: row.try_get::<Json<_>, _>("robotics_hardware")?.0,
            })
        })
        .transpose()
    }
}

fn is_entry(text: &str) -> bool {
    (1..=MAX_CHARS).contains(&text.chars().count()) && !text.chars().any(char::is_control)
}
