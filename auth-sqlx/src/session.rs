//! Sessions and the state of their refresh tokens.

use async_trait::async_trait;
use auth_core::TokenHash;
use auth_core::audit::AuditEvent;
use auth_core::id::{SessionId, UserId};
use auth_core::session::{Recoveries, RefreshState, Session, SessionKind, SessionRecord};
use auth_core::store::{
    DeleteSessionOutcome, NewSession, OpenSession, OpenSessionOutcome, SessionStore, StoreError, SwapRefresh,
    SwapRefreshOutcome, Touch,
};
use auth_core::user::UserStatus;
use chrono::{DateTime, Utc};

use crate::audit::client;
use crate::backend::Backend;
use crate::columns::Columns;
use crate::error::Failure;
use crate::store::{SqlxStore, in_time, micros, to_its_end};
use crate::user::{user, user_columns};

/// Reads a session with its user. The session's columns that a user has as well come under names of their own.
const FIND: &str = concat!(
    "SELECT ",
    user_columns!(),
    ", s.id AS session_id, s.auth_epoch AS session_epoch, s.created_at AS signed_in_at, s.user_id, s.kind, s.ip, \
     s.user_agent, s.expires_at, s.last_seen_at, s.family_hash, s.token_hash, s.previous_hash, s.rotation_salt, \
     s.rotated_at, s.generation, s.confirmed, s.recoveries \
     FROM {auth_sessions} s JOIN {auth_users} u ON u.id = s.user_id WHERE s.id = ?"
);

const LIST: &str = "SELECT id AS session_id, auth_epoch AS session_epoch, created_at AS signed_in_at, user_id, kind, \
                    ip, user_agent, expires_at, last_seen_at FROM {auth_sessions} WHERE user_id = ? \
                    ORDER BY last_seen_at DESC, id DESC";

const INSERT: &str = "INSERT INTO {auth_sessions} (id, user_id, auth_epoch, kind, ip, user_agent, created_at, \
                      expires_at, last_seen_at, family_hash, token_hash, previous_hash, rotation_salt, rotated_at, \
                      generation, confirmed, recoveries) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

const TOUCH: &str = "UPDATE {auth_sessions} SET \
                     last_seen_at = CASE WHEN last_seen_at < ? THEN ? ELSE last_seen_at END, \
                     confirmed = CASE WHEN generation = ? THEN 1 ELSE confirmed END WHERE id = ?";

/// The compare-and-set: the row must still be as it was read, and its user still accepted.
const SWAP: &str = "UPDATE {auth_sessions} SET token_hash = ?, previous_hash = ?, rotation_salt = ?, rotated_at = ?, \
                    generation = ?, confirmed = ?, recoveries = ?, ip = ?, user_agent = ?, expires_at = ?, \
                    last_seen_at = ? WHERE id = ? AND token_hash = ? AND generation = ? AND confirmed = ? AND recoveries = ? \
                    AND EXISTS (SELECT 1 FROM {auth_users} u WHERE u.id = auth_sessions.user_id \
                    AND u.auth_epoch = auth_sessions.auth_epoch AND u.status = 'active')";

#[async_trait]
impl<DB: Backend> SessionStore for SqlxStore<DB> {
    async fn open_session(&self, open: OpenSession) -> Result<OpenSessionOutcome, StoreError> {
        let store = self.clone();
        to_its_end::<DB, _>(async move { store.change(|| store.try_open_session(&open)).await }).await
    }

    async fn find_session(&self, id: SessionId) -> Result<Option<SessionRecord>, StoreError> {
        // Asked at every request, so it is worth not to spawn a task and set a timer for it where none is needed.
        if self.may_drop_reads() {
            let call = || self.repeat(|| self.try_find_session(id));
            return if self.may_take_long() { in_time::<DB, _>(Box::pin(call())).await } else { call().await };
        }
        let store = self.clone();
        let call = async move { store.repeat(|| store.try_find_session(id)).await };
        Box::pin(to_its_end::<DB, _>(call)).await
    }

