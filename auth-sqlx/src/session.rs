//! Sessions and the state of their refresh tokens.

use async_trait::async_trait;
use auth_core::TokenHash;
use auth_core::audit::AuditEvent;
use auth_core::id::{SessionId, UserId};
use auth_core::session::{RefreshState, Session, SessionKind, SessionRecord};
use auth_core::store::{
    DeleteSessionOutcome, NewSession, OpenSession, OpenSessionOutcome, SessionStore, StoreError, SwapRefresh,
    SwapRefreshOutcome, Touch,
};
use chrono::{DateTime, Utc};
use sqlx::Transaction;
use uuid::Uuid;

use crate::audit;
use crate::backend::{Backend, Statement};
use crate::error::{corrupt, store_error};
use crate::store::{SqlxStore, instant, micros};
use crate::user::user;

/// Reads a session with its user. The session's columns that a user has as well come under names of their own.
const FIND: &str = "SELECT u.*, s.id AS session_id, s.auth_epoch AS session_epoch, s.created_at AS signed_in_at, \
                    s.user_id, s.kind, s.ip, s.user_agent, s.expires_at, s.last_seen_at, s.family_hash, s.token_hash, \
                    s.previous_hash, s.rotation_salt, s.rotated_at, s.generation, s.confirmed, s.recoveries \
                    FROM auth_sessions s JOIN auth_users u ON u.id = s.user_id WHERE s.id = ?";

const LIST: &str = "SELECT id AS session_id, auth_epoch AS session_epoch, created_at AS signed_in_at, user_id, kind, \
                    ip, user_agent, expires_at, last_seen_at FROM auth_sessions WHERE user_id = ? \
                    ORDER BY last_seen_at DESC, id DESC";

/// The compare-and-set: the row must still be as it was read, and its user still accepted.
const SWAP: &str = "UPDATE auth_sessions SET token_hash = ?, previous_hash = ?, rotation_salt = ?, rotated_at = ?, \
                    generation = ?, confirmed = ?, recoveries = ?, expires_at = ?, last_seen_at = ? \
                    WHERE id = ? AND token_hash = ? AND generation = ? AND confirmed = ? AND recoveries = ? \
                    AND EXISTS (SELECT 1 FROM auth_users u WHERE u.id = auth_sessions.user_id \
                    AND u.auth_epoch = auth_sessions.auth_epoch AND u.status = 'active')";

#[async_trait]
impl<DB: Backend> SessionStore for SqlxStore<DB> {
    async fn open_session(&self, open: OpenSession) -> Result<OpenSessionOutcome, StoreError> {
        let mut tx = self.begin().await?;
        let session = &open.new.session;
        if !accepts::<DB>(&mut tx, session).await.map_err(store_error::<DB>)? {
            return Ok(OpenSessionOutcome::Refused);
        }
        let outcome = make_room::<DB>(&mut tx, &open).await?;
        insert::<DB>(&mut tx, &open.new).await.map_err(store_error::<DB>)?;
        audit::insert::<DB>(&mut tx, &open.event).await.map_err(store_error::<DB>)?;
        tx.commit().await.map_err(store_error::<DB>)?;
        Ok(outcome)
    }

    async fn find_session(&self, id: SessionId) -> Result<Option<SessionRecord>, StoreError> {
        let query = Statement::<DB>::new(FIND).bind(id.as_uuid());
        let row = query.fetch_optional(&mut *self.read().await?).await.map_err(store_error::<DB>)?;
        row.map(|row| {
            Ok(SessionRecord { session: session::<DB>(&row)?, refresh: refresh::<DB>(&row)?, user: user::<DB>(&row)? })
        })
        .transpose()
    }

    async fn list_sessions(&self, user: UserId) -> Result<Vec<Session>, StoreError> {
        let rows = Statement::<DB>::new(LIST).bind(user.as_uuid()).fetch_all(&mut *self.read().await?).await;
        rows.map_err(store_error::<DB>)?.iter().map(session::<DB>).collect()
    }

    async fn touch_session(&self, touch: Touch) -> Result<(), StoreError> {
        let sql = "UPDATE auth_sessions SET \
                   last_seen_at = CASE WHEN last_seen_at < ? THEN ? ELSE last_seen_at END, \
                   confirmed = CASE WHEN generation = ? THEN 1 ELSE confirmed END WHERE id = ?";
        Statement::<DB>::new(sql)
            .bind(micros(touch.seen_at))
            .bind(micros(touch.seen_at))
            .bind(touch.generation)
            .bind(touch.session_id.as_uuid())
            .execute(&mut *self.write().await?)
            .await
            .map(|_| ())
            .map_err(store_error::<DB>)
    }

