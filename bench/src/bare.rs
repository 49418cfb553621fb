//! The check of a session as one writes it without a library: the same query, and the same columns read.

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde::Deserialize;
use sqlx::FromRow;
use uuid::Uuid;

use crate::database::{Database, now};
use crate::settings::{BASE_URL, SECRET};

/// `FIND` of `auth-sqlx/src/session.rs`, with the argument as the database calls it.
macro_rules! find {
    ($argument:literal) => {
        concat!(
            "SELECT u.id, u.email, u.email_canonical, u.email_verified_at, u.name, u.roles, u.status, u.auth_epoch, ",
            "u.created_at, u.updated_at, s.id AS session_id, s.auth_epoch AS session_epoch, ",
            "s.created_at AS signed_in_at, s.user_id, s.kind, s.ip, s.user_agent, s.expires_at, s.last_seen_at, ",
            "s.family_hash, s.token_hash, s.previous_hash, s.rotation_salt, s.rotated_at, s.generation, s.confirmed, ",
            "s.recoveries FROM auth_sessions s JOIN auth_users u ON u.id = s.user_id WHERE s.id = ",
            $argument
        )
    };
}

/// A session with its user.
#[derive(FromRow)]
pub struct Row {
    pub id: Uuid,
    pub email: Option<String>,
    pub email_canonical: Option<String>,
    pub email_verified_at: Option<i64>,
    pub name: Option<String>,
    pub roles: String,
    pub status: String,
    pub auth_epoch: i64,
    pub created_at: i64,
    pub updated_at: i64,
    pub session_id: Uuid,
    pub session_epoch: i64,
    pub signed_in_at: i64,
    pub user_id: Uuid,
    pub kind: String,
    pub ip: Option<String>,
    pub user_agent: Option<String>,
    pub expires_at: i64,
    pub last_seen_at: i64,
    pub family_hash: Vec<u8>,
    pub token_hash: Vec<u8>,
    pub previous_hash: Option<Vec<u8>>,
    pub rotation_salt: Option<Vec<u8>>,
    pub rotated_at: i64,
    pub generation: i64,
    pub confirmed: i64,
    pub recoveries: i64,
}

/// Finds the session that a `Cookie` header names; `None` for one that is over, or is none.
pub async fn session(database: &Database, cookies: Option<&str>) -> Option<Row> {
    let id = session_id(cookies?)?;
    let row: Option<Row> = match database {
        Database::Postgres(pool) => sqlx::query_as(find!("$1")).bind(id).fetch_optional(pool).await.unwrap(),
        Database::Sqlite { reader, .. } => sqlx::query_as(find!("?")).bind(id).fetch_optional(reader).await.unwrap(),
    };
    row.filter(|row| row.status == "active" && row.auth_epoch == row.session_epoch && now() < row.expires_at)
}

/// Reads the id of the session from a `Cookie` header.
pub fn session_id(cookies: &str) -> Option<Uuid> {
    Uuid::try_parse(cookie(cookies, "sid")?).ok()
}

/// What the servers answer to a signed-in user.
pub fn hello(user: Uuid) -> String {
    format!("hello {user}")
}

/// The same number of bytes, for the routes that ask nobody.
pub const HELLO: &str = "hello 00000000-0000-0000-0000-000000000000";

fn cookie<'a>(cookies: &'a str, name: &str) -> Option<&'a str> {
    cookies.split("; ").find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
}

/// The check of an access token as one writes it with `jsonwebtoken` alone.
pub struct JwtCheck {
    key: DecodingKey,
    validation: Validation,
}

/// The claims that a handler may want to look at.
#[derive(Deserialize)]
struct Claims {
    sub: Uuid,
    #[serde(rename = "sid")]
    _sid: Uuid,
    #[serde(rename = "roles")]
    _roles: Vec<String>,
}

impl JwtCheck {
    pub fn new() -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[BASE_URL]);
        validation.set_audience(&[BASE_URL]);
        Self { key: DecodingKey::from_secret(SECRET.as_bytes()), validation }
    }

    /// Returns the user of an `Authorization` header.
    pub fn user(&self, authorization: Option<&str>) -> Option<Uuid> {
        let token = authorization?.strip_prefix("Bearer ")?;
        decode::<Claims>(token, &self.key, &self.validation).ok().map(|token| token.claims.sub)
    }
}

impl Default for JwtCheck {
    fn default() -> Self {
        Self::new()
    }
}
