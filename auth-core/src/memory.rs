//! A store in memory: the reference for the contract, for documentation examples and unit tests.

mod prune;
mod throttle;
mod token;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::audit::AuditEvent;
use crate::email::Email;
use crate::error::FieldErrors;
use crate::id::{AuditEventId, SessionId, UserId};
use crate::password::PasswordHash;
use crate::session::{RefreshState, Session, SessionRecord};
use crate::store::{
    AuditQuery, AuditStore, CreateUserOutcome, Credentials, DeleteSessionOutcome, NewSession, NewUser, OpenSession,
    OpenSessionOutcome, ProfileFields, ReplacePassword, ReplacePasswordOutcome, SessionStore, SetRoles,
    SetRolesOutcome, StoreError, SwapRefresh, SwapRefreshOutcome, Touch, UserStore,
};
use crate::throttle::{Throttle, ThrottleKey};
use crate::token::OneTimeTokenRecord;
use crate::user::{User, UserStatus, check_roles};

/// Keeps everything in memory and forgets it at the end.
///
/// One lock is its transaction, so it is correct under any concurrency, and for tests only: nothing in it is indexed
/// for more than a few thousand users. It takes no profile.
/// Clones share what they keep.
#[derive(Debug, Clone, Default)]
pub struct MemoryStore {
    tables: Arc<Mutex<Tables>>,
}

#[derive(Debug, Default)]
struct Tables {
    users: BTreeMap<UserId, User>,
    passwords: BTreeMap<UserId, PasswordHash>,
    sessions: BTreeMap<SessionId, NewSession>,
    tokens: Vec<OneTimeTokenRecord>,
    throttles: BTreeMap<ThrottleKey, Throttle>,
    events: BTreeMap<AuditEventId, AuditEvent>,
}

impl MemoryStore {
    /// Creates an empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a user's password hash in place as another system made it: the import of existing accounts, for tests.
    pub fn import_password(&self, user: UserId, hash: PasswordHash) {
        self.lock().passwords.insert(user, hash);
    }

