//! A refresh and a sign-out as one writes them without a library: one transaction that writes the same rows.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sqlx::{Connection, Postgres, Sqlite, Transaction};
use uuid::Uuid;

use crate::database::{Database, now};
use crate::settings::BASE_URL;

/// The bodies of a refresh and of its answer.
#[derive(Deserialize, Serialize)]
pub struct Tokens {
    pub refresh_token: String,
}

/// Writes the same columns as `SWAP` of `auth-sqlx/src/session.rs`, if the presented token is the current one.
const SWAP: &str = "UPDATE auth_sessions SET token_hash = $1, previous_hash = $2, rotation_salt = $3, rotated_at = $4, \
                    generation = generation + 1, confirmed = 0, recoveries = 0, expires_at = $5, last_seen_at = $4 \
                    WHERE id = $6 AND token_hash = $2 RETURNING user_id";

const DELETE: &str = "DELETE FROM auth_sessions WHERE id = $1 RETURNING user_id";

const EVENT: &str = "INSERT INTO auth_audit_log (id, at, kind, user_id, session_id, ip, user_agent, detail) \
                     VALUES ($1, $2, $3, $4, $5, '127.0.0.1', NULL, NULL)";

/// A week in microseconds.
const WEEK: i64 = 7 * 24 * 3_600 * 1_000_000;

/// What a refresh changes.
struct Exchange {
    session: Uuid,
    presented: [u8; 32],
    current: [u8; 32],
    salt: [u8; 32],
}

/// Exchanges a refresh token; `None` for one that is not the current one of a session.
///
/// As in the library, a token is the session's id, 16 bytes that stay and 32 bytes that change.
pub async fn refresh(database: &Database, tokens: &Tokens) -> Option<Tokens> {
    let presented: [u8; 64] = URL_SAFE_NO_PAD.decode(&tokens.refresh_token).ok()?.try_into().ok()?;
    let mut current = presented;
    getrandom::fill(&mut current[32..]).unwrap();
    let exchange = Exchange {
        session: Uuid::from_slice(&presented[..16]).ok()?,
        presented: hash(&presented),
        current: hash(&current),
        salt: current[32..].try_into().ok()?,
    };
    match database {
        Database::Postgres(pool) => swap_postgres(pool.begin().await.unwrap(), &exchange).await?,
        Database::Sqlite { writer, .. } => {
            let mut connection = writer.acquire().await.unwrap();
            swap_sqlite(connection.begin_with("BEGIN IMMEDIATE").await.unwrap(), &exchange).await?;
        }
    }
    Some(Tokens { refresh_token: URL_SAFE_NO_PAD.encode(current) })
}

/// Deletes a session; `None` when there is none.
pub async fn sign_out(database: &Database, session: Uuid) -> Option<()> {
    match database {
        Database::Postgres(pool) => delete_postgres(pool.begin().await.unwrap(), session).await,
        Database::Sqlite { writer, .. } => {
            let mut connection = writer.acquire().await.unwrap();
            delete_sqlite(connection.begin_with("BEGIN IMMEDIATE").await.unwrap(), session).await
        }
    }
}

/// Writes, for one database, what differs only in the types of `sqlx`.
macro_rules! transactions {
    ($swap:ident, $delete:ident, $event:ident, $database:ty) => {
        async fn $swap(mut transaction: Transaction<'_, $database>, exchange: &Exchange) -> Option<()> {
            let now = now();
            let user: Option<Uuid> = sqlx::query_scalar(SWAP)
                .bind(exchange.current.as_slice())
                .bind(exchange.presented.as_slice())
                .bind(exchange.salt.as_slice())
                .bind(now)
                .bind(now + WEEK)
                .bind(exchange.session)
                .fetch_optional(&mut *transaction)
                .await
                .unwrap();
            $event(transaction, "refresh", exchange.session, user?, now).await;
            Some(())
        }

        async fn $delete(mut transaction: Transaction<'_, $database>, session: Uuid) -> Option<()> {
            let user: Option<Uuid> =
                sqlx::query_scalar(DELETE).bind(session).fetch_optional(&mut *transaction).await.unwrap();
            $event(transaction, "signout", session, user?, now()).await;
            Some(())
        }

        async fn $event(
            mut transaction: Transaction<'_, $database>,
            kind: &'static str,
            session: Uuid,
            user: Uuid,
            now: i64,
        ) {
            let insert = sqlx::query(EVENT).bind(Uuid::now_v7()).bind(now).bind(kind).bind(user).bind(session);
            insert.execute(&mut *transaction).await.unwrap();
            transaction.commit().await.unwrap();
        }
    };
}

transactions!(swap_postgres, delete_postgres, event_postgres, Postgres);
transactions!(swap_sqlite, delete_sqlite, event_sqlite, Sqlite);

/// As the library hashes refresh tokens, so that both know the seeded ones.
fn hash(token: &[u8]) -> [u8; 32] {
    let realm = Sha256::digest(format!("realm\0{}:{BASE_URL}{BASE_URL}", BASE_URL.len()));
    Sha256::new().chain_update("refresh-token\0").chain_update(realm).chain_update(token).finalize().into()
}