    async fn swap_refresh(&self, swap: SwapRefresh) -> Result<SwapRefreshOutcome, StoreError> {
        let mut tx = self.begin().await?;
        let SwapRefresh { expected, next, .. } = &swap;
        let swapped = Statement::<DB>::new(SWAP)
            .bind(hash_bytes(next.token_hash))
            .bind(next.previous_hash.map(hash_bytes))
            .bind(next.rotation_salt.map(|salt| salt.to_vec()))
            .bind(micros(next.rotated_at))
            .bind(next.generation)
            .bind(i64::from(next.confirmed))
            .bind(i64::from(next.recoveries))
            .bind(micros(swap.expires_at))
            .bind(micros(swap.seen_at))
            .bind(swap.session_id.as_uuid())
            .bind(hash_bytes(expected.token_hash))
            .bind(expected.generation)
            .bind(i64::from(expected.confirmed))
            .bind(i64::from(expected.recoveries))
            .execute(&mut tx)
            .await
            .map_err(store_error::<DB>)?;
        if swapped == 0 {
            return Ok(SwapRefreshOutcome::Lost);
        }
        audit::insert::<DB>(&mut tx, &swap.event).await.map_err(store_error::<DB>)?;
        tx.commit().await.map_err(store_error::<DB>)?;
        Ok(SwapRefreshOutcome::Swapped)
    }

    async fn delete_session(
        &self,
        id: SessionId,
        user: UserId,
        event: AuditEvent,
    ) -> Result<DeleteSessionOutcome, StoreError> {
        let mut tx = self.begin().await?;
        let deleted = Statement::<DB>::new("DELETE FROM auth_sessions WHERE id = ? AND user_id = ?")
            .bind(id.as_uuid())
            .bind(user.as_uuid())
            .execute(&mut tx)
            .await
            .map_err(store_error::<DB>)?;
        if deleted == 0 {
            return Ok(DeleteSessionOutcome::Missing);
        }
        audit::insert::<DB>(&mut tx, &event).await.map_err(store_error::<DB>)?;
        tx.commit().await.map_err(store_error::<DB>)?;
        Ok(DeleteSessionOutcome::Deleted)
    }

    async fn delete_other_sessions(&self, user: UserId, keep: SessionId, event: AuditEvent) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        Statement::<DB>::new("DELETE FROM auth_sessions WHERE user_id = ? AND id <> ?")
            .bind(user.as_uuid())
            .bind(keep.as_uuid())
            .execute(&mut tx)
            .await
            .map_err(store_error::<DB>)?;
        audit::insert::<DB>(&mut tx, &event).await.map_err(store_error::<DB>)?;
        tx.commit().await.map_err(store_error::<DB>)
    }

    async fn delete_all_sessions(&self, user: UserId, at: DateTime<Utc>, event: AuditEvent) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        end_all::<DB>(&mut tx, user, at).await.map_err(store_error::<DB>)?;
        audit::insert::<DB>(&mut tx, &event).await.map_err(store_error::<DB>)?;
        tx.commit().await.map_err(store_error::<DB>)
    }
}

/// Ends everything that was issued to the user before: the rows go, and the epoch moves on.
pub(crate) async fn end_all<DB: Backend>(
    tx: &mut Transaction<'static, DB>,
    user: UserId,
    at: DateTime<Utc>,
) -> sqlx::Result<()> {
    Statement::<DB>::new("UPDATE auth_users SET auth_epoch = auth_epoch + 1, updated_at = ? WHERE id = ?")
        .bind(micros(at))
        .bind(user.as_uuid())
        .execute(tx)
        .await?;
    Statement::<DB>::new("DELETE FROM auth_sessions WHERE user_id = ?").bind(user.as_uuid()).execute(tx).await?;
    Ok(())
}

pub(crate) async fn insert<DB: Backend>(tx: &mut Transaction<'static, DB>, new: &NewSession) -> sqlx::Result<()> {
    let sql = "INSERT INTO auth_sessions (id, user_id, auth_epoch, kind, ip, user_agent, created_at, expires_at, \
               last_seen_at, family_hash, token_hash, previous_hash, rotation_salt, rotated_at, generation, confirmed, \
               recoveries) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    let NewSession { session, refresh } = new;
    Statement::<DB>::new(sql)
        .bind(session.id.as_uuid())
        .bind(session.user_id.as_uuid())
        .bind(session.auth_epoch)
        .bind(session.kind.as_str().to_owned())
        .bind(session.client.ip.map(|ip| ip.to_string()))
        .bind(session.client.user_agent.clone())
        .bind(micros(session.created_at))
        .bind(micros(session.expires_at))
        .bind(micros(session.last_seen_at))
        .bind(hash_bytes(refresh.family_hash))
        .bind(hash_bytes(refresh.token_hash))
        .bind(refresh.previous_hash.map(hash_bytes))
        .bind(refresh.rotation_salt.map(|salt| salt.to_vec()))
        .bind(micros(refresh.rotated_at))
        .bind(refresh.generation)
        .bind(i64::from(refresh.confirmed))
        .bind(i64::from(refresh.recoveries))
        .execute(tx)
        .await
        .map(|_| ())
}