    async fn list_sessions(&self, user: UserId) -> Result<Vec<Session>, StoreError> {
        let store = self.clone();
        to_its_end::<DB, _>(async move { store.repeat(|| store.try_list_sessions(user)).await }).await
    }

    async fn touch_session(&self, touch: Touch) -> Result<(), StoreError> {
        let store = self.clone();
        to_its_end::<DB, _>(async move { store.repeat(|| store.try_touch_session(touch)).await }).await
    }

    async fn swap_refresh(&self, swap: SwapRefresh) -> Result<SwapRefreshOutcome, StoreError> {
        let store = self.clone();
        to_its_end::<DB, _>(async move { store.change_recorded(|| store.try_swap_refresh(&swap)).await }).await
    }

    async fn delete_session(
        &self,
        id: SessionId,
        user: UserId,
        event: AuditEvent,
    ) -> Result<DeleteSessionOutcome, StoreError> {
        let store = self.clone();
        to_its_end::<DB, _>(async move { store.change_recorded(|| store.try_delete_session(id, user, &event)).await })
            .await
    }

    async fn delete_other_sessions(&self, user: UserId, keep: SessionId, event: AuditEvent) -> Result<(), StoreError> {
        let store = self.clone();
        to_its_end::<DB, _>(async move { store.change(|| store.try_delete_other_sessions(user, keep, &event)).await })
            .await
    }

    async fn delete_all_sessions(&self, user: UserId, at: DateTime<Utc>, event: AuditEvent) -> Result<(), StoreError> {
        let store = self.clone();
        to_its_end::<DB, _>(async move { store.change(|| store.try_delete_all_sessions(user, at, &event)).await }).await
    }
}

impl<DB: Backend> SqlxStore<DB> {
    async fn try_open_session(&self, open: &OpenSession) -> Result<OpenSessionOutcome, Failure> {
        let mut tx = self.begin().await?;
        let session = &open.new.session;
        if self.lock_user(&mut tx, session.user_id).await? != Some((session.auth_epoch, UserStatus::Active)) {
            return Ok(OpenSessionOutcome::Refused);
        }
        let outcome = self.make_room(&mut tx, open).await?;
        self.insert_session(&mut tx, &open.new, &open.event).await?;
        tx.commit().await?;
        Ok(outcome)
    }

    /// Returns the user's epoch and status, which then stay until the end of the transaction. Others who open sessions
    /// or make tokens for the user wait until then.
    pub(crate) async fn lock_user(
        &self,
        tx: &mut DB::Connection,
        user: UserId,
    ) -> Result<Option<(i64, UserStatus)>, Failure> {
        let query = self.sql("SELECT auth_epoch, status FROM {auth_users} WHERE id = ?").bind(user.as_uuid());
        let Some(row) = query.then(DB::LOCK_ROW).fetch_optional(tx).await? else { return Ok(None) };
        let status: String = DB::get(&row, "status")?;
        let status = UserStatus::from_word(&status).ok_or_else(|| Failure::corrupt("status"))?;
        Ok(Some((DB::get(&row, "auth_epoch")?, status)))
    }

    /// Deletes the sessions that have expired, and others until there is room for one more.
    ///
    /// Each by its key: to delete by the user would, on MySQL, lock the gap to the next user's sessions as well.
    async fn make_room(&self, tx: &mut DB::Connection, open: &OpenSession) -> Result<OpenSessionOutcome, Failure> {
        let now = open.new.session.created_at;
        let sessions = self.select_sessions(tx, open.new.session.user_id).await?;
        let (expired, live): (Vec<_>, Vec<_>) = sessions.into_iter().partition(|session| session.expires_at <= now);
        let surplus = open.surplus(&live);
        let expired = expired.iter().map(|session| session.id);
        let dead: Vec<_> = expired.chain(surplus.iter().copied()).map(|id| id.as_uuid()).collect();
        if !dead.is_empty() {
            self.sql("DELETE FROM {auth_sessions} WHERE id IN (?)").bind_each(dead.into_iter()).execute(tx).await?;
        }
        if surplus.is_empty() {
            return Ok(OpenSessionOutcome::Opened);
        }
        self.insert_event(tx, &open.evicted).await?;
        Ok(OpenSessionOutcome::MadeRoom)
    }