    /// Switches an account on or off, as an administrator would, for tests.
    pub fn set_status(&self, user: UserId, status: UserStatus) {
        if let Some(user) = self.lock().users.get_mut(&user) {
            user.status = status;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tables {
    fn record(&mut self, event: AuditEvent) {
        // An event that is there is never changed.
        self.events.entry(event.id).or_insert(event);
    }

    fn find_by_email(&self, email: &Email) -> Option<&User> {
        self.users.values().find(|user| user.email.as_ref().is_some_and(|own| own.canonical() == email.canonical()))
    }

    /// Whether a session of this user and epoch would be accepted.
    fn accepts(&self, user: UserId, epoch: i64) -> bool {
        self.users.get(&user).is_some_and(|user| user.status == UserStatus::Active && user.auth_epoch == epoch)
    }

    fn sessions_of(&self, user: UserId) -> Vec<Session> {
        let mut sessions: Vec<_> =
            self.sessions.values().map(|row| &row.session).filter(|session| session.user_id == user).cloned().collect();
        sessions.sort_by_key(|session| std::cmp::Reverse((session.last_seen_at, session.id)));
        sessions
    }

    fn end_all_sessions(&mut self, user_id: UserId, at: DateTime<Utc>) {
        self.sessions.retain(|_, row| row.session.user_id != user_id);
        if let Some(user) = self.users.get_mut(&user_id) {
            user.auth_epoch += 1;
            user.updated_at = at;
        }
    }
}

#[async_trait]
impl UserStore for MemoryStore {
    fn check_profile(&self, fields: &ProfileFields) -> Result<(), FieldErrors> {
        FieldErrors::unknown(fields.keys()).or_ok(())
    }

    async fn create_user(&self, new: NewUser) -> Result<CreateUserOutcome, StoreError> {
        check_roles(&new.user.roles)?;
        let mut tables = self.lock();
        if new.user.email.as_ref().is_some_and(|email| tables.find_by_email(email).is_some()) {
            return Ok(CreateUserOutcome::EmailTaken);
        }
        tables.passwords.insert(new.user.id, new.password_hash);
        tables.users.insert(new.user.id, new.user);
        if let Some(session) = new.session {
            tables.sessions.insert(session.session.id, session);
        }
        tables.record(new.event);
        Ok(CreateUserOutcome::Created)
    }

    async fn find_credentials(&self, email: &Email) -> Result<Option<Credentials>, StoreError> {
        let tables = self.lock();
        Ok(tables
            .find_by_email(email)
            .map(|user| Credentials { user: user.clone(), password_hash: tables.passwords.get(&user.id).cloned() }))
    }

    async fn find_profile(&self, _user: UserId) -> Result<Option<Value>, StoreError> {
        Ok(None)
    }

    async fn replace_password(&self, replace: ReplacePassword) -> Result<ReplacePasswordOutcome, StoreError> {
        let mut tables = self.lock();
        if tables.passwords.get(&replace.user_id) != Some(&replace.expected) {
            return Ok(ReplacePasswordOutcome::Changed);
        }
        tables.passwords.insert(replace.user_id, replace.new);
        tables.record(replace.event);
        Ok(ReplacePasswordOutcome::Replaced)
    }

    async fn set_roles(&self, set: SetRoles) -> Result<SetRolesOutcome, StoreError> {
        check_roles(&set.roles)?;
        let mut tables = self.lock();
        let user = tables.users.get_mut(&set.user_id).filter(|user| user.auth_epoch == set.expected_epoch);
        let Some(user) = user else { return Ok(SetRolesOutcome::Changed) };
        user.roles = set.roles;
        tables.end_all_sessions(set.user_id, set.at);
        tables.record(set.event);
        Ok(SetRolesOutcome::Set)
    }
}

#[async_trait]
impl SessionStore for MemoryStore {
    async fn open_session(&self, open: OpenSession) -> Result<OpenSessionOutcome, StoreError> {
        let mut tables = self.lock();
        let session = &open.new.session;
        if !tables.accepts(session.user_id, session.auth_epoch) {
            return Ok(OpenSessionOutcome::Refused);
        }
        let (user, now) = (session.user_id, session.created_at);
        tables.sessions.retain(|_, row| row.session.user_id != user || row.session.expires_at > now);
        let surplus = open.surplus(&tables.sessions_of(user));
        for id in &surplus {
            tables.sessions.remove(id);
        }
        let made_room = !surplus.is_empty();
        if made_room {
            tables.record(open.evicted);
        }
        tables.sessions.insert(session.id, open.new);
        tables.record(open.event);
        Ok(if made_room { OpenSessionOutcome::MadeRoom } else { OpenSessionOutcome::Opened })
    }

    async fn find_session(&self, id: SessionId) -> Result<Option<SessionRecord>, StoreError> {
        let tables = self.lock();
        Ok(tables.sessions.get(&id).and_then(|row| {
            let user = tables.users.get(&row.session.user_id)?.clone();
            Some(SessionRecord { session: row.session.clone(), refresh: row.refresh.clone(), user })
        }))
    }

    async fn list_sessions(&self, user: UserId) -> Result<Vec<Session>, StoreError> {
        Ok(self.lock().sessions_of(user))
    }

    async fn touch_session(&self, touch: Touch) -> Result<(), StoreError> {
        if let Some(row) = self.lock().sessions.get_mut(&touch.session_id) {
            row.session.last_seen_at = row.session.last_seen_at.max(touch.seen_at);
            row.refresh.confirmed |= row.refresh.generation == touch.generation;
        }
        Ok(())
    }

    async fn swap_refresh(&self, swap: SwapRefresh) -> Result<SwapRefreshOutcome, StoreError> {
        let mut tables = self.lock();
        let Some(row) = tables.sessions.get(&swap.session_id) else { return Ok(SwapRefreshOutcome::Lost) };
        let (now, expected) = (&row.refresh, &swap.expected);
        let unchanged = now.token_hash == expected.token_hash
            && (now.generation, now.recoveries, now.confirmed)
                == (expected.generation, expected.recoveries, expected.confirmed);
        if !unchanged || !tables.accepts(row.session.user_id, row.session.auth_epoch) {
            return Ok(SwapRefreshOutcome::Lost);
        }
        if let Some(row) = tables.sessions.get_mut(&swap.session_id) {
            row.refresh = RefreshState { family_hash: row.refresh.family_hash, ..swap.next };
            row.session.client = swap.client;
            row.session.expires_at = swap.expires_at;
            row.session.last_seen_at = swap.seen_at;
        }
        tables.record(swap.event);
        Ok(SwapRefreshOutcome::Swapped)
    }

    async fn delete_session(
        &self,
        id: SessionId,
        user: UserId,
        event: AuditEvent,
    ) -> Result<DeleteSessionOutcome, StoreError> {
        let mut tables = self.lock();
        if tables.sessions.get(&id).is_none_or(|row| row.session.user_id != user) {
            return Ok(DeleteSessionOutcome::Missing);
        }
        tables.sessions.remove(&id);
        tables.record(event);
        Ok(DeleteSessionOutcome::Deleted)
    }

    async fn delete_other_sessions(&self, user: UserId, keep: SessionId, event: AuditEvent) -> Result<(), StoreError> {
        let mut tables = self.lock();
        tables.sessions.retain(|id, row| row.session.user_id != user || *id == keep);
        tables.record(event);
        Ok(())
    }

    async fn delete_all_sessions(&self, user: UserId, at: DateTime<Utc>, event: AuditEvent) -> Result<(), StoreError> {
        let mut tables = self.lock();
        tables.end_all_sessions(user, at);
        tables.record(event);
        Ok(())
    }
}

#[async_trait]
impl AuditStore for MemoryStore {
    async fn record_event(&self, event: AuditEvent) -> Result<(), StoreError> {
        self.lock().record(event);
        Ok(())
    }

    async fn list_events(&self, query: AuditQuery) -> Result<Vec<AuditEvent>, StoreError> {
        let wanted = |event: &&AuditEvent| {
            query.user_id.is_none_or(|user| event.user_id == Some(user)) && query.before.is_none_or(|id| event.id < id)
        };
        let limit = usize::try_from(query.limit).unwrap_or(usize::MAX);
        Ok(self.lock().events.values().rev().filter(wanted).take(limit).cloned().collect())
    }
}