/// Whether the session's user is still active and of its epoch. A change that commits after this look ends the
/// session all the same, because its epoch is then another.
async fn accepts<DB: Backend>(tx: &mut Transaction<'static, DB>, session: &Session) -> sqlx::Result<bool> {
    Statement::<DB>::new("SELECT id FROM auth_users WHERE id = ? AND auth_epoch = ? AND status = 'active'")
        .bind(session.user_id.as_uuid())
        .bind(session.auth_epoch)
        .fetch_optional(tx)
        .await
        .map(|row| row.is_some())
}

/// Deletes the sessions that have expired, and those not used for longest until there is room for one more.
async fn make_room<DB: Backend>(
    tx: &mut Transaction<'static, DB>,
    open: &OpenSession,
) -> Result<OpenSessionOutcome, StoreError> {
    let user = open.new.session.user_id;
    Statement::<DB>::new("DELETE FROM auth_sessions WHERE user_id = ? AND expires_at <= ?")
        .bind(user.as_uuid())
        .bind(micros(open.new.session.created_at))
        .execute(tx)
        .await
        .map_err(store_error::<DB>)?;
    let room = usize::try_from(open.max_per_user.saturating_sub(1)).unwrap_or(usize::MAX);
    let rows = Statement::<DB>::new(LIST).bind(user.as_uuid()).fetch_all(tx).await.map_err(store_error::<DB>)?;
    let surplus = rows.get(room..).unwrap_or_default();
    for row in surplus {
        let id: Uuid = DB::get(row, "session_id").map_err(store_error::<DB>)?;
        let delete = Statement::<DB>::new("DELETE FROM auth_sessions WHERE id = ?").bind(id);
        delete.execute(tx).await.map_err(store_error::<DB>)?;
    }
    if surplus.is_empty() {
        return Ok(OpenSessionOutcome::Opened);
    }
    audit::insert::<DB>(tx, &open.evicted).await.map_err(store_error::<DB>)?;
    Ok(OpenSessionOutcome::MadeRoom)
}

fn session<DB: Backend>(row: &DB::Row) -> Result<Session, StoreError> {
    let failed = store_error::<DB>;
    let kind: String = DB::get(row, "kind").map_err(failed)?;
    Ok(Session {
        id: SessionId::from_uuid(DB::get(row, "session_id").map_err(failed)?),
        user_id: UserId::from_uuid(DB::get(row, "user_id").map_err(failed)?),
        auth_epoch: DB::get(row, "session_epoch").map_err(failed)?,
        kind: SessionKind::from_word(&kind).ok_or_else(|| corrupt("kind"))?,
        client: audit::client::<DB>(row)?,
        created_at: instant(DB::get(row, "signed_in_at").map_err(failed)?, "created_at")?,
        expires_at: instant(DB::get(row, "expires_at").map_err(failed)?, "expires_at")?,
        last_seen_at: instant(DB::get(row, "last_seen_at").map_err(failed)?, "last_seen_at")?,
    })
}

fn refresh<DB: Backend>(row: &DB::Row) -> Result<RefreshState, StoreError> {
    let failed = store_error::<DB>;
    let previous: Option<Vec<u8>> = DB::get(row, "previous_hash").map_err(failed)?;
    let salt: Option<Vec<u8>> = DB::get(row, "rotation_salt").map_err(failed)?;
    let confirmed: i64 = DB::get(row, "confirmed").map_err(failed)?;
    let recoveries: i64 = DB::get(row, "recoveries").map_err(failed)?;
    Ok(RefreshState {
        family_hash: hash(DB::get(row, "family_hash").map_err(failed)?, "family_hash")?,
        token_hash: hash(DB::get(row, "token_hash").map_err(failed)?, "token_hash")?,
        previous_hash: previous.map(|bytes| hash(bytes, "previous_hash")).transpose()?,
        rotation_salt: salt.map(|bytes| bytes.try_into().map_err(|_| corrupt("rotation_salt"))).transpose()?,
        rotated_at: instant(DB::get(row, "rotated_at").map_err(failed)?, "rotated_at")?,
        generation: DB::get(row, "generation").map_err(failed)?,
        confirmed: confirmed != 0,
        recoveries: u32::try_from(recoveries).map_err(|_| corrupt("recoveries"))?,
    })
}

fn hash(bytes: Vec<u8>, column: &'static str) -> Result<TokenHash, StoreError> {
    bytes.try_into().map(TokenHash::from_bytes).map_err(|_| corrupt(column))
}

fn hash_bytes(hash: TokenHash) -> Vec<u8> {
    hash.as_bytes().to_vec()
}