    /// Adds a session, and the record of what began with it.
    pub(crate) async fn insert_session(
        &self,
        tx: &mut DB::Connection,
        new: &NewSession,
        event: &AuditEvent,
    ) -> sqlx::Result<()> {
        let NewSession { session, refresh } = new;
        let insert = self
            .insert_sql(INSERT)
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
            .bind(i64::from(refresh.recoveries));
        self.execute_recorded(insert, event, tx).await
    }

    async fn try_find_session(&self, id: SessionId) -> Result<Option<SessionRecord>, Failure> {
        let row = self.sql(FIND).bind(id.as_uuid()).fetch_optional(&mut *self.read().await?).await?;
        row.map(|row| {
            let mut columns = Columns::<DB>::of(&row);
            let (user, session) = (user(&mut columns)?, session(&mut columns)?);
            Ok(SessionRecord { session, refresh: refresh(&mut columns)?, user })
        })
        .transpose()
    }

    async fn try_list_sessions(&self, user: UserId) -> Result<Vec<Session>, Failure> {
        self.select_sessions(&mut *self.read().await?, user).await
    }

    async fn select_sessions(&self, connection: &mut DB::Connection, user: UserId) -> Result<Vec<Session>, Failure> {
        let rows = self.sql(LIST).bind(user.as_uuid()).fetch_all(connection).await?;
        rows.iter().map(|row| session(&mut Columns::<DB>::of(row))).collect()
    }

    async fn try_touch_session(&self, touch: Touch) -> sqlx::Result<()> {
        let mut lease = self.write().await?;
        self.sql(TOUCH)
            .then(DB::BOUND_WAIT)
            .bind(micros(touch.seen_at))
            .bind(micros(touch.seen_at))
            .bind(touch.generation)
            .bind(touch.session_id.as_uuid())
            .execute(&mut lease)
            .await?;
        lease.commit().await
    }

    async fn try_swap_refresh(&self, swap: &SwapRefresh) -> sqlx::Result<SwapRefreshOutcome> {
        let SwapRefresh { expected, next, .. } = swap;
        let change = self
            .change_sql(SWAP)
            .bind(hash_bytes(next.token_hash))
            .bind(next.previous_hash.map(hash_bytes))
            .bind(next.rotation_salt.map(|salt| salt.to_vec()))
            .bind(micros(next.rotated_at))
            .bind(next.generation)
            .bind(i64::from(next.confirmed))
            .bind(i64::from(next.recoveries))
            .bind(swap.client.ip.map(|ip| ip.to_string()))
            .bind(swap.client.user_agent.clone())
            .bind(micros(swap.expires_at))
            .bind(micros(swap.seen_at))
            .bind(swap.session_id.as_uuid())
            .bind(hash_bytes(expected.token_hash))
            .bind(expected.generation)
            .bind(i64::from(expected.confirmed))
            .bind(i64::from(expected.recoveries));
        let is_swapped = self.record(change, &swap.event).await?;
        Ok(if is_swapped { SwapRefreshOutcome::Swapped } else { SwapRefreshOutcome::Lost })
    }

    async fn try_delete_session(
        &self,
        id: SessionId,
        user: UserId,
        event: &AuditEvent,
    ) -> sqlx::Result<DeleteSessionOutcome> {
        let delete = self.change_sql("DELETE FROM {auth_sessions} WHERE id = ? AND user_id = ?");
        let delete = delete.bind(id.as_uuid()).bind(user.as_uuid());
        let is_deleted = self.record(delete, event).await?;
        Ok(if is_deleted { DeleteSessionOutcome::Deleted } else { DeleteSessionOutcome::Missing })
    }

    async fn try_delete_other_sessions(&self, user: UserId, keep: SessionId, event: &AuditEvent) -> sqlx::Result<()> {
        let mut tx = self.begin().await?;
        let delete = self.sql("DELETE FROM {auth_sessions} WHERE user_id = ? AND id <> ?");
        delete.bind(user.as_uuid()).bind(keep.as_uuid()).execute(&mut tx).await?;
        self.insert_event(&mut tx, event).await?;
        tx.commit().await
    }

    async fn try_delete_all_sessions(&self, user: UserId, at: DateTime<Utc>, event: &AuditEvent) -> sqlx::Result<()> {
        let mut tx = self.begin().await?;
        self.end_all(&mut tx, user, at).await?;
        self.insert_event(&mut tx, event).await?;
        tx.commit().await
    }

    /// Ends everything that was issued to the user before: the rows go, and the epoch moves on.
    pub(crate) async fn end_all(&self, tx: &mut DB::Connection, user: UserId, at: DateTime<Utc>) -> sqlx::Result<()> {
        self.sql("UPDATE {auth_users} SET auth_epoch = auth_epoch + 1, updated_at = ? WHERE id = ?")
            .bind(micros(at))
            .bind(user.as_uuid())
            .execute(&mut *tx)
            .await?;
        self.sql("DELETE FROM {auth_sessions} WHERE user_id = ?").bind(user.as_uuid()).execute(tx).await.map(|_| ())
    }
}

fn session<DB: Backend>(columns: &mut Columns<'_, DB>) -> Result<Session, Failure> {
    let id = SessionId::from_uuid(columns.get("session_id")?);
    let auth_epoch = columns.get("session_epoch")?;
    let created_at = columns.instant("signed_in_at")?;
    let user_id = UserId::from_uuid(columns.get("user_id")?);
    let kind: String = columns.get("kind")?;
    Ok(Session {
        id,
        user_id,
        auth_epoch,
        kind: SessionKind::from_word(&kind).ok_or_else(|| Failure::corrupt("kind"))?,
        client: client(columns)?,
        created_at,
        expires_at: columns.instant("expires_at")?,
        last_seen_at: columns.instant("last_seen_at")?,
    })
}

fn refresh<DB: Backend>(columns: &mut Columns<'_, DB>) -> Result<RefreshState, Failure> {
    let family_hash = hash(columns.get("family_hash")?, "family_hash")?;
    let token_hash = hash(columns.get("token_hash")?, "token_hash")?;
    let previous: Option<Vec<u8>> = columns.get("previous_hash")?;
    let salt: Option<Vec<u8>> = columns.get("rotation_salt")?;
    let rotated_at = columns.instant("rotated_at")?;
    let generation = columns.get("generation")?;
    let confirmed: i64 = columns.get("confirmed")?;
    let recoveries: i64 = columns.get("recoveries")?;
    Ok(RefreshState {
        family_hash,
        token_hash,
        previous_hash: previous.map(|bytes| hash(bytes, "previous_hash")).transpose()?,
        rotation_salt: salt.map(|bytes| bytes.try_into().map_err(|_| Failure::corrupt("rotation_salt"))).transpose()?,
        rotated_at,
        generation,
        confirmed: confirmed != 0,
        recoveries: Recoveries::try_from(recoveries).map_err(|_| Failure::corrupt("recoveries"))?,
    })
}

pub(crate) fn hash(bytes: Vec<u8>, column: &'static str) -> Result<TokenHash, Failure> {
    bytes.try_into().map(TokenHash::from_bytes).map_err(|_| Failure::corrupt(column))
}

pub(crate) fn hash_bytes(hash: TokenHash) -> Vec<u8> {
    hash.as_bytes().to_vec()
}
